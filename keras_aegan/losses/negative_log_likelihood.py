"""The bases of likelihoods: nats, summed over an example's event axes."""

import math
import numbers

import keras
from keras import ops

from keras_aegan.checks.arrays import as_tensor
from keras_aegan.engine.counting import counts_of, global_sums, num_counted, sum_of_events
from keras_aegan.hints import Array, Tensor


class NegativeLogLikelihood(keras.losses.Loss):
    """Base of −log p(x | x̂) in nats, summed over the event axes, constants included.

    A subclass defines `log_density(y_true, y_pred)`, elementwise. Called as a Keras loss, a
    likelihood gives the mean over the batch; `call` gives one value per example, over the elements
    that the mask of `y_pred` does not hide.

    With one of these as the loss and weight 1 on both terms, a VAE's `loss` is the negative
    ELBO in nats.

    Args:
        name: the loss's name.
        reduction: as in `keras.losses.Loss`; it concerns only direct calls of the object.
        dtype: the dtype of the computation, float32 by default.

    Input shape:
        `y_true` and `y_pred` of `(batch_size, ...)`, the same shape.

    Output shape:
        `call` gives `(batch_size,)`, in nats.

    Example:
    >>> import keras, keras_aegan
    >>> class ExponentialNLL(keras_aegan.losses.NegativeLogLikelihood):
    ...     def log_density(self, y_true, y_pred):
    ...         return -keras.ops.log(y_pred) - y_true / y_pred
    >>> y = keras.ops.ones((2, 3))
    >>> ExponentialNLL().call(y, y).numpy().tolist()
    [3.0, 3.0]
    """

    def log_density(self, y_true: Array, y_pred: Array) -> Tensor:
        """The elementwise log-density, in nats, of the shape of `y_true`."""
        raise NotImplementedError(f"{type(self).__name__} must define `log_density`.")

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Tensor:
        """The mean over the batch, as for any Keras loss; arrays may be lists."""
        y_true, y_pred = as_tensor("y_true", y_true), as_tensor("y_pred", y_pred)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Array, y_pred: Array, **options) -> Tensor:
        """One value per example, `(batch_size,)`, in nats, over the elements that no mask hides."""
        y_true, y_pred = as_tensor("y_true", y_true), as_tensor("y_pred", y_pred)
        log_density = self.log_density(y_true, y_pred, **options)
        for count in counts_of(log_density, y_pred, self):
            log_density = log_density if count is None else log_density * count
        return -sum_of_events(log_density)


class ScaledNegativeLogLikelihood(NegativeLogLikelihood):
    """Base of the likelihoods with a scale: a number, or the one that fits the batch best.

    A subclass defines `deviation(y_true, y_pred)`, elementwise, whose mean is the
    maximum-likelihood dispersion; `dispersion_of(scale)`; and `log_density_at`, of a deviation and
    a dispersion. That is linear in the deviation plus a constant, so sums of deviations suffice.

    Args:
        scale: a positive number, or `"optimal"`.
        **kwargs: as in `NegativeLogLikelihood`.

    Raises:
        ValueError: if `scale` is neither of these.
    """

    # A perfect batch would have infinite density. 1e-3 is below a grey level of 1/255, so no
    # 8-bit image meets the floor.
    smallest_scale = 1e-3

    def __init__(self, scale: float | str = 1.0, **kwargs):
        super().__init__(**kwargs)
        is_number = isinstance(scale, numbers.Real) and not isinstance(scale, bool)
        if scale != "optimal" and not (is_number and 0 < scale < math.inf):
            raise ValueError(
                f'`scale` must be a positive number or "optimal". Received: scale={scale!r}'
            )
        self.scale = scale

    def log_density(self, y_true: Array, y_pred: Array, dispersion: Tensor | None = None) -> Tensor:
        """The elementwise log-density; an optimal scale is taken from `dispersion`, if given."""
        check_same_shape(y_true, y_pred)
        deviation = self.deviation(y_true, y_pred)
        if self.scale != "optimal":
            dispersion = ops.cast(self.dispersion_of(self.scale), deviation.dtype)
        elif dispersion is None:
            dispersion = self.optimal_dispersion(y_true, y_pred)
        return self.log_density_at(deviation, dispersion)

    def deviations(self, y_true: Array, y_pred: Array) -> tuple[Tensor, Tensor | int]:
        """Each example's sum of deviations, `(batch_size,)`, and its number of elements.

        Both leave out masked elements, and count others by the running step's weights, if any.
        """
        check_same_shape(y_true, y_pred)
        deviation = self.deviation(y_true, y_pred)
        counts = [c for c in counts_of(deviation, y_pred, self) if c is not None]
        return sum_of_events(math.prod([deviation, *counts])), num_counted(deviation, *counts)

    def of_deviations(self, sums: Tensor, num_elements: Tensor | int, dispersion: Tensor) -> Tensor:
        """−log p(x | x̂) in nats, of the shape of `sums`, from the result of `deviations`."""
        constant = self.log_density_at(ops.zeros_like(dispersion), dispersion)
        slope = self.log_density_at(ops.ones_like(dispersion), dispersion) - constant
        return -(num_elements * constant + sums * slope)

    def optimal_dispersion(
        self, y_true: Array, y_pred: Array, sample_weight: Array | None = None
    ) -> Tensor:
        """The global batch's own dispersion, a constant for the gradient; `()`.

        With weights, `(batch_size,)`, it is that of the weighted likelihood. Several
        reconstructions of one example may follow each other.
        """
        sums, num_elements = self.deviations(y_true, y_pred)
        if sample_weight is not None:
            num_draws = ops.shape(sums)[0] // ops.shape(sample_weight)[0]
            sample_weight = ops.repeat(ops.cast(sample_weight, sums.dtype), num_draws)
        return self.dispersion_of_sums(sums, num_elements, sample_weight)[0]

    def dispersion_of_sums(
        self, sums: Tensor, num_elements: Tensor | int, sample_weight: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The global batch's dispersion, and the weighted number of its elements."""
        counts = num_elements * ops.ones_like(sums)
        if sample_weight is not None:
            sums, counts = sums * sample_weight, counts * sample_weight
        total, count = global_sums(sums, counts)
        return self.not_below_floor(ops.divide_no_nan(total, count)), count

    def not_below_floor(self, dispersion: Tensor) -> Tensor:
        """The dispersion, but at least that of `smallest_scale`."""
        return ops.maximum(dispersion, self.dispersion_of(self.smallest_scale))

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "scale": self.scale}


def check_same_shape(y_true, y_pred, names=("y_true", "y_pred")):
    """Raises ValueError unless shapes are equal: others would broadcast to a wrong value."""
    if len(y_true.shape) != len(y_pred.shape) or any(
        a != b for a, b in zip(y_true.shape, y_pred.shape, strict=True) if None not in (a, b)
    ):
        raise ValueError(
            f"`{names[0]}` and `{names[1]}` must have the same shape. Received: "
            f"{names[0]}.shape={tuple(y_true.shape)}, {names[1]}.shape={tuple(y_pred.shape)}"
        )
