"""Masking noise."""

import keras
from keras import ops


def check_rate(name, rate):
    """Refuses what is no probability."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={rate!r}")


@keras.saving.register_keras_serializable(package="keras_aegan")
class MaskingNoise(keras.layers.Layer):
    """Sets a random fraction of the values to zero, in training only.

    Unlike `keras.layers.Dropout`, the values that stay are not scaled up: the network is to
    see data with holes, not data of the same mean.

    Reference: [Vincent et al., 2010](https://jmlr.org/papers/v11/vincent10a.html), section 3.3.

    Args:
        rate: the probability of each value to be set to zero.
        seed: of the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: if `rate` is no probability.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.layers import MaskingNoise
    >>> noisy = MaskingNoise(0.25, seed=0)(np.ones((100, 100), "float32"), training=True)
    >>> sorted(set(np.unique(noisy).tolist())), bool(abs(np.mean(noisy) - 0.75) < 0.02)
    ([0.0, 1.0], True)
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_rate("rate", rate)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs, training=False):
        """The inputs, a fraction of them zero if `training`."""
        if not training:
            return inputs
        chances = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        return ops.where(chances < self.rate, ops.zeros_like(inputs), inputs)

    def compute_output_shape(self, input_shape):
        """That of the input."""
        return input_shape

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
