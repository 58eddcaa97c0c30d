"""Random draws that are fast in a program of XLA's, and the same outside.

TensorFlow's, which Keras takes, cost a compiled step on a CPU as much as its networks: for each
number, XLA works out all four words of Philox, and both normals of Box and Muller. *Squares*, which
passes BigCrush and PractRand too, makes each number by itself, from its place in the sequence.

References: [Widynski, 2022](https://arxiv.org/abs/2004.06278), "Squares: a fast counter-based RNG";
[Steele, Lea & Flood, 2014](https://doi.org/10.1145/2660193.2660195), whose SplitMix64 makes keys.
"""

import math

import tensorflow as tf


def normal(shape, seed, dtype="float32"):
    """Draws from the standard normal distribution, through its quantiles.

    Args:
        shape: of the draws; up to 2³¹ of them.
        seed: a `keras.random.SeedGenerator`: each call takes what comes next.
        dtype: of the draws, which are made in float32.

    Returns:
        A tensor of that shape and dtype, within ±5.3.
    """
    steps = tf.cast(tf.bitwise.right_shift(_words(shape, seed), 9), "float32")
    # The middles of 2²³ equal steps, as the ends of [-1, 1] stand for infinities.
    return tf.cast(math.sqrt(2.0) * tf.math.erfinv((steps + 0.5) * 2.0**-22 - 1.0), dtype)


def uniform(shape, seed, dtype="float32"):
    """Draws uniform in [0, 1), as `normal` otherwise: multiples of 2⁻²⁴."""
    steps = tf.cast(tf.bitwise.right_shift(_words(shape, seed), 8), "float32")
    return tf.cast(steps * 2.0**-24, dtype)


def _words(shape, seed):
    """Words of 32 bits, uint32: Widynski's `squares32`."""
    initial_seed, num_calls = tf.unstack(tf.cast(seed.next(), "uint64"))
    index = tf.cast(tf.range(tf.reduce_prod(shape)), "uint64")
    key = _key(initial_seed)
    x = y = (tf.bitwise.left_shift(num_calls, 32) + index) * key
    z = y + key
    for term in (y, z, y):
        x = x * x + term
        x = tf.bitwise.left_shift(x, 32) | tf.bitwise.right_shift(x, 32)
    return tf.reshape(tf.cast(tf.bitwise.right_shift(x * x + z, 32), "uint32"), shape)


def _key(initial_seed):
    """A key of irregular bits: the first number of SplitMix64, made odd."""
    x = initial_seed + _uint64(0x9E3779B97F4A7C15)
    x = (x ^ tf.bitwise.right_shift(x, 30)) * _uint64(0xBF58476D1CE4E5B9)
    x = (x ^ tf.bitwise.right_shift(x, 27)) * _uint64(0x94D049BB133111EB)
    return (x ^ tf.bitwise.right_shift(x, 31)) | _uint64(1)


def _uint64(value):
    return tf.constant(value, "uint64")
