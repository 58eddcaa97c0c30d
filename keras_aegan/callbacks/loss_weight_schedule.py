"""Weights of terms that change while a model trains."""

import math
from collections.abc import Callable

import keras

from keras_aegan.checks.arguments import check_positive_integer, check_weight, is_number


class LossWeightSchedule(keras.callbacks.Callback):
    """Sets a term's weight at the beginning of each epoch, as β for KL annealing.

    The weight is a variable of the model, so nothing is traced again, and a saved model or a
    backup goes on with it. `loss` is logged with the weight of its own epoch.

    Args:
        term: the term's name, such as `"kl_loss"`.
        schedule: a function of the epoch, from 0, that gives a weight; `linear_schedule` and
            `cyclical_schedule` make some.

    Raises:
        TypeError: if `schedule` cannot be called.
        ValueError: when training begins, if the model has no such term; in training, if the
            weight is negative or not finite.

    Example:
    >>> from keras_aegan import callbacks
    >>> anneal = callbacks.LossWeightSchedule("kl_loss", callbacks.linear_schedule(0.0, 1.0, 10))
    """

    def __init__(self, term: str, schedule: Callable[[int], float]):
        super().__init__()
        if not callable(schedule):
            raise TypeError(
                "`schedule` must be a function of the epoch that gives a weight. "
                f"Received: schedule={schedule!r}"
            )
        self.term = term
        self.schedule = schedule

    def on_train_begin(self, logs=None):
        """Raises ValueError unless the model has the term."""
        if self.term not in self.model.loss_weights:
            raise ValueError(
                f"`term` must be one of {sorted(self.model.loss_weights)}. "
                f"Received: term={self.term!r}"
            )

    def on_epoch_begin(self, epoch, logs=None):
        """Sets the weight."""
        weight = float(self.schedule(epoch))
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(
                "`schedule` must give finite weights, zero or more. "
                f"Received: {weight} at epoch {epoch}"
            )
        self.model.loss_weights[self.term].assign(weight)


def linear_schedule(start: float, end: float, num_epochs: int) -> Callable[[int], float]:
    """A weight that moves from one value to another, and stays there.

    Reference: [Bowman et al., 2016](https://arxiv.org/abs/1511.06349), section 3.1, for the KL.

    Args:
        start: the weight of the first epoch.
        end: the weight from epoch `num_epochs` on.
        num_epochs: how long it takes, one epoch or more.

    Returns:
        A function from epoch to weight.

    Raises:
        ValueError: if a weight is negative or not finite, or `num_epochs` is not a positive
            integer.

    Example:
    >>> from keras_aegan import callbacks
    >>> schedule = callbacks.linear_schedule(0.0, 1.0, num_epochs=4)
    >>> [schedule(epoch) for epoch in range(6)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    check_weight("start", start)
    check_weight("end", end)
    check_positive_integer("num_epochs", num_epochs)
    return lambda epoch: start + (end - start) * min(epoch / num_epochs, 1.0)


def cyclical_schedule(
    start: float, end: float, period: int, rising: float = 0.5
) -> Callable[[int], float]:
    """A weight that rises and stays, again and again.

    Reference: [Fu et al., 2019](https://arxiv.org/abs/1903.10145), equation 6.

    Args:
        start: the weight at the beginning of each cycle.
        end: the weight that it rises to.
        period: epochs per cycle.
        rising: the part of a cycle in which it rises, in (0, 1].

    Returns:
        A function from epoch to weight.

    Raises:
        ValueError: if a weight is negative or not finite, `period` is not a positive integer, or
            `rising` does not lie in (0, 1].

    Example:
    >>> from keras_aegan import callbacks
    >>> schedule = callbacks.cyclical_schedule(0.0, 1.0, period=4)
    >>> [schedule(epoch) for epoch in range(6)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5]
    """
    check_weight("start", start)
    check_weight("end", end)
    check_positive_integer("period", period)
    if not is_number(rising) or not 0 < rising <= 1:
        raise ValueError(f"`rising` must lie in (0, 1]. Received: rising={rising!r}")
    return lambda epoch: start + (end - start) * min(epoch % period / (period * rising), 1.0)
