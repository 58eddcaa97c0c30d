"""One value per example of any Keras loss, and the targets that the loss needs."""

import keras
from keras import ops

from keras_aegan.engine.counting import (
    counts_of,
    global_batch_mean,
    known_batch,
    num_counted,
    sum_of_events,
)
from keras_aegan.engine.tensor_notes import in_float32
from keras_aegan.hints import Array, Loss, LossLike, Tensor
from keras_aegan.losses.bernoulli_nll import BernoulliNLL
from keras_aegan.losses.categorical_nll import CategoricalNLL
from keras_aegan.losses.gaussian_nll import GaussianNLL
from keras_aegan.losses.laplace_nll import LaplaceNLL
from keras_aegan.losses.negative_log_likelihood import NegativeLogLikelihood, check_same_shape

_LIKELIHOODS = {
    "gaussian_nll": GaussianNLL,
    "bernoulli_nll": BernoulliNLL,
    "laplace_nll": LaplaceNLL,
    "categorical_nll": CategoricalNLL,
}

# The targets that a loss needs; every other loss takes real numbers.
_PROBABILITIES = (
    BernoulliNLL,
    keras.losses.BinaryCrossentropy,
    keras.losses.BinaryFocalCrossentropy,
    keras.losses.binary_crossentropy,
    keras.losses.binary_focal_crossentropy,
)
_ONE_HOT = (
    keras.losses.CategoricalCrossentropy,
    keras.losses.CategoricalFocalCrossentropy,
    keras.losses.categorical_crossentropy,
    keras.losses.categorical_focal_crossentropy,
)
_LEVELS = (
    CategoricalNLL,
    keras.losses.SparseCategoricalCrossentropy,
    keras.losses.sparse_categorical_crossentropy,
)


def get(identifier: LossLike) -> Loss:
    """The loss of a name, a `keras.losses.Loss`, a function or a config.

    Args:
        identifier: `"gaussian_nll"`, `"bernoulli_nll"`, `"laplace_nll"`, `"categorical_nll"`,
            or anything that `keras.losses.get` takes.

    Returns:
        A `keras.losses.Loss`, or a function of `(y_true, y_pred)`.

    Raises:
        ValueError: if the loss does not exist, or if it sums over the batch.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.losses.get("gaussian_nll").scale
    1.0
    """
    if isinstance(identifier, str) and identifier in _LIKELIHOODS:
        return _LIKELIHOODS[identifier]()
    try:
        loss = keras.losses.get(identifier)
    except ValueError:
        loss = None
    if not callable(loss):
        raise ValueError(
            f"`loss` must be one of {sorted(_LIKELIHOODS)}, a loss that Keras knows by name, a "
            f"`keras.losses.Loss` or a function of (y_true, y_pred). Received: loss={identifier!r}"
        )
    if getattr(loss, "reduction", None) in ("sum", "mean_with_sample_weight"):
        raise ValueError(
            "`loss` is taken per example and averaged over the batch, so its `reduction` must be "
            f'"sum_over_batch_size". Received: reduction={loss.reduction!r}'
        )
    return loss


def per_example(loss: Loss, target: Array, prediction: Array, **options) -> Tensor:
    """One value per example, in the unit of the loss.

    The mean, or a likelihood's sum, over the example's own elements that no mask hides; other
    examples of the batch do not change it. It is 0 if all are hidden. A loss that leaves event axes
    (`"mse"` on images leaves height and width) is averaged over them, as Keras does. The mask is
    the one that the prediction carries from `Masking` or `Embedding(..., mask_zero=True)`.

    Within a step of `fit` or `evaluate` it is the term whose mean over the batch is Keras's own
    value: an example with twice as many elements as another counts twice, and weights of time
    steps, `sample_weight` of `(batch_size, steps)`, are applied.

    Args:
        loss: a `keras.losses.Loss` or a function, from `losses.get`.
        target: `(batch_size, ...)`.
        prediction: `(batch_size, ...)`.
        **options: further arguments of the loss's `call`, such as a likelihood's `dispersion`.

    Returns:
        `(batch_size,)`, float32.

    Raises:
        ValueError: if the loss averages over the batch itself, or has summed axes over which there
            is a mask or weights.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import losses
    >>> x = np.zeros((2, 4, 4, 1), "float32")
    >>> losses.per_example(losses.get("mse"), x, x + 1.0).numpy().tolist()
    [1.0, 1.0]
    """
    # Half-precision networks keep their speed; their losses are summed in float32.
    target, prediction = ops.convert_to_tensor(target), in_float32(prediction)
    if target_domain(loss) != "levels":
        check_same_shape(target, prediction)
        target = ops.cast(target, "float32")
    values = (loss.call if isinstance(loss, keras.losses.Loss) else loss)(
        target, prediction, **options
    )
    if len(values.shape) == 0:
        raise ValueError(
            "`loss` must give one value per example, and not average over the batch: its "
            f"output has shape () for targets of shape {tuple(target.shape)}. "
            f"Received: loss={loss}"
        )
    return values if _counts_by_itself(loss) else _mean_of_counted(values, prediction, loss)


def _counts_by_itself(loss):
    """Whether a loss applies masks and weights itself, and gives one value per example."""
    return isinstance(loss, NegativeLogLikelihood) or getattr(loss, "counts_by_itself", False)


def _mean_of_counted(values, prediction, loss):
    """The mean over those of each example's elements that count; `(batch_size,)`."""
    mask, weight = counts_of(values, prediction, loss)
    event_axes = tuple(range(1, len(values.shape)))
    if mask is None and weight is None:
        return ops.mean(values, axis=event_axes) if event_axes else values
    weight = 1.0 if weight is None else weight
    if mask is None:
        return ops.mean(values * weight, axis=event_axes)
    num_elements = num_counted(values, mask)  # (batch_size,)
    if known_batch() is not None:  # Keras's mean is over the elements of the whole batch
        num_elements = global_batch_mean(num_elements)
    return ops.divide_no_nan(sum_of_events(values * mask * weight), num_elements)


def target_domain(loss: Loss) -> str:
    """What the loss's targets must be, which a model checks before it trains.

    Args:
        loss: a `keras.losses.Loss` or a function, from `losses.get`.

    Returns:
        `"probabilities"` (in [0, 1]), `"one_hot"`, `"levels"` (integers; predictions have one
        more axis) or `"real"`.

    Example:
    >>> from keras_aegan import losses
    >>> losses.target_domain(losses.get("binary_crossentropy"))
    'probabilities'
    """
    domains = {target_domain(part) for part in getattr(loss, "parts", ())}  # of a weighted sum
    if domains:
        return next(iter(domains - {"real"}), "real")
    for domain, members in (
        ("probabilities", _PROBABILITIES),
        ("one_hot", _ONE_HOT),
        ("levels", _LEVELS),
    ):
        classes = tuple(member for member in members if isinstance(member, type))
        if isinstance(loss, classes) or loss in members:
            return domain
    return "real"


def parts(loss):
    """The losses that make up a loss: those of a `WeightedSum`, however deep, or itself alone."""
    inner = getattr(loss, "parts", None)
    return (loss,) if inner is None else tuple(leaf for part in inner for leaf in parts(part))
