"""Random draws that are fast under XLA, and give the same numbers without it.

TensorFlow's draws, which Keras uses, cost a compiled step on a CPU as much as its networks: for
each number, XLA computes all four words of Philox and both normals of Box and Muller. *Squares*,
which passes BigCrush and PractRand too, makes each number alone, from its place in the sequence.

References: [Widynski, 2022](https://arxiv.org/abs/2004.06278), "Squares: a fast counter-based RNG";
[Steele, Lea & Flood, 2014](https://doi.org/10.1145/2660193.2660195), whose SplitMix64 makes keys.
"""

import math

import tensorflow as tf


def normal(shape, seed, dtype="float32"):
    """Draws from the standard normal distribution, through its quantiles.

    Args:
        shape: of the draws; up to 2³¹ of them.
        seed: a `keras.random.SeedGenerator`, from which each call takes the next seed.
        dtype: of the result; draws are made in float32.

    Returns:
        A tensor of that shape and dtype, within ±5.3.
    """
    return tf.cast(_quantiles(_words(shape, seed)), dtype)


def uniform(shape, seed, dtype="float32"):
    """Uniform draws in [0, 1), multiples of 2⁻²⁴; the arguments are those of `normal`."""
    steps = tf.cast(tf.bitwise.right_shift(_words(shape, seed), 8), "float32")
    return tf.cast(steps * 2.0**-24, dtype)


def normal_of(examples, shape, seed, first=0, mask=None, open_axes=()):
    """Draws from the standard normal distribution for each example, keyed by its own values.

    An example gets the same draws alone and at any place of any batch; other examples get others.

    Args:
        examples: `(batch_size, ...)`.
        shape: of each example's draws.
        seed: an integer tensor, `()`.
        first: how many draws of each example to skip; along open axes, at each place.
        mask: `(batch_size, ...)`, boolean, over leading axes of the examples: where it is false, a
            value does not count. A mask over other axes is not read.
        open_axes: the axes of `shape` that may be longer for longer examples: the first draws stay
            the same.

    Returns:
        `(batch_size, *shape)`, float32.
    """
    key = _key(_mixed(_digest(examples, mask)[:, None]) + tf.cast(seed, "uint64"))
    words = _squares(_places(shape, open_axes) + tf.cast(first, "uint64"), key)
    return tf.reshape(_quantiles(words), tf.stack([tf.shape(examples)[0], *shape]))


def normal_at(shape, seed, open_axes):
    """Draws from the standard normal distribution, always the same ones for a seed.

    Along the open axes, a shorter shape gets the first draws of a longer one.

    Args:
        shape: of the draws.
        seed: an integer.
        open_axes: which axes may be longer or shorter.

    Returns:
        A tensor of that shape, float32.
    """
    words = _squares(_places(shape, open_axes), _key(tf.cast(seed, "uint64")))
    return tf.reshape(_quantiles(words), tf.stack(shape))


def _digest(examples, mask):
    """One number per example, of its values and their places, `(batch_size,)`, uint64."""
    bits = tf.bitcast(tf.cast(examples, "float32"), "int32")
    sizes = tf.unstack(tf.shape(bits))
    bits = tf.cast(tf.reshape(bits, (sizes[0], -1)), "uint64")
    masked_axes = () if mask is None else tuple(range(len(mask.shape) - 1))
    place = _places(sizes[1:], masked_axes) * _uint64(0x9E3779B97F4A7C15)
    mixed = tf.bitcast(_mixed(bits + place), "int64")  # TensorFlow cannot sum unsigned numbers
    if mask is not None:
        of_mask = tf.shape(mask)
        leading = tf.stack(sizes[: len(mask.shape)])
        is_read = tf.reduce_all(of_mask == leading)
        mask = tf.cond(is_read, lambda: mask, lambda: tf.ones(leading, "bool"))
        more = [1] * (len(sizes) - len(mask.shape))
        mask = tf.reshape(mask, [*tf.unstack(leading), *more])
        mixed *= tf.cast(
            tf.reshape(tf.broadcast_to(mask, tf.stack(sizes)), tf.shape(mixed)), "int64"
        )
    return tf.bitcast(tf.reduce_sum(mixed, axis=1), "uint64")


def _places(shape, open_axes):
    """The place of each draw in the sequence, flat, uint64; below 2³² without open axes."""
    if not open_axes:
        return tf.cast(tf.range(tf.reduce_prod(tf.stack(shape))), "uint64")
    place, stride, bits = _uint64(0), 1, 32
    for axis, size in reversed(list(enumerate(shape))):
        along = tf.reshape(tf.range(size), (-1, *[1] * (len(shape) - 1 - axis)))
        along = tf.cast(along, "uint64")
        if axis in open_axes:
            place += tf.bitwise.left_shift(along, _uint64(bits))
            bits += 32 // len(open_axes)
        else:
            place += along * tf.cast(stride, "uint64")
            stride *= size
    return tf.reshape(place, (-1,))


def _words(shape, seed):
    """Words of 32 bits, uint32."""
    initial_seed, num_calls = tf.unstack(tf.cast(seed.next(), "uint64"))
    index = tf.cast(tf.range(tf.reduce_prod(shape)), "uint64")
    words = _squares(tf.bitwise.left_shift(num_calls, 32) + index, _key(initial_seed))
    return tf.reshape(words, shape)


def _squares(counter, key):
    """Widynski's `squares32`."""
    x = y = counter * key
    z = y + key
    for term in (y, z, y):
        x = x * x + term
        x = tf.bitwise.left_shift(x, 32) | tf.bitwise.right_shift(x, 32)
    return tf.cast(tf.bitwise.right_shift(x * x + z, 32), "uint32")


def _quantiles(words):
    """Normal draws from uniform words, float32."""
    steps = tf.cast(tf.bitwise.right_shift(words, 9), "float32")
    # The middles of 2²³ equal steps: at the ends of [-1, 1] the quantiles are infinite.
    return math.sqrt(2.0) * tf.math.erfinv((steps + 0.5) * 2.0**-22 - 1.0)


def _key(initial_seed):
    """A key of irregular bits: the first number of SplitMix64, made odd."""
    return _mixed(initial_seed + _uint64(0x9E3779B97F4A7C15)) | _uint64(1)


def _mixed(x):
    """SplitMix64's mixing of the bits of a number."""
    x = (x ^ tf.bitwise.right_shift(x, 30)) * _uint64(0xBF58476D1CE4E5B9)
    x = (x ^ tf.bitwise.right_shift(x, 27)) * _uint64(0x94D049BB133111EB)
    return x ^ tf.bitwise.right_shift(x, 31)


def _uint64(value):
    return tf.constant(value, "uint64")
