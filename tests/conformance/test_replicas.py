"""A step on two replicas is a step on one with the same global batch."""

import functools

import keras
import numpy as np
import tensorflow as tf

from tests.conformance.fixed_noise import fixed_noise
from tests.conformance.table import ROWS, compiled, every_noisy_row, every_row


@functools.cache
def _mirrored():
    # One for the whole process: TensorFlow numbers a strategy's collective operations from the
    # same start, and a second strategy's would meet the first one's.
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
        with model._independent_noise():
            return keras.random.normal((10_000,), seed=generator)

    draws = tf.function(lambda: strategy.run(draw))()
    first, second = strategy.experimental_local_results(draws)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


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
