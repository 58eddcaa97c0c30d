"""Metrics of a model's samples, in the logs."""

from collections.abc import Callable, Sequence
from typing import Protocol

import keras

from keras_aegan import metrics as metric_functions
from keras_aegan.callbacks.label_checks import can_sample, takes_labels
from keras_aegan.callbacks.latent_shape_checks import (
    check_latent_shape_suits,
    latent_shape_argument,
)
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.datasets.mixtures import GaussianMixture
from keras_aegan.hints import Array, ArrayLike

_NAMES = (
    "density_coverage",
    "frechet_distance",
    "kernel_distance",
    "mode_coverage",
    "neighbor_accuracy",
    "precision_recall",
)


class _Sampler(Protocol):
    def sample(self, num_samples: int, seed: int | None = None) -> ArrayLike: ...


class SampleMetrics(keras.callbacks.Callback):
    """Compares a model's samples with data every few epochs, and writes the values to the logs.

    Values in the logs are printed, kept in the `History`, and seen by the callbacks that come
    later in the list: `CSVLogger`, `TensorBoard`, `ModelCheckpoint(path, monitor="precision")`.
    A metric that gives one number is logged under its function's name, one that gives a dict under
    the dict's names. The first epoch is measured, then each `every`-th. In between the last value
    is repeated: `CSVLogger` takes its columns from the first epoch, and `ModelCheckpoint` would
    take a NaN for the best of all.

    The samples are drawn from the same noise each time, so that a change comes from the model, and
    metrics of different epochs can be compared.

    Args:
        real: `(num_real, ...)`, held-out data; or a `datasets.GaussianMixture`, from which
            `num_samples` examples are drawn once, and whose modes `"mode_coverage"` counts.
        metrics: a list of names, `"frechet_distance"`, `"kernel_distance"`,
            `"precision_recall"`, `"density_coverage"`, `"neighbor_accuracy"`,
            `"mode_coverage"`; or of functions `(real, fake)`, both `(num_examples, num_features)`,
            that give a number or a dict of numbers.
        num_samples: samples drawn for each measurement.
        every: epochs from one measurement to the next, counted from the start.
        extractor: a Keras model, or a function of a batch, whose features the metrics compare;
            the data themselves if `None`. See `metrics.extract_features`.
        batch_size: examples per call of the extractor.
        seed: for the samples.
        latent_shape: the shape of one code, for a model that takes codes of any size: such as
            `(8, 8, 2)`.

    Raises:
        ValueError: if a metric is unknown or a number is not positive; before training, if the
            model cannot sample, needs labels to sample, or cannot sample codes of this shape.

    Example:
    >>> import keras_aegan
    >>> mixture = keras_aegan.datasets.ring(8)
    >>> class Perfect:
    ...     def sample(self, num_samples, seed=None):
    ...         return mixture.sample(num_samples, seed)
    >>> callback = keras_aegan.callbacks.SampleMetrics(mixture, ["mode_coverage"], 2500)
    >>> sorted(callback.measure(Perfect()))
    ['high_quality', 'modes', 'reverse_kl', 'well_covered_modes']
    """

    resumed_attributes = ("_values",)  # what BackupAndRestore keeps

    def __init__(
        self,
        real: Array | GaussianMixture,
        metrics: Sequence[str | Callable],
        num_samples: int = 1000,
        every: int = 1,
        extractor: keras.Model | Callable | None = None,
        batch_size: int = 256,
        seed: int = 0,
        latent_shape: tuple[int, ...] | None = None,
    ):
        super().__init__()
        check_positive_integer("num_samples", num_samples)
        check_positive_integer("every", every)
        check_positive_integer("batch_size", batch_size)
        self.real = real
        if not isinstance(metrics, (list, tuple)) or not metrics:
            raise ValueError(
                f"`metrics` must be a list of names or functions. Received: metrics={metrics!r}"
            )
        self.metrics = [_get_metric(metric, real) for metric in metrics]
        self.num_samples = num_samples
        self.every = every
        self.extractor = extractor
        self.batch_size = batch_size
        self.seed = seed
        self.latent_shape = latent_shape
        # Another seed than that of the samples: a mixture must not be compared with its own draw.
        data = real.sample(num_samples, seed + 1) if isinstance(real, GaussianMixture) else real
        self._real_features = self._features(data)

    def on_train_begin(self, logs=None):
        """Raises ValueError unless the model can sample without labels."""
        if not can_sample(self.model) or takes_labels(self.model):
            raise ValueError(
                "SampleMetrics needs a model with `sample(num_samples, seed)` and a prior, and "
                "without labels. "
                f"Received: a {type(self.model).__name__}"
            )
        check_latent_shape_suits(self, self.latent_shape)
        self._values = None

    def on_epoch_end(self, epoch, logs=None):
        """Writes the values into the logs, measured anew each `every`-th epoch."""
        if self._values is None or (epoch + 1) % self.every == 0:
            self._values = self.measure(self.model)
        logs.update(self._values)

    def measure(self, model: _Sampler) -> dict[str, float]:
        """Dict, a metric's name to its value on the model's samples, now.

        Args:
            model: anything with `sample(num_samples, seed)`.
        """
        shape = latent_shape_argument(self.latent_shape)
        samples = as_numpy("samples", model.sample(self.num_samples, seed=self.seed, **shape))
        features = self._features(samples)
        values = {}
        for metric in self.metrics:
            if metric is metric_functions.mode_coverage:
                value = metric(self.real, samples)
            else:
                value = metric(self._real_features, features)
            values.update(value if isinstance(value, dict) else {metric.__name__: value})
        return {name: float(value) for name, value in values.items()}

    def _features(self, x):
        return metric_functions.extract_features(self.extractor, x, self.batch_size)


def _get_metric(metric, real):
    if isinstance(metric, str) and metric in _NAMES:
        metric = getattr(metric_functions, metric)
    if not callable(metric):
        raise ValueError(
            f"`metrics` must be names among {list(_NAMES)} or functions. Received: {metric!r}"
        )
    if metric is metric_functions.mode_coverage and not isinstance(real, GaussianMixture):
        raise ValueError(
            '`real` must be a `datasets.GaussianMixture` for "mode_coverage": the modes of data '
            f"are not known. Received: {type(real).__name__}"
        )
    return metric
