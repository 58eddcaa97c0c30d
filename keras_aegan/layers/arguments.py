"""What the layers ask of their arguments.

`keras_aegan.models.data_checks` and `keras_aegan.networks.arguments` ask the same, but import the
layers.
"""

import numbers


def check_positive_integer(name, value):
    """Refuses what is no positive integer."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")


def check_rate(name, rate):
    """Refuses what is no probability."""
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if not (is_number and 0 <= rate <= 1):
        raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={rate!r}")
