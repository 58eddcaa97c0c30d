"""The source of a layer's or a model's noise."""

import keras

from keras_aegan.checks.arguments import check_seed


def seed_generator(seed):
    """A `keras.random.SeedGenerator`, for an integer or for `None`, a random one.

    Raises:
        ValueError: if the seed is anything else.
    """
    check_seed(seed)
    return keras.random.SeedGenerator(seed)
