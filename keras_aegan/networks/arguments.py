"""What the functions that make networks ask of their arguments, and the block they repeat."""

import numbers

from keras import layers


def check_shape(name, shape):
    """The shape as a tuple of positive integers; refuses anything else."""
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else shape
    if not isinstance(shape, tuple) or not shape or not all(map(_is_positive_integer, shape)):
        raise ValueError(
            f"`{name}` must be a tuple of positive integers, the shape of one example. "
            f"Received: {name}={shape!r}"
        )
    return shape


def check_units(name, units):
    """Refuses sizes of layers that are not positive integers."""
    if not isinstance(units, (tuple, list)):
        raise ValueError(f"`{name}` must be a tuple of positive integers. Received: {units!r}")
    if not all(map(_is_positive_integer, units)):
        raise ValueError(f"`{name}` must be positive, and an integer. Received: {name}={units!r}")


def hidden_block(inputs, layer, activation, batch_normalization):
    """A layer, its normalisation where wanted, and its activation."""
    hidden = layer(inputs)
    if batch_normalization:
        # Over the global batch: replicas with statistics of their own would come to differ.
        normalization = layers.BatchNormalization(
            synchronized=True, name=f"{layer.name}_normalization"
        )
        hidden = normalization(hidden)
    return layers.Activation(activation, name=f"{layer.name}_activation")(hidden)


def _is_positive_integer(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value > 0
