"""The bookkeeping of an objective: the weights of its terms, and their running means."""

import keras
from keras import ops


class Objective:
    """Weights to multiply the terms with, and means to log them by.

    A plain object, so that Keras neither counts the weights among a model's parameters nor
    saves running means. The weights are variables: a schedule may change them between epochs
    without tracing the step again, and the model saves them.

    What regularizers add is logged as `regularization_loss`; each player's by itself where there
    are several, as in `discriminator_regularization_loss`.

    Args:
        weights: dict, a term's name to its weight.
        totals: dict, a player's name to that of its weighted sum.
        means: names of what else is logged.
    """

    def __init__(self, weights, totals, means=()):
        self.weights = {
            name: keras.Variable(weight, dtype="float32", trainable=False, name=f"{name}_weight")
            for name, weight in weights.items()
        }
        self._regularizations = {
            player: "regularization_loss" if len(totals) == 1 else f"{player}_regularization_loss"
            for player in totals
        }
        names = [*totals.values(), *weights, *self._regularizations.values(), *means]
        self.trackers = {name: keras.metrics.Mean(name=name) for name in dict.fromkeys(names)}
        # Known when the first step is traced: most networks carry no regularizer.
        self._regularized = set()

    def check_term(self, name, values):
        """Raises ValueError unless values are of a known term, per example or of the batch."""
        if name not in self.weights or len(values.shape) > 1:
            raise ValueError(
                "A term must be one of `default_loss_weights` and have the shape (batch_size,), "
                "or () for a batch statistic. "
                f"Received: term {name!r} of shape {tuple(values.shape)}"
            )

    def regularization_tracker(self, player):
        """The mean of what this player's regularizers add, which is logged from now on."""
        name = self._regularizations[player]
        self._regularized.add(name)
        return self.trackers[name]

    @property
    def metrics(self):
        """The running means that are logged."""
        unused = set(self._regularizations.values()) - self._regularized
        return [tracker for name, tracker in self.trackers.items() if name not in unused]


def batch_size_of(terms):
    """How many examples the terms hold, on this replica; 1 if all are batch statistics."""
    for values in terms.values():
        if len(values.shape):
            return ops.shape(values)[0]
    return 1


def batch_mean(values, example_weight):
    """The mean over the batch, weighted as Keras weights: Σ wᵢvᵢ / batch size; `()`."""
    values = ops.cast(values, "float32")
    if len(values.shape) == 0:
        return values
    if example_weight is not None:
        values = values * ops.cast(example_weight, "float32")
    # A replica may get no example of the last batch, and 0/0 would poison the others.
    return ops.sum(values) / ops.cast(ops.maximum(ops.shape(values)[0], 1), "float32")
