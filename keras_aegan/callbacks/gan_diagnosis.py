"""Which of a GAN's two networks is to blame."""

import math
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from keras_aegan import losses
from keras_aegan.checks.arguments import check_positive_integer, check_seed
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike
from keras_aegan.metrics import extract_features, neighbor_accuracy, precision_recall

FINE = "fine"
DISCRIMINATOR = "the discriminator lacks capacity"
GENERATOR = "the generator lacks capacity"
MODE_COLLAPSE = "mode collapse"
VANISHING_GRADIENT = "vanishing gradient"

# Precision and recall of good samples, as shares of what data reach against data, and the
# largest accuracy with which neighbours may tell them apart.
_GOOD = 0.8
_NEARLY_ALIKE = 0.7
# From this precision on, samples miss some of the data rather than all.
_SOME_GOOD = 0.4
# A weak discriminator turns less than this share of what can be told apart into right answers.
_BLIND = 0.25
# The gradient vanishes at an accuracy of at least the first and a slope below the second.
_AT_WILL = 0.95
_NO_SLOPE = 0.01


class GANDiagnosis(keras.callbacks.Callback):
    """Says in words why a GAN's samples are not like the data, with the numbers behind it.

    The losses of a GAN do not tell: both are at their equilibrium, log 4 and log 2, when samples
    are perfect, and also when the discriminator is blind. So three questions are asked of
    held-out data and samples, in this order.

    1. **Do samples differ from the data?** Measured by their precision p and recall r, each
       divided by what one half of the data reaches against the other, and by the accuracy c with
       which nearest neighbours tell samples from data (all in `metrics`). If p and r are at least
       0.8 and c is at most 0.7: *fine*. No GAN is perfect; only c sees samples that lie in the
       right places, but too densely in some of them.
    2. **Does the discriminator see it?** A share 1 − p of the samples lies where there are no
       data, and a share 1 − r of the data where there are no samples. So the best discriminator's
       accuracy is at least ½ + ½ d, with d = max(1 − p, 1 − r, 2c − 1), a lower bound of the
       distributions' total variation. If its own accuracy a, the mean of those on data and on
       samples, turns less than a quarter of that into right answers, 2a − 1 < d/4: *the
       discriminator lacks capacity*. The generator gets no hint of what is wrong, so nothing can
       be said of it yet. (Even an able one is behind while the generator hops between modes.)
       It is asked as in training, with `training=True`: batch normalisation then treats data and
       samples in batches of their own. Its moving averages, a mixture of both, would put both on
       one side.
    3. **If it sees it, why does the generator not mend it?** The generator may get no gradient:
       the discriminator is right about 95 %, and moving a sample by one standard deviation of the
       data changes the generator's loss by less than 0.01: *vanishing gradient* (try
       `"non_saturating"`, a penalty, fewer discriminator steps). Its samples may be good but
       incomplete, p ≥ 0.4 and r < 0.8 p: *mode collapse* (try `regularizers.R1` or
       `GradientPenalty`). Otherwise it is told what is wrong and cannot mend it: *the generator
       lacks capacity*.

    With a moving average of the generator, put this callback before `SwapEMAWeights`: the
    discriminator plays against the generator itself. All numbers are means over the last third of
    the measurements, since single ones catch players that chase each other in passing. A lack of
    capacity lasts, but a GAN that was stopped too early looks as if its generator lacked capacity.

    Logged, beside the players' losses, which the model logs itself: `real_accuracy`,
    `fake_accuracy`, `precision`, `recall`, `neighbor_accuracy`, and `generator_slope`, the
    change of the generator's loss over one standard deviation of the data. The first epoch is
    measured, then each `every`-th; in between the last values are repeated. When training ends,
    the verdict is printed with the numbers that led to it.

    Reference: [Kynkäänniemi et al., 2019](https://arxiv.org/abs/1904.06991) for precision and
    recall, [Lopez-Paz & Oquab, 2017](https://arxiv.org/abs/1610.06545) for what an accuracy says
    of two distributions; the rules are our own.

    Args:
        real: `(num_real, ...)`, data that training does not see: at least 100, better 1,000.
        every: epochs from one measurement to the next, counted from the start.
        extractor: a Keras model, or a function of a batch, whose features precision and recall
            compare; the data themselves if `None`, which suits data of few dimensions. See
            `metrics.extract_features`.
        batch_size: examples per call of the extractor and of the discriminator.
        seed: for the samples.
        verbose: whether to print the verdict.

    Attributes:
        verdict: one of the five, after training; `None` before.
        report: the sentence that is printed.
        measurements: list of dicts, the values logged at each measurement.

    Raises:
        ValueError: if there are fewer than 100 examples, or a number is not positive; before
            training, if the model is not an unconditional GAN.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import callbacks, datasets, networks
    >>> mixture = datasets.lecture_mixture(1)
    >>> model = keras_aegan.models.GAN(
    ...     networks.dense_generator(2, (2,), hidden_units=(), batch_normalization=False),
    ...     networks.dense_discriminator((2,), hidden_units=(8,)),
    ... )
    >>> model.compile("adam")
    >>> diagnosis = callbacks.GANDiagnosis(mixture.sample(200, seed=1), verbose=False)
    >>> history = model.fit(mixture.sample(256, seed=0), callbacks=[diagnosis], verbose=0)
    >>> diagnosis.verdict  # after one epoch
    'the generator lacks capacity'
    """

    resumed_attributes = ("measurements",)  # what BackupAndRestore keeps

    def __init__(
        self,
        real: ArrayLike,
        every: int = 1,
        extractor: keras.Model | Callable | None = None,
        batch_size: int = 256,
        seed: int = 0,
        verbose: bool = True,
    ):
        super().__init__()
        check_positive_integer("every", every)
        check_positive_integer("batch_size", batch_size)
        check_seed(seed)
        real = as_numpy("real", real)
        if np.ndim(real) < 2 or len(real) < 100:
            raise ValueError(
                "`real` must hold at least 100 examples to estimate precision and recall. "
                f"Received: shape {np.shape(real)}"
            )
        self.real = real
        self.every = every
        self.extractor = extractor
        self.batch_size = batch_size
        self.seed = seed
        self.verbose = verbose
        self.verdict = None
        self.report = None
        self.measurements = []
        self._real_features = self._features(self.real)
        self._attainable = self._precision_and_recall_of_data()

    def on_train_begin(self, logs=None):
        """Raises ValueError unless the model is an unconditional GAN; forgets earlier results."""
        needed = ("sample", "discriminate", "discriminator", "loss_function")
        is_gan = all(hasattr(self.model, name) for name in needed)
        is_gan = is_gan and {"discriminator_loss", "generator_loss"} <= set(self.model.loss_weights)
        if not is_gan or len(getattr(self.model.discriminator, "inputs", "x")) > 1:
            raise ValueError(
                "GANDiagnosis needs an unconditional GAN, with `sample` and `discriminate`. "
                f"Received: a {type(self.model).__name__}"
            )
        self.verdict, self.report, self.measurements = None, None, []

    def on_epoch_end(self, epoch, logs=None):
        """Writes the measurement into the logs, taken anew each `every`-th epoch."""
        if not self.measurements or (epoch + 1) % self.every == 0:
            players = {k: float(v) for k, v in logs.items() if k in self.model.loss_weights}
            self.measurements.append({**players, **self.measure(self.model)})
        logs.update(self.measurements[-1])

    def on_train_end(self, logs=None):
        """Reaches the verdict, and prints it."""
        if not self.measurements:
            return
        last = self.measurements[-math.ceil(len(self.measurements) / 3) :]
        means = {name: float(np.mean([m[name] for m in last])) for name in last[0]}
        self.verdict = self.judge(means)
        self.report = (
            f"GANDiagnosis: {self.verdict}. Right about {means['real_accuracy']:.0%} of the data "
            f"and {means['fake_accuracy']:.0%} of the samples; precision "
            f"{means['precision']:.2f}, recall {means['recall']:.2f} (data against data: "
            f"{self._attainable:.2f}), neighbours right about {means['neighbor_accuracy']:.0%}; "
            f"discriminator_loss {means['discriminator_loss']:.3g}, "
            f"generator_loss {means['generator_loss']:.3g}."
        )
        if self.verbose:
            print(self.report)

    def judge(self, measurement: Mapping[str, float]) -> str:
        """The verdict on a measurement, by this class's rules.

        Args:
            measurement: dict of `real_accuracy`, `fake_accuracy`, `precision`, `recall`,
                `neighbor_accuracy` and `generator_slope`.
        """
        precision = min(measurement["precision"] / self._attainable, 1.0)
        recall = min(measurement["recall"] / self._attainable, 1.0)
        told_apart = measurement["neighbor_accuracy"]
        if min(precision, recall) >= _GOOD and told_apart <= _NEARLY_ALIKE:
            return FINE
        difference = max(1 - precision, 1 - recall, 2 * told_apart - 1)
        accuracy = (measurement["real_accuracy"] + measurement["fake_accuracy"]) / 2
        if 2 * accuracy - 1 < _BLIND * difference:
            return DISCRIMINATOR
        if accuracy >= _AT_WILL and measurement["generator_slope"] < _NO_SLOPE:
            return VANISHING_GRADIENT
        if precision >= _SOME_GOOD and recall < _GOOD * precision:
            return MODE_COLLAPSE
        return GENERATOR

    def measure(self, model: keras.Model) -> dict[str, float]:
        """Dict of measurements on held-out data and on as many samples, at this moment.

        Args:
            model: a `models.GAN`.
        """
        samples = np.asarray(model.sample(len(self.real), seed=self.seed))
        features = self._features(samples)
        real_logits = [_logits_in_training(model, batch) for batch in self._batches(self.real)]
        real_logits = np.concatenate([np.ravel(logits) for logits in real_logits])
        fake_logits, generator_slope = self._fake_logits_and_slope(model, samples)
        undecided = _undecided_logit(model.loss_function, real_logits, fake_logits)
        return {
            "real_accuracy": float(np.mean(real_logits > undecided)),
            "fake_accuracy": float(np.mean(fake_logits < undecided)),
            **precision_recall(self._real_features, features),
            "neighbor_accuracy": neighbor_accuracy(self._real_features, features),
            "generator_slope": generator_slope,
        }

    def _batches(self, x):
        """Batches of about equal size: batch normalisation needs more than one example."""
        batches = np.array_split(x, math.ceil(len(x) / self.batch_size))
        return [tf.convert_to_tensor(batch) for batch in batches]

    def _fake_logits_and_slope(self, model, samples):
        """Logits, and mean ‖∂ generator_loss/∂x‖ times the data's standard deviation."""
        fake_logits, norms = [], []
        for batch in self._batches(samples):
            with tf.GradientTape() as tape:
                tape.watch(batch)
                logits = _logits_in_training(model, batch)
                loss = model.loss_function.generator_loss(logits)
            gradient = np.reshape(tape.gradient(loss, batch), (len(batch), -1))
            norms.append(np.linalg.norm(gradient, axis=1))
            fake_logits.append(np.ravel(logits))
        slope = np.concatenate(norms).mean() * self.real.std(axis=0).mean()
        return np.concatenate(fake_logits), float(slope)

    def _features(self, x):
        return extract_features(self.extractor, x, self.batch_size)

    def _precision_and_recall_of_data(self):
        """The best score that samples can reach: one half of the data against the other."""
        shuffled = np.random.default_rng(self.seed).permutation(self._real_features)
        half = len(shuffled) // 2
        values = precision_recall(shuffled[:half], shuffled[half:])
        return (values["precision"] + values["recall"]) / 2


def _logits_in_training(model, x):
    """`(batch_size, 1)`, by the batch's own statistics; the discriminator does not change."""
    discriminator = model.discriminator
    state = discriminator.trainable_variables, discriminator.non_trainable_variables
    return keras.ops.cast(discriminator.stateless_call(*state, x, training=True)[0], "float32")


def _undecided_logit(loss, real_logits, fake_logits):
    """The logit at which a discriminator holds data and fakes to be equally likely."""
    if isinstance(loss, losses.WassersteinLoss):
        return (real_logits.mean() + fake_logits.mean()) / 2  # its zero means nothing
    return 0.5 if isinstance(loss, losses.LeastSquaresLoss) else 0.0
