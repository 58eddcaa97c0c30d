"""Adversarial losses by name."""

import keras

from keras_aegan.losses.adversarial_loss import AdversarialLoss
from keras_aegan.losses.hinge_loss import HingeLoss
from keras_aegan.losses.least_squares_loss import LeastSquaresLoss
from keras_aegan.losses.minimax_loss import MinimaxLoss
from keras_aegan.losses.non_saturating_loss import NonSaturatingLoss
from keras_aegan.losses.wasserstein_loss import WassersteinLoss

_ADVERSARIAL_LOSSES = {
    "minimax": MinimaxLoss,
    "non_saturating": NonSaturatingLoss,
    "least_squares": LeastSquaresLoss,
    "hinge": HingeLoss,
    "wasserstein": WassersteinLoss,
}
_LIKE_KERAS = (
    (
        keras.losses.BinaryCrossentropy,
        keras.losses.binary_crossentropy,
        "the binary cross-entropy of logits, data labelled 1 and fakes 0,",
        "non_saturating",
    ),
    (
        keras.losses.MeanSquaredError,
        keras.losses.mean_squared_error,
        "the squared error, data labelled 1 and fakes 0,",
        "least_squares",
    ),
    (keras.losses.Hinge, keras.losses.hinge, "the hinge loss", "hinge"),
)


def get_adversarial(identifier: str | dict | AdversarialLoss) -> AdversarialLoss:
    """The adversarial loss that a name, an instance or a config stands for.

    Args:
        identifier: `"minimax"`, `"non_saturating"`, `"least_squares"`, `"hinge"`,
            `"wasserstein"`, a `losses.AdversarialLoss`, or its serialized config.

    Returns:
        A `losses.AdversarialLoss`.

    Raises:
        ValueError: if there is no such loss.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.losses.get_adversarial("non_saturating").label_smoothing
    0.0
    """
    loss = identifier
    if isinstance(identifier, str) and identifier in _ADVERSARIAL_LOSSES:
        loss = _ADVERSARIAL_LOSSES[identifier]()
    elif isinstance(identifier, dict) and "class_name" in identifier:
        loss = keras.saving.deserialize_keras_object(identifier)
    if not isinstance(loss, AdversarialLoss):
        raise ValueError(
            f"`loss` must be one of {sorted(_ADVERSARIAL_LOSSES)}, or a "
            f"keras_aegan.losses.AdversarialLoss{_meant(loss)}. Received: loss={identifier!r}"
        )
    return loss


def _meant(loss):
    """The name here of the adversarial loss that resembles one of Keras's losses."""
    try:
        loss = keras.losses.get(loss)
    except (ValueError, TypeError):
        return ""
    for cls, function, what, name in _LIKE_KERAS:
        if isinstance(loss, cls) or loss is function:
            return f'; {what} is "{name}"'
    return ""
