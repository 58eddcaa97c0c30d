"""What functions and constructors all over the package ask of an argument."""

import numbers


def is_positive_integer(value):
    """Whether a value can count something; `True` cannot."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value > 0


def check_positive_integer(name, value, alternative=""):
    """Refuses what is no positive integer; the message adds the alternative, where there is one."""
    if not is_positive_integer(value):
        raise ValueError(
            f"`{name}` must be a positive integer{alternative}. Received: {name}={value!r}"
        )


def check_rate(name, rate):
    """Refuses what is no share of a whole."""
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if not (is_number and 0 <= rate <= 1):
        raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={rate!r}")
