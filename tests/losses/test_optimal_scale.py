"""The optimal scale: of the bound, of the weighted elements, and of the training so far."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize, special

from keras_aegan import losses, models, networks
from keras_aegan.engine.counting import Batch, batch_known
from keras_aegan.losses.optimal_scale import OptimalScale

GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(size=(40, 6)).astype("float32")


@pytest.mark.parametrize(
    ("likelihood", "nll"),
    [
        (losses.GaussianNLL, lambda n, d, s: n * 0.5 * np.log(2 * np.pi * s) + d / (2 * s)),
        (losses.LaplaceNLL, lambda n, d, s: n * np.log(2 * s) + d / s),
    ],
)
@pytest.mark.parametrize(("k", "num_values"), [(5, 6), (50, 6), (5, 784)])
def test_of_a_bound_it_is_scipys_optimum(likelihood, nll, k, num_values):
    deviations = GENERATOR.gamma(num_values / 2, 0.2, size=(32, k))
    log_ratio, weights = 2 * GENERATOR.normal(size=(32, k)), GENERATOR.uniform(0, 2, 32)
    counts = GENERATOR.integers(num_values // 2, num_values + 1, (32, 1)) * np.ones((1, k))

    def negative_bound(log_scale):
        log_weights = log_ratio - nll(counts, deviations, np.exp(log_scale))
        return -(weights * special.logsumexp(log_weights, axis=1)).sum()

    expected = np.exp(optimize.minimize_scalar(negative_bound, bounds=(-9, 5)).x)
    scale = OptimalScale(likelihood("optimal"), tf.distribute.get_strategy())
    arrays = (tf.constant(a, "float32") for a in (log_ratio, deviations, counts))
    with batch_known(Batch(tf.constant(weights, "float32"))):
        ours = scale.of_bound(*arrays, training=True)
    np.testing.assert_allclose(ours, expected, rtol=1e-4)
    np.testing.assert_allclose(scale.dispersion, expected, rtol=1e-4)


def test_it_is_the_mean_of_the_latest_batches_by_their_counts():
    scale = OptimalScale(losses.GaussianNLL("optimal"), tf.distribute.get_strategy())
    average, memory = None, None
    for size, error, weight in [(8, 2.0, 1), (8, 1.0, 1), (3, 5.0, 1), (8, 9.0, 0), (8, 1.0, 2)]:
        with batch_known(Batch(tf.fill((size,), float(weight)))):
            scale.of_batch(tf.fill((size,), 6 * error), 6, training=True)
        count = 6 * size * weight
        if count:
            kept = 9 * count if memory is None else 0.9 * memory
            average = ((average or error) * kept + error * count) / (kept + count)
            memory = kept + count
        np.testing.assert_allclose(scale.dispersion, average, rtol=1e-5)


def model(**arguments):
    encoder = networks.gaussian_encoder(networks.dense_encoder((6,), None, (8,)), 2)
    return models.VAE(encoder, networks.dense_decoder(2, (6,), (8,)), seed=0, **arguments)


def test_a_second_compile_keeps_it():
    vae = model()
    vae.compile(jit_compile=False)
    vae.fit(X, epochs=2, verbose=0)
    before = vae.reconstruction_error(X[:3])
    vae.compile("sgd", losses.GaussianNLL("optimal"), jit_compile=False)
    np.testing.assert_array_equal(vae.reconstruction_error(X[:3]), before)
    vae.compile(loss=losses.LaplaceNLL("optimal"), jit_compile=False)  # of another kind
    assert not np.allclose(vae.reconstruction_error(X[:3]), before)


def test_a_compile_for_another_loss_leaves_it_aside():
    vae = model()
    vae.compile(jit_compile=False)
    vae.fit(X, epochs=2, verbose=0)
    before = vae.reconstruction_error(X[:3])
    for other in ("mse", losses.LaplaceNLL("optimal")):
        vae.compile(loss=other, jit_compile=False)
    vae.compile(jit_compile=False)
    np.testing.assert_array_equal(vae.reconstruction_error(X[:3]), before)


def _loaded_and_compiled(path):
    loaded = keras.models.load_model(path / "vae.keras", compile=False)
    loaded.compile(jit_compile=False)
    return loaded


def _weights_loaded_first(path):
    loaded = model()
    loaded.load_weights(path / "vae.weights.h5")
    loaded.compile(jit_compile=False)
    return loaded


def _weights_loaded_under_another_loss(path):
    loaded = model()
    loaded.compile(loss=losses.LaplaceNLL("optimal"), jit_compile=False)
    loaded.load_weights(path / "vae.keras")
    loaded.compile(jit_compile=False)
    return loaded


def _saved_again_before_compile(path):
    keras.models.load_model(path / "vae.keras", compile=False).save(path / "again.keras")
    loaded = keras.models.load_model(path / "again.keras")
    loaded.compile(jit_compile=False)
    return loaded


@pytest.mark.parametrize(
    "load",
    [
        _loaded_and_compiled,
        _weights_loaded_first,
        _weights_loaded_under_another_loss,
        _saved_again_before_compile,
    ],
)
def test_what_is_loaded_before_compile_is_kept(load, tmp_path):
    vae = model()
    vae.compile(jit_compile=False)
    vae.fit(X, epochs=2, verbose=0)
    vae.save(tmp_path / "vae.keras")
    vae.save_weights(tmp_path / "vae.weights.h5")
    expected = vae.reconstruction_error(X[:3])
    loaded = load(tmp_path)
    np.testing.assert_array_equal(loaded.reconstruction_error(X[:3]), expected)
    loaded.compile(loss=losses.LaplaceNLL("optimal"), jit_compile=False)
    assert float(loaded._optimal_scale.dispersion) == 0  # no Laplace likelihood was trained


def test_a_batch_that_overflows_is_not_remembered():
    scale = OptimalScale(losses.GaussianNLL("optimal"), tf.distribute.get_strategy())
    scale.of_batch(tf.fill((4,), 12.0), 6, training=True)
    for sums in ([np.inf, 1, 1, 1], [np.nan, 1, 1, 1], [3e38] * 4):
        scale.of_batch(tf.constant(sums, "float32"), 6, training=True)
        np.testing.assert_allclose(scale.dispersion, 2.0)
        np.testing.assert_allclose(scale.count, 10 * 24)
    with batch_known(Batch(tf.constant([1.0, np.inf, 1.0, 1.0]))):
        scale.of_batch(tf.fill((4,), 6.0), 6, training=True)
    np.testing.assert_allclose(scale.dispersion, 2.0)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_poisoned_file_heals(value, tmp_path):
    vae = model()
    vae.compile(jit_compile=False)
    vae.fit(X, verbose=0)
    vae._optimal_scale.dispersion.assign(value)
    vae._optimal_scale.count.assign(value)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    error = np.mean((loaded.decode(loaded.encode(X)) - X) ** 2)
    expected = 3 * (np.log(2 * np.pi * error) + 1)  # as before training: the batch's own
    np.testing.assert_allclose(loaded.reconstruction_error(X).mean(), expected, rtol=1e-5)
    loaded._optimal_scale.of_batch(tf.fill((4,), 12.0), 6, training=True)
    np.testing.assert_allclose(loaded._optimal_scale.dispersion, 2.0)


def test_a_file_that_holds_no_count_goes_on(tmp_path):
    vae = model()
    vae.compile(jit_compile=False)
    vae.fit(X, verbose=0)
    vae._optimal_scale.count.assign(0.0)  # as a file of an earlier version leaves it
    old = float(vae._optimal_scale.dispersion)
    sums = tf.fill((4,), 12.0)
    vae._optimal_scale.of_batch(sums, 6, training=True)
    np.testing.assert_allclose(vae._optimal_scale.dispersion, 0.9 * old + 0.1 * 2.0, rtol=1e-5)


def test_before_training_evaluate_takes_the_weighted_batchs():
    weights = GENERATOR.uniform(size=40)
    autoencoder = models.Autoencoder(
        networks.dense_encoder((6,), 2, (8,)), networks.dense_decoder(2, (6,), (8,))
    )
    autoencoder.compile(loss=losses.GaussianNLL("optimal"), jit_compile=False)
    squares = np.square(autoencoder.predict(X, verbose=0) - X).sum(axis=1)
    variance = np.average(squares, weights=weights) / 6
    nll = squares / (2 * variance) + 3 * np.log(2 * np.pi * variance)
    logged = autoencoder.evaluate(
        X, sample_weight=weights, batch_size=40, verbose=0, return_dict=True
    )
    np.testing.assert_allclose(logged["loss"], np.mean(weights * nll), rtol=1e-4)


def test_the_derivative_of_the_bound_by_the_scale_is_zero():
    keras.utils.set_random_seed(0)
    vae = model(num_importance_samples=4)
    vae.compile(jit_compile=False)
    noise = GENERATOR.normal(size=(40, 4, 2)).astype("float32")
    log_weights, _ = vae._log_weights(X, X, *vae.encoder(X), noise, training=True)
    best = special.logsumexp(log_weights, axis=1).sum()
    at_best = float(vae._optimal_scale.dispersion)
    for factor in (0.97, 1.03):
        vae._optimal_scale.dispersion.assign(at_best * factor)
        log_weights, _ = vae._log_weights(X, X, *vae.encoder(X), noise)
        assert special.logsumexp(log_weights, axis=1).sum() < best
