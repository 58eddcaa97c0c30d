"""A prior without tails."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_aegan.checks.arguments import is_number
from keras_aegan.hints import Array, Tensor
from keras_aegan.layers import draws
from keras_aegan.priors.codes import as_codes, sum_of_code
from keras_aegan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="keras_aegan")
class Uniform(Prior):
    """The uniform distribution on a cube: the noise of early GANs, InfoGAN's continuous codes.

    Its density is zero outside, so that its divergence from a Gaussian is infinite: it is no
    prior for a VAE.

    Reference: [Chen et al., 2016](https://arxiv.org/abs/1606.03657) (InfoGAN), section 7.2, whose
    continuous codes are uniform on [-1, 1], the default.

    Args:
        shape: of one z.
        low: the smallest value of each element.
        high: the largest.

    Raises:
        ValueError: if `low` is not below `high`, both finite, or a size is not a positive integer.

    Example:
    >>> import keras, numpy as np, keras_aegan
    >>> prior = keras_aegan.priors.Uniform((3,))
    >>> prior.draw(5, keras.random.SeedGenerator(0)).shape
    TensorShape([5, 3])
    >>> print(prior.log_prob(np.zeros((1, 3))).numpy().round(4))  # −3 log 2
    [-2.0794]
    """

    has_full_support = False

    def __init__(self, shape: Sequence[int], low: float = -1.0, high: float = 1.0):
        super().__init__(shape)
        if None in self.shape:
            raise ValueError(
                "`shape` must be known for a uniform prior: StandardNormal alone may leave sizes "
                f"open. Received: shape={shape!r}"
            )
        are_numbers = all(is_number(bound) and math.isfinite(bound) for bound in (low, high))
        if not are_numbers or not low < high:
            raise ValueError(
                "`low` and `high` must be finite numbers with low < high. "
                f"Received: low={low!r}, high={high!r}"
            )
        self.low, self.high = float(low), float(high)

    def draw(
        self,
        num: int | Tensor,
        seed_generator: keras.random.SeedGenerator,
        shape: Sequence[int | Tensor] | None = None,
    ) -> Tensor:
        """Draws z, uniform on [low, high), `(num, *shape)`, as `Prior.draw` says."""
        unit = draws.uniform((num, *self.full_shape(shape)), seed_generator)
        return self.low + (self.high - self.low) * unit

    def log_prob(self, z: Array) -> Tensor:
        """−Σ log(high − low) in the cube, −∞ outside, in nats, `(...)`.

        Elements that a mask hides count for nothing.
        """
        z, mask = as_codes("z", z, self.shape)
        is_inside = ops.logical_and(z >= self.low, z <= self.high)
        log_density = ops.where(is_inside, -math.log(self.high - self.low), -math.inf)
        return sum_of_code(log_density, self.shape, mask)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {"shape": list(self.shape), "low": self.low, "high": self.high}
