"""Every argument that takes arrays takes them of any library, to the same numbers."""

import contextlib
import importlib.util

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_aegan import callbacks, datasets, latents, losses, metrics, models, networks
from keras_aegan.engine.replicas import noise_states
from tests.conformance.table import ROWS, call_input, compiled, every_row


def _frame(array):
    """What pandas can hold of an array: a series, or a frame."""
    return (pd.Series, pd.DataFrame)[array.ndim - 1](array) if array.ndim < 3 else array


def _torch(array):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    values = torch.tensor(array)
    return values.requires_grad_() if values.is_floating_point() else values


KINDS = {
    "lists": lambda array: array.tolist(),
    "tensors": tf.constant,
    "pandas": _frame,
    "columns": lambda array: array[:, None] if array.ndim == 1 else array,
    "torch": _torch,
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@contextlib.contextmanager
def _noise_as_it_was(model):
    """Each call draws what the one before drew."""
    states = [(state, state.numpy()) for state in noise_states(model)]
    yield
    for state, before in states:
        state.assign(before)


@every_row
def test_measures_and_abilities(row):
    model = compiled(row)
    arrays = row.data(8)
    model.fit(*arrays, batch_size=4, verbose=0)
    weights = np.linspace(0.5, 2.0, 8).astype("float32")
    calls = {
        name: (getattr(model, name, None), arguments(4))
        for name, arguments in row.endpoints.items()
        if name != "serve"
    }
    if row.samples is not None and np.ndim(row.samples(3)[0]):
        calls["sample"] = (lambda labels: model.sample(labels, seed=0), row.samples(3))

    def answers(convert):
        x, *y = map(convert, arrays)
        given = call_input(tuple(map(convert, row.endpoints["serve"](4))))
        with _noise_as_it_was(model):
            yield model.evaluate(x, *y, sample_weight=convert(weights), batch_size=4, verbose=0)
        with _noise_as_it_was(model):
            yield model.test_on_batch(x, *y, sample_weight=convert(weights))
        yield model.predict(given, verbose=0)
        yield model.predict_on_batch(given)
        for ability, arguments in calls.values():
            yield ability(*map(convert, arguments))

    expected = list(answers(lambda array: array))
    for kind, convert in KINDS.items():
        if kind == "torch" and importlib.util.find_spec("torch") is None:
            continue
        for answer, wanted in zip(answers(convert), expected, strict=True):
            np.testing.assert_allclose(answer, wanted, rtol=1e-5, atol=1e-6, err_msg=kind)


@every_kind
@pytest.mark.parametrize("name", ["likelihood_autoencoder", "conditional_vae", "gan"])
def test_training(name, kind):
    """All of `fit` passes the same door, so a few rows are enough."""
    row, convert = ROWS[name], KINDS[kind]
    arrays, weights = row.data(8), np.linspace(0.0, 2.0, 8).astype("float32")
    x, *y = map(convert, arrays)
    trained, same = compiled(row), compiled(row)
    how = {"batch_size": 4, "shuffle": False, "verbose": 0}
    logs = trained.fit(
        *arrays, sample_weight=weights, validation_data=(*arrays, weights)[: len(arrays)], **how
    )
    same_logs = same.fit(x, *y, sample_weight=convert(weights), validation_data=(x, *y), **how)
    for key, values in logs.history.items():
        np.testing.assert_allclose(same_logs.history[key], values, rtol=1e-5, err_msg=key)
    for a, b in zip(trained.weights, same.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_labels_of_a_dataset_may_be_a_column():
    row = ROWS["conditional_vae"]
    x, labels = row.data(8)
    model = compiled(row)
    states = [(s, s.numpy()) for s in noise_states(model)]
    flat = model.evaluate(tf.data.Dataset.from_tensor_slices((x, labels)).batch(4), verbose=0)
    for state, before in states:
        state.assign(before)
    dataset = tf.data.Dataset.from_tensor_slices((x, labels[:, None])).batch(4)
    np.testing.assert_allclose(model.evaluate(dataset, verbose=0), flat, rtol=1e-6)


@pytest.mark.parametrize("name", ["dense_autoencoder", "gan", "conditional_gan", "vae_gan"])
def test_what_is_no_array_of_numbers_is_named(name):
    row = ROWS[name]
    model = compiled(row)
    x, *y = row.data(8)
    strings = x.astype(str)
    for method in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(TypeError, match="^`x` must be a plain array of numbers.*strings"):
            method(strings, *y)
        with pytest.raises(TypeError, match="^`x` must be an array, and not a variable"):
            method(tf.Variable(x), *y)
        with pytest.raises(TypeError, match="^`sample_weight` must be a plain array.*dates"):
            method(x, *y, sample_weight=np.arange(8).astype("datetime64[D]"))
    with pytest.raises(TypeError, match="must be a plain array of numbers.*strings"):
        model.predict(call_input(tuple(a.astype(str) for a in row.endpoints["serve"](4))))
    for ability in set(row.endpoints) - {"serve"}:
        with pytest.raises(TypeError, match="must be a plain array of numbers.*strings"):
            getattr(model, ability)(*(a.astype(str) for a in row.endpoints[ability](4)))


def test_a_generator_of_lists_is_named():
    model = compiled(ROWS["dense_autoencoder"])
    x = ROWS["dense_autoencoder"].data(4)[0]
    with pytest.raises(TypeError, match="^`x`, a generator, must yield.*Received: a list"):
        model.fit(([x, x] for _ in range(2)), verbose=0)


def test_a_generator_may_yield_what_arrays_may_be():
    row = ROWS["dense_autoencoder"]
    x = row.data(8)[0]
    model = compiled(row)
    expected = model.evaluate((x[i : i + 4] for i in (0, 4)), steps=2, verbose=0)
    frames = ((pd.DataFrame(x[i : i + 4]),) for i in (0, 4))
    np.testing.assert_allclose(model.evaluate(frames, steps=2, verbose=0), expected, rtol=1e-6)


def _dataset(given):
    """One batch of what `call` takes."""
    return tf.data.Dataset.from_tensors((given if len(given) > 1 else given[0],))


@every_row
def test_predict_passes_the_same_door(row):
    """What the abilities refuse, `predict` refuses too."""
    model = compiled(row)
    given = row.endpoints["serve"](4)
    if not hasattr(model, "condition_names"):
        return
    whole = model.predict(call_input(given), verbose=0)
    np.testing.assert_allclose(model.predict(_dataset(given), verbose=0), whole, atol=1e-6)
    wrong = {
        "nothing": None,
        "no example": call_input(tuple(a[:0] for a in given)),
        "another shape": call_input((given[0][..., None, None], *given[1:])),
        "strings": call_input(tuple(a.astype(str) for a in given)),
        "a dataset of strings": _dataset(tuple(a.astype(str) for a in given)),
    }
    if len(given) > 1:
        x, labels = given
        wrong.update(
            {
                "no labels": x,
                "labels that are no integers": [x, labels + 0.5],
                "labels of no class": [x, labels - 9],
                "one-hot labels": [x, np.eye(4, dtype="int32")[labels]],
                "fewer labels": [x, labels[:2]],
            }
        )
    else:
        np.testing.assert_allclose(model.predict(list(given[0]), verbose=0), whole, atol=1e-6)
        np.testing.assert_allclose(model.predict([given[0]], verbose=0), whole, atol=1e-6)
    for x in wrong.values():
        with pytest.raises((TypeError, ValueError), match="^`(x|z|labels)`.* must"):
            model.predict(x, verbose=0)


def test_a_list_of_one_array_is_noise_for_images_too():
    model = models.GAN(
        networks.dense_generator(3, (4, 4, 1), (8,)), networks.dense_discriminator((4, 4, 1), (8,))
    )
    z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(model.predict([z], verbose=0), model.predict(z, verbose=0))


class _Batches(keras.utils.PyDataset):
    """A `PyDataset` of batches of any kind."""

    def __init__(self, convert, *arrays):
        super().__init__()
        self.convert = convert
        self.arrays = arrays

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return tuple(self.convert(a[4 * index : 4 * index + 4]) for a in self.arrays)


@pytest.mark.parametrize("kind", ["lists", "pandas", "tensors"])
def test_a_pydataset_may_hold_what_arrays_may_be(kind):
    row = ROWS["likelihood_autoencoder"]
    arrays = row.data(8)
    trained, same = compiled(row), compiled(row)
    logs = trained.fit(*arrays, batch_size=4, shuffle=False, verbose=0).history
    dataset = _Batches(KINDS[kind], *arrays)
    same_logs = same.fit(dataset, validation_data=dataset, shuffle=False, verbose=0).history
    np.testing.assert_allclose(same_logs["loss"], logs["loss"], rtol=1e-5)


def test_validation_data_may_be_a_list_of_numbers():
    row = ROWS["dense_autoencoder"]
    x = row.data(16)[0]
    model = compiled(row)
    expected = model.fit(x, validation_data=x, verbose=0).history["val_loss"]
    for validation_data in (x.tolist(), list(x), [x], [x, x]):
        model = compiled(row)
        logs = model.fit(x, validation_data=validation_data, verbose=0).history
        np.testing.assert_allclose(logs["val_loss"], expected, rtol=1e-5)
    with pytest.raises(ValueError, match="^`validation_data` must be x"):
        model.fit(x, validation_data=(x, x, None, None), verbose=0)


_POINTS = np.random.default_rng(0).normal(size=(40, 2))
_OFFLINE = {
    "frechet_distance": lambda x: metrics.frechet_distance(x, x),
    "kernel_distance": lambda x: metrics.kernel_distance(x, x),
    "precision_recall": lambda x: metrics.precision_recall(x, x)["recall"],
    "density_coverage": lambda x: metrics.density_coverage(x, x)["coverage"],
    "neighbor_accuracy": lambda x: metrics.neighbor_accuracy(x, x, 5),
    "mode_coverage": lambda x: metrics.mode_coverage(datasets.ring(4), x)["modes"],
    "active_units": metrics.active_units,
    "extract_features": lambda x: metrics.extract_features(None, x),
    "sample_metrics": lambda x: callbacks.SampleMetrics(x, ["frechet_distance"])._real_features,
    "gaussian_mixture": lambda x: datasets.gaussian_mixture(x, 1.0).means,
    "distances": lambda x: datasets.ring(4).distances(x),
    "interpolate": lambda x: latents.interpolate(x, x),
    "gaussian_kl": lambda x: np.array(losses.gaussian_kl(x, x)),
    "gaussian_nll": lambda x: np.array(losses.GaussianNLL()(x, x)),
    "gaussian_nll of each": lambda x: np.array(losses.GaussianNLL().call(x, x)),
}


@pytest.mark.parametrize("name", _OFFLINE)
def test_functions_of_arrays_pass_it_too(name):
    function = _OFFLINE[name]
    x = _POINTS.astype("float32")
    expected = function(x)
    for kind, convert in KINDS.items():
        if kind != "torch" or importlib.util.find_spec("torch") is not None:
            np.testing.assert_allclose(function(convert(x)), expected, rtol=1e-5, err_msg=kind)
    for wrong in (x.astype(str), x.astype("int64").astype("datetime64[D]")):
        with pytest.raises((TypeError, ValueError), match="^`.*` must be a plain array of numbers"):
            function(wrong)
