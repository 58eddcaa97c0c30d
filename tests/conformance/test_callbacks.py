"""Keras's own callbacks act on the optimizers that train, or refuse aloud."""

import http.server
import json
import threading

import keras
import numpy as np
import pytest

from tests.conformance.table import assert_same_state, compiled, every_row

callbacks = keras.callbacks


def _monitored(model):
    return "loss" if len(model.players) == 1 else next(iter(model.loss_weights))


@every_row
def test_schedules_reach_every_player(row):
    model = compiled(row)
    before = {p: float(o.learning_rate) for p, o in model.optimizers.items()}
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    model.fit(*row.data(16), epochs=3, callbacks=[halve], verbose=0)
    for player, optimizer in model.optimizers.items():
        np.testing.assert_allclose(float(optimizer.learning_rate), before[player] / 8, rtol=1e-6)
    never_better = callbacks.ReduceLROnPlateau(
        _monitored(model), factor=0.1, patience=1, mode="min", min_delta=1e9
    )
    model.fit(*row.data(16), epochs=2, callbacks=[never_better], verbose=0)
    for player, optimizer in model.optimizers.items():
        assert float(optimizer.learning_rate) < before[player] / 8


@every_row
def test_swap_ema_weights_swaps_the_weights_that_train(row):
    averaged = {"optimizer": keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.9)}
    model = compiled(row, **averaged)
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    seen = []
    look = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(model.trainable_weights[0].numpy())
    )
    model.fit(*row.data(16), batch_size=4, epochs=2, callbacks=[look, swap], verbose=0)
    assert not np.array_equal(seen[-1], model.trainable_weights[0].numpy())


@every_row
def test_swap_ema_weights_refuses_optimizers_without_an_average(row):
    model = compiled(row)
    with pytest.raises((ValueError, AttributeError), match="use_ema"):
        model.fit(*row.data(16), callbacks=[callbacks.SwapEMAWeights(True)], verbose=0)


@every_row
def test_orbax_is_refused_before_an_epoch_is_lost(row):
    # Its constructor needs Orbax; with it, Keras refuses two networks' equal names as it saves.
    orbax = callbacks.OrbaxCheckpoint.__new__(callbacks.OrbaxCheckpoint)
    model = compiled(row)
    with pytest.raises(ValueError, match="OrbaxCheckpoint.*Use keras.callbacks.ModelCheckpoint"):
        model.fit(*row.data(16), callbacks=[orbax], verbose=0)


@every_row
def test_backup_and_restore_goes_on_where_training_broke_off(row, tmp_path):
    arrays = row.data(32)

    def fit(model, folder, *others):
        backup = callbacks.BackupAndRestore(folder)
        options = {"batch_size": 8, "epochs": 4, "shuffle": False, "verbose": 0}
        return model.fit(*arrays, callbacks=[*others, backup], **options)

    def break_off(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    uninterrupted = compiled(row)
    fit(uninterrupted, tmp_path / "uninterrupted")
    with pytest.raises(KeyboardInterrupt):
        fit(compiled(row), tmp_path / "b", callbacks.LambdaCallback(on_epoch_begin=break_off))
    rerun = compiled(row)
    history = fit(rerun, tmp_path / "b")
    assert history.epoch == [2, 3]
    assert_same_state(rerun, uninterrupted)


@pytest.fixture(scope="module")
def server():
    """What `RemoteMonitor` asks for: a server; it remembers what it was sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.received.append(
                json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.received = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@every_row
def test_what_looks_at_the_logs_and_writes(row, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.received.clear()
    model = compiled(row)
    monitored = _monitored(model)
    history = model.fit(
        *row.data(32),
        validation_data=row.data(8),
        epochs=5,
        verbose=1,
        callbacks=[
            callbacks.ModelCheckpoint(tmp_path / "best.keras", f"val_{monitored}", mode="min"),
            callbacks.EarlyStopping(monitored, min_delta=1e9, patience=1, mode="min"),
            callbacks.CSVLogger(tmp_path / "log.csv"),
            callbacks.TensorBoard(tmp_path / "tensorboard", update_freq=2),
            callbacks.TerminateOnNaN(),
            callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}", send_as_json=True),
        ],
    )
    assert len(history.epoch) == 2
    assert f"{monitored}: " in capsys.readouterr().out  # the progress bar
    assert [sent.pop("epoch") for sent in server.received] == [0, 1]
    assert server.received[-1] == {name: values[-1] for name, values in history.history.items()}
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert set(header.split(",")) == {"epoch", *history.history}
    assert list((tmp_path / "tensorboard" / "validation").iterdir())
    loaded = keras.models.load_model(tmp_path / "best.keras")
    assert_same_state(loaded, model)
