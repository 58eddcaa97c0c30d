"""What replicas of one step must do differently, for the step to be what one device would do."""

import contextlib

import tensorflow as tf
from keras import ops

from keras_aegan.engine.keras_internals import clipped


def share_of_batch(batch_size, strategy):
    """The part of the global batch that this replica holds; all of it where there is one."""
    if strategy.num_replicas_in_sync == 1:
        return 1.0
    batch_size = ops.cast(batch_size, "float32")
    replica = tf.distribute.get_replica_context()
    return batch_size / replica.all_reduce(tf.distribute.ReduceOp.SUM, batch_size)


def sum_over_replicas(values):
    """A tensor's sum over the replicas, the same on each; the tensor where there is one."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return values
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, values)


def clip_sum(gradients, optimizer, strategy):
    """Clips the gradients' sum over replicas, of which Keras would clip each replica's part.

    What comes back is a share of the sum, which Keras adds up again: at most as large as the
    optimizer allows, so that its own clipping leaves it as it is.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    clips = inner.clipnorm or inner.global_clipnorm or inner.clipvalue
    if strategy.num_replicas_in_sync == 1 or not clips or not gradients:
        return gradients
    scale = optimizer.scale_loss(1.0)
    dense = [ops.convert_to_tensor(g) for g in gradients if g is not None]
    summed = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, dense)
    shares = iter(
        g * ops.cast(scale / strategy.num_replicas_in_sync, g.dtype)
        for g in clipped(inner, [g / ops.cast(scale, g.dtype) for g in summed])
    )
    return [None if g is None else next(shares) for g in gradients]


def noise_states(model):
    """The states of all seed generators, a model's and its layers', a list."""
    return [v for v in model.variables if v.name == "seed_generator_state"]


@contextlib.contextmanager
def independent_noise(model):
    """Gives each replica noise of its own: one mirrored seed draws the same on all.

    For the length of a turn the replica's number is added to every seed, Keras's own layers'
    included; the states that are saved stay equal on all replicas.
    """
    if model.distribute_strategy.num_replicas_in_sync == 1:
        yield
        return
    states = noise_states(model)
    replica_id = tf.distribute.get_replica_context().replica_id_in_sync_group
    # A prime stride: seeds that a user numbers 1, 2, 3 … must not meet.
    shifts = [ops.cast([1_000_003, 0], s.dtype) * ops.cast(replica_id, s.dtype) for s in states]
    for state, shift in zip(states, shifts, strict=True):
        state.assign(state + shift)
    yield
    for state, shift in zip(states, shifts, strict=True):
        state.assign(state - shift)
