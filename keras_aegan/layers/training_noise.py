"""The base of all noises."""

import keras

from keras_aegan.engine.seeds import seed_generator
from keras_aegan.hints import Tensor


class TrainingNoise(keras.layers.Layer):
    """Base of noises that corrupt data in training only.

    A subclass defines `corrupt(inputs)`, which draws from `self.seed_generator` at each call.

    Args:
        seed: for the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = seed_generator(seed)
        self.supports_masking = True
        self.built = True

    def corrupt(self, inputs: Tensor) -> Tensor:
        """The inputs with noise, of the same shape."""
        raise NotImplementedError(f"{type(self).__name__} must define `corrupt`.")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, corrupted if `training`."""
        return self.corrupt(inputs) if training else inputs

    def compute_output_shape(self, input_shape):
        """That of the input."""
        return input_shape

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "seed": self.seed}
