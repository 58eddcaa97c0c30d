"""The Laplace likelihood."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.losses.negative_log_likelihood import ScaledNegativeLogLikelihood


@keras.saving.register_keras_serializable(package="keras_aegan")
class LaplaceNLL(ScaledNegativeLogLikelihood):
    """−log Laplace(x; x̂, b) = |x−x̂|/b + log 2b, summed over the event axes, in nats.

    The likelihood behind the mean absolute error, as the Gaussian is behind the mean squared
    error. Its tails are heavier, so a few wrong pixels cost less.

    Args:
        scale: the scale b, or `"optimal"`: b is the mean absolute error of the batch, its
            maximum-likelihood value. In a model it behaves as that of `GaussianNLL`, with the same
            floor. Defaults to 1.
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
    >>> from keras_aegan.losses import LaplaceNLL
    >>> nll = LaplaceNLL(scale=0.5).call(np.zeros((1, 2), "float32"), np.ones((1, 2), "float32"))
    >>> print(nll.numpy())  # 2 · (1/0.5 + log 1)
    [4.]
    """

    def __init__(self, scale: float | str = 1.0, name: str = "laplace_nll", **kwargs):
        super().__init__(scale, name=name, **kwargs)

    def deviation(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """|x−x̂|, whose mean is the optimal b."""
        return ops.abs(y_true - y_pred)

    def dispersion_of(self, scale: float) -> float:
        """The scale b itself."""
        return scale

    def log_density_at(self, deviation: Tensor, scale: Tensor) -> Tensor:
        """Log Laplace(y_true; y_pred, b), elementwise."""
        return -deviation / scale - ops.log(2 * scale)
