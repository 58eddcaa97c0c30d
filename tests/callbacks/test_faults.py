"""Training that breaks off: NaN, Ctrl-C, kills, full disks; and what is left of it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_aegan import callbacks
from tests.conformance.table import ROWS, assert_same_state, compiled, state

_ROOT = pathlib.Path(__file__).parents[2]


class _Poison(keras.callbacks.Callback):
    """Makes a weight NaN before one batch of one epoch."""

    def __init__(self, weight, epoch, batch):
        super().__init__()
        self.weight, self.when, self.epoch = weight, (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.when:
            self.weight.assign(np.full(self.weight.shape, np.nan, "float32"))


def _fit(model, row, *others, **options):
    options = {"batch_size": 8, "epochs": 4, "shuffle": False, "verbose": 0, **options}
    return model.fit(*row.data(32), callbacks=list(others), **options)


@pytest.mark.parametrize(
    ("name", "network", "term"),
    [("vae", "encoder", "reconstruction_loss"), ("gan", "generator", "discriminator_loss")],
)
def test_the_term_and_the_batch_that_became_nan_are_named(name, network, term, capsys):
    for watch in (callbacks.TerminateOnNonFinite(), keras.callbacks.TerminateOnNaN()):
        model = compiled(ROWS[name])
        poison = _Poison(getattr(model, network).trainable_weights[0], 1, 2)
        history = _fit(model, ROWS[name], poison, watch)
        assert history.epoch == [0, 1]
        printed = capsys.readouterr().out
        assert f"TerminateOnNonFinite: `{term}` became nan" in printed
        assert "at batch 3 of epoch 2: training ends." in printed


def test_nan_raises_on_request_and_is_warned_of_without_a_callback():
    model = compiled(ROWS["dense_autoencoder"])
    poison = _Poison(model.trainable_weights[-1], 1, 0)
    with pytest.raises(RuntimeError, match="`reconstruction_loss` became nan at batch 1 of epoch"):
        _fit(model, ROWS["dense_autoencoder"], poison, callbacks.TerminateOnNonFinite(True))
    model = compiled(ROWS["dense_autoencoder"])
    poison = _Poison(model.trainable_weights[-1], 1, 3)
    with pytest.warns(UserWarning, match="`reconstruction_loss` became nan in epoch 2") as record:
        _fit(model, ROWS["dense_autoencoder"], poison)
    assert len(record) == 1  # of three epochs


def test_a_callback_that_is_none_is_refused():
    with pytest.raises(TypeError, match="`callbacks` must hold .* Received: 'early'"):
        _fit(compiled(ROWS["gan"]), ROWS["gan"], "early")


# ------------------------------------------------------------------------------ backups


def _others(tmp_path, run):
    """Callbacks that know something beside the weights."""
    return [
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
        # Multiplies what it finds: a schedule that is applied twice to an epoch would show.
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7),
        keras.callbacks.CSVLogger(tmp_path / f"{run}.csv", append=True),
    ]


def _break_off(epoch):
    def act(now, logs):
        if now == epoch:
            raise KeyboardInterrupt

    return keras.callbacks.LambdaCallback(on_epoch_begin=act)


@pytest.mark.parametrize("name", ["vae", "gan", "conditional_gan"])
def test_a_resumed_training_equals_an_uninterrupted_one(name, tmp_path):
    row = ROWS[name]

    def make():
        average = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)
        return compiled(row, optimizer=average)

    term = list(compiled(row).loss_weights)[-1]
    schedule = callbacks.LossWeightSchedule(term, callbacks.linear_schedule(0.1, 1.0, 3))
    whole = make()
    history = _fit(whole, row, *_others(tmp_path, "whole"), schedule)

    folder = tmp_path / "backup"
    broken = make()
    others = _others(tmp_path, "resumed")
    with pytest.raises(KeyboardInterrupt):
        _fit(broken, row, *others, schedule, callbacks.BackupAndRestore(folder), _break_off(2))
    others[-1].on_train_end()  # closes its file
    assert [f.name for f in folder.iterdir()] == ["epoch_000002"]
    others = _others(tmp_path, "resumed")
    resumed = make()
    again = _fit(resumed, row, *others, schedule, callbacks.BackupAndRestore(folder))
    assert_same_state(resumed, whole)
    assert again.history == history.history
    assert again.epoch == history.epoch == [0, 1, 2, 3]
    assert (tmp_path / "resumed.csv").read_text() == (tmp_path / "whole.csv").read_text()
    assert not folder.exists()
    # The next `fit` begins at its own beginning, where Keras would skip the epochs.
    assert _fit(resumed, row, epochs=1).epoch == [0]


@pytest.mark.parametrize("name", ["vae", "gan"])
def test_a_backup_that_is_kept_lets_a_longer_training_go_on(name, tmp_path):
    def fit(epochs, *others):
        model = compiled(
            ROWS[name], optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)
        )
        average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        return model, _fit(model, ROWS[name], average, *others, epochs=epochs).history

    def backup():
        return callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)

    whole, history = fit(4)
    fit(2, backup())
    assert [f.name for f in (tmp_path / "backup").iterdir()] == ["epoch_000001"]
    longer, long_history = fit(4, backup())
    assert long_history == history
    assert_same_state(longer, whole)


def test_nothing_but_backups_is_deleted(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    _fit(compiled(ROWS["vae"]), ROWS["vae"], callbacks.BackupAndRestore(tmp_path), epochs=1)
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.txt"]


def test_callbacks_go_on_with_what_they_knew(tmp_path):
    def watches():
        reduce = keras.callbacks.ReduceLROnPlateau("loss", patience=2, min_delta=9.0, factor=0.5)
        stop = keras.callbacks.EarlyStopping("loss", min_delta=9.0, patience=5)
        return reduce, stop

    row = ROWS["dense_autoencoder"]
    whole, broken, resumed = (compiled(row) for _ in range(3))
    history = _fit(whole, row, *watches(), epochs=9)
    assert len(history.epoch) == 6
    backup = callbacks.BackupAndRestore(tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        _fit(broken, row, *watches(), _break_off(4), backup, epochs=9)
    again = _fit(resumed, row, *watches(), backup, epochs=9)
    assert again.history == history.history
    assert_same_state(resumed, whole)


def test_backups_that_cannot_be_are_refused(tmp_path):
    row = ROWS["dense_autoencoder"]
    with pytest.raises(TypeError, match="`backup_dir` must be a path"):
        callbacks.BackupAndRestore("")
    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    best = keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    with pytest.raises(ValueError, match=r"ModelCheckpoint\(path, save_best_only=True\)"):
        _fit(compiled(row), row, backup, best)
    average = compiled(row, optimizer=keras.optimizers.Adam(use_ema=True))
    keras_backup = keras.callbacks.BackupAndRestore(tmp_path / "keras")
    with pytest.raises(ValueError, match="after SwapEMAWeights"):
        _fit(average, row, keras.callbacks.SwapEMAWeights(True), keras_backup)
    with pytest.raises(KeyboardInterrupt):
        _fit(compiled(row), row, backup, _break_off(2))
    with pytest.raises(ValueError, match="is another model's, or was damaged"):
        _fit(compiled(ROWS["gan"]), ROWS["gan"], backup)


@pytest.fixture(scope="module")
def backup_of_two_epochs(tmp_path_factory):
    row, folder = ROWS["gan"], tmp_path_factory.mktemp("broken_off") / "backup"
    reduce = keras.callbacks.ReduceLROnPlateau("generator_loss", mode="min")
    with pytest.raises(KeyboardInterrupt):
        _fit(compiled(row), row, reduce, callbacks.BackupAndRestore(folder), _break_off(2))
    return folder


def test_a_backup_of_more_epochs_than_are_asked_for_is_refused(backup_of_two_epochs, tmp_path):
    row = ROWS["gan"]
    shutil.copytree(backup_of_two_epochs, tmp_path / "backup")
    backup = callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
    with pytest.raises(ValueError, match="Received: a backup of 2 epochs, for epochs=1"):
        _fit(compiled(row), row, backup, epochs=1)
    # Of as many there is nothing left to train.
    assert _fit(compiled(row), row, backup, epochs=2).epoch == [0, 1]


def _altered(content, **change):
    return json.dumps({**json.loads(content), **change}).encode()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model.weights.h5", lambda content: content[: len(content) // 2]),
        ("model.weights.h5", lambda content: b""),
        ("training.json", lambda content: content[:-9]),
        ("training.json", lambda content: b"[]"),
        ("training.json", lambda content: b"{}"),
        *(
            ("training.json", lambda content, change=change: _altered(content, **change))
            for change in [
                *({"epoch": e} for e in (-1, 1, 3, 99, 2.0, "2", True, None, float("nan"), [2])),
                {"history": None},
                {"history": {"epoch": [0, 1], "history": []}},
                *(
                    {"history": {"epoch": epochs, "history": {}}}
                    for epochs in (
                        [1, 2],
                        [0, 1, 2],
                        [-1, 0, 1],
                        [False, True],
                        [0.0, 1.0],
                        "01",
                        3,
                    )
                ),
                *(
                    {"history": {"epoch": [0, 1], "history": {"discriminator_loss": values}}}
                    for values in (0.7, [0.7, "a"], [0.7, None], [0.7, 0.7, 0.7], {"0": 0.7})
                ),
                {"callbacks": {"WarnOfNonFinite": 3}},
                {"callbacks": [["ReduceLROnPlateau"]]},
                *(
                    {"callbacks": [["ReduceLROnPlateau", attributes]]}
                    for attributes in ({"wait": -5}, {"wait": 1.5}, {"wait": True}, {"model": 1})
                ),
            ]
        ),
    ],
)
def test_a_damaged_backup_is_refused_and_stays(name, change, backup_of_two_epochs, tmp_path):
    row = ROWS["gan"]
    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    reduce = keras.callbacks.ReduceLROnPlateau("generator_loss", mode="min")
    shutil.copytree(backup_of_two_epochs, tmp_path / "backup")
    path = tmp_path / "backup" / "epoch_000002" / name
    path.write_bytes(change(path.read_bytes()))
    fresh = compiled(row)
    before = state(fresh)
    with pytest.raises(ValueError, match="another model's, or was damaged: delete it to begin"):
        _fit(fresh, row, reduce, backup)
    for a, b in zip(state(fresh), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert path.exists()


_SCRIPT = """
import json, os, pathlib, signal, sys
import keras, numpy as np
from keras_aegan import callbacks
from tests.conformance.table import ROWS, compiled, state

folder, kill_at, kill_signal = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if f"{len(self.model.history.epoch)}/{batch}" == kill_at:
            os.kill(os.getpid(), kill_signal)

real_replace = os.replace
def replace(source, target):
    # Killed in the middle of a backup: its folder is complete, and not named yet.
    if kill_at == "backup" and pathlib.Path(target).name == "epoch_000002":
        os.kill(os.getpid(), kill_signal)
    real_replace(source, target)
os.replace = replace

row = ROWS["gan"]
model = compiled(row)
backup = callbacks.BackupAndRestore(folder / "backup")
fit = lambda: model.fit(*row.data(32), batch_size=8, epochs=4, shuffle=False, verbose=0,
                        callbacks=[Kill(), backup])
try:
    history = fit()
except KeyboardInterrupt:
    assert np.isfinite(model.sample(5)).all()
    kill_at = ""
    history = fit()  # the same model goes on from the last backup
np.savez(folder / "state.npz", *state(model))
(folder / "history.json").write_text(json.dumps(history.history))
"""


@pytest.mark.parametrize(
    ("kill_at", "kill_signal"),
    [("2/1", signal.SIGKILL), ("backup", signal.SIGKILL), ("1/2", signal.SIGINT)],
)
def test_a_killed_process_loses_nothing(kill_at, kill_signal, tmp_path):
    def run(kill_at):
        arguments = [sys.executable, "-c", _SCRIPT, str(tmp_path), kill_at, str(int(kill_signal))]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        return subprocess.run(arguments, env=environment, capture_output=True, timeout=300)

    first = run(kill_at)
    if kill_signal == signal.SIGKILL:
        assert first.returncode == -signal.SIGKILL
        first = run("")
    assert first.returncode == 0, first.stderr.decode()[-3000:]
    model = compiled(ROWS["gan"])
    history = _fit(model, ROWS["gan"])
    assert json.loads((tmp_path / "history.json").read_text()) == history.history
    states = np.load(tmp_path / "state.npz")
    optimizers = [v for o in model.optimizers.values() for v in o.variables]
    for saved, variable in zip(states.values(), [*model.variables, *optimizers], strict=True):
        np.testing.assert_array_equal(saved, np.array(variable))


# --------------------------------------------------------------------------- full disks


def test_a_disk_that_fills_ends_no_training(tmp_path, monkeypatch):
    row = ROWS["vae"]
    model = compiled(row)

    def fill(epoch, logs):
        if epoch == 1:

            def full(*args, **kwargs):
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(pathlib.Path, "write_bytes", full)
            monkeypatch.setattr(os, "replace", full)

    disk = keras.callbacks.LambdaCallback(on_epoch_begin=fill)
    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    grid = callbacks.ActiveUnits(row.data(32)[0])
    pictures = _Pictures(tmp_path / "pictures")
    with pytest.warns(UserWarning, match=r"cannot be written to \(No space left on device\)"):
        history = _fit(model, row, disk, grid, pictures, backup)
    assert history.epoch == [0, 1, 2, 3]
    assert [f.name for f in (tmp_path / "backup").iterdir()] == ["epoch_000001"]
    assert [f.name for f in (tmp_path / "pictures").glob("*.png")] == ["picture_0001.png"]
    assert model.encode(row.data(4)[0]).shape == (4, 3)


@pytest.mark.parametrize("weights_only", [False, True])
def test_a_file_is_whole_or_the_one_before(weights_only, tmp_path, monkeypatch):
    row = ROWS["gan"]
    path = tmp_path / ("last.weights.h5" if weights_only else "last.keras")
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_weights_only=weights_only)
    model = compiled(row)
    _fit(model, row, checkpoint, epochs=1)
    before, saved = state(model), path.read_bytes()

    def full(self, store):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.layers.Dense, "save_own_variables", full)
    with pytest.warns(UserWarning, match="full under ModelCheckpoint.*No space left on device"):
        _fit(model, row, checkpoint, epochs=1)
    assert path.read_bytes() == saved
    assert list(tmp_path.iterdir()) == [path]
    if weights_only:
        loaded = compiled(row)
        loaded.load_weights(path)
    else:
        loaded = keras.models.load_model(path)
    for a, b in zip(state(loaded), before, strict=True):
        np.testing.assert_array_equal(a, b)


class _Pictures(callbacks.SampleGrid.__base__):
    stem = "picture"

    def draw(self):
        from matplotlib.figure import Figure

        return Figure((1, 1))
