"""Datasets at the door: a look at the first batch, and whether there is an end."""

import collections.abc
import itertools
import math

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks.arrays import as_array


def peek(data):
    """The first batch of a dataset, and a dataset that still holds all its batches.

    Args:
        data: a `tf.data.Dataset`, a `keras.utils.PyDataset`, a generator, or any other
            iterable that can be iterated again.

    Returns:
        `(batch, data)`. `data` is the object that was given, or for a generator a new one. `batch`
        is `None` for a distributed dataset, where a look would cost or change something.

    Raises:
        ValueError: if the data holds no batch.
    """
    if isinstance(data, tf.distribute.DistributedDataset):
        return None, data
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches == 0:
            raise ValueError("`x` must hold at least one batch. Received: an empty PyDataset")
        batch = data[0]
        if all(_keras_takes(part) for part in keras.tree.flatten(batch)):
            return batch, data
        return _tuple_of_arrays(_as_tuple(batch)), _ConvertedDataset(data)
    if not isinstance(data, collections.abc.Iterable) or isinstance(data, (str, bytes)):
        raise TypeError(
            "`x` must be an array, a tf.data.Dataset, a keras.utils.PyDataset or a generator. "
            f"Received: x={data!r} of type {type(data).__name__}"
        )
    iterator = iter(data.take(1) if isinstance(data, tf.data.Dataset) else data)
    try:
        batch = next(iterator)
    except StopIteration:
        raise ValueError(
            f"`x` must hold at least one batch. Received: an empty {type(data).__name__}"
        ) from None
    if iterator is data:  # it cannot be iterated again, and Keras takes only generators
        batch = _tuple_of_arrays(batch)
        rest = (_tuple_of_arrays(each) for each in iterator)
        return batch, (each for each in itertools.chain([batch], rest))
    if not isinstance(data, tf.data.Dataset) and not isinstance(batch, (tuple, list)):
        raise TypeError(
            f"`x`, a {type(data).__name__}, must yield tuples (x, y, sample_weight), or (x,) "
            f"without targets. Received: a {type(batch).__name__}"
        )
    return batch, data


class _ConvertedDataset(keras.utils.PyDataset):
    """A `PyDataset` whose batches hold frames, lists or other arrays that Keras does not take."""

    def __init__(self, dataset):
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset = dataset

    @property
    def num_batches(self):
        return self.dataset.num_batches

    def __getitem__(self, index):
        return _tuple_of_arrays(_as_tuple(self.dataset[index]))

    def on_epoch_begin(self):
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        self.dataset.on_epoch_end()


def _keras_takes(part):
    return part is None or isinstance(part, (np.ndarray, tf.Tensor))


def _as_tuple(batch):
    return tuple(batch) if isinstance(batch, list) else batch


def _tuple_of_arrays(batch):
    """A generator's batch as Keras takes it: a tuple of arrays that it knows."""
    if isinstance(batch, (list, dict)):
        raise TypeError(
            "`x`, a generator, must yield an array or a tuple (x, y, sample_weight). "
            f"Received: a {type(batch).__name__}"
        )
    parts = batch if isinstance(batch, tuple) else (batch,)
    return tuple(
        part if part is None or isinstance(part, (tuple, dict)) else as_array(name, part)
        for name, part in zip(("x", "y", "sample_weight"), parts, strict=False)
    )


def check_ends(name, data, steps_name, steps):
    """Raises ValueError if a dataset is endless and no number of steps ends it.

    Args:
        name: the argument's name, for the message.
        data: a dataset, or anything else.
        steps_name: the name of the argument that would end it.
        steps: its value.
    """
    if steps is None and _is_endless(data):
        raise ValueError(
            f"`{name}` must end, or `{steps_name}` must say how many batches to take. Received: an "
            f"endless {type(data).__name__}, as repeat() makes, and {steps_name}=None"
        )


def _is_endless(data):
    if isinstance(data, keras.utils.PyDataset):
        return data.num_batches is None
    if isinstance(data, tf.data.Dataset):
        return int(data.cardinality()) == tf.data.INFINITE_CARDINALITY
    if isinstance(data, tf.distribute.DistributedDataset):
        try:
            return len(data) == math.inf
        except TypeError as error:  # of an unknown length, or of an infinite one
            return "infinite" in str(error)
    return False
