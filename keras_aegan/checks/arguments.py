"""Checks of single arguments, for functions and constructors all over the package."""

import math
import numbers


def is_positive_integer(value):
    """Whether a value is an integer above zero; `True` is not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value > 0


def check_positive_integer(name, value, alternative=""):
    """Raises ValueError unless `value` is a positive integer; `alternative` ends the message."""
    if not is_positive_integer(value):
        raise ValueError(
            f"`{name}` must be a positive integer{alternative}. Received: {name}={value!r}"
        )


def check_seed(seed):
    """Raises ValueError unless a seed is an integer, zero or more, or `None`."""
    is_integer = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
    if seed is not None and not (is_integer and seed >= 0):
        raise ValueError(
            f"`seed` must be an integer, zero or more, or None. Received: seed={seed!r}"
        )


def is_number(value):
    """Whether a value is a real number; `True` is not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_rate(name, rate):
    """Raises ValueError unless `rate` is a number in [0, 1]."""
    if not (is_number(rate) and 0 <= rate <= 1):
        raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={rate!r}")


def check_weight(name, weight):
    """Raises ValueError unless `weight` is a finite number, zero or more."""
    if not (is_number(weight) and math.isfinite(weight) and weight >= 0):
        raise ValueError(
            f"`{name}` must be a finite number, zero or more. Received: {name}={weight!r}"
        )
