"""The base of all priors: p(z) as an object."""

import abc
import math
import statistics
from collections.abc import Sequence
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan.checks.arguments import is_positive_integer
from keras_aegan.checks.network_checks import compatible
from keras_aegan.engine.tensor_notes import with_mask
from keras_aegan.hints import Array, Tensor
from keras_aegan.priors.codes import as_codes, as_posterior, entropy
from keras_aegan.priors.fresh_seeds import FreshSeeds

# Of each example, where a divergence is estimated without a draw from training.
_NUM_FIXED_DRAWS = 256


class Prior(abc.ABC):
    """Abstract base of priors: p(z), which a model draws from, trains towards and is scored by.

    A prior of your own gives its shape to the constructor of this class, defines `draw`,
    `log_prob` and `get_config`, and is registered, so that a model's file finds its class. It
    holds numbers and NumPy arrays, no tensors and no weights: nothing of it is trained. Where it
    knows its divergence from a Gaussian in closed form, it defines `kl` too; where its density is
    zero somewhere, `has_full_support = False`.

    Args:
        shape: of one z, such as `(latent_dim,)`. `None` for a size that is left open.

    Raises:
        ValueError: if `shape` holds anything but positive integers and `None`.

    Example:
    >>> import keras, math
    >>> from keras import ops
    >>> from keras_aegan import priors
    >>> @keras.saving.register_keras_serializable(package="examples")
    ... class Laplace(priors.Prior):
    ...     def __init__(self, dim):
    ...         super().__init__(shape=(dim,))
    ...         self.dim = dim
    ...     def draw(self, num, seed_generator, shape=None):
    ...         u = keras.random.uniform((num, self.dim), -0.5, 0.5, seed=seed_generator)
    ...         return -ops.sign(u) * ops.log1p(-2 * ops.abs(u))
    ...     def log_prob(self, z):
    ...         return -ops.sum(ops.abs(z) + math.log(2), axis=-1)
    ...     def get_config(self):
    ...         return {"dim": self.dim}
    >>> prior = Laplace(3)
    >>> prior.draw(5, keras.random.SeedGenerator(0)).shape
    TensorShape([5, 3])
    >>> kl = prior.kl(ops.zeros((2, 3)), ops.zeros((2, 3)))  # of N(0, I), 2 examples
    >>> print(kl.numpy().round(2))  # 3 (√(2/π) + log 2 − ½ − ½ log 2π)
    [0.22 0.22]
    """

    # Whether the density is positive everywhere, as a Gaussian posterior needs.
    has_full_support: bool = True
    #: Whether draws are one-hot along their last axis, as a `VQVAE` needs.
    is_one_hot: bool = False

    def __init__(self, shape: Sequence[int | None]):
        is_shape = isinstance(shape, (tuple, list)) and all(
            size is None or is_positive_integer(size) for size in shape
        )
        if not is_shape or not len(shape):
            raise ValueError(
                "`shape` must be the sizes of one z, such as (latent_dim,): positive integers, "
                f"or None for a size that is left open. Received: shape={shape!r}"
            )
        self.shape = tuple(size if size is None else int(size) for size in shape)

    @abc.abstractmethod
    def draw(
        self,
        num: int | Tensor,
        seed_generator: keras.random.SeedGenerator,
        shape: Sequence[int | Tensor] | None = None,
    ) -> Tensor:
        """Draws z ~ p(z), eagerly, in a `tf.function` or in a program of XLA's.

        Args:
            num: how many: an integer, or an int32 tensor `()`.
            seed_generator: each call takes what comes next of it.
            shape: of one z with all its sizes, integers or int32 tensors `()`; needed where
                `self.shape` leaves one open.

        Returns:
            `(num, *shape)`, float32.
        """

    @final
    def fresh_draw(self, num: int | Tensor) -> Tensor:
        """Draws that nobody can foresee, for endpoints.

        They are new at each call, in each process that serves a SavedModel, and do not depend on
        `keras.utils.set_random_seed`.

        Args:
            num: how many: an integer, or an int32 tensor `()`.

        Returns:
            `(num, *shape)`, float32.
        """
        return self.draw(num, FreshSeeds())

    @abc.abstractmethod
    def log_prob(self, z: Array) -> Tensor:
        """Log p(z), in nats.

        Args:
            z: `(..., *shape)`. Elements that a Keras mask hides count for nothing, where the
                prior can leave out single elements.

        Returns:
            `(...)`, float32, summed over the axes of one z.
        """

    def kl(self, z_mean: Array, z_log_var: Array, z: Array | None = None) -> Tensor:
        """KL(N(μ, σ²) ‖ p) = E[log q(z|x)] − E[log p(z)], z ~ q(z|x) = N(μ, σ²), in nats.

        Here the first expectation is in closed form, and the second one estimated. At a draw of
        training, the gradient is that of log q(z|x) − log p(z) there, as in the ELBO. Without
        one, the estimate is the mean over 256 antithetic draws that are the same for each
        example and each call, a Latin hypercube scaled to variance 1: exact where log p is a
        quadratic without mixed terms, and otherwise with a standard error below a tenth of the
        standard deviation of log p(z) under q.

        Reference: [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), section 2.3;
        [McKay et al., 1979](https://doi.org/10.2307/1268522) (Latin hypercubes).

        Args:
            z_mean: μ, `(batch_size, *shape)`.
            z_log_var: log σ², likewise. σ² goes on linearly above e³⁰, as in `GaussianSampling`.
            z: a draw from N(μ, σ²) for each example, `(batch_size, *shape)`, or `None`.

        Returns:
            `(batch_size,)`, float32. Infinity where the prior has no full support.

        Raises:
            ValueError: if an argument has another shape.
        """
        z_mean, log_var, mask = as_posterior(z_mean, z_log_var, self.shape)
        if not self.has_full_support:
            return ops.full(ops.shape(z_mean)[:1], math.inf)
        if z is not None:
            z, _ = as_codes("z", z, self.shape)
            log_prob = self.log_prob(with_mask(z, mask))  # (batch_size,)
        else:
            noise = _fixed_noise(tuple(z_mean.shape[1:]))[:, None]  # (num_draws, 1, *shape)
            z = z_mean + ops.exp(0.5 * log_var) * noise  # (num_draws, batch_size, *shape)
            z = with_mask(z, None if mask is None else mask[None])
            log_prob = ops.mean(self.log_prob(z), axis=0)
        return -entropy(log_var, self.shape, mask) - log_prob

    def full_shape(self, shape: Sequence[int | Tensor] | None = None) -> tuple:
        """The shape of one z to draw: `self.shape`, or what `draw` was given for open sizes.

        Args:
            shape: of one z with all its sizes, integers or int32 tensors `()`; or `None`.

        Returns:
            A tuple without `None`.

        Raises:
            ValueError: if a size stays open, or contradicts `self.shape`.
        """
        if shape is None:
            shape = self.shape
        known = tuple(size if is_positive_integer(size) else None for size in shape)
        if any(size is None for size in shape) or not compatible(known, self.shape):
            raise ValueError(
                f"`shape` must give all sizes of one z, of which {self.shape} are known. "
                f"Received: shape={tuple(shape)}"
            )
        return tuple(shape)

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as numbers, text, and lists of them."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Prior":
        """The prior that `get_config` describes."""
        return cls(**config)


def _fixed_noise(shape):
    """Antithetic draws of N(0, I), always the same: `(num_draws, *shape)`, float32."""
    if None in shape:
        raise ValueError(
            "`z` must be given for codes whose size is not known. "
            f"Received: z=None, and codes of shape {shape}"
        )
    # The middles of as many strata of equal probability as there are draws. Each element takes
    # each stratum once, in an order of its own.
    levels = (np.arange(_NUM_FIXED_DRAWS // 2) + 0.5) / _NUM_FIXED_DRAWS
    quantiles = np.array([statistics.NormalDist().inv_cdf(0.5 + level) for level in levels])
    quantiles /= np.sqrt(np.mean(np.square(quantiles)))
    generator, size = np.random.default_rng(0), math.prod(shape)
    signs = generator.choice((-1.0, 1.0), (size, len(quantiles)))
    half = signs * generator.permuted(np.tile(quantiles, (size, 1)), axis=1)
    half = half.T.reshape(-1, *shape)
    return tf.constant(np.concatenate([half, -half]), "float32")
