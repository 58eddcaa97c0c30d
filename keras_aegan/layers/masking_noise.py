"""Masking noise."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.layers.replacement_noise import ReplacementNoise


@keras.saving.register_keras_serializable(package="keras_aegan")
class MaskingNoise(ReplacementNoise):
    """Sets a random fraction of the values to zero, in training only.

    Unlike in `keras.layers.Dropout`, the values that stay are not scaled up: the network should
    see data with holes, not data of the same mean.

    Reference: [Vincent et al., 2010](https://jmlr.org/papers/v11/vincent10a.html), section 3.3.

    Args:
        rate: the probability that a value is set to zero.
        seed: for the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: unless `rate` lies in [0, 1].

    Example:
    >>> import numpy as np
    >>> from keras_aegan.layers import MaskingNoise
    >>> noisy = MaskingNoise(0.25, seed=0)(np.ones((100, 100), "float32"), training=True)
    >>> sorted(set(np.unique(noisy).tolist())), bool(abs(np.mean(noisy) - 0.75) < 0.02)
    ([0.0, 1.0], True)
    """

    def replace(self, inputs: Tensor, chances: Tensor) -> Tensor:
        """Zero where `chances` fall below the rate."""
        return ops.where(chances < self.rate, ops.zeros_like(inputs), inputs)
