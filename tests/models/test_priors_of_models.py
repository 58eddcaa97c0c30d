"""`fit_prior`, and priors in models: samples, likelihoods, endpoints and files go through them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from keras_aegan import evaluation, losses, models, networks, priors

_RNG = np.random.default_rng(0)


def _clusters(n=600):
    """Three clusters in the plane, in six dimensions."""
    centres = np.array([[4.0, 0.0], [-2.0, 3.5], [-2.0, -3.5]])
    codes = centres[_RNG.integers(0, 3, n)] + 0.1 * _RNG.normal(size=(n, 2))
    return (codes @ np.linalg.qr(_RNG.normal(size=(6, 2)))[0].T).astype("float32")


def _linear_autoencoder():
    model = models.Autoencoder(networks.dense_encoder((6,), 2), networks.dense_decoder(2, (6,)))
    model.compile(keras.optimizers.Adam(0.05))
    return model


def _vae(prior=None):
    features = networks.dense_encoder((6,), None, (16,))
    model = models.VAE(
        networks.gaussian_encoder(features, 2),
        networks.dense_decoder(2, (6,), (16,)),
        seed=0,
        prior=prior,
    )
    model.compile(keras.optimizers.Adam(0.01))
    return model


def _share_near(samples, x):
    distance = np.linalg.norm(samples[:, None] - x[None], axis=-1).min(axis=1)
    return np.mean(distance < 0.5)


def test_a_mixture_gives_an_autoencoder_samples_that_look_like_its_data(tmp_path):
    x, model = _clusters(), _linear_autoencoder()
    model.fit(x, epochs=60, verbose=0)
    with pytest.raises(ValueError, match=r"call fit_prior\(x\) first"):
        model.sample(3)
    assert "sample" not in model.endpoints()
    fitted = model.fit_prior(x, num_components=3)
    assert fitted is model.prior
    assert isinstance(fitted, priors.GaussianMixture)
    samples = model.sample(300, seed=0)
    assert _share_near(samples, x) > 0.97  # one Gaussian's lie between the clusters
    model.fit_prior(x, num_components=1)
    assert _share_near(model.sample(300, seed=0), x) < 0.5
    model.fit_prior(x, num_components=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.sample(300, seed=0), samples, atol=1e-4)
    loaded.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    assert _share_near(served.sample(300).numpy(), x) > 0.97


def test_a_vaes_mixture_is_of_draws_as_its_decoder_is_trained_on():
    x = _clusters()
    model = _vae()
    z_mean, z_log_var = model.encoder.predict(x, verbose=0)
    expected = z_mean.var(axis=0) + np.exp(z_log_var).mean(axis=0)
    fitted = model.fit_prior(x, num_components=1)
    draws = np.asarray(fitted.draw(20_000, keras.random.SeedGenerator(0)))
    np.testing.assert_allclose(draws.var(axis=0), expected, rtol=0.15)


def test_a_vae_is_trained_on_towards_the_prior_that_was_fitted():
    """The step that was compiled for N(0, I) is made again."""
    x = _clusters()
    model = _vae()
    model.compile(keras.optimizers.SGD(0.0))
    model.fit(x, verbose=0)
    model.fit_prior(x, num_components=2)
    logged = np.mean(model.fit(x, epochs=10, verbose=0).history["kl_loss"])
    z_mean, z_log_var = (v.astype("float64") for v in model.encoder.predict(x, verbose=0))
    scales = np.exp(0.5 * z_log_var)
    noise = np.random.default_rng(0).normal(size=(500, *z_mean.shape))
    z = z_mean + scales * noise
    config = model.prior.get_config()
    log_p = logsumexp(
        [
            np.log(w) + multivariate_normal(m, np.array(s) @ np.array(s).T).logpdf(z)
            for m, s, w in zip(*(config[k] for k in ("means", "scales", "weights")), strict=True)
        ],
        axis=0,
    )
    log_q = norm.logpdf(z, z_mean, scales).sum(axis=-1)
    np.testing.assert_allclose(logged, np.mean(log_q - log_p), atol=0.1)


def test_the_likelihood_of_a_vae_is_under_its_prior():
    """With a linear decoder and one Gaussian as the prior, log p(x) has a closed form."""
    mean, scale = np.array([1.0, -0.5]), np.array([0.5, 1.5])
    model = models.VAE(
        networks.gaussian_encoder(networks.dense_encoder((6,), None, (16,)), 2),
        networks.dense_decoder(2, (6,), ()),
        seed=0,
        prior=priors.GaussianMixture([mean.tolist()], [scale.tolist()]),
    )
    model.compile(loss="gaussian_nll")
    x = _RNG.normal(size=(5, 6)).astype("float32")
    kernel, bias = (np.asarray(w) for w in model.decoder.trainable_weights)
    covariance = kernel.T @ np.diag(scale**2) @ kernel + np.eye(6)
    expected = multivariate_normal(mean @ kernel + bias, covariance).logpdf(x)
    estimate = model.log_likelihood(x, num_samples=20_000, seed=0, verbose=0)
    np.testing.assert_allclose(estimate, expected, atol=0.15)


def test_a_gan_draws_its_noise_from_its_prior(tmp_path):
    z = keras.Input((2,))
    model = models.GAN(
        keras.Model(z, keras.layers.Dense(2, kernel_initializer="identity")(z)),
        networks.dense_discriminator((2,), (4,)),
        prior=priors.Uniform((2,), low=3.0, high=4.0),
        seed=0,
    )
    model.compile(keras.optimizers.SGD(0.0))
    samples = [model.sample(400, seed=0)]
    model.save(tmp_path / "model.keras")
    samples.append(keras.models.load_model(tmp_path / "model.keras").sample(400, seed=0))
    model.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    samples.append(served.sample(400).numpy())
    for each in samples:
        assert each.min() >= 3.0
        assert each.max() <= 4.0
        np.testing.assert_allclose(each.mean(axis=0), 3.5, atol=0.1)


@pytest.mark.parametrize("make", [models.VAE, models.VAEGAN])
def test_a_gaussian_posterior_needs_a_prior_of_full_support(make):
    more = () if make is models.VAE else (networks.dense_discriminator((6,), (4,)), "dense_0")
    features = networks.dense_encoder((6,), None, (4,))
    with pytest.raises(ValueError, match=r"`prior` must have a density that is positive"):
        make(
            networks.gaussian_encoder(features, 2),
            networks.dense_decoder(2, (6,)),
            *more,
            prior=priors.Uniform((2,)),
        )


def test_a_prior_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"`prior` must"):
        _vae(priors.StandardNormal((3,)))
    with pytest.raises(TypeError, match=r"`prior` must"):
        _vae(3)


def test_a_conditional_vae_takes_labels_to_fit_its_prior():
    features = networks.dense_encoder((6,), None, (8,), num_classes=3)
    model = models.ConditionalVAE(
        networks.gaussian_encoder(features, 2),
        networks.dense_decoder(2, (6,), (8,), num_classes=3),
    )
    model.compile()
    x, labels = _clusters(60), np.arange(60) % 3
    fitted = model.fit_prior(x, labels, num_components=2)
    assert fitted.shape == (2,)
    assert model.sample(labels[:4], seed=0).shape == (4, 6)


def test_a_file_of_weights_holds_the_prior_that_was_fitted(tmp_path):
    x, model, other = _clusters(100), _vae(), _vae()
    fitted = model.fit_prior(x, num_components=2)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert other.prior.get_config() == fitted.get_config()
    np.testing.assert_allclose(other.sample(5, seed=0), model.sample(5, seed=0), atol=1e-5)


def test_a_detector_scores_by_the_prior_that_its_model_has_now():
    x, model = _clusters(100), _vae()
    model.compile(loss="gaussian_nll")
    detector = evaluation.AnomalyDetector(model, "negative_elbo", num_samples=4)
    detector.fit_threshold(x)
    before = detector.anomaly_scores(x)
    model.fit_prior(x, num_components=3)
    np.testing.assert_allclose(detector.anomaly_scores(x), np.asarray(detector(x)), rtol=1e-5)
    assert np.abs(detector.anomaly_scores(x) - before).max() > 1e-2


def test_a_prior_that_a_callback_sets_acts_from_the_next_step_on():
    x, model = _clusters(64), _vae()
    far = priors.GaussianMixture([[50.0, 50.0]], [[1.0, 1.0]])

    def move(epoch, logs):
        model.prior = far

    model.compile(keras.optimizers.SGD(0.0))
    callback = keras.callbacks.LambdaCallback(on_epoch_end=move)
    first, second = model.fit(x, epochs=2, verbose=0, callbacks=[callback]).history["kl_loss"]
    assert first < 10 < 1000 < second


def test_what_fit_prior_cannot_fit_is_refused():
    x = keras.Input((4, 2))
    code = keras.layers.Dense(2)(keras.layers.Masking()(x))
    masked = models.Autoencoder(
        keras.Model(x, code), keras.Sequential([keras.Input((4, 2)), keras.layers.Dense(2)])
    )
    with pytest.raises(ValueError, match="padding would count as codes"):
        masked.fit_prior(np.ones((20, 4, 2), "float32"), num_components=1)
    open_codes = models.WassersteinAutoencoder(
        keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(2)]),
        keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(2)]),
    )
    with pytest.raises(ValueError, match="`fit_prior` needs codes of one shape"):
        open_codes.fit_prior(np.ones((20, 4, 2), "float32"), num_components=1)
    vq_vae = models.VQVAE(networks.dense_encoder((6,), 2), networks.dense_decoder(2, (6,)), 4)
    with pytest.raises(ValueError, match="`prior` must draw one-hot codes"):
        vq_vae.prior = priors.Uniform((4,))
    with pytest.raises(ValueError, match="`prior` must have the shape"):
        _vae(priors.StandardNormal((None,)))


@pytest.mark.parametrize("loss", ["gaussian_nll", "mse"])
def test_a_vq_vae_takes_any_loss(loss):
    x = _clusters(64)
    model = models.VQVAE(networks.dense_encoder((6,), 2), networks.dense_decoder(2, (6,)), 4)
    model.compile(loss=losses.GaussianNLL("optimal") if loss == "gaussian_nll" else loss)
    model.fit(x, verbose=0)
    model.fit_prior(x)
    assert model.sample(3, seed=0).shape == (3, 6)
