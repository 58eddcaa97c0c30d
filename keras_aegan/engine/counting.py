"""What counts in a loss: the elements that no mask hides, each by its weight.

Per-example figures are of an example's own elements, whoever stands beside it. Only a step of
`fit` or `evaluate` averages as Keras does, over the elements of the whole batch: what it needs to
know of its batch is known while it lasts.
"""

import contextlib
import contextvars
import math

import tensorflow as tf
from keras import ops

from keras_aegan.engine.keras_internals import mask_of

# The batch that a step is on. Replicas are threads, and each has a context.
_BATCH = contextvars.ContextVar("batch", default=None)


class Batch:
    """The weights of a step's batch, in two factors: w_it = e_i · r_it.

    What is an example's as a whole, such as its KL, weighs e_i = max_t w_it. Inside the
    reconstruction loss its steps weigh r_it, of which the largest is 1.

    Args:
        sample_weight: `(batch_size,)`, with further axes for weights of steps; or `None`.
    """

    def __init__(self, sample_weight):
        self.example_weight = self._step_weight = None
        self.are_steps_read = False
        if sample_weight is None:
            return
        weight = ops.cast(sample_weight, "float32")
        if len(weight.shape) > 1 and set(weight.shape[1:]) == {1}:
            weight = ops.reshape(weight, (-1,))  # a column of one weight per example
        step_axes = tuple(range(1, len(weight.shape)))
        self.example_weight = ops.max(weight, axis=step_axes) if step_axes else weight
        if step_axes:
            largest = ops.max(weight, axis=step_axes, keepdims=True)
            self._step_weight = weight / ops.where(largest > 0, largest, 1.0)

    def step_weight(self):
        """r, `(batch_size, ...)`, for what weighs steps; `None` where weights are of examples."""
        self.are_steps_read = True
        return self._step_weight

    def checked_example_weight(self):
        """e, `(batch_size,)`, or `None`; checks that a term has read the weights of steps.

        Raises:
            ValueError: if no term could weigh the steps.
        """
        if self._step_weight is not None and not self.are_steps_read:
            raise ValueError(
                "`sample_weight` must hold one weight per example, (num_examples,): no term of "
                "this model has steps to weigh. "
                f"Received: weights of shape {tuple(self._step_weight.shape)} for a batch"
            )
        return self.example_weight

    def repeated(self, num_draws, draw_weight=None):
        """The batch in which each example stands `num_draws` times, one after the other.

        Args:
            num_draws: how many times.
            draw_weight: how much each of them counts, `(batch_size · num_draws,)`; `None` for 1.
        """
        self.are_steps_read = True  # of the copy, by what asked for it
        batch = Batch(None)
        for name in ("example_weight", "_step_weight"):
            if getattr(self, name) is not None:
                setattr(batch, name, ops.repeat(getattr(self, name), num_draws, axis=0))
        if draw_weight is not None:
            own = 1.0 if batch.example_weight is None else batch.example_weight
            batch.example_weight = own * draw_weight
        return batch


@contextlib.contextmanager
def batch_known(batch):
    """Lets the losses of a step see its batch, or hides it (`None`) from what is not a step."""
    token = _BATCH.set(batch)
    try:
        yield batch
    finally:
        _BATCH.reset(token)


def known_batch():
    """The batch of the step that is running; `None` where figures are of single examples."""
    return _BATCH.get()


def counts_of(values, prediction, loss):
    """How much each value counts: `(mask, weight)`, of the rank of the values, `None` for all.

    Args:
        values: `(batch_size, ...)`, what the loss has not summed yet.
        prediction: what may carry a mask.
        loss: for the message.

    Raises:
        ValueError: if the loss has summed axes that the mask or the weights are of.
    """
    mask, batch = mask_of(prediction), known_batch()
    weight = None if batch is None else batch.step_weight()
    if mask is not None:
        mask = _of_rank(values, mask, "a Keras mask is", loss)
    if weight is not None:
        weight = _of_rank(values, weight, "`sample_weight` is", loss)
    return mask, weight


def sum_of_events(values):
    """The sum over all axes but the batch's, `(batch_size,)`."""
    event_axes = tuple(range(1, len(values.shape)))
    return ops.sum(values, axis=event_axes) if event_axes else values


def num_counted(values, *counts):
    """How many values each example has that count, `(batch_size,)`; or a number for all."""
    counts = [count for count in counts if count is not None]
    if counts:
        return sum_of_events(math.prod(counts) * ops.ones_like(values))
    sizes = ops.shape(values)[1:]
    is_known = all(isinstance(size, int) for size in sizes)
    return math.prod(sizes) if is_known else ops.cast(math.prod(sizes), values.dtype)


def global_sums(*values):
    """Sums over the global batch, constants for the gradient: a list of scalars.

    At the optimal scale the derivative of the batch's likelihood with respect to the scale is
    zero, so stopping the gradient here leaves the total derivative what it is.
    """
    totals = [ops.stop_gradient(ops.sum(v)) for v in values]
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        totals = replica.all_reduce(tf.distribute.ReduceOp.SUM, totals)
    return totals


def global_batch_mean(values):
    """The mean over the global batch; a constant for the gradient, `()`."""
    total, count = global_sums(values, ops.cast(ops.size(values), values.dtype))
    return ops.divide_no_nan(total, count)


def _of_rank(values, counts, what, loss):
    """Counts of the leading axes of the values, with axes of size 1 for the others, float32."""
    counts = ops.cast(counts, values.dtype)
    sizes = zip(values.shape[1:], counts.shape[1:], strict=False)
    if len(counts.shape) > len(values.shape) or any(
        None not in (a, b) and b not in (a, 1) for a, b in sizes
    ):
        left = ", ".join("any" if size is None else str(size) for size in values.shape[1:])
        raise ValueError(
            f'`loss` must leave the axes that {what} of, as "mse" and the likelihoods do: what it '
            f"has summed can be neither masked nor weighted. Received: loss={_name(loss)!r}, "
            f"which leaves ({left}) of each example, and a shape {tuple(counts.shape)}"
        )
    more = [1] * (len(values.shape) - len(counts.shape))
    return ops.reshape(counts, (*ops.shape(counts), *more))


def _name(loss):
    return getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
