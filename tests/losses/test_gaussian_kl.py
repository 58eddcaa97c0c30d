"""The divergence between Gaussians against integrals, samples and its own definition."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from keras_aegan.losses import gaussian_kl

CASES = [
    (0.0, 0.0, 0.0, 0.0),
    (1.0, 0.5, 0.0, 0.0),
    (-2.0, -3.0, 0.5, 1.0),
    (0.3, 2.0, -1.0, -0.7),
]


@pytest.mark.parametrize(("mean", "log_var", "prior_mean", "prior_log_var"), CASES)
def test_it_is_the_integral(mean, log_var, prior_mean, prior_log_var):
    q = stats.norm(mean, np.exp(log_var / 2))
    p = stats.norm(prior_mean, np.exp(prior_log_var / 2))
    low, high = q.ppf(1e-12), q.ppf(1 - 1e-12)
    expected, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high)
    as_batch = np.full((1, 1), mean, "float32"), np.full((1, 1), log_var, "float32")
    kl = gaussian_kl(*as_batch, prior_mean, prior_log_var)
    np.testing.assert_allclose(kl, [expected], atol=1e-5)


def test_it_is_the_mean_over_samples_and_sums_over_dimensions():
    generator = np.random.default_rng(0)
    mean, log_var = generator.normal(size=(2, 3, 5)).astype("float32")
    z = generator.normal(mean, np.exp(log_var / 2), size=(200_000, 3, 5))
    ratio = stats.norm(mean, np.exp(log_var / 2)).logpdf(z) - stats.norm.logpdf(z)
    samples = ratio.sum(axis=-1)
    error = samples.std(axis=0) / np.sqrt(len(samples))
    assert (np.abs(gaussian_kl(mean, log_var) - samples.mean(axis=0)) < 4 * error).all()


def test_close_to_the_prior_no_digit_is_lost():
    # ½(e^r − 1 − r) ≈ r²/4: written as a difference, float32 would give zero.
    r = 1e-3
    kl = gaussian_kl(np.zeros((1, 1), "float32"), np.full((1, 1), r, "float32"))
    np.testing.assert_allclose(kl, [r**2 / 4], rtol=1e-3)


@pytest.mark.parametrize("log_var", [-50.0, 50.0])
def test_extreme_variances_stay_finite(log_var):
    mean = tf.constant([[3.0]])
    log_var = tf.constant([[log_var]])
    with tf.GradientTape() as tape:
        tape.watch([mean, log_var])
        kl = gaussian_kl(mean, log_var)
    assert all(np.isfinite(value).all() for value in (kl, *tape.gradient(kl, [mean, log_var])))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="`mean` and `log_var` must have the same shape"):
        gaussian_kl(np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32"))
