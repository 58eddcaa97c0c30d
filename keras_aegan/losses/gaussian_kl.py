"""The Kullback-Leibler divergence between diagonal Gaussians."""

import math

import keras
from keras import ops

from keras_aegan.checks.arrays import as_tensor
from keras_aegan.engine.counting import sum_of_events
from keras_aegan.engine.tensor_notes import common_mask, zero_where_masked
from keras_aegan.hints import Array, Tensor
from keras_aegan.layers.gaussian_sampling import LARGEST_LOG_VAR

# ½(e⁸ − 1) = 1490: such a gradient fits into float16 after a few halvings of the loss's scale.
_LARGEST_FLOAT16_LOG_RATIO = 8.0


def gaussian_kl(
    mean: Array,
    log_var: Array,
    prior_mean: Array | float = 0.0,
    prior_log_var: Array | float = 0.0,
) -> Tensor:
    """KL(N(μ, σ²) ‖ N(m, s²)) = ½ Σ [σ²/s² + (μ−m)²/s² − 1 − log(σ²/s²)], in nats.

    With the standard normal as the prior, ½ Σ (σ² + μ² − 1 − log σ²).

    Reference: [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), appendix B.

    Args:
        mean: μ, `(batch_size, latent_dim)`.
        log_var: log σ², of the shape of `mean`.
        prior_mean: m, a number or a tensor that broadcasts against `mean`.
        prior_log_var: log s², likewise.

    Returns:
        `(batch_size,)`, float32, summed over the latent dimensions, zero or more. Steps that a
        Keras mask of `mean` or `log_var` hides do not count. Above log(σ²/s²) = 30 the value
        follows its tangent, so that it does not overflow. For a `log_var` in float16, the gradient
        grows no further than at log(σ²/s²) = 8.

    Raises:
        ValueError: if `mean` and `log_var` differ in shape.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.losses import gaussian_kl
    >>> mean, log_var = np.ones((1, 2), "float32"), np.zeros((1, 2), "float32")
    >>> gaussian_kl(mean, log_var).numpy()  # ½ · 2 · 1²
    array([1.], dtype=float32)
    """
    mean, log_var = as_tensor("mean", mean), as_tensor("log_var", log_var)
    mask = common_mask(mean, log_var)
    is_half = keras.backend.standardize_dtype(getattr(log_var, "dtype", "float32")) == "float16"
    mean, log_var = ops.cast(mean, "float32"), ops.cast(log_var, "float32")
    if len(mean.shape) != len(log_var.shape) or any(
        a != b for a, b in zip(mean.shape, log_var.shape, strict=True) if None not in (a, b)
    ):
        raise ValueError(
            "`mean` and `log_var` must have the same shape. "
            f"Received: mean.shape={tuple(mean.shape)}, log_var.shape={tuple(log_var.shape)}"
        )
    prior_mean = ops.cast(prior_mean, "float32")
    prior_log_var = ops.cast(prior_log_var, "float32")
    log_ratio = log_var - prior_log_var
    squared_distance = ops.square(mean - prior_mean) * ops.exp(-prior_log_var)
    # expm1 keeps the small difference of e^r − 1 and r where σ is close to s. Above 30 it follows
    # its tangent, as the variances of `GaussianSampling` do: it does not overflow, and its
    # gradient, ½(e³⁰ − 1) from there on, still leads back.
    bounded = ops.minimum(log_ratio, LARGEST_LOG_VAR)
    excess = math.exp(LARGEST_LOG_VAR) * ops.relu(log_ratio - LARGEST_LOG_VAR)
    ratio_less_one = ops.expm1(bounded) + excess
    if is_half:
        ratio_less_one = _with_gradient_of_float16(ratio_less_one, log_ratio)
    divergence = 0.5 * (ratio_less_one - log_ratio + squared_distance)
    return sum_of_events(zero_where_masked(divergence, mask))  # (batch_size,)


def _with_gradient_of_float16(values, log_ratio):
    """The values e^r − 1, with a gradient to r that grows no further than at r = 8."""
    bound = _LARGEST_FLOAT16_LOG_RATIO
    slope = ops.expm1(ops.minimum(log_ratio, bound))
    slope += math.exp(bound) * ops.relu(log_ratio - bound)
    return slope + ops.stop_gradient(values - slope)
