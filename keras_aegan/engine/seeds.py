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


class SeedOfSamples(keras.random.SeedGenerator):
    """The source of samples that a user asks for by a seed, outside of training.

    Normal draws by it are those of `keras.random.normal` for the same seed, as a user would draw
    them, and not the fast ones that a training step makes.
    """

    def __init__(self, seed):
        check_seed(seed)
        super().__init__(seed)
