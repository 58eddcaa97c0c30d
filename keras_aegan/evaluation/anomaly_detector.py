"""A trained autoencoder as a detector of what is unlike its training data."""

import os

import keras
import numpy as np
from keras import ops

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_vector
from keras_aegan.checks.data_checks import check_path
from keras_aegan.engine.door import check_compiled
from keras_aegan.engine.file_checks import check_loadable
from keras_aegan.engine.saver import Saver
from keras_aegan.evaluation.anomaly_scores import SCORES
from keras_aegan.evaluation.thresholds import THRESHOLDS, check_contamination
from keras_aegan.hints import Array, ArrayLike, Tensor
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel

_NUM_FOLDS = 5


@keras.saving.register_keras_serializable(package="keras_aegan")
class AnomalyDetector(keras.layers.Layer):
    """Scores examples by a trained autoencoder or VAE, and says which are anomalies.

    Names and signs are scikit-learn's: `score_samples` is higher for normal examples,
    `decision_function` is `score_samples − offset_`, and `predict` gives +1 for normal examples and
    −1 for anomalies. `anomaly_scores` is higher for abnormal ones: it is what PyOD calls
    `decision_function`, whose sign is the opposite of scikit-learn's.

    The threshold is fitted by `fit_threshold`, to normal data only, and best to normal data that
    the model was not trained on: it rebuilds its training data better than others. Train the model
    further, and the threshold must be fitted anew.

    Scores, all of them deterministic:

    - `"reconstruction_error"`: `compile`'s loss; of a VAE, from `z_mean`.
    - `"negative_elbo"`: of a VAE with a likelihood, in nats. The expectation over q(z|x) has no
      closed form in general: it is the mean over `num_samples` draws that are the same for all
      examples, fixed by `seed`, in pairs ±ε.
    - `"log_likelihood"`: −log p(x) in nats, by importance sampling with the same draws.
    - `"mahalanobis"`: how far the code lies from normal codes, in standard deviations.
    - `"code_and_error"`: the same of the code and the logarithm of the reconstruction error; of a
      likelihood, whose −log p(x|z) is a log density already, without another logarithm.

    `save("detector.keras")` writes model, score and threshold into one file, which
    `keras.models.load_model` loads in its safe mode: it holds no Lambda and no pickle. `export`
    writes one SavedModel with the endpoints `score` (as `anomaly_scores`) and `is_anomaly`, the
    threshold inside, which runs where `keras_aegan` is not installed. The backbone of a perceptual
    loss is in neither: the first refers to it, and `export` then raises an error for scores that
    need it.

    A model that was trained by `model.fit(x, target)` is asked about examples and targets: every
    method takes `target=`, and the SavedModel's endpoints `x` and `target`. Where the encoder
    begins with a `Rescaling` or `Normalization` layer, the targets of new examples are what that
    layer makes of them.

    Reference: [An & Cho, 2015](http://dm.snu.ac.kr/static/docs/TR/SNUDM-TR-2015-03.pdf), for scores
    of a VAE; [Ledoit & Wolf, 2004](https://doi.org/10.1016/S0047-259X(03)00096-4), for the
    covariance of codes.

    Args:
        model: an autoencoder or VAE, compiled and trained, without labels as input.
        score: one of the five.
        num_samples: draws of z for the two scores that take any, an even number.
        seed: of those draws.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        What the model takes, `(num_examples, ...)`.

    Output shape:
        One number per example, `(num_examples,)`.

    Raises:
        TypeError: if `model` is not such a model.
        ValueError: if the model does not offer the score.

    Example:
    >>> import keras, numpy as np, keras_aegan
    >>> from keras_aegan import evaluation, networks
    >>> model = keras_aegan.models.Autoencoder(
    ...     networks.dense_encoder((8,), 2, (16,)), networks.dense_decoder(2, (8,), (16,))
    ... )
    >>> model.compile()
    >>> x = np.random.default_rng(0).normal(size=(500, 8)).astype("float32")
    >>> history = model.fit(x[:300], verbose=0)
    >>> detector = evaluation.AnomalyDetector(model)
    >>> threshold = detector.fit_threshold(x[300:], contamination=0.05)
    >>> detector.predict(10 * x[:3])
    array([-1, -1, -1])
    """

    def __init__(
        self,
        model: EncoderDecoderModel,
        score: str = "reconstruction_error",
        num_samples: int = 64,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if score not in SCORES:
            raise ValueError(f"`score` must be one of {sorted(SCORES)}. Received: score={score!r}")
        _check_model(model, SCORES[score].compares_with_reconstruction)
        check_positive_integer("num_samples", num_samples)
        if num_samples % 2:
            raise ValueError(
                "`num_samples` must be even: draws come in pairs ±ε. "
                f"Received: num_samples={num_samples}"
            )
        self.model = model
        self._saver = Saver(self, model.distribute_strategy, [model._saver])
        self.score = score
        self.num_samples = num_samples
        self.seed = seed
        self.anomaly_score = SCORES[score](model, num_samples, seed)
        self.limit = self.add_weight(
            (), keras.initializers.Constant(np.nan), trainable=False, name="limit"
        )
        self.built = True

    # ------------------------------------------------------------------ threshold

    def fit_threshold(
        self,
        x_normal: Array,
        contamination: float = 0.01,
        method: str = "quantile",
        batch_size: int = 256,
        target: Array | None = None,
    ) -> float:
        """Sets the threshold that a share `contamination` of normal examples exceeds.

        Where the score compares with normal codes, these are learned here too, from all examples;
        the threshold then is of scores of each fifth by the codes of the other four.

        Args:
            x_normal: normal examples, `(num_examples, ...)`, best none that the model was trained
                on.
            contamination: the wished false-alarm rate, in (0, 0.5).
            method: `"quantile"` (see `quantile_threshold`), or `"tail"`, extreme values (see
                `tail_threshold`): for rates that few of the examples, or none, are beyond.
            batch_size: examples run at once.
            target: what reconstructions are compared with, of a model that was trained by
                `model.fit(x, target)`.

        Returns:
            The threshold on `anomaly_scores`, a float.

        Raises:
            ValueError: if the data are empty, of another shape or too few, or an argument is out
                of its range.
        """
        check_contamination(contamination)
        if method not in THRESHOLDS:
            raise ValueError(
                f"`method` must be one of {sorted(THRESHOLDS)}. Received: method={method!r}"
            )
        arrays = self._as_arrays("x_normal", x_normal, target)
        evidence = self._saver.run(self._evidence, *arrays, batch_size=batch_size)
        scores = self._scores_of_normal(evidence)
        threshold = np.float32(THRESHOLDS[method](scores, contamination))
        self.anomaly_score.fit(evidence)
        self.limit.assign(threshold)
        return float(threshold)

    def _scores_of_normal(self, evidence):
        """Scores as unseen normal examples would have them."""
        if not self.anomaly_score.compares_with_normal:
            return ops.convert_to_numpy(self.anomaly_score.judge(evidence))
        if len(evidence) < 2 * _NUM_FOLDS:
            raise ValueError(
                f"`x_normal` must hold at least {2 * _NUM_FOLDS} examples to compare with. "
                f"Received: {len(evidence)}"
            )
        fold = np.random.default_rng(0).permutation(len(evidence)) % _NUM_FOLDS
        scores = np.empty(len(evidence))
        for i in range(_NUM_FOLDS):
            self.anomaly_score.fit(evidence[fold != i])
            scores[fold == i] = self.anomaly_score.judge(evidence[fold == i])
        return scores

    @property
    def threshold(self) -> float:
        """The largest anomaly score that still is normal; NaN before `fit_threshold`."""
        return float(self.limit)

    @property
    def offset_(self) -> float:
        """Scikit-learn's offset on `score_samples`: minus the threshold."""
        return -self.threshold

    # -------------------------------------------------------------------- abilities

    def anomaly_scores(
        self, x: Array, batch_size: int = 256, target: Array | None = None
    ) -> np.ndarray:
        """The score of each example, higher is more abnormal (PyOD's `decision_function`).

        Args:
            x: `(num_examples, ...)`.
            batch_size: examples run at once.
            target: what reconstructions are compared with, of a model that was trained by
                `model.fit(x, target)`.

        Returns:
            NumPy array, `(num_examples,)`, in the score's own unit.

        Raises:
            sklearn.exceptions.NotFittedError: before `fit_threshold`.
            ValueError: if the model was trained on targets, and none is given.
        """
        self._check_fitted("anomaly_scores")
        arrays = self._as_arrays("x", x, target)
        return self._saver.run(self._score, *arrays, batch_size=batch_size)

    def score_samples(
        self, x: Array, batch_size: int = 256, target: Array | None = None
    ) -> np.ndarray:
        """As scikit-learn's: higher is more normal; minus `anomaly_scores`."""
        return -self.anomaly_scores(x, batch_size, target)

    def decision_function(
        self, x: Array, batch_size: int = 256, target: Array | None = None
    ) -> np.ndarray:
        """As scikit-learn's: `score_samples − offset_`, negative for anomalies."""
        # In float32, as the SavedModel decides: a score at the threshold is normal in both.
        return self.score_samples(x, batch_size, target) - np.float32(self.offset_)

    def predict(self, x: Array, batch_size: int = 256, target: Array | None = None) -> np.ndarray:
        """As scikit-learn's: +1 for normal examples, −1 for anomalies, not Keras's outputs."""
        return np.where(self.decision_function(x, batch_size, target) < 0, -1, 1)

    def error_maps(
        self, x: Array, batch_size: int = 256, target: Array | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where each example is badly rebuilt: the squared error of every pixel.

        `plotting.error_maps` draws it beside the example.

        Args:
            x: `(num_examples, ...)`.
            batch_size: examples run at once.
            target: what reconstructions are compared with, of a model that was trained by
                `model.fit(x, target)`.

        Returns:
            `(reconstructions, squared errors)`, NumPy arrays of the shape of x.

        Raises:
            TypeError: if the model rebuilds something of another kind than x.
            ValueError: if the model was trained on targets, and none is given.
        """
        if not self.model.rebuilds_data:
            raise TypeError(
                "`error_maps` needs a model that rebuilds x itself, neither levels of x nor "
                f"numbers where x are integers. Received: a {type(self.model).__name__}"
            )
        x, target = self.model.check_pair(x, target)
        reconstruction = self._saver.run(self._reconstruct, x, batch_size=batch_size)
        return reconstruction, np.square(
            np.asarray(x if target is None else target) - reconstruction
        )

    def evaluate(
        self,
        x: Array,
        is_anomaly: ArrayLike,
        batch_size: int = 256,
        target: Array | None = None,
    ) -> dict[str, float]:
        """How well the detector does where the truth is known.

        Args:
            x: `(num_examples, ...)`.
            is_anomaly: `(num_examples,)`, true or 1 for anomalies, false or 0 for normal examples.
            batch_size: examples run at once.
            target: as in `anomaly_scores`.

        Returns:
            Dict: `auc`, the area under the ROC curve; `average_precision`; `false_alarm_rate`,
            the share of normal examples that are called anomalies; `detection_rate`, that of
            anomalies.

        Raises:
            ValueError: if there are only anomalies, or none.
        """
        from sklearn.metrics import average_precision_score, roc_auc_score

        scores = self.anomaly_scores(x, batch_size, target)
        is_anomaly = _check_truth(is_anomaly, len(scores))
        called = scores > np.float32(self.threshold)
        return {
            "auc": float(roc_auc_score(is_anomaly, scores)),
            "average_precision": float(average_precision_score(is_anomaly, scores)),
            "false_alarm_rate": float(called[~is_anomaly].mean()),
            "detection_rate": float(called[is_anomaly].mean()),
        }

    def call(self, inputs: Tensor | list) -> Tensor:
        """The anomaly scores, `(batch_size,)`, of x or of `[x, target]`."""
        arrays = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        return self.anomaly_score.judge(self._evidence(*arrays))

    def _reconstruct(self, x):
        return self.model(x, training=False)

    def _evidence(self, *arrays):
        return self.anomaly_score.evidence(self.model, *arrays)

    def _score(self, *arrays):
        return self.call(list(arrays))

    def _is_anomaly(self, *arrays):
        return self._score(*arrays) > self.limit

    # ------------------------------------------------------------------------ files

    def endpoints(self) -> dict[str, tuple]:
        """`score`, higher is more abnormal, and `is_anomaly`.

        Both take `x`, and `target` where the model was trained on targets that the score reads.
        """
        arrays = self.model.input_specs()
        if self._reads_targets():
            arrays.append(self.model.target_spec())
        return {"score": (self._score, arrays), "is_anomaly": (self._is_anomaly, arrays)}

    def save(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Saves the model, the score and the threshold, whole or not at all.

        Args:
            filepath: a file that ends in `.keras`.
            overwrite: whether to replace a file that is there without asking.

        Raises:
            ValueError: if `filepath` does not end in `.keras`.
        """
        self._saver.save(
            filepath,
            overwrite,
            None,
            lambda path: keras.saving.save_model(self, path, overwrite=overwrite),
        )

    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Saves the weights of the model, the threshold and what the score learned.

        Args:
            filepath: a file that ends in `.weights.h5`.
            overwrite: whether to replace a file that is there without asking.

        Raises:
            ValueError: if `filepath` ends otherwise.
        """
        self._saver.save_weights(
            filepath,
            overwrite,
            None,
            lambda path: keras.saving.save_weights(self, path, overwrite=overwrite),
        )

    def load_weights(self, filepath: str | os.PathLike) -> None:
        """Loads what `save_weights` or `save` of a detector of the same model wrote.

        Args:
            filepath: the file.

        Raises:
            ValueError: if `filepath` ends otherwise.
        """
        check_path("filepath", filepath)
        check_loadable("filepath", filepath)
        keras.saving.load_weights(self, filepath)

    def export(self, filepath: str | os.PathLike, format: str = "tf_saved_model", **kwargs) -> None:
        """Writes one SavedModel with the endpoints `score` and `is_anomaly`, threshold inside.

        Args:
            filepath: the folder to write.
            format: `"tf_saved_model"` alone: other formats hold one network.
            **kwargs: `verbose`, and what Keras's own export takes.

        Raises:
            ValueError: if `format` is another, or the score needs a perceptual loss's backbone.
            sklearn.exceptions.NotFittedError: before `fit_threshold`.
        """
        if format != "tf_saved_model" or kwargs.get("network") is not None:
            raise ValueError(
                '`format` must be "tf_saved_model", without `network`: a detector is more than one '
                "network. For one, call detector.model.export. "
                f"Received: format={format!r}, network={kwargs.get('network')!r}"
            )
        self._check_fitted("export")
        if self.anomaly_score.compares_with_reconstruction and self.model.uses_backbone:
            raise ValueError(
                '`score` must be "mahalanobis" to export a detector whose model was compiled with '
                "a perceptual loss, whose backbone is not exported. "
                f"Received: score={self.score!r}"
            )
        self._saver.export(filepath, **kwargs)

    @property
    def layers(self) -> list[keras.Model]:
        """The model, a list of one: under this name a detector's file holds its weights."""
        return [self.model]

    @classmethod
    def from_config(cls, config):
        """The detector that `get_config` describes."""
        return cls(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})

    def get_config(self):
        """The model, serialized, and the arguments of the constructor."""
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.model),
            "score": self.score,
            "num_samples": self.num_samples,
            "seed": self.seed,
        }

    # ----------------------------------------------------------------------- checks

    def _check_fitted(self, method):
        if np.isnan(self.threshold):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                f"`fit_threshold(x_normal)` must be called before `{method}`. "
                "Received: a detector without a threshold"
            )

    def _reads_targets(self):
        """Whether a score compares a reconstruction with something else than x."""
        return self.anomaly_score.compares_with_reconstruction and self.model.needs_target

    def _as_arrays(self, name, x, target):
        """The arrays that `_evidence` takes: x, and its target where there is one."""
        if self.anomaly_score.compares_with_reconstruction:
            x, target = self.model.check_pair(x, target, name)
            return [x] if target is None else [x, target]
        if target is not None:
            raise ValueError(
                f'`target` must be None where the score is "{self.score}", which reads codes '
                "alone. Received: a target"
            )
        return [self.model.check_examples(x, name)]


def _check_model(model, compares_with_reconstruction):
    """Raises an error unless a model can be scored by x alone."""
    if not isinstance(model, EncoderDecoderModel):
        raise TypeError(
            "`model` must be an autoencoder or VAE of keras_aegan.models, or of a subclass of one. "
            f"Received: model={model!r} of type {type(model).__name__}"
        )
    check_compiled(model, "AnomalyDetector")
    needed = list(model.condition_names)
    if compares_with_reconstruction and not model.rebuilds_data:
        needed.append("targets")
    if needed:
        raise TypeError(
            "`model` must need nothing but x: no labels, and no targets of another kind than x, "
            'unless `score` is "mahalanobis". '
            f"Received: a {type(model).__name__}, which needs {' and '.join(needed)}"
        )


def _check_truth(is_anomaly, num_examples):
    is_anomaly = np.asarray(as_vector("is_anomaly", is_anomaly))
    if is_anomaly.shape != (num_examples,) or not np.isin(is_anomaly, (0, 1)).all():
        raise ValueError(
            f"`is_anomaly` must hold {num_examples} values, 0 or 1, one an example. Received: "
            f"shape {is_anomaly.shape}, values {np.unique(is_anomaly)[:5].tolist()}"
        )
    is_anomaly = is_anomaly.astype(bool)
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError(
            "`is_anomaly` must hold both classes: an AUC compares anomalies with normal examples. "
            f"Received: {is_anomaly.sum()} anomalies among {num_examples}"
        )
    return is_anomaly
