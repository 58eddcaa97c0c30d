"""The source of a layer's or a model's noise."""

import numbers

import keras


def seed_generator(seed):
    """A `keras.random.SeedGenerator`; refuses a seed that is no integer.

    Args:
        seed: an integer, or `None` for a random one.

    Raises:
        ValueError: if it is anything else.
    """
    check_seed(seed)
    return keras.random.SeedGenerator(seed)


def check_seed(seed):
    """Raises ValueError unless a seed is an integer, zero or more, or `None`."""
    is_integer = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
    if seed is not None and not (is_integer and seed >= 0):
        raise ValueError(
            f"`seed` must be an integer, zero or more, or None. Received: seed={seed!r}"
        )
