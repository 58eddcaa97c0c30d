"""The Bernoulli likelihood."""

import keras
from keras import ops

from keras_aegan.engine.tensor_notes import logits_of, without_logits
from keras_aegan.hints import Array, Tensor
from keras_aegan.losses.negative_log_likelihood import NegativeLogLikelihood, check_same_shape


@keras.saving.register_keras_serializable(package="keras_aegan")
class BernoulliNLL(NegativeLogLikelihood):
    """−log Bernoulli(x; p) = −x log p − (1−x) log(1−p), summed over the event axes, in nats.

    A likelihood for x in {0, 1}. For grey levels in [0, 1] it is the usual cross-entropy but not a
    likelihood: its normalising constant is missing
    ([Loaiza-Ganem & Cunningham, 2019](https://arxiv.org/abs/1907.06845)).

    Args:
        from_logits: whether the decoder gives logits; by default it gives probabilities. For those
            of a sigmoid the value is exact however certain they are: a model reads the logits
            behind them, through layers that only move values. Other probabilities are clipped to
            1e-7 from 0 and 1, where they have no gradient.
        name: the loss's name.
        **kwargs: `reduction` and `dtype`, as in `keras.losses.Loss`.

    Input shape:
        `y_true`, in [0, 1], and `y_pred` of `(batch_size, ...)`, the same shape.

    Output shape:
        `call` gives `(batch_size,)`, in nats.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.losses import BernoulliNLL
    >>> x, p = np.array([[1.0, 0.0]], "float32"), np.array([[0.5, 0.5]], "float32")
    >>> print(np.round(BernoulliNLL().call(x, p).numpy(), 4))  # 2 log 2
    [1.3863]
    """

    def __init__(self, from_logits: bool = False, name: str = "bernoulli_nll", **kwargs):
        super().__init__(name=name, **kwargs)
        self.from_logits = from_logits

    def log_density(self, y_true: Array, y_pred: Array) -> Tensor:
        """Log Bernoulli(y_true; y_pred), elementwise."""
        check_same_shape(y_true, y_pred)
        logits = y_pred if self.from_logits else logits_of(y_pred, "sigmoid")
        if logits is None:  # from a probability, exact up to its rounding
            return -ops.binary_crossentropy(y_true, without_logits(y_pred))
        return -ops.binary_crossentropy(y_true, logits, from_logits=True)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "from_logits": self.from_logits}
