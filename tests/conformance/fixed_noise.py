"""Noise switched off: what an example draws depends on its place in the batch, and on nothing else.

A step of a noisy model can then be compared between one device, two replicas and two workers.
"""

import contextlib
from unittest import mock

import tensorflow as tf

from keras_aegan.layers import draws


@contextlib.contextmanager
def fixed_noise():
    """Has the toolkit's draws, and TensorFlow's that Keras's come from, give fixed numbers.

    Seeds are drawn as ever, so their states go on. Zeros would not do: a batch normalisation of
    equal fakes has no gradient but rounding.
    """

    def normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", alg=None):
        centred = (_uniform(shape) - 0.5) * 12.0**0.5
        return tf.cast(mean + stddev * centred, dtype)

    def uniform(shape, seed, minval=0.0, maxval=1.0, dtype="float32", alg=None):
        return tf.cast(minval + (maxval - minval) * _uniform(shape), dtype)

    def dropout(x, rate, seed, noise_shape=None):
        chances = _uniform(tf.shape(x) if noise_shape is None else noise_shape)
        kept = tf.cast(chances >= rate, x.dtype)
        return x * kept / (1.0 - rate)

    def drawn(fixed):
        def draw(shape, seed, dtype="float32"):
            return fixed(shape, seed.next(), dtype=dtype)

        return draw

    with (
        mock.patch.object(draws, "normal", drawn(normal)),
        mock.patch.object(draws, "uniform", drawn(uniform)),
        mock.patch.object(tf.random, "stateless_normal", normal),
        mock.patch.object(tf.random, "stateless_uniform", uniform),
        mock.patch.object(tf.nn.experimental, "stateless_dropout", dropout),
    ):
        yield


def _uniform(shape):
    """In [0, 1): multiples of the golden ratio, counted over the examples of all replicas."""
    zeros = tf.zeros(shape)
    static, sizes = zeros.shape, tf.unstack(tf.shape(zeros))
    # The axis of unknown size is the batch's: Hutchinson's probes stand before it.
    batch_axis = next((i for i, size in enumerate(static) if size is None), 0)
    batch_size = sizes.pop(batch_axis)
    size_of_one = tf.reduce_prod(sizes)
    places = _first_place(batch_size) * size_of_one + tf.range(batch_size * size_of_one)
    multiples = tf.cast(places, "float64") * (5.0**0.5 - 1.0) / 2.0
    numbers = tf.cast(tf.math.floormod(multiples, 1.0), "float32")
    order = [*range(1, batch_axis + 1), 0, *range(batch_axis + 1, len(static))]
    numbers = tf.transpose(tf.reshape(numbers, tf.stack([batch_size, *sizes])), order)
    return tf.ensure_shape(numbers, static)


def _first_place(batch_size):
    """How many examples of the global batch the replicas before this one hold."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return 0
    # Several rows may stand for one example: what each holds, they tell each other.
    places = tf.one_hot(replica.replica_id_in_sync_group, replica.num_replicas_in_sync)
    sizes = replica.all_reduce(tf.distribute.ReduceOp.SUM, places * tf.cast(batch_size, "float32"))
    before = tf.range(replica.num_replicas_in_sync) < replica.replica_id_in_sync_group
    return tf.cast(tf.reduce_sum(tf.where(before, sizes, 0.0)), "int32")
