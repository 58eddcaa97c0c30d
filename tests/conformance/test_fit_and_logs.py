"""Every model fits, and what it prints adds up."""

import numpy as np
import tensorflow as tf

from tests.conformance.table import compiled, every_row


def _assert_adds_up(model, logs, prefix=""):
    """`loss = Σ weight × term + regularization_loss`, for each player's total that is logged."""
    weights = {name: float(w) for name, w in model.loss_weights.items()}
    if len(model.players) > 1:
        assert all(prefix + name in logs for name in weights)
        return
    total = sum(weight * logs[prefix + name] for name, weight in weights.items())
    total += logs.get(prefix + "regularization_loss", 0.0)
    np.testing.assert_allclose(logs[prefix + "loss"], total, rtol=1e-5)


@every_row
def test_every_weight_trains_and_what_is_printed_adds_up(row):
    model = compiled(row)
    before = [np.array(w) for w in model.trainable_weights]
    arrays = row.data(40)
    # 40 in batches of 16: the last batch is smaller, and the means must not care.
    validation = tuple(a[:23] for a in arrays)
    history = model.fit(
        *arrays, batch_size=16, epochs=3, validation_data=validation, verbose=0
    ).history
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert not np.array_equal(weight, old), weight.path
    assert {int(o.iterations) for o in model.optimizers.values()} == {9}
    assert int(model.optimizer.iterations) == 9
    for epoch in range(3):
        logs = {name: values[epoch] for name, values in history.items()}
        _assert_adds_up(model, logs)
        _assert_adds_up(model, logs, "val_")
    _assert_adds_up(model, model.evaluate(*arrays, return_dict=True, verbose=0))


@every_row
def test_a_dataset_trains_as_arrays_do(row):
    arrays = row.data(32)
    from_arrays, from_dataset = compiled(row), compiled(row)
    logs = from_arrays.fit(*arrays, batch_size=8, shuffle=False, verbose=0).history
    dataset = tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0]).batch(8)
    same = from_dataset.fit(dataset, verbose=0).history
    for name, values in logs.items():
        np.testing.assert_allclose(same[name], values, rtol=1e-6, err_msg=name)


@every_row
def test_grouped_and_eager_steps_train_as_single_ones(row):
    arrays = row.data(40)
    single, grouped, eager = (
        compiled(row),
        compiled(row, steps_per_execution=3),
        compiled(row, run_eagerly=True),
    )
    for model in (single, grouped, eager):
        model.fit(*arrays, batch_size=8, shuffle=False, verbose=0)
    for w, g, e in zip(single.weights, grouped.weights, eager.weights, strict=True):
        np.testing.assert_allclose(w, g, atol=1e-6)
        np.testing.assert_allclose(w, e, atol=1e-6)


@every_row
def test_train_on_batch_and_test_on_batch_give_the_same_names(row):
    model = compiled(row)
    arrays = row.data(8)
    trained = model.train_on_batch(*arrays, return_dict=True)
    tested = model.test_on_batch(*arrays, return_dict=True)
    assert set(trained) == set(tested) >= set(model.loss_weights)
