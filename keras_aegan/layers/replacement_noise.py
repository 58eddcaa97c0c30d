"""The base of noises that replace values."""

from keras import ops

from keras_aegan.checks.arguments import check_rate
from keras_aegan.hints import Tensor
from keras_aegan.layers import draws
from keras_aegan.layers.training_noise import TrainingNoise


class ReplacementNoise(TrainingNoise):
    """Base of noises that replace a random fraction of the values, in training only.

    A subclass defines `replace(inputs, chances)`, with `chances` uniform in [0, 1): one per value,
    drawn anew at each call.

    Args:
        rate: the probability that a value is replaced.
        seed: for the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Raises:
        ValueError: unless `rate` lies in [0, 1].
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        check_rate("rate", rate)
        self.rate = rate

    def replace(self, inputs: Tensor, chances: Tensor) -> Tensor:
        """The inputs, replaced where `chances` fall below the rate."""
        raise NotImplementedError(f"{type(self).__name__} must define `replace`.")

    def corrupt(self, inputs: Tensor) -> Tensor:
        """The inputs, a fraction of them replaced."""
        return self.replace(inputs, draws.uniform(ops.shape(inputs), self.seed_generator))

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "rate": self.rate}
