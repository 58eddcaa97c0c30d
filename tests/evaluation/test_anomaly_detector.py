"""Scores, thresholds, files and refusals of the anomaly detector."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from keras_aegan import evaluation, losses, models, networks

RNG = np.random.default_rng(0)
MIXING = RNG.normal(size=(2, 6))
X = (RNG.normal(size=(600, 2)) @ MIXING + 0.1 * RNG.normal(size=(600, 6))).astype("float32")
NORMAL, UNSEEN = X[:300], X[300:]
ANOMALIES = (3 * RNG.normal(size=(100, 6))).astype("float32")
SCORES = (
    "reconstruction_error",
    "negative_elbo",
    "log_likelihood",
    "mahalanobis",
    "code_and_error",
)


def linear_vae():
    inputs = keras.Input((6,))
    features = keras.Model(inputs, keras.layers.Identity()(inputs))
    vae = models.VAE(
        networks.gaussian_encoder(features, 2), networks.dense_decoder(2, (6,), ()), seed=0
    )
    keras.config.disable_interactive_logging()
    vae.compile(keras.optimizers.Adam(0.05), loss=losses.GaussianNLL(0.3), jit_compile=False)
    keras.config.enable_interactive_logging()
    return vae


@pytest.fixture(scope="module")
def vae():
    keras.utils.set_random_seed(0)
    model = linear_vae()
    model.fit(NORMAL, batch_size=100, epochs=40, verbose=0)
    return model


@pytest.fixture(scope="module", params=SCORES)
def detector(request, vae):
    detector = evaluation.AnomalyDetector(vae, request.param, num_samples=200)
    detector.fit_threshold(NORMAL, contamination=0.05)
    return detector


def test_names_and_signs_are_scikit_learns(detector):
    x = np.concatenate([UNSEEN, ANOMALIES])
    scores = detector.anomaly_scores(x)
    np.testing.assert_array_equal(detector.score_samples(x), -scores)
    np.testing.assert_allclose(
        detector.decision_function(x), detector.score_samples(x) - detector.offset_, rtol=1e-5
    )
    np.testing.assert_array_equal(detector.predict(x), np.where(scores > detector.threshold, -1, 1))
    is_anomaly = np.arange(len(x)) >= len(UNSEEN)
    measures = detector.evaluate(x, is_anomaly)
    np.testing.assert_allclose(measures["auc"], roc_auc_score(is_anomaly, scores))
    assert measures["auc"] > 0.8
    assert measures["false_alarm_rate"] < 0.12


def test_a_score_depends_on_its_example_alone(detector):
    np.testing.assert_allclose(
        detector.anomaly_scores(UNSEEN[:20], batch_size=7),
        detector.anomaly_scores(UNSEEN)[:20],
        rtol=1e-4,
    )


def test_files_keep_decisions_also_without_the_package(detector, tmp_path):
    x = np.concatenate([UNSEEN, ANOMALIES])
    detector.save(tmp_path / "detector.keras")
    keras.config.disable_interactive_logging()
    loaded = keras.models.load_model(tmp_path / "detector.keras")
    keras.config.enable_interactive_logging()
    np.testing.assert_allclose(loaded.anomaly_scores(x), detector.anomaly_scores(x), rtol=1e-5)
    np.testing.assert_array_equal(loaded.predict(x), detector.predict(x))
    if detector.score != "code_and_error":  # one client is enough; it has all of the parts
        return
    detector.export(tmp_path / "served")
    np.savez(
        tmp_path / "calls.npz", x=x, score=detector.anomaly_scores(x), sign=detector.predict(x)
    )
    client = (
        "import sys; sys.modules['keras_aegan'] = None\n"
        "import numpy as np, tensorflow as tf\n"
        "served = tf.saved_model.load('served'); calls = np.load('calls.npz')\n"
        "np.testing.assert_allclose(served.score(calls['x']), calls['score'], rtol=1e-4)\n"
        "np.testing.assert_array_equal(served.is_anomaly(calls['x']), calls['sign'] == -1)\n"
    )
    subprocess.run([sys.executable, "-c", client], check=True, cwd=tmp_path, timeout=200)


def test_the_likelihood_is_that_of_the_linear_gaussian_model(vae):
    w, b = (v.numpy() for v in vae.decoder.get_layer("output").weights)
    exact = multivariate_normal(b, w.T @ w + 0.09 * np.eye(6)).logpdf(UNSEEN[:50])
    detector = evaluation.AnomalyDetector(vae, "log_likelihood", num_samples=2000)
    detector.fit_threshold(NORMAL)
    np.testing.assert_allclose(detector.score_samples(UNSEEN[:50]), exact, atol=0.1)
    bound = evaluation.AnomalyDetector(vae, "negative_elbo")
    bound.fit_threshold(NORMAL)
    assert np.all(bound.score_samples(UNSEEN[:50]) < exact + 0.05)


@pytest.mark.parametrize("loss", ["gaussian_nll", "mse"])
def test_code_and_error_is_the_distance_of_the_code_and_a_log_density(vae, loss):
    """scikit-learn's distance; before, the log of a negative −log p(x|z) was that of 1e-12."""
    model = vae if loss == "gaussian_nll" else plain()
    detector = evaluation.AnomalyDetector(model, "code_and_error")
    detector.fit_threshold(NORMAL, contamination=0.05)

    def features(x):
        error = model.reconstruction_error(x)
        error = error if loss == "gaussian_nll" else np.log(error)
        return np.column_stack([model.encode(x), error]).astype("float64")

    if loss == "gaussian_nll":
        assert np.median(model.reconstruction_error(NORMAL)) < 0
    scale = features(NORMAL).std(axis=0)
    gaussian = LedoitWolf().fit(features(NORMAL) / scale)
    for x in (UNSEEN, ANOMALIES):
        expected = np.sqrt(gaussian.mahalanobis(features(x) / scale))
        np.testing.assert_allclose(detector.anomaly_scores(x), expected, rtol=1e-3, atol=1e-3)


def test_thresholds_of_a_known_distribution():
    scores = np.random.default_rng(1).exponential(size=20_000)  # isf(c) = −log c
    for contamination in (0.05, 0.01, 0.001):
        for threshold in (evaluation.quantile_threshold, evaluation.tail_threshold):
            assert abs(threshold(scores, contamination) + np.log(contamination)) < 0.3


def test_error_maps_are_squared_differences(vae):
    reconstructions, errors = evaluation.AnomalyDetector(vae).error_maps(UNSEEN)
    np.testing.assert_allclose(errors, (UNSEEN - vae.predict(UNSEEN, verbose=0)) ** 2, atol=1e-4)


def plain(loss="mse"):
    model = models.Autoencoder(networks.dense_encoder((6,), 2, ()), networks.dense_decoder(2, (6,)))
    model.compile(loss=loss, jit_compile=False)
    return model


IMAGES = RNG.uniform(size=(40, 8, 8, 1)).astype("float32")


@pytest.fixture(scope="module")
def perceptual():
    backbone = networks.convolutional_encoder((8, 8, 1), 3, (4,))
    model = models.Autoencoder(
        networks.dense_encoder((8, 8, 1), 2, ()), networks.dense_decoder(2, (8, 8, 1), ())
    )
    model.compile(loss=losses.PerceptualLoss(backbone, ["convolution_0_activation"]))
    return model


def test_a_perceptual_loss_scores_and_is_needed_by_no_export_of_the_code(perceptual, tmp_path):
    detector = evaluation.AnomalyDetector(perceptual)
    detector.fit_threshold(IMAGES, contamination=0.05)
    np.testing.assert_allclose(
        detector.anomaly_scores(IMAGES), perceptual.reconstruction_error(IMAGES), rtol=1e-5
    )
    with pytest.raises(ValueError, match='`score` must be "mahalanobis" to export a detector'):
        detector.export(tmp_path / "refused")
    detector = evaluation.AnomalyDetector(perceptual, "mahalanobis")
    detector.fit_threshold(IMAGES, contamination=0.05)
    detector.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.score(IMAGES), detector.anomaly_scores(IMAGES), rtol=1e-4)


def of_integers():
    """Grey levels in, scaled inside; so no target of its own kind."""
    x = keras.Input((6,), dtype="int32")
    code = keras.layers.Dense(2)(keras.layers.Rescaling(1 / 255)(x))
    model = models.Autoencoder(keras.Model(x, code), networks.dense_decoder(2, (6,), ()))
    model.compile()
    return model


LEVELS = RNG.integers(0, 256, size=(50, 6)).astype("int32")


def test_an_encoder_of_integers_is_asked_by_its_code_alone():
    model = of_integers()
    detector = evaluation.AnomalyDetector(model, "mahalanobis")
    detector.fit_threshold(LEVELS, contamination=0.05)
    assert detector.anomaly_scores(LEVELS).shape == (50,)
    with pytest.raises(TypeError, match="`x_normal` must hold integers"):
        detector.fit_threshold(X)
    with pytest.raises(TypeError, match="`model` must need nothing but x: .*which needs targets"):
        evaluation.AnomalyDetector(model)
    with pytest.raises(TypeError, match="`error_maps` needs a model that rebuilds x itself"):
        detector.error_maps(LEVELS)


def conditional():
    features = networks.dense_encoder((6,), None, (4,), num_classes=2)
    model = models.ConditionalVAE(
        networks.gaussian_encoder(features, 2), networks.dense_decoder(2, (6,), (), num_classes=2)
    )
    model.compile(loss=losses.GaussianNLL(1.0))
    return model


def fitted():
    detector = evaluation.AnomalyDetector(plain())
    detector.fit_threshold(NORMAL)
    return detector


CASES = {
    "scoring before fitting": (
        lambda: evaluation.AnomalyDetector(plain()).predict(X),
        NotFittedError,
        "`fit_threshold.*` must be called before",
    ),
    "another shape": (
        lambda: evaluation.AnomalyDetector(plain()).fit_threshold(X[:, :4]),
        ValueError,
        r"`x_normal` must have the shape \(num_examples, 6\)",
    ),
    "a contamination of one half": (
        lambda: evaluation.AnomalyDetector(plain()).fit_threshold(X, 0.5),
        ValueError,
        r"`contamination` must lie in \(0, 0.5\).*0.5",
    ),
    "a contamination of zero": (
        lambda: evaluation.AnomalyDetector(plain()).fit_threshold(X, 0.0),
        ValueError,
        r"`contamination` must lie in \(0, 0.5\)",
    ),
    "no normal data": (
        lambda: evaluation.AnomalyDetector(plain()).fit_threshold(X[:0]),
        ValueError,
        "`x_normal` must hold at least one example",
    ),
    "one class in an AUC": (
        lambda: fitted().evaluate(X, np.zeros(len(X))),
        ValueError,
        "`is_anomaly` must hold both classes.*0 anomalies",
    ),
    "too few for a quantile": (
        lambda: evaluation.quantile_threshold(np.arange(50), 0.01),
        ValueError,
        "at least 99 normal.*50",
    ),
    "a bound of no VAE": (
        lambda: evaluation.AnomalyDetector(plain(), "negative_elbo"),
        ValueError,
        "`score` must be.*VAE compiled with a likelihood",
    ),
    "an unknown score": (
        lambda: evaluation.AnomalyDetector(plain(), "error"),
        ValueError,
        "`score` must be one of",
    ),
    "a logarithm of a negative loss": (
        lambda: evaluation.AnomalyDetector(
            plain("cosine_similarity"), "code_and_error"
        ).fit_threshold(NORMAL),
        ValueError,
        '`score` must be another than "code_and_error".*Received: errors from -',
    ),
    "another format": (
        lambda: fitted().export("folder", format="onnx"),
        ValueError,
        "`format` must be \"tf_saved_model\".*format='onnx'",
    ),
    "one network": (
        lambda: fitted().export("folder", network="encoder"),
        ValueError,
        "without `network`.*network='encoder'",
    ),
    "labels": (
        lambda: evaluation.AnomalyDetector(conditional(), "mahalanobis"),
        TypeError,
        "`model` must need nothing but x: .*a ConditionalVAE, which needs labels",
    ),
    "no autoencoder": (
        lambda: evaluation.AnomalyDetector("model"),
        TypeError,
        "`model` must be an autoencoder",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refusals(name):
    call, error, words = CASES[name]
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("score", ["mahalanobis", "code_and_error"])
def test_codes_that_have_collapsed_are_scored(score):
    """All on one line, as linear data are encoded: distances along it are NumPy's."""
    x = np.linspace(0.0, 1.0, 40, dtype="float32")[:, None] * np.ones((1, 6), "float32")
    model = models.Autoencoder(
        networks.dense_encoder((6,), 3, ()), networks.dense_decoder(3, (6,), ())
    )
    model.compile(jit_compile=False)
    detector = evaluation.AnomalyDetector(model, score)
    detector.fit_threshold(x, contamination=0.1)
    scores = detector.anomaly_scores(x)
    assert np.all(np.isfinite(scores))
    if score == "mahalanobis":
        along = np.abs(x[:, 0] - x[:, 0].mean()) / x[:, 0].std()
        np.testing.assert_allclose(scores, along, rtol=0.1, atol=0.1)


def test_weights_alone_go_to_another_detector_of_the_same_model(tmp_path, vae):
    first, second = (evaluation.AnomalyDetector(vae, "mahalanobis") for _ in range(2))
    first.fit_threshold(NORMAL, contamination=0.05)
    first.save_weights(tmp_path / "detector.weights.h5")
    second.load_weights(tmp_path / "detector.weights.h5")
    assert second.threshold == first.threshold
    np.testing.assert_array_equal(second.anomaly_scores(UNSEEN), first.anomaly_scores(UNSEEN))
    with pytest.raises(ValueError, match="`filepath` must end in `.weights.h5`"):
        first.save_weights(tmp_path / "detector.h5")
