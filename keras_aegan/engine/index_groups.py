"""Arrays fed by index: groups of steps, each a matrix of indices for the program to gather."""

import math
import typing

import keras
import numpy as np
import tensorflow as tf


class IndexGroup(typing.NamedTuple):
    """What one call of a training function works off.

    Attributes:
        arrays: the whole arrays, as a batch is packed; the same objects in each group.
        indices: the examples of each step, `(steps_per_group, batch_size)`; zeros after the last.
        num_steps: how many rows of `indices` count.
        rest: the examples of an uneven last batch, `(fewer than batch_size,)`; mostly none.
    """

    arrays: typing.Any
    indices: tf.Tensor
    num_steps: tf.Tensor
    rest: tf.Tensor


def can_feed(*arrays):
    """Whether arrays can be fed by index: dense ones, in memory."""
    return all(isinstance(a, (np.ndarray, tf.Tensor)) for a in arrays if a is not None)


def make_dataset(data, batch_size, steps_per_group, shuffle):
    """An endless dataset of groups; the steps of an epoch end with a group.

    Args:
        data: `(x, y, sample_weight)`; `None` where there is none.
        batch_size: examples a step.
        steps_per_group: steps a group, at most.
        shuffle: whether each epoch has an order of its own.

    Returns:
        `(dataset of IndexGroup, steps an epoch)`.
    """
    num_examples = len(data[0])
    num_full, num_rest = divmod(num_examples, batch_size)
    steps_per_epoch = num_full + (num_rest > 0)
    steps_per_group = min(steps_per_group, steps_per_epoch)
    num_groups = math.ceil(steps_per_epoch / steps_per_group)

    def draw_epoch(_):
        order = tf.range(num_examples)
        order = tf.random.shuffle(order) if shuffle else order
        full, rest = tf.split(order, [num_full * batch_size, num_rest])
        padding = (num_groups * steps_per_group - num_full) * batch_size
        indices = tf.reshape(tf.pad(full, [[0, padding]]), (num_groups, -1, batch_size))
        starts = tf.range(num_groups) * steps_per_group
        return tf.data.Dataset.from_tensor_slices(
            (indices, tf.clip_by_value(num_full - starts, 0, steps_per_group))
        ).map(
            lambda group_indices, num_steps: (
                tf.ensure_shape(group_indices, (steps_per_group, batch_size)),
                num_steps,
                # A group is the last one where its steps are fewer, or none are left for others.
                rest[: tf.where(num_steps < steps_per_group, num_rest, 0)],
            )
        )

    groups = tf.data.Dataset.range(1).repeat().flat_map(draw_epoch)
    arrays = tf.data.Dataset.from_tensors(_pack(data)).repeat()
    dataset = tf.data.Dataset.zip((arrays, groups)).map(
        lambda arrays, group: IndexGroup(arrays, *group)
    )
    options = tf.data.Options()
    # As Keras does for arrays: they would take the graph's data for constants to be folded.
    options.experimental_optimization.apply_default_optimizations = False
    # Nothing here runs in parallel that could be tuned, and the tuner's thread holds up the end of
    # `fit`, at times for as long as the training took.
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(1), steps_per_epoch


def take(arrays, indices):
    """The batch of these examples."""
    return tf.nest.map_structure(lambda array: tf.gather(array, indices), arrays)


def split(data, validation_split):
    """The arrays, and their end to validate on, cut where Keras cuts.

    Raises:
        ValueError: if one of the parts would be empty.
    """
    num_examples = len(data[0])
    cut = math.floor(num_examples * (1.0 - validation_split))
    if not 0 < cut < num_examples:
        raise ValueError(
            "`validation_split` must leave examples to train and to validate on. "
            f"Received: validation_split={validation_split} of {num_examples} examples"
        )
    parts = (slice(None, cut), slice(cut, None))
    return (tuple(a if a is None else a[part] for a in data) for part in parts)


def _pack(data):
    """The arrays as tensors, of Keras's float, packed as Keras packs a batch."""
    return keras.utils.pack_x_y_sample_weight(*(a if a is None else _tensor(a) for a in data))


def _tensor(array):
    dtype = keras.backend.standardize_dtype(array.dtype)
    if keras.backend.is_float_dtype(dtype):
        dtype = keras.config.floatx()
    if isinstance(array, np.ndarray) and array.dtype.name != dtype:
        array = array.astype(dtype)  # before the copy that a tensor is
    return tf.cast(array, dtype)
