"""A step on two replicas is a step on one with the same global batch."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

from keras_aegan.engine.replicas import independent_noise
from tests.conformance.fixed_noise import fixed_noise
from tests.conformance.table import ROWS, compiled, every_noisy_row, every_row


@functools.cache
def _mirrored():
    # One for the whole file: to make one takes as long as a test.
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@every_row
def test_two_replicas_train_as_one(row, monkeypatch):
    sent = _record_what_replicas_send(monkeypatch)
    # 29 in batches of 8: three even batches, and the last five split into three and two.
    arrays = row.data(29)
    with _mirrored().scope():
        two = compiled(row)
    with fixed_noise():
        replicated = two.fit(*arrays, batch_size=8, epochs=5, shuffle=False, verbose=0).history
        gradients = list(sent)
        measured = two.evaluate(*arrays, batch_size=8, return_dict=True, verbose=0)
    for variable in two.variables:
        first, second = variable.value.values
        np.testing.assert_array_equal(first, second)
    _assert_sends_its_weights(two, gradients)
    if row.has_batch_statistic:
        return  # each replica has the statistics of its half of the batch

    one = compiled(row)
    with fixed_noise():
        logs = one.fit(*arrays, batch_size=8, epochs=5, shuffle=False, verbose=0).history
        alone = one.evaluate(*arrays, batch_size=8, return_dict=True, verbose=0)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6, err_msg=a.path)
    for name, values in logs.items():
        np.testing.assert_allclose(replicated[name], values, rtol=1e-5, err_msg=name)
    for name, value in alone.items():
        np.testing.assert_allclose(measured[name], value, rtol=1e-5, err_msg=name)


def _record_what_replicas_send(monkeypatch):
    """A list that grows, as steps are traced, by the sizes of each sum over the replicas."""
    sent, all_reduce = [], tf.distribute.ReplicaContext.all_reduce

    def recorded(context, reduce_op, value, options=None):
        replica = tf.get_static_value(context.replica_id_in_sync_group)
        if replica == 0 and isinstance(value, list):
            sent.append([_size(v) for v in value])
        return all_reduce(context, reduce_op, value, options)

    monkeypatch.setattr(tf.distribute.ReplicaContext, "all_reduce", recorded)
    return sent


def _assert_sends_its_weights(model, sent):
    """The gradients of a step: a number of 4 bytes for each weight of the player in turn."""
    expected = [
        [4 * int(np.prod(v.shape)) for v in _weights(model, player)] for player in model.players
    ]
    gradients = [sizes for sizes in sent if set(sizes) != {4}]  # not the sums behind a mean
    # Once for each time that the step was traced.
    expected *= len(gradients) // len(expected)
    assert [len(sizes) for sizes in gradients] == [len(sizes) for sizes in expected] != []
    for sizes, wanted in zip(gradients, expected, strict=True):
        assert [a or b for a, b in zip(sizes, wanted, strict=True)] == wanted


def _size(values):
    """In bytes; `None` where it is not known before the step runs, as of recurrent gradients."""
    num_values = values.shape.num_elements()
    return num_values and num_values * values.dtype.size


def _weights(model, player):
    weights = [w for network in model.players[player] for w in network.trainable_weights]
    return list({id(w): w for w in weights}.values())


@every_noisy_row
def test_replicas_draw_independent_noise(row):
    strategy = _mirrored()
    with strategy.scope():
        model = compiled(row)
    # Any generator will do: the seed of a layer of Keras's own, or the model's.
    layers = [model, *model._flatten_layers()]
    generator = next(g for layer in layers for g in layer._seed_generators)

    def draw():
        with independent_noise(model):
            return keras.random.normal((10_000,), seed=generator)

    draws = tf.function(lambda: strategy.run(draw))()
    first, second = strategy.experimental_local_results(draws)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.AdamW(1e-2, weight_decay=1.0),
        lambda: optimizers.Adam(1e-2, use_ema=True, ema_momentum=0.5),
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(0.1, use_ema=True)),
        lambda: optimizers.Adam(lambda: 1e-2),
        lambda: optimizers.SGD(0.1, clipnorm=1e-2),
        lambda: optimizers.SGD(0.1, clipvalue=1e-3, loss_scale_factor=8.0),
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(0.1, global_clipnorm=1e-2)),
    ],
    ids=["decay", "averages", "loss scale", "a function", "norm", "value", "global norm"],
)
def test_one_optimizer_steps_replicas_as_one_device(make):
    def excluding():
        optimizer = make()
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        inner.exclude_from_weight_decay(var_names=["bias"])
        return optimizer

    row = ROWS["two_players"]
    with _mirrored().scope():
        two = compiled(row, optimizer=excluding())
    one = compiled(row, optimizer=excluding())
    for model in (one, two):
        with fixed_noise():
            model.fit(*row.data(29), batch_size=8, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6, err_msg=a.path)


IN_SOME_STEPS = {
    "accumulation": lambda: optimizers.SGD(0.1, gradient_accumulation_steps=2),
    "in a loss scale": lambda: optimizers.LossScaleOptimizer(
        optimizers.SGD(0.1, gradient_accumulation_steps=2)
    ),
    "for one player": lambda: {
        "critic": "sgd",
        "generator": optimizers.SGD(0.1, gradient_accumulation_steps=2),
    },
    "overwriting": lambda: optimizers.SGD(0.1, use_ema=True, ema_overwrite_frequency=2),
}


@pytest.mark.parametrize("make", list(IN_SOME_STEPS.values()), ids=list(IN_SOME_STEPS))
def test_what_replicas_cannot_do_in_some_steps_is_refused(make):
    row = ROWS["two_players"]
    with (
        _mirrored().scope(),
        pytest.raises(ValueError, match="must have (grad.*_steps|ema.*_frequency)=None under a Mi"),
    ):
        compiled(row, optimizer=make())


def test_an_optimizer_from_outside_the_scope_is_refused():
    row, outside = ROWS["dense_autoencoder"], optimizers.SGD(0.1)
    with _mirrored().scope(), pytest.raises(ValueError, match="in the scope.*SGD, made outside"):
        compiled(row, optimizer=outside)


def test_the_handle_steers_replicas():
    row, outside = ROWS["two_players"], optimizers.SGD(0.1)
    with _mirrored().scope():
        model = compiled(row, optimizer=outside)
    model.fit(*row.data(8), verbose=0)
    outside.learning_rate = 0.25
    assert [o.learning_rate.numpy() for o in model.optimizers.values()] == [0.25, 0.25]
    assert float(outside.learning_rate) == 0.25
    assert int(outside.iterations) == 1


def test_replicas_measure_with_independent_noise():
    row = ROWS["vae"]
    with _mirrored().scope():
        model = compiled(row)
    x, measured = row.data(64)[0], []
    model.measure = lambda player, terms, sample_weight: measured.append(terms)

    def measure():
        model.test_step((x,))
        return measured.pop()["reconstruction_loss"]

    losses = tf.function(lambda: _mirrored().run(measure))()
    first, second = _mirrored().experimental_local_results(losses)
    assert np.all(np.array(first) != np.array(second))  # the same data, other draws
