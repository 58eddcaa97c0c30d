"""The optimal scale of a likelihood: of a batch, of a bound, and of the whole training."""

import tensorflow as tf
from keras import ops

from keras_aegan.engine.counting import known_batch

# Ten batches suffice for one number; a longer memory would lag behind the networks.
_MEMORY = 0.9
# Each extrapolation makes two fixed-point steps, and then goes most of the remaining way.
_NUM_EXTRAPOLATIONS = 3
_COUNT = "dispersion_count"  # its name in a file
_UNKNOWN = ""  # the kind of a likelihood that a file does not name


class OptimalScale(tf.Module):
    """The dispersion at which training arrived: σ² of a Gaussian, b of a Laplace likelihood.

    A mean over the latest batches, each weighted by its number of elements that no mask hides; the
    last seven make up half of it. A batch in which nothing counts does not change it, nor does one
    that overflows: its loss-scaled step is skipped too.

    Args:
        loss: the likelihood, of scale `"optimal"`; `None` if it is not known yet.
        strategy: the model's distribution strategy.
    """

    def __init__(self, loss, strategy):
        super().__init__()
        self.loss = loss
        with strategy.scope():
            # TensorFlow's variables: Keras does not count them among the model's parameters.
            self.dispersion = _variable("dispersion")  # 0 before training
            self.count = _variable("dispersion_count")  # elements in the mean; 0 in older files

    def of_batch(self, sums, num_elements, training):
        """The batch's dispersion if `training`, otherwise the one at which training arrived.

        Args:
            sums: sums of deviations, `(batch_size,)`, from `loss.deviations`.
            num_elements: how many elements each is over.
            training: whether to remember it.

        Returns:
            `()`.
        """
        dispersion, count = self.loss.dispersion_of_sums(sums, num_elements, _weight())
        return self._remembered(dispersion, count, training)

    def of_bound(self, log_ratio, sums, num_elements, training):
        """As `of_batch`, at the stationary point of the importance-weighted bound.

        There σ² = Σᵢ Σₖ w̃ᵢₖ devᵢₖ / number of elements, with the normalised importance weights
        w̃ᵢₖ ∝ p(xᵢ, zₖ)/q(zₖ|xᵢ) at that σ² itself: a fixed point. Each step towards it raises the
        bound, as in expectation maximisation.

        Args:
            log_ratio: log p(z)/q(z|x), `(batch_size, k)`.
            sums: sums of deviations, `(batch_size, k)`.
            num_elements: how many elements each is over, `(batch_size, k)` or a number.
            training: whether to remember it.
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
        """Aitken's Δ² of the logarithm, which comes as far as dozens of unrolled steps."""
        first = step(dispersion)
        second = step(first)
        a, b, c = ops.log(dispersion), ops.log(first), ops.log(second)
        shrinks = ops.abs(c - b) < 0.99 * ops.abs(b - a)
        curvature = ops.where(shrinks, (c - b) - (b - a), 1.0)
        further = ops.exp(c - ops.square(c - b) / curvature)
        return ops.where(shrinks, self.loss.not_below_floor(further), second)

    def _remembered(self, dispersion, count, training):
        is_known = ops.logical_and(self.dispersion > 0, ops.isfinite(self.dispersion))
        average = ops.where(is_known, self.dispersion, dispersion)
        if not training:
            return average
        # The first batch counts for a full memory, so that later even batches weigh a tenth.
        steady = _MEMORY / (1.0 - _MEMORY) * count
        has_count = ops.logical_and(self.count > 0, ops.isfinite(self.count))
        kept = ops.where(has_count, _MEMORY * self.count, steady)
        total = kept + count
        moved = ops.divide_no_nan(kept * average + count * dispersion, total)
        is_finite = ops.logical_and(ops.isfinite(moved), ops.isfinite(total))
        is_fit = ops.logical_and(count > 0, is_finite)
        self.dispersion.assign(ops.where(is_fit, moved, self.dispersion))
        self.count.assign(ops.where(is_fit, total, self.count))
        return dispersion


class KeptScales:
    """The scales at which a model arrived, by the kinds of their likelihoods.

    They are kept while the model is not compiled, or is compiled with another loss: a file of
    weights may be loaded before `compile`, and a second `compile` may return to the first loss.
    """

    def __init__(self):
        self._scales = {}

    def of(self, loss, strategy):
        """The scale of a likelihood: the kept one of its kind, or a new one."""
        kind = _kind(loss)
        # An older file does not name the kind of its scale.
        scale = self._scales.get(kind) or self._scales.pop(_UNKNOWN, None)
        self._scales[kind] = scale or OptimalScale(loss, strategy)
        self._scales[kind].loss = loss
        return self._scales[kind]

    def save(self, store):
        """Writes them beside a model's variables."""
        for kind, scale in self._scales.items():
            for name, variable in (("dispersion", scale.dispersion), (_COUNT, scale.count)):
                store[f"{name}_of_{kind}" if kind else name] = variable

    def load(self, store, current, strategy):
        """Reads what `save`, or an earlier version, wrote.

        Args:
            store: of the model's variables.
            current: the scale in use, to which an older file belongs; or `None`.
            strategy: as in `OptimalScale`.
        """
        names = set(store.keys())
        for name in names:
            root, _, kind = name.partition("_of_")
            if root != "dispersion":
                continue
            scale = self._scales.get(kind) if kind else current
            if scale is None:
                scale = self._scales[kind] = OptimalScale(None, strategy)
            scale.dispersion.assign(store[name])
            count = name.replace(root, _COUNT, 1)
            scale.count.assign(store[count] if count in names else 0.0)


def _kind(loss):
    return type(loss).__name__


def _weight():
    batch = known_batch()
    return None if batch is None else batch.example_weight


def _variable(name):
    aggregation = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(0.0, trainable=False, aggregation=aggregation, name=name)
