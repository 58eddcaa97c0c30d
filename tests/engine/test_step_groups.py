"""Groups of steps keep Keras's meaning: what is counted, logged, called and fed."""

import math
import re
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan import models, networks
from keras_aegan.engine import index_groups


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).uniform(0, 1, (150, 6)).astype("float32")


def _model(steps_per_execution="auto", jit_compile="auto", **arguments):
    keras.utils.set_random_seed(1)
    model = models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)), networks.dense_decoder(2, (6,), (4,))
    )
    model.compile(steps_per_execution=steps_per_execution, jit_compile=jit_compile, **arguments)
    return model


def _as_keras(**arguments):
    return _model(steps_per_execution=1, jit_compile=False, **arguments)


class _Steps(keras.callbacks.Callback):
    """Remembers after which batches it was called."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(batch)


FEEDS = {
    "arrays": lambda x: {"x": x, "batch_size": 8},
    "arrays with an uneven last batch": lambda x: {"x": x[:101], "batch_size": 8},
    "fewer examples than a batch": lambda x: {"x": x[:5], "batch_size": 8},
    "one even batch": lambda x: {"x": x[:8], "batch_size": 8},
    "the batch size of Keras": lambda x: {"x": x},
    "float64": lambda x: {"x": x.astype("float64"), "batch_size": 8},
    "tensors": lambda x: {"x": tf.constant(x), "batch_size": 8},
    "targets and weights": lambda x: {
        "x": x,
        "y": x[::-1].copy(),
        "sample_weight": np.linspace(0, 2, len(x)),
        "batch_size": 8,
    },
    "validation arrays": lambda x: {"x": x, "batch_size": 8, "validation_data": x[:21]},
    "validation pairs": lambda x: {
        "x": x,
        "batch_size": 8,
        "validation_data": (x[:21], x[21:42]),
        "validation_batch_size": 5,
    },
    "a validation split": lambda x: {"x": x, "batch_size": 8, "validation_split": 0.3},
    "steps of arrays": lambda x: {"x": x[:144], "batch_size": 8, "steps_per_epoch": 9},
    "a dataset": lambda x: {"x": tf.data.Dataset.from_tensor_slices(x).batch(8)},
    "a repeated dataset": lambda x: {
        "x": tf.data.Dataset.from_tensor_slices(x).batch(8).repeat(),
        "steps_per_epoch": 30,
    },
    "a promise that no group divides": lambda x: {
        "x": tf.data.Dataset.from_tensor_slices(x).batch(8).repeat(),
        "steps_per_epoch": 67,
        "validation_data": tf.data.Dataset.from_tensor_slices(x).batch(8).repeat(),
        "validation_steps": 3,
    },
    "batches of two sizes": lambda x: {
        "x": tf.data.Dataset.from_tensor_slices(x)
        .batch(8)
        .concatenate(tf.data.Dataset.from_tensor_slices(x).batch(5))
    },
}


@pytest.mark.parametrize("feed", list(FEEDS.values()), ids=list(FEEDS))
def test_every_way_of_feeding_trains_as_in_keras(feed, x):
    grouped, keras_own = _model(), _as_keras()
    histories = [
        m.fit(**feed(x), epochs=3, shuffle=False, verbose=0).history for m in (grouped, keras_own)
    ]
    assert grouped.optimizer.iterations == keras_own.optimizer.iterations
    assert list(histories[0]) == list(histories[1])
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], values, rtol=1e-4, err_msg=name)
    for a, b in zip(grouped.weights, keras_own.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # as Keras says of unknown sizes
def test_the_end_of_a_dataset_of_unknown_size_is_no_step(x):
    # Keras's own function has counted the step when it learns that there is no batch for it.
    model = _model()
    dataset = tf.data.Dataset.from_tensor_slices(x).filter(lambda _: True).batch(8)
    model.fit(dataset, epochs=3, verbose=0)
    assert model.optimizer.iterations == 3 * 19


def test_evaluate_measures_as_keras_does(x):
    expected = _as_keras(metrics=["mae"]).evaluate(x, batch_size=8, verbose=0)
    measured = _model(metrics=["mae"]).evaluate(x, batch_size=8, verbose=0)
    np.testing.assert_allclose(measured, expected, rtol=1e-5)


def test_a_callback_may_evaluate_within_fit(x):
    """Its groups are of other sizes than `fit`'s, which go on as they were."""
    alone, beside = _model(), _model()
    measure = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: beside.evaluate(x[:24], batch_size=4, verbose=0)
    )
    arguments = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0}
    alone.fit(x, **arguments)
    beside.fit(x, callbacks=[measure], **arguments)
    for expected, weight in zip(alone.weights, beside.weights, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_each_epoch_sees_every_example_once_in_an_order_of_its_own():
    numbers = np.arange(50, dtype="float32")[:, None]
    dataset, steps = index_groups.make_dataset((numbers, None, None), 8, 3, shuffle=True)
    assert steps == 7
    groups = list(dataset.take(6))  # two epochs of three groups: 3 + 3 + (0 and the rest)
    orders = []
    for epoch in (groups[:3], groups[3:]):
        parts = [g.indices[: int(g.num_steps)].numpy().ravel() for g in epoch]
        orders.append(np.concatenate([*parts, *(g.rest.numpy() for g in epoch)]))
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
    assert not np.array_equal(*orders)


def test_a_seed_settles_the_order(x):
    histories = []
    for _ in range(2):
        model = _model()
        histories.append(model.fit(x, batch_size=8, epochs=2, verbose=0).history)
    assert histories[0] == histories[1]


def test_the_same_program_serves_every_epoch(x):
    model = _model()
    model.fit(x, batch_size=8, verbose=0)
    function = model.train_function
    model.fit(x, batch_size=8, epochs=3, verbose=0)
    assert model.train_function is function


# ------------------------------------------------------------------------------- callbacks


def test_a_callback_that_waits_for_batches_is_called_after_each(x):
    steps = _Steps()
    _model().fit(x, batch_size=8, callbacks=[steps], verbose=0)
    assert steps.ends == list(range(19))


def test_callbacks_are_called_at_the_steps_that_were_asked_for(x):
    steps, expected = _Steps(), _Steps()
    _model(steps_per_execution=4).fit(x, batch_size=8, callbacks=[steps], verbose=0)
    _model(steps_per_execution=4, jit_compile=False).fit(
        x, batch_size=8, callbacks=[expected], verbose=0
    )
    assert steps.ends == expected.ends == [3, 7, 11, 15, 19]


@pytest.mark.parametrize(
    ("callback", "steps"),
    [
        (lambda path: keras.callbacks.ModelCheckpoint(path / "m.keras"), 5),
        (lambda path: keras.callbacks.ModelCheckpoint(path / "m.keras", save_freq=5), 1),
        (lambda path: keras.callbacks.BackupAndRestore(path / "b"), 5),
        (lambda path: keras.callbacks.BackupAndRestore(path / "b", save_freq=5), 1),
        (lambda path: keras.callbacks.TensorBoard(path), 5),
        (lambda path: keras.callbacks.TensorBoard(path, update_freq="batch"), 1),
        (lambda path: keras.callbacks.TerminateOnNaN(), 5),
        (lambda path: keras.callbacks.EarlyStopping("loss"), 5),
        (lambda path: keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None), 5),
        (lambda path: keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: None), 1),
    ],
)
def test_the_choice_of_groups_keeps_the_promises_of_callbacks(callback, steps, x, tmp_path, capsys):
    _model().fit(x, callbacks=[callback(tmp_path)], verbose=2)
    assert f"steps_per_execution={steps} (auto), jit_compile=True" in capsys.readouterr().out


@pytest.mark.parametrize(("num_examples", "steps"), [(150, 5), (70 * 32, 35), (200 * 32, 50)])
def test_groups_are_even_and_the_progress_bar_ends_at_the_last_step(num_examples, steps, capsys):
    model, x = _model(), np.full((num_examples, 6), 0.5, "float32")
    model.fit(x, verbose=2)
    assert f"steps_per_execution={steps} (auto)" in capsys.readouterr().out
    model.fit(x, verbose=1)
    counts = re.findall(r"(\d+)/(\d+) ", capsys.readouterr().out)
    assert all(int(step) <= int(last) == math.ceil(num_examples / 32) for step, last in counts)


def test_training_stops_when_it_is_told_to(x):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    model = _model()
    model.fit(x, batch_size=8, epochs=5, callbacks=[Stop()], verbose=0)
    assert model.optimizer.iterations == 19


# ---------------------------------------------------------------------------- where not in groups


def test_predict_is_as_ever_after_fit(x):
    model = _model()
    model.fit(x, verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-6)


def test_eager_training_runs_step_by_step(x):
    eager = _model(run_eagerly=True)
    eager.fit(x, batch_size=50, shuffle=False, verbose=0)
    graph = _as_keras()
    graph.fit(x, batch_size=50, shuffle=False, verbose=0)
    for a, b in zip(eager.weights, graph.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_step_may_return_logs_of_its_own(x):
    class OwnLogs(models.Autoencoder):
        def train_step(self, data):
            return {**super().train_step(data), "answer": tf.constant(42.0)}

    model = OwnLogs(networks.dense_encoder((6,), 2), networks.dense_decoder(2, (6,)))
    model.compile()
    history = model.fit(x, batch_size=8, verbose=0).history
    assert history["answer"] == [42.0]
    assert model.optimizer.iterations == 19


def test_convolutions_are_compiled_by_xla_only_where_asked():
    def make():
        return models.Autoencoder(
            networks.convolutional_encoder((8, 8, 1), 2, (4,)), networks.dense_decoder(2, (8, 8, 1))
        )

    model = make()
    model.compile()
    assert not model.jit_compile
    model.compile(jit_compile=True)
    assert model.jit_compile


@pytest.mark.parametrize("steps", [0, 2.5, "often", True])
def test_groups_of_no_size_are_refused(steps):
    with pytest.raises(ValueError, match='`steps_per_execution` must be a positive integer or "au'):
        _model(steps_per_execution=steps)


def test_a_slow_pipeline_is_pointed_out_once(x, capsys):
    slow = tf.data.Dataset.from_tensor_slices(x).batch(50)

    def wait(values):
        tf.numpy_function(lambda: time.sleep(0.05), [], [])
        return values

    model = _model(steps_per_execution=3)
    model.fit(slow.map(wait), epochs=20, verbose=0)
    said = capsys.readouterr().out
    assert said.count("The input pipeline takes") == 1
