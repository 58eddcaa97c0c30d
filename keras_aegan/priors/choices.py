"""Probabilities, and choices by them; and the numbers that priors are given."""

import numpy as np
from keras import ops

from keras_aegan.checks.arrays import as_numpy

# Of a sum of probabilities, as float32 rounds those of a softmax.
_TOLERANCE = 1e-4


def as_floats(name, values):
    """Numbers as a float64 array, which holds float32 exactly.

    Raises:
        TypeError: if they are no numbers.
        ValueError: if one is not finite, or there is none.
    """
    array = as_numpy(name, values).astype("float64")
    if not array.size or not np.all(np.isfinite(array)):
        received = "NaN or infinity" if array.size else f"an array of shape {array.shape}"
        raise ValueError(f"`{name}` must hold finite numbers. Received: {received}")
    return array


def as_probabilities(name, values):
    """Numbers of zero or more, whose last axis sums to 1, as a float64 array.

    Raises:
        TypeError: if they are no numbers.
        ValueError: if one is negative or not finite, or they do not sum to 1.
    """
    array = as_floats(name, values)
    sums = np.sum(array, axis=-1) if array.ndim else np.zeros(())
    if np.any(array < 0) or np.any(np.abs(sums - 1) > _TOLERANCE):
        raise ValueError(
            f"`{name}` must be zero or more, and sum to 1 along the last axis. Received: numbers "
            f"from {array.min():.6g} on, whose sums lie in [{sums.min():.6g}, {sums.max():.6g}]"
        )
    return normalized(array)


def normalized(weights):
    """Weights divided by their sum along the last axis.

    Those that sum to 1 up to rounding stay as they are, so that a saved prior is loaded exactly.
    """
    sums = np.sum(weights, axis=-1, keepdims=True)
    return np.where(np.abs(sums - 1) < 1e-12, weights, weights / sums)


def chosen(uniform, probabilities):
    """Categories by the inverse of their cumulative distribution.

    Args:
        uniform: draws from [0, 1), `(num, *event)`.
        probabilities: NumPy array, `(*event, num_categories)`.

    Returns:
        `(num, *event)`, int32. A category of probability zero is never chosen.
    """
    bounds = np.cumsum(probabilities, axis=-1)[..., :-1].astype("float32")
    return ops.sum(ops.cast(uniform[..., None] >= bounds, "int32"), axis=-1)
