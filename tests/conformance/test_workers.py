"""Two processes under MultiWorkerMirroredStrategy hold the weights that one would."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import keras
import numpy as np
import tensorflow as tf

from tests.conformance.fixed_noise import fixed_noise
from tests.conformance.table import ROWS, compiled

_ROOT = pathlib.Path(__file__).parents[2]
_WORKER = """
import json, os, pathlib, sys
import keras_aegan
strategy = keras_aegan.distribution_strategy()
import keras, numpy as np, tensorflow as tf
from keras_aegan import callbacks
from keras_aegan.engine.replicas import independent_noise
from tests.conformance.fixed_noise import fixed_noise
from tests.conformance.table import ROWS, compiled
rank = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
top = pathlib.Path(sys.argv[1])
for name, row in ROWS.items():
    with strategy.scope():
        model = compiled(row)
    with fixed_noise():  # 29 in batches of 8: the last five are split into three and two
        history = model.fit(*row.data(29), batch_size=8, epochs=2, shuffle=False, verbose=0).history
        logs = model.evaluate(*row.data(29), batch_size=8, return_dict=True, verbose=0)
    weights = {f"weight_{i:03d}": v.numpy() for i, v in enumerate(model.variables)}
    numbers = {f"log_{n}": np.array(v) for n, v in {**history, **logs}.items()}
    np.savez(top / f"{name}_{rank}.npz", **weights, **numbers)

# Noise on: each worker's is its own, and they still step alike, under every standard callback.
row = ROWS["gan"]
with strategy.scope():
    model = compiled(row, optimizer=keras.optimizers.Adam(0.01, use_ema=True))
def draw():
    with independent_noise(model):
        return keras.random.normal((10_000,), seed=model.seed_generator)
draws = strategy.experimental_local_results(tf.function(lambda: strategy.run(draw))())[0]
watch = {"monitor": "generator_loss", "mode": "min", "min_delta": 1e9}
history = model.fit(*row.data(16), batch_size=8, epochs=9, verbose=0, callbacks=[
    keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
    keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
    keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=1, **watch),
    keras.callbacks.EarlyStopping(patience=2, **watch),
    keras.callbacks.TerminateOnNaN(),
    keras.callbacks.CSVLogger(top / f"log_{rank}.csv"),
    keras.callbacks.TensorBoard(top / f"tensorboard_{rank}"),
])
assert history.epoch == [0, 1, 2], history.epoch
for optimizer in model.optimizers.values():
    np.testing.assert_allclose(optimizer.learning_rate.numpy(), 0.01 * 0.5**3 * 0.1**2, rtol=1e-5)
weights = {f"weight_{i:03d}": v.numpy() for i, v in enumerate(model.variables)}
np.savez(top / f"noise_{rank}.npz", draws=draws, **weights)

# Both name the same files, and one writes them. The first `fit` breaks off, the second goes on.
folder = top / "written"
row = ROWS["conditional_gan"]
with strategy.scope():
    model = compiled(row)

class BreakOff(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.params["epochs"] - 1 == 1:
            raise KeyboardInterrupt

others = [
    callbacks.SampleGrid(folder / "pictures", labels=row.samples(4)[0]),
    callbacks.BackupAndRestore(folder / "backup"),
    keras.callbacks.ModelCheckpoint(folder / "last.keras"),
    BreakOff(),
]
for epochs in (2, 4):
    try:
        history = model.fit(*row.data(32), epochs=epochs, verbose=0, callbacks=others)
    except KeyboardInterrupt:
        continue
assert history.epoch == [0, 1, 2, 3], history.epoch
model.export(folder / "served")
print("history of written files:", history.history)
"""


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _assert_written_once(folder):
    """The chief's files are there, whole, and nobody else's."""
    assert {path.name for path in folder.iterdir()} == {"last.keras", "pictures", "served"}
    pictures = {f"samples_{i:04d}.png" for i in range(1, 5)} | {"samples.gif"}
    assert {path.name for path in (folder / "pictures").iterdir()} == pictures
    loaded = keras.models.load_model(folder / "last.keras")
    served = tf.saved_model.load(str(folder / "served"))
    z, labels = ROWS["conditional_gan"].endpoints["serve"](5)
    answer = served.serve(tf.constant(z), tf.constant(labels))
    np.testing.assert_allclose(answer, loaded.predict([z, labels], verbose=0), atol=1e-5)


def test_two_workers_train_as_one_process(tmp_path):
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    workers = []
    for rank in range(2):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(cluster), "PYTHONPATH": str(_ROOT)}
        with open(tmp_path / f"{rank}.log", "w") as log:
            workers.append(
                subprocess.Popen(
                    [sys.executable, "-c", _WORKER, str(tmp_path)],
                    env=environment,
                    stdout=log,
                    stderr=log,
                )
            )
    try:
        codes = [worker.wait(timeout=900) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert codes == [0, 0], (tmp_path / "0.log").read_text()[-3000:]

    chief, other = (tmp_path / f"{rank}.log" for rank in range(2))
    histories = [re.findall("history of .*", log.read_text()) for log in (chief, other)]
    assert histories[0] == histories[1] != []
    _assert_written_once(tmp_path / "written")

    first, second = (np.load(tmp_path / f"noise_{rank}.npz") for rank in range(2))
    assert abs(np.corrcoef(first["draws"], second["draws"])[0, 1]) < 0.02
    for key in set(first.files) - {"draws"}:
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)
    assert (tmp_path / "log_0.csv").read_text() == (tmp_path / "log_1.csv").read_text()

    for name, row in ROWS.items():
        first, second = (np.load(tmp_path / f"{name}_{rank}.npz") for rank in range(2))
        for key in first.files:
            np.testing.assert_array_equal(first[key], second[key], err_msg=f"{name} {key}")
        if row.has_batch_statistic:
            continue  # each worker has the statistics of its half of the batch
        alone = compiled(row)
        with fixed_noise():
            fitted = alone.fit(*row.data(29), batch_size=8, epochs=2, shuffle=False, verbose=0)
            logs = alone.evaluate(*row.data(29), batch_size=8, return_dict=True, verbose=0)
        for i, variable in enumerate(alone.variables):
            np.testing.assert_allclose(
                first[f"weight_{i:03d}"], variable.numpy(), atol=1e-5, err_msg=name
            )
        for log, value in {**fitted.history, **logs}.items():
            np.testing.assert_allclose(first[f"log_{log}"], value, rtol=1e-4, err_msg=log)
