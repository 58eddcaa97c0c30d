"""Mixtures of Gaussians: data whose modes and density are known."""

import math
import numbers

import numpy as np

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike


class GaussianMixture:
    """A mixture of Gaussians, p(x) = Σⱼ wⱼ N(x; μⱼ, Σⱼ): to sample from, and to compare with.

    `gaussian_mixture`, `lecture_mixture`, `ring` and `grid` make one with less to write.

    Args:
        means: `(num_modes, dim)`, μ.
        covariances: `(num_modes, dim, dim)`, Σ, each symmetric and positive definite.
        weights: `(num_modes,)`, w, positive; they are divided by their sum.

    Raises:
        ValueError: if the shapes do not match, a covariance is not positive definite, or a weight
            is not positive.

    Example:
    >>> import numpy as np, keras_aegan
    >>> mixture = keras_aegan.datasets.lecture_mixture(3)
    >>> x = mixture.sample(10_000, seed=0)
    >>> x.shape, x.dtype
    ((10000, 2), dtype('float32'))
    >>> print(np.round(mixture.log_density(mixture.means), 4))  # -log 2π - log 3, at each mean
    [-2.9365 -2.9365 -2.9365]
    """

    def __init__(self, means: ArrayLike, covariances: ArrayLike, weights: ArrayLike):
        self.means = _check_means(means)
        self.covariances, self._roots = _check_covariances(covariances, self.means)
        self.weights = _check_weights(weights, self.num_modes)

    @property
    def num_modes(self) -> int:
        """How many Gaussians there are."""
        return len(self.means)

    @property
    def dim(self) -> int:
        """How many numbers each example has."""
        return self.means.shape[1]

    def sample(self, num_samples: int, seed: int | None = None) -> np.ndarray:
        """Draws examples, in random order.

        Args:
            num_samples: how many.
            seed: an integer, for the same examples each time; fresh ones if `None`.

        Returns:
            float32 array `(num_samples, dim)`.
        """
        return self.sample_with_modes(num_samples, seed)[0]

    def sample_with_modes(
        self, num_samples: int, seed: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws examples, each with the number of its Gaussian: labels for conditional models.

        Args:
            num_samples: how many.
            seed: an integer, for the same examples each time; fresh ones if `None`.

        Returns:
            `(x, modes)`: float32 `(num_samples, dim)` and int32 `(num_samples,)`.
        """
        check_positive_integer("num_samples", num_samples)
        generator = np.random.default_rng(seed)
        modes = generator.choice(self.num_modes, num_samples, p=self.weights)
        noise = generator.standard_normal((num_samples, self.dim))
        x = self.means[modes] + np.einsum("nij,nj->ni", self._roots[modes], noise)
        return x.astype("float32"), modes.astype("int32")

    def distances(self, x: ArrayLike) -> np.ndarray:
        """Mahalanobis distances, √((x − μⱼ)ᵀ Σⱼ⁻¹ (x − μⱼ)), in standard deviations from each mean.

        Args:
            x: `(num_examples, dim)`.

        Returns:
            float64 array `(num_examples, num_modes)`.
        """
        x = as_numpy("x", x).astype("float64")
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(
                f"`x` must have the shape (num_examples, {self.dim}). Received: shape {x.shape}"
            )
        gaps = x[:, None] - self.means  # (num_examples, num_modes, dim)
        # Σ = L Lᵀ, so that ‖L⁻¹ (x − μ)‖ is the distance.
        scaled = np.einsum("mij,nmj->nmi", np.linalg.inv(self._roots), gaps)
        return np.linalg.norm(scaled, axis=-1)

    def log_density(self, x: ArrayLike) -> np.ndarray:
        """Log p(x), in nats.

        Args:
            x: `(num_examples, dim)`.

        Returns:
            float64 array `(num_examples,)`.
        """
        # log √det Σ is the sum of the logs of L's diagonal.
        log_scales = np.log(np.diagonal(self._roots, axis1=1, axis2=2)).sum(-1)  # (num_modes,)
        log_joint = (
            np.log(self.weights)
            - log_scales
            - 0.5 * self.dim * math.log(2 * math.pi)
            - 0.5 * self.distances(x) ** 2
        )  # (num_examples, num_modes)
        # The largest term is factored out: far from all modes, each term is 0 in float64.
        largest = log_joint.max(axis=1, keepdims=True)
        return largest[:, 0] + np.log(np.exp(log_joint - largest).sum(axis=1))


def gaussian_mixture(
    means: ArrayLike, covariances: ArrayLike | float = 1.0, weights: ArrayLike | None = None
) -> GaussianMixture:
    """A mixture of Gaussians, of which only the means must be given.

    Args:
        means: `(num_modes, dim)`.
        covariances: a number, the variance of all modes in all directions; `(num_modes,)`, one
            variance per mode; `(dim, dim)`, one matrix for all modes; or
            `(num_modes, dim, dim)`.
        weights: `(num_modes,)`, how often each mode occurs, in any unit; equal if `None`.

    Returns:
        A `GaussianMixture`.

    Raises:
        ValueError: if the shapes do not match, a covariance is not positive definite, or a weight
            is not positive.

    Example:
    >>> import keras_aegan
    >>> mixture = keras_aegan.datasets.gaussian_mixture([[0, 0], [5, 0]], 0.25, weights=[3, 1])
    >>> mixture.covariances.shape, mixture.weights.tolist()
    ((2, 2, 2), [0.75, 0.25])
    """
    means = _check_means(means)
    num_modes, dim = means.shape
    covariances = _as_floats("covariances", covariances)
    if covariances.shape in ((), (num_modes,)):
        covariances = covariances[..., None, None] * np.eye(dim)
    if covariances.shape == (dim, dim):
        covariances = np.tile(covariances, (num_modes, 1, 1))
    return GaussianMixture(means, covariances, np.ones(num_modes) if weights is None else weights)


def lecture_mixture(number: int) -> GaussianMixture:
    """The lecture's data in the plane: one, two or three unit Gaussians, far apart.

    Args:
        number: 1: at (−10, −10). 2: at (−10, −10) and (10, 10). 3: at (−10, −10), (10, 10) and
            (10, −10).

    Returns:
        A `GaussianMixture`.

    Raises:
        ValueError: if `number` is not 1, 2 or 3.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.datasets.lecture_mixture(2).means.tolist()
    [[-10.0, -10.0], [10.0, 10.0]]
    """
    if number not in (1, 2, 3):
        raise ValueError(f"`number` must be 1, 2 or 3. Received: number={number!r}")
    return gaussian_mixture([[-10, -10], [10, 10], [10, -10]][:number])


def ring(num_modes: int = 8, radius: float = 1.0, std: float = 0.01) -> GaussianMixture:
    """Gaussians in the plane, evenly on a circle about the origin.

    Reference: [Lin et al., 2018](https://arxiv.org/abs/1712.04086) (PacGAN), section 4.1, whose
    values are the defaults.

    Args:
        num_modes: how many.
        radius: of the circle.
        std: each Gaussian's standard deviation, the same in all directions.

    Returns:
        A `GaussianMixture`.

    Raises:
        ValueError: if an argument is not positive.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.datasets.ring(8).sample(100, seed=0).shape
    (100, 2)
    """
    _check_positive(num_modes=num_modes, radius=radius, std=std)
    angles = 2 * np.pi * np.arange(num_modes) / num_modes
    return gaussian_mixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), std**2)


def grid(num_modes: int = 25, spacing: float = 2.0, std: float = 0.05) -> GaussianMixture:
    """Gaussians in the plane, on a square grid about the origin.

    Reference: [Lin et al., 2018](https://arxiv.org/abs/1712.04086) (PacGAN), section 4.1, whose
    values are the defaults.

    Args:
        num_modes: how many, a square number.
        spacing: between neighbours.
        std: each Gaussian's standard deviation, the same in all directions.

    Returns:
        A `GaussianMixture`.

    Raises:
        ValueError: if an argument is not positive, or `num_modes` is not a square number.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.datasets.grid(25).means.max(axis=0).tolist()
    [4.0, 4.0]
    """
    _check_positive(num_modes=num_modes, spacing=spacing, std=std)
    side = math.isqrt(num_modes)
    if side**2 != num_modes:
        raise ValueError(f"`num_modes` must be a square number. Received: num_modes={num_modes}")
    axis = spacing * (np.arange(side) - (side - 1) / 2)
    return gaussian_mixture(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), std**2)


def _check_positive(num_modes, **lengths):
    check_positive_integer("num_modes", num_modes)
    for name, length in lengths.items():
        if not isinstance(length, numbers.Real) or not 0 < length < math.inf:
            raise ValueError(f"`{name}` must be a positive number. Received: {name}={length!r}")


def _as_floats(name, values):
    """The values as an array of float64; a single number has no axes."""
    is_number = isinstance(values, numbers.Real)
    return np.float64(values) if is_number else as_numpy(name, values).astype("float64")


def _check_means(means):
    means = _as_floats("means", means)
    if means.ndim != 2 or means.size == 0 or not np.all(np.isfinite(means)):
        raise ValueError(
            "`means` must be finite numbers of the shape (num_modes, dim). "
            f"Received: shape {means.shape}"
            + ("" if np.all(np.isfinite(means)) else ", with NaN or infinity")
        )
    return means


def _check_covariances(covariances, means):
    """The covariances Σ, and their lower triangular roots L, with Σ = L Lᵀ."""
    covariances = _as_floats("covariances", covariances)
    num_modes, dim = means.shape
    if covariances.shape != (num_modes, dim, dim):
        raise ValueError(
            f"`covariances` must have the shape ({num_modes}, {dim}, {dim}), one matrix per "
            f"mean. Received: shape {covariances.shape}"
        )
    try:
        if not np.allclose(covariances, covariances.swapaxes(1, 2), rtol=1e-6, atol=0.0):
            raise np.linalg.LinAlgError
        return covariances, np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        raise ValueError(
            "`covariances` must be symmetric and positive definite. "
            f"Received: covariances={covariances.tolist()}"
        ) from None


def _check_weights(weights, num_modes):
    weights = _as_floats("weights", weights)
    if weights.shape != (num_modes,) or not np.all((weights > 0) & np.isfinite(weights)):
        raise ValueError(
            f"`weights` must be {num_modes} positive numbers, one per mode. "
            f"Received: weights={weights.tolist()}"
        )
    return weights / weights.sum()
