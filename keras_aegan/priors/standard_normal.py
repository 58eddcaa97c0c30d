"""The prior of most models: N(0, I)."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_aegan.engine.seeds import SeedOfSamples
from keras_aegan.hints import Array, Tensor
from keras_aegan.layers import draws
from keras_aegan.losses import gaussian_kl
from keras_aegan.priors.codes import as_codes, check_shape, sum_of_code
from keras_aegan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="keras_aegan")
class StandardNormal(Prior):
    """The standard normal distribution N(0, I), a VAE's prior and a GAN's noise.

    Reference: [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), section 3.

    Args:
        shape: of one z. `None` for a size that is left open, as in a fully convolutional model:
            `draw` is told it.

    Raises:
        ValueError: if `shape` holds anything but positive integers and `None`.

    Example:
    >>> import keras, numpy as np, keras_aegan
    >>> prior = keras_aegan.priors.StandardNormal((2,))
    >>> prior.draw(5, keras.random.SeedGenerator(0)).shape
    TensorShape([5, 2])
    >>> print(prior.log_prob(np.zeros((1, 2))).numpy().round(4))  # −log 2π
    [-1.8379]
    """

    def draw(
        self,
        num: int | Tensor,
        seed_generator: keras.random.SeedGenerator,
        shape: Sequence[int | Tensor] | None = None,
    ) -> Tensor:
        """Draws z ~ N(0, I), `(num, *shape)`, as `priors.Prior.draw` says."""
        shape = (num, *self.full_shape(shape))
        if isinstance(seed_generator, SeedOfSamples):
            return keras.random.normal(shape, seed=seed_generator)
        return draws.normal(shape, seed_generator)

    def log_prob(self, z: Array) -> Tensor:
        """−½ Σ (z² + log 2π) over the elements of one z that no mask hides, in nats, `(...)`."""
        z, mask = as_codes("z", z, self.shape)
        return sum_of_code(-0.5 * (ops.square(z) + math.log(2 * math.pi)), self.shape, mask)

    def kl(self, z_mean: Array, z_log_var: Array, z: Array | None = None) -> Tensor:
        """½ Σ (σ² + μ² − 1 − log σ²), in nats, `(batch_size,)`: `losses.gaussian_kl`.

        Args:
            z_mean: μ, `(batch_size, *shape)`.
            z_log_var: log σ², likewise.
            z: not needed.

        Raises:
            ValueError: if one has another shape.
        """
        check_shape("z_mean", z_mean, self.shape)
        check_shape("z_log_var", z_log_var, self.shape)
        return gaussian_kl(z_mean, z_log_var)

    def get_config(self) -> dict[str, Any]:
        """The shape."""
        return {"shape": list(self.shape)}
