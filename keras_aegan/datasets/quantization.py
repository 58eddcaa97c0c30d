"""Grey levels, for a softmax at each pixel."""

import numpy as np

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.checks.data_checks import check_value_range
from keras_aegan.hints import ArrayLike


def quantize(
    x: ArrayLike, num_levels: int, value_range: tuple[float, float] = (0.0, 1.0)
) -> np.ndarray:
    """The level of each value: integer targets for a categorical loss.

    The interval is cut into `num_levels` equal parts.

    Args:
        x: array of any shape, in `value_range`.
        num_levels: how many levels, at least 2.
        value_range: `(low, high)` of the data.

    Returns:
        int32 array of the shape of x, from 0 to `num_levels` - 1.

    Raises:
        TypeError: if `x` does not hold numbers.
        ValueError: if there are fewer than two levels, or a value lies outside the range.

    Example:
    >>> import numpy as np, keras_aegan
    >>> keras_aegan.datasets.quantize(np.array([0.0, 0.4, 0.6, 1.0]), num_levels=2).tolist()
    [0, 0, 1, 1]
    """
    _check_levels(num_levels, value_range)
    x, (low, high) = as_numpy("x", x), value_range
    if x.dtype.kind not in "fiub" or x.size == 0:
        raise TypeError(
            "`x` must be an array of at least one number. "
            f"Received: x.dtype={x.dtype}, x.shape={x.shape}"
        )
    if not (x.min() >= low and x.max() <= high):
        raise ValueError(
            f"`x` must lie in value_range={value_range}. "
            f"Received: values in [{x.min():.6g}, {x.max():.6g}]"
        )
    levels = np.floor((x - low) / (high - low) * num_levels)
    return np.minimum(levels, num_levels - 1).astype("int32")  # the right end is in the last


def dequantize(
    levels: ArrayLike, num_levels: int, value_range: tuple[float, float] = (0.0, 1.0)
) -> np.ndarray:
    """The middle of each level's interval: what a level looks like.

    Args:
        levels: integer array of any shape, from 0 to `num_levels` - 1.
        num_levels: how many levels.
        value_range: `(low, high)` of the data.

    Returns:
        float32 array of the shape of `levels`.

    Example:
    >>> import numpy as np, keras_aegan
    >>> keras_aegan.datasets.dequantize(np.array([0, 1]), num_levels=2).tolist()
    [0.25, 0.75]
    """
    _check_levels(num_levels, value_range)
    low, high = value_range
    return (low + (as_numpy("levels", levels) + 0.5) * (high - low) / num_levels).astype("float32")


def _check_levels(num_levels, value_range):
    check_positive_integer("num_levels", num_levels)
    if num_levels < 2:
        raise ValueError(f"`num_levels` must be at least 2. Received: num_levels={num_levels}")
    check_value_range(value_range)
