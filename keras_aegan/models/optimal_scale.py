"""The scale of a likelihood that finds its own: of a batch, of a bound, and of the training."""

import tensorflow as tf
from keras import ops

from keras_aegan.losses.counting import known_batch

# Ten batches are enough for one number; longer, and it would lag behind the networks.
_MEMORY = 0.9
# Each extrapolation goes two steps of the fixed point further, and then most of the rest.
_NUM_EXTRAPOLATIONS = 3


class OptimalScale(tf.Module):
    """The dispersion that training came to: σ² of a Gaussian, b of a Laplace likelihood.

    A mean over the latest batches, each by the weighted number of elements that no mask hides,
    half of it of the last seven. Nothing moves it where nothing counts.

    Args:
        loss: the likelihood, of scale `"optimal"`.
        strategy: the model's distribution strategy.
    """

    def __init__(self, loss, strategy):
        super().__init__()
        self.loss = loss
        with strategy.scope():
            # Of TensorFlow, so that Keras does not count them among the model's parameters.
            self.dispersion = _variable("dispersion")  # 0 before training
            self.count = _variable("dispersion_count")  # what the mean is of; 0 in older files

    def of_batch(self, sums, num_elements, training):
        """The dispersion of the batch where `training`, and else the one that training came to.

        Args:
            sums: sums of deviations, `(batch_size,)`, from `loss.deviations`.
            num_elements: how many elements they are over.
            training: whether it is to be remembered.

        Returns:
            `()`.
        """
        dispersion, count = self.loss.dispersion_of_sums(sums, num_elements, _weight())
        return self._remembered(dispersion, count, training)

    def of_bound(self, log_ratio, sums, num_elements, training):
        """As `of_batch`, at the stationary point of the importance-weighted bound.

        There σ² = Σᵢ Σₖ w̃ᵢₖ devᵢₖ / number of elements, with the normalised importance weights
        w̃ᵢₖ ∝ p(xᵢ, zₖ)/q(zₖ|xᵢ) at that σ² itself: a fixed point, of which each step raises the
        bound, as of expectation maximisation.

        Args:
            log_ratio: log p(z)/q(z|x), `(batch_size, k)`.
            sums: sums of deviations, `(batch_size, k)`.
            num_elements: how many elements each is over, `(batch_size, k)` or a number.
            training: whether it is to be remembered.
        """
        log_ratio, sums = ops.stop_gradient(log_ratio), ops.stop_gradient(sums)
        weight = _weight()
        counts = num_elements if isinstance(num_elements, int) else num_elements[:, 0]

        def at_weights(draw_weights):
            expected = ops.sum(draw_weights * sums, axis=1)  # (batch_size,)
            return self.loss.dispersion_of_sums(expected, counts, weight)

        def step(dispersion):
            log_weights = log_ratio - self.loss.of_deviations(sums, num_elements, dispersion)
            return at_weights(ops.softmax(log_weights, axis=1))[0]

        num_draws = ops.cast(ops.shape(sums)[1], sums.dtype)
        dispersion, count = at_weights(ops.ones_like(sums) / num_draws)
        for _ in range(_NUM_EXTRAPOLATIONS):
            dispersion = self._extrapolated(dispersion, step)
        return self._remembered(step(dispersion), count, training)

    def _extrapolated(self, dispersion, step):
        """Aitken's Δ² of the logarithm; without unrolled steps by the dozen it comes as far."""
        first = step(dispersion)
        second = step(first)
        a, b, c = ops.log(dispersion), ops.log(first), ops.log(second)
        shrinks = ops.abs(c - b) < 0.99 * ops.abs(b - a)
        curvature = ops.where(shrinks, (c - b) - (b - a), 1.0)
        further = ops.exp(c - ops.square(c - b) / curvature)
        return ops.where(shrinks, self.loss.not_below_floor(further), second)

    def _remembered(self, dispersion, count, training):
        if not training:
            return ops.where(self.dispersion > 0, self.dispersion, dispersion)
        # A first batch stands for as many as the memory holds: later even ones weigh a tenth.
        steady = _MEMORY / (1.0 - _MEMORY) * count
        kept = ops.where(self.count > 0, _MEMORY * self.count, steady)
        average = ops.where(self.dispersion > 0, self.dispersion, dispersion)
        total = kept + count
        moved = ops.divide_no_nan(kept * average + count * dispersion, total)
        has_counted = count > 0
        self.dispersion.assign(ops.where(has_counted, moved, self.dispersion))
        self.count.assign(ops.where(has_counted, total, self.count))
        return dispersion


def _weight():
    batch = known_batch()
    return None if batch is None else batch.example_weight


def _variable(name):
    aggregation = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(0.0, trainable=False, aggregation=aggregation, name=name)
