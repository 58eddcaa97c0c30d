"""The categorical likelihood."""

import keras
from keras import ops

from keras_aegan.engine.tensor_notes import logits_of, without_logits
from keras_aegan.hints import Array, Tensor
from keras_aegan.losses.negative_log_likelihood import NegativeLogLikelihood


@keras.saving.register_keras_serializable(package="keras_aegan")
class CategoricalNLL(NegativeLogLikelihood):
    """−log p[x], x an integer level, summed over the event axes, in nats.

    For images: a softmax over grey levels at each pixel, with the levels as integer targets
    (`keras_aegan.datasets.quantize` makes them).

    Args:
        from_logits: whether the decoder gives logits; by default it gives probabilities, exact for
            a softmax and clipped otherwise, as in `BernoulliNLL`.
        name: the loss's name.
        **kwargs: `reduction` and `dtype`, as in `keras.losses.Loss`.

    Input shape:
        `y_true`: integers in [0, num_levels), `(batch_size, ...)`. `y_pred`:
        `(batch_size, ..., num_levels)`.

    Output shape:
        `call` gives `(batch_size,)`, in nats.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.losses import CategoricalNLL
    >>> levels = np.array([[0, 3]])
    >>> uniform = np.full((1, 2, 4), 0.25, "float32")
    >>> print(np.round(CategoricalNLL().call(levels, uniform).numpy(), 4))  # 2 log 4
    [2.7726]
    """

    def __init__(self, from_logits: bool = False, name: str = "categorical_nll", **kwargs):
        super().__init__(name=name, **kwargs)
        self.from_logits = from_logits

    def log_density(self, y_true: Array, y_pred: Array) -> Tensor:
        """Log p[y_true], elementwise over the event axes of `y_true`."""
        if len(y_pred.shape) != len(y_true.shape) + 1:
            raise ValueError(
                "`y_pred` must have the shape of `y_true` and one more axis of levels. "
                f"Received: y_true.shape={tuple(y_true.shape)}, "
                f"y_pred.shape={tuple(y_pred.shape)}"
            )
        levels = ops.cast(y_true, "int32")
        logits = y_pred if self.from_logits else logits_of(y_pred, "softmax")
        if logits is None:  # from a probability, exact up to its rounding
            return -ops.sparse_categorical_crossentropy(levels, without_logits(y_pred))
        return -ops.sparse_categorical_crossentropy(levels, logits, from_logits=True)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "from_logits": self.from_logits}
