"""The bookkeeping of an objective: the weights of its terms, and their running means."""

import keras
from keras import ops


class Objective:
    """Weights to multiply the terms with, and means to log them by.

    A plain object, so that Keras neither counts the weights among a model's parameters nor
    saves running means. The weights are variables: a schedule may change them between epochs
    without tracing the step again, and the model saves them.

    Args:
        weights: dict, a term's name to its weight.
        totals: names of the weighted sums, one a player.
    """

    def __init__(self, weights, totals):
        self.weights = {
            name: keras.Variable(weight, dtype="float32", trainable=False, name=f"{name}_weight")
            for name, weight in weights.items()
        }
        names = [*totals, *weights, "regularization_loss"]
        self.trackers = {name: keras.metrics.Mean(name=name) for name in dict.fromkeys(names)}
        # Known when the first step is traced: most networks carry no regularizer.
        self.is_regularized = False

    @property
    def metrics(self):
        """The running means that are logged."""
        return [
            tracker
            for name, tracker in self.trackers.items()
            if name != "regularization_loss" or self.is_regularized
        ]


def batch_size_of(terms):
    """How many examples the terms hold, on this replica; 1 if all are batch statistics."""
    for values in terms.values():
        if len(values.shape):
            return ops.shape(values)[0]
    return 1


def batch_mean(values, sample_weight):
    """The mean over the batch, weighted as Keras weights: Σ wᵢvᵢ / batch size; `()`."""
    values = ops.cast(values, "float32")
    if len(values.shape) == 0:
        return values
    if sample_weight is not None:
        values = values * ops.cast(sample_weight, "float32")
    # A replica may get no example of the last batch, and 0/0 would poison the others.
    return ops.sum(values) / ops.cast(ops.maximum(ops.shape(values)[0], 1), "float32")
