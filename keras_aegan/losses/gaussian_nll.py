"""The Gaussian likelihood."""

import math

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.losses.negative_log_likelihood import ScaledNegativeLogLikelihood


@keras.saving.register_keras_serializable(package="keras_aegan")
class GaussianNLL(ScaledNegativeLogLikelihood):
    """−log N(x; x̂, σ²) = (x−x̂)²/(2σ²) + ½ log(2πσ²), summed over the event axes, in nats.

    Reference: [Rybkin et al., 2021](https://arxiv.org/abs/2006.13202), section 3.2, for the
    optimal σ: the maximum-likelihood variance is the mean squared error, so no weight between
    reconstruction and KL is left to tune.

    Args:
        scale: the standard deviation σ, or `"optimal"`: σ² is the mean squared error of the
            batch, over examples and event axes together. Defaults to 1, a unit Gaussian. In
            training a model takes the batch's σ, weighted by `sample_weight`; afterwards it takes
            the σ that training arrived at, so that a score does not depend on the examples scored
            beside it. σ is never below 1e-3, less than a grey level of 1/255: rescale data whose
            values all lie closer together.
        name: the loss's name.
        **kwargs: `reduction` and `dtype`, as in `keras.losses.Loss`.

    Input shape:
        `y_true` and `y_pred` of `(batch_size, ...)`, the same shape.

    Output shape:
        `call` gives `(batch_size,)`, in nats.

    Raises:
        ValueError: if `scale` is neither positive nor `"optimal"`.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.losses import GaussianNLL
    >>> nll = GaussianNLL(scale=1.0).call(np.zeros((1, 2), "float32"), np.ones((1, 2), "float32"))
    >>> print(np.round(nll.numpy(), 4))  # 2 · (½ + ½ log 2π)
    [2.8379]
    """

    def __init__(self, scale: float | str = 1.0, name: str = "gaussian_nll", **kwargs):
        super().__init__(scale, name=name, **kwargs)

    def deviation(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """(x−x̂)², whose mean is the optimal σ²."""
        return ops.square(y_true - y_pred)

    def dispersion_of(self, scale: float) -> float:
        """σ²."""
        return scale**2

    def log_density_at(self, deviation: Tensor, variance: Tensor) -> Tensor:
        """Log N(y_true; y_pred, σ²), elementwise."""
        return -deviation / (2 * variance) - 0.5 * ops.log(2 * math.pi * variance)
