"""Whether data lie in the range that networks are made for: warnings before training."""

import itertools
import warnings

import keras
import numpy as np

from keras_aegan.checks.network_checks import output_range

# Standardised data have a root mean square of 1; heavy tails seldom bring a column's to 20.
_LARGEST_SIZE = 20.0
_EXAMPLES_LOOKED_AT = 1_000
# With fewer, it says nothing that all values lie in one half of the range.
_FEWEST_EXAMPLES, _FEWEST_VALUES = 8, 32
_TOLERANCE = 1e-3
# Layers whose output has the scale of their input.
_PASSING = (
    keras.layers.InputLayer,
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Identity,
    keras.layers.Masking,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.GaussianNoise,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
)
_RESCALING = (keras.layers.Rescaling, keras.layers.Normalization)
_NORMALIZING = (
    *_RESCALING,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.UnitNormalization,
)
# Operations that compute a mask, which stand in a network's graph beside the layer that makes it.
_OF_MASKS = {"NotEqual", "Any"}
# Operations of `keras.ops`, such as a division of the input, by the names of their classes.
_SCALING_OPERATIONS = {"Divide", "TrueDivide", "Multiply", "Normalize", "Log", "Log1p", "Tanh"}


def leading_rescalings(network):
    """The `Rescaling` and `Normalization` layers that a network begins with, a list."""
    return list(
        itertools.takewhile(lambda layer: isinstance(layer, _RESCALING), _from_the_first(network))
    )


def mask_of_data(network, x):
    """Which data are not padding, for a network that begins with `Masking`.

    Returns:
        Booleans of the shape of x without its last axis; `None` for other networks.
    """
    for layer in _operations(network):
        if isinstance(layer, keras.layers.Masking):
            return np.any(np.asarray(x) != layer.mask_value, axis=-1)
        if not isinstance(layer, (keras.layers.InputLayer, keras.layers.Identity)):
            return None
    return None


def warn_of_unreachable(name, network, span, what, stacklevel=5):
    """Warns of data that a network's output activation cannot reach.

    Args:
        name: the network's name, for the message.
        network: the network.
        span: `(smallest, largest)` value of the data, or `None` if unknown.
        what: what the data are to this network, for the message.
        stacklevel: of the warning.
    """
    low, high = output_range(network)
    if span and not (low - _TOLERANCE <= span[0] and span[1] <= high + _TOLERANCE):
        warnings.warn(
            f"The {name}'s output lies in [{low:g}, {high:g}] and cannot reach {what} in "
            f"[{span[0]:.4g}, {span[1]:.4g}]: rescale the data or change the {name}'s "
            "output activation.",
            stacklevel=stacklevel,
        )


def warn_of_half_range(name, network, data, what, argument, stacklevel=6):
    """Warns of data in [0, 1] under a tanh: they use only half of its range.

    Args:
        name: the network's name, for the message.
        network: the network.
        data: the data that its output should match, `(num_examples, ...)`, without padding.
        what: what they are to this network, for the message.
        argument: what to rescale, for the message.
        stacklevel: of the warning.
    """
    is_enough = len(data) >= _FEWEST_EXAMPLES and np.size(data) >= _FEWEST_VALUES
    if output_range(network) != (-1.0, 1.0) or not is_enough:
        return
    smallest, largest = float(np.min(data)), float(np.max(data))
    if smallest >= 0 and 0 < largest <= 1 + _TOLERANCE:
        warnings.warn(
            f"The {name}'s output lies in [-1, 1], and {what} in [{smallest:.4g}, {largest:.4g}]: "
            f"training would go into avoiding the other half. Rescale {argument} to [-1, 1] "
            f"by 2 * x - 1, or end the {name} in a sigmoid.",
            stacklevel=stacklevel,
        )


def what_is_unscaled(name, data, is_known_scaled):
    """A sentence that says how to scale data that are large; `None` if they are not.

    Args:
        name: the argument's name, for the message.
        data: from `as_array`, `(num_examples, ...)`, without padding.
        is_known_scaled: whether a network rescales them itself.
    """
    if is_known_scaled or not np.size(data):
        return None
    every = max(1, data.shape[0] // _EXAMPLES_LOOKED_AT)
    some = np.asarray(data[::every], "float64")
    sizes = np.sqrt(np.mean(np.square(some), axis=0))  # of each column, or pixel
    if not np.max(sizes) > _LARGEST_SIZE:
        return None
    low, high = some.min(), some.max()
    is_of_images = some.ndim > 2 or some[0].size >= 64
    if is_of_images and low >= 0:
        cure = f"{name} / {255.0 if 128 < high <= 255 else np.ceil(high)}"
    else:
        cure = f"({name} - {name}.mean(axis=0)) / ({name}.std(axis=0) + 1e-6)"
    return (
        f"`{name}` is not scaled: values in [{low:.4g}, {high:.4g}], of root mean square up to "
        f"{np.max(sizes):.4g}. Scale it first, such as {cure}"
    )


def scales_input(network):
    """Whether a network rescales or normalises its input before it multiplies by weights."""
    first = next(_from_the_first(network), None)
    is_of_integers = keras.backend.is_int_dtype(network.inputs[0].dtype)
    is_scaling = isinstance(first, _NORMALIZING) or type(first).__name__ in _SCALING_OPERATIONS
    return is_of_integers or is_scaling


def scales_output(network):
    """Whether a network ends in a layer that brings its output to the scale of data."""
    return isinstance(network.layers[-1], _RESCALING)


def how_to_make_floats(name, array, network, encoder=None):
    """Code, with a reason, that makes floats of integers in the range of a network's output.

    Args:
        name: the argument's name.
        array: the integers or booleans, from `as_array`.
        network: the network whose output should match them.
        encoder: the network that reads them, if any.

    Returns:
        Such as `x.astype("float32") / 255.`.
    """
    floats = f'{name}.astype("float32")'
    rescalings = [] if encoder is None else leading_rescalings(encoder)
    if rescalings:
        names = ", then ".join(repr(layer.name) for layer in rescalings)
        return (
            f"{floats}, which the encoder's first layer {names} scales, and as targets what the "
            f"same layer gives for {name}"
        )
    smallest, largest = int(np.min(array)), int(np.max(array))
    reach = output_range(network)
    if smallest >= 0 and largest <= 1:
        return f"{floats} * 2 - 1, to [-1, 1] as a tanh gives" if reach[0] == -1 else floats
    if smallest < 0:
        standardised = f"({name} - {name}.mean(axis=0)) / ({name}.std(axis=0) + 1e-6)"
        return floats if smallest >= reach[0] and largest <= reach[1] == 1 else standardised
    top = 255 if largest <= 255 else 65535 if largest <= 65535 else largest
    if reach == (-1.0, 1.0):
        return f"{floats} / {top / 2} - 1., to [-1, 1] as a tanh gives"
    return f"{floats} / {top}." + (", to [0, 1] as a sigmoid gives" if reach == (0.0, 1.0) else "")


def _from_the_first(network):
    """The operations of a network, without the first ones that keep the scale of the input."""
    started = False
    for operation in _operations(network):
        started = started or not isinstance(operation, _PASSING)
        if started:
            yield operation


def _operations(network):
    """The operations of a network in their order, with those of nested networks in place."""
    for operation in getattr(network, "operations", network.layers):
        if isinstance(operation, keras.Model) and getattr(operation, "layers", None):
            yield from _operations(operation)
        elif type(operation).__name__ not in _OF_MASKS:
            yield operation
