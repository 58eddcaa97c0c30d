"""Random draws that are as fast under XLA as without it."""

import tensorflow as tf


def normal(shape, seed, dtype="float32"):
    """The draws of `keras.random.normal`, a standard normal distribution's.

    Keras leaves the choice of the algorithm to TensorFlow, and under XLA on a CPU the choice takes
    some thirty times as long as its outcome, Philox (TF 2.21). So Philox is named here.

    Args:
        shape: of the draws.
        seed: a `keras.random.SeedGenerator`.
        dtype: of the draws.

    Returns:
        A tensor of that shape and dtype.
    """
    return tf.random.stateless_normal(shape, _next_seed(seed), dtype=dtype, alg="philox")


def uniform(shape, seed, dtype="float32"):
    """The draws of `keras.random.uniform`, uniform in [0, 1); as `normal` otherwise."""
    return tf.random.stateless_uniform(shape, _next_seed(seed), dtype=dtype, alg="philox")


def _next_seed(seed):
    # As Keras does: its states are int64, and XLA takes seeds of int32.
    return tf.cast(tf.math.floormod(seed.next(), tf.int32.max - 1), "int32")
