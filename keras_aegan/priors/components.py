"""The Gaussians of a mixture: with independent elements, or with any covariances."""

import math

import numpy as np
from keras import ops

from keras_aegan.priors.codes import sum_of_code

_LOG_2PI = math.log(2 * math.pi)


class IndependentGaussians:
    """N(μⱼ, diag σⱼ²) for each component j.

    Args:
        means: μ, NumPy array `(num_components, *shape)`.
        deviations: σ, of the same shape.
    """

    def __init__(self, means, deviations):
        self.means = means.astype("float32")
        self.deviations = deviations.astype("float32")
        self.log_deviations = np.log(deviations).astype("float32")
        self.precisions = (deviations**-2.0).astype("float32")  # the diagonals of Σ⁻¹

    def scaled(self, noise, component):
        """The noise of each draw, `(num, *shape)`, as its component spreads it."""
        return noise * ops.take(self.deviations, component, axis=0)

    def log_densities(self, z, mask):
        """Log N(z; μⱼ, Σⱼ), `(num_components, ...)`, of what no mask hides."""
        means, deviations, log_deviations = (
            _beside(values, z) for values in (self.means, self.deviations, self.log_deviations)
        )
        standard = (z[None] - means) / deviations  # (num_components, ..., *shape)
        log_density = -0.5 * (ops.square(standard) + _LOG_2PI) - log_deviations
        return sum_of_code(log_density, self.means.shape[1:], None if mask is None else mask[None])


class CorrelatedGaussians:
    """N(μⱼ, Σⱼ) for each component j, Σⱼ = Lⱼ Lⱼᵀ.

    Args:
        means: μ, NumPy array `(num_components, *shape)`.
        factors: L, `(num_components, size, size)`, lower triangular.
    """

    def __init__(self, means, factors):
        self.means = means.astype("float32")
        # What rows z are multiplied by from the right: Lᵀ and L⁻ᵀ.
        inverses = np.linalg.inv(factors)
        self.transposed = factors.transpose(0, 2, 1).astype("float32")
        self.inverses = inverses.transpose(0, 2, 1).astype("float32")
        diagonals = np.diagonal(factors, axis1=1, axis2=2)
        self.log_determinants = np.log(diagonals).sum(axis=-1).astype("float32")  # of L
        # Σ⁻¹ = L⁻ᵀ L⁻¹
        self.precisions = np.square(inverses).sum(axis=1).reshape(means.shape).astype("float32")

    def scaled(self, noise, component):
        """The noise of each draw, `(num, *shape)`, as its component spreads it."""
        num_components, size, _ = self.transposed.shape
        # One product for all draws, each zero except at its component's place: a factor for each
        # draw would take more memory.
        is_chosen = ops.one_hot(component, num_components)[:, :, None]
        spread = is_chosen * ops.reshape(noise, (-1, 1, size))  # (num, num_components, size)
        rows = ops.reshape(spread, (-1, num_components * size))
        scaled = ops.matmul(rows, self.transposed.reshape(num_components * size, size))
        return ops.reshape(scaled, ops.shape(noise))

    def log_densities(self, z, mask):
        """Log N(z; μⱼ, Σⱼ), `(num_components, ...)`.

        Raises:
            ValueError: if a mask hides anything.
        """
        if mask is not None:
            raise ValueError(
                "`z` must carry no Keras mask where a mixture has full covariances: it cannot "
                "leave elements out. Give `scales` as standard deviations, or use an encoder that "
                f"makes no mask. Received: a mask of shape {tuple(mask.shape)}"
            )
        num_components, size, _ = self.inverses.shape
        gaps = z[None] - _beside(self.means, z)  # (num_components, ..., *shape)
        leading = ops.shape(gaps)[: len(gaps.shape) - len(self.means.shape) + 1]
        standard = ops.matmul(ops.reshape(gaps, (num_components, -1, size)), self.inverses)
        squared = ops.sum(ops.square(standard), axis=-1)  # squared Mahalanobis distances
        log_density = -0.5 * (squared + size * _LOG_2PI) - self.log_determinants[:, None]
        return ops.reshape(log_density, leading)


def _beside(values, z):
    """`(num_components, *shape)` with axes of size 1 for the leading ones of z, `(..., *shape)`."""
    ones = [1] * (len(z.shape) - values.ndim + 1)
    return values.reshape(len(values), *ones, *values.shape[1:])
