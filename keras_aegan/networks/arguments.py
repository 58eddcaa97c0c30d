"""Checks for the functions that make networks, and the block that they repeat."""

import tensorflow as tf
from keras import layers

from keras_aegan.checks.arguments import is_positive_integer


def check_shape(name, shape):
    """The shape as a tuple; raises ValueError unless it holds positive integers."""
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else shape
    if not isinstance(shape, tuple) or not shape or not all(map(is_positive_integer, shape)):
        raise ValueError(
            f"`{name}` must be a tuple of positive integers, the shape of one example. "
            f"Received: {name}={shape!r}"
        )
    return shape


def check_units(name, units):
    """Raises ValueError unless sizes of layers are positive integers."""
    if not isinstance(units, (tuple, list)):
        raise ValueError(f"`{name}` must be a tuple of positive integers. Received: {units!r}")
    if not all(map(is_positive_integer, units)):
        raise ValueError(f"`{name}` must be positive, and an integer. Received: {name}={units!r}")


def hidden_block(inputs, layer, activation, batch_normalization):
    """A layer, its normalisation if wanted, and its activation."""
    hidden = layer(inputs)
    if batch_normalization:
        # Replicas with statistics of their own would come to differ. One device has nothing to
        # synchronise, and Keras's way of doing it costs up to half of a step's time under XLA.
        several = tf.distribute.get_strategy().num_replicas_in_sync > 1
        hidden = layers.BatchNormalization(
            synchronized=several, name=f"{layer.name}_normalization"
        )(hidden)
    return layers.Activation(activation, name=f"{layer.name}_activation")(hidden)
