"""Every argument that takes arrays takes them of any library, to the same numbers."""

import contextlib
import importlib.util

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

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
    states = [(state, state.numpy()) for state in model._noise_states()]
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
    states = [(s, s.numpy()) for s in model._noise_states()]
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
