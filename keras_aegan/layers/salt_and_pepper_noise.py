"""Salt-and-pepper noise."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.layers.replacement_noise import ReplacementNoise


@keras.saving.register_keras_serializable(package="keras_aegan")
class SaltAndPepperNoise(ReplacementNoise):
    """Sets a random fraction of the values to the lowest or the highest, in training only.

    Both are equally likely.

    Reference: [Vincent et al., 2010](https://jmlr.org/papers/v11/vincent10a.html), section 3.3.

    Args:
        rate: the probability that a value is replaced.
        value_range: `(low, high)`, pepper and salt: the range of the data. Defaults to (0, 1).
        seed: for the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: unless `rate` lies in [0, 1] and the range has low < high.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.layers import SaltAndPepperNoise
    >>> grey = np.full((100, 100), 0.5, "float32")
    >>> noisy = np.array(SaltAndPepperNoise(0.2, seed=0)(grey, training=True))
    >>> np.unique(noisy).tolist(), bool(abs(np.mean(noisy == 1.0) - 0.1) < 0.02)
    ([0.0, 0.5, 1.0], True)
    """

    def __init__(
        self,
        rate: float,
        value_range: tuple[float, float] = (0.0, 1.0),
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(rate, seed=seed, **kwargs)
        is_pair = isinstance(value_range, (tuple, list)) and len(value_range) == 2
        if not is_pair or not value_range[0] < value_range[1]:
            raise ValueError(
                "`value_range` must be (low, high) with low < high. "
                f"Received: value_range={value_range!r}"
            )
        self.value_range = tuple(value_range)

    def replace(self, inputs: Tensor, chances: Tensor) -> Tensor:
        """Pepper where `chances` fall below half the rate, salt up to the rate."""
        low, high = self.value_range
        salted = ops.where(chances < self.rate, ops.full_like(inputs, high), inputs)
        return ops.where(chances < self.rate / 2, ops.full_like(inputs, low), salted)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "value_range": self.value_range}
