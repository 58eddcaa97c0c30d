"""A prior of several Gaussians."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_aegan.engine.tensor_notes import with_mask
from keras_aegan.hints import Array, ArrayLike, Tensor
from keras_aegan.layers import draws
from keras_aegan.priors.choices import as_floats, chosen, normalized
from keras_aegan.priors.codes import as_codes, as_posterior, entropy, sum_of_code
from keras_aegan.priors.components import CorrelatedGaussians, IndependentGaussians
from keras_aegan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="keras_aegan")
class GaussianMixture(Prior):
    """A mixture of Gaussians, p(z) = Σⱼ wⱼ N(z; μⱼ, Σⱼ): fitted to codes, or of given modes.

    `priors.fit` makes one from the codes of data.

    Reference: [Ghosh et al., 2020](https://arxiv.org/abs/1903.12436), section 4, where ten
    Gaussians are fitted to the codes of an autoencoder, which then samples from them.

    Args:
        means: μ, `(num_components, *shape)`.
        scales: standard deviations, `(num_components, *shape)`, or `(num_components,)` for one
            in all directions; or lower triangular Cholesky factors L of the covariances Σ = L Lᵀ,
            `(num_components, size, size)`, where a code has `size` numbers.
        weights: w, `(num_components,)`, positive; they are divided by their sum. All alike if
            `None`.

    Raises:
        TypeError: if an argument holds anything but numbers.
        ValueError: if the shapes do not fit each other, a number is not finite, a standard
            deviation, an element of a factor's diagonal or a weight is not positive, or a factor
            is not lower triangular.

    Example:
    >>> import keras, keras_aegan
    >>> prior = keras_aegan.priors.GaussianMixture([[-3.0, 0.0], [3.0, 0.0]], [1.0, 0.5])
    >>> prior.draw(5, keras.random.SeedGenerator(0)).shape
    TensorShape([5, 2])
    >>> print(prior.log_prob(prior.means).numpy().round(4))  # −log 2π − log 2 − log σ²
    [-2.531  -1.1447]
    """

    def __init__(self, means: ArrayLike, scales: ArrayLike, weights: ArrayLike | None = None):
        self.means = as_floats("means", means)
        if self.means.ndim < 2:
            raise ValueError(
                "`means` must have the shape (num_components, *shape). "
                f"Received: means.shape={self.means.shape}"
            )
        super().__init__(self.means.shape[1:])
        self.scales = as_floats("scales", scales)
        self.weights = _as_weights(weights, len(self.means))
        self._components = _components(self.means, self.scales)

    @property
    def num_components(self) -> int:
        """How many Gaussians there are."""
        return len(self.means)

    def draw(
        self,
        num: int | Tensor,
        seed_generator: keras.random.SeedGenerator,
        shape: Sequence[int | Tensor] | None = None,
    ) -> Tensor:
        """Draws a component for each z, and z from it, `(num, *shape)`, as `Prior.draw` says."""
        component = chosen(draws.uniform((num,), seed_generator), self.weights)  # (num,)
        noise = draws.normal((num, *self.full_shape(shape)), seed_generator)
        means = ops.take(self._components.means, component, axis=0)
        return means + self._components.scaled(noise, component)

    def log_prob(self, z: Array) -> Tensor:
        """Log Σⱼ wⱼ N(z; μⱼ, Σⱼ), in nats, `(...)`, of the elements that no mask hides.

        Raises:
            ValueError: if z has another shape; or carries a mask, and `scales` are Cholesky
                factors.
        """
        z, mask = as_codes("z", z, self.shape)
        log_densities = self._components.log_densities(z, mask)  # (num_components, ...)
        log_weights = np.log(self.weights).astype("float32")
        log_weights = log_weights.reshape(-1, *[1] * (len(log_densities.shape) - 1))
        return ops.logsumexp(log_weights + log_densities, axis=0)

    def kl(self, z_mean: Array, z_log_var: Array, z: Array | None = None) -> Tensor:
        """As `Prior.kl`, in nats, `(batch_size,)`; of a single Gaussian in closed form.

        Args:
            z_mean: μ, `(batch_size, *shape)`.
            z_log_var: log σ², likewise.
            z: a draw from N(μ, σ²) for each example, or `None`.
        """
        if self.num_components > 1:
            return super().kl(z_mean, z_log_var, z)
        z_mean, log_var, mask = as_posterior(z_mean, z_log_var, self.shape)
        log_prob = self.log_prob(with_mask(z_mean, mask))
        # E[log p(z)] = log p(μ) − ½ Σᵢ (Σ⁻¹)ᵢᵢ σᵢ²
        spread = sum_of_code(self._components.precisions[0] * ops.exp(log_var), self.shape, mask)
        return 0.5 * spread - log_prob - entropy(log_var, self.shape, mask)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as lists."""
        return {
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "weights": self.weights.tolist(),
        }


def _components(means, scales):
    """The Gaussians, by what the shape of `scales` says that they are."""
    num_components, size = len(means), math.prod(means.shape[1:])
    if scales.shape in (means.shape, (num_components,)):
        if np.any(scales <= 0):
            raise ValueError(
                f"`scales` must be positive standard deviations. Received: {scales.min():.6g}"
            )
        scales = scales.reshape(*scales.shape, *[1] * (means.ndim - scales.ndim))
        return IndependentGaussians(means, np.broadcast_to(scales, means.shape))
    if scales.shape != (num_components, size, size):
        raise ValueError(
            f"`scales` must have the shape {means.shape} or ({num_components},), of standard "
            f"deviations, or {(num_components, size, size)}, of Cholesky factors. "
            f"Received: scales.shape={scales.shape}"
        )
    if np.any(np.triu(scales, 1)) or np.any(np.diagonal(scales, axis1=1, axis2=2) <= 0):
        raise ValueError(
            "`scales` must be lower triangular with a positive diagonal, as numpy.linalg.cholesky "
            "makes them of covariances. Received: factors that are not"
        )
    return CorrelatedGaussians(means, scales)


def _as_weights(weights, num_components):
    weights = as_floats("weights", np.ones(num_components) if weights is None else weights)
    if weights.shape != (num_components,) or np.any(weights <= 0):
        raise ValueError(
            f"`weights` must be {num_components} positive numbers, one for each component. "
            f"Received: weights={weights.tolist()}"
        )
    return normalized(weights)
