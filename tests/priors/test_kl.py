"""Divergences of a Gaussian from each prior, against closed forms and numerical integration."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from keras_aegan import losses, priors
from keras_aegan.engine.keras_internals import set_mask
from keras_aegan.layers.gaussian_sampling import reparametrized
from tests.priors.table import mixture_log_prob

FULL = priors.GaussianMixture(
    [[-2.0, 0.0], [2.0, 1.0]], [[[1.0, 0.0], [0.5, 0.3]], [[0.4, 0.0], [-0.8, 1.0]]], [3, 1]
)
BIMODAL = priors.GaussianMixture([[-1.0], [2.0]], [0.5, 1.0], [0.25, 0.75])


def bimodal_log_prob(z):
    return mixture_log_prob(np.reshape(z, (-1, 1)), [[-1.0], [2.0]], [0.25, 1.0], [0.25, 0.75])


def integral_of_kl(mean, log_var, log_prob):
    """∫ q (log q − log p) dz over one number."""
    q = stats.norm(mean, np.exp(0.5 * log_var))

    def integrand(z):
        return q.pdf(z) * (q.logpdf(z) - np.squeeze(log_prob(z)))

    low, high = q.mean() - 12 * q.std(), q.mean() + 12 * q.std()
    return integrate.quad(integrand, low, high, limit=500, points=[q.mean()])[0]


def posterior(*values):
    """`z_mean` or `z_log_var` of examples of one number."""
    return np.array(values, "float32")[:, None]


@settings(deadline=None, max_examples=50)
@given(mean=st.floats(-5, 5, width=32), log_var=st.floats(-8, 4, width=32))
def test_of_the_standard_normal_it_is_the_integral(mean, log_var):
    found = priors.StandardNormal((1,)).kl(posterior(mean), posterior(log_var))
    expected = integral_of_kl(mean, log_var, stats.norm.logpdf)
    np.testing.assert_allclose(found, [expected], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_of_the_standard_normal_it_is_gaussian_kl(dtype):
    """Bit by bit, gradients too: far variances, half precision and masks are dealt with there."""
    rng = np.random.default_rng(0)
    z_mean = tf.constant(rng.normal(size=(5, 4, 3)), dtype)
    z_log_var = tf.constant(np.append(rng.normal(size=59), 40.0).reshape(5, 4, 3), dtype)
    set_mask(z_mean, tf.constant(rng.uniform(size=(5, 4)) < 0.5))
    prior = priors.StandardNormal((4, 3))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([z_mean, z_log_var])
        found, expected = prior.kl(z_mean, z_log_var), losses.gaussian_kl(z_mean, z_log_var)
    np.testing.assert_array_equal(found, expected)
    for parameter in (z_mean, z_log_var):
        np.testing.assert_array_equal(
            tape.gradient(found, parameter), tape.gradient(expected, parameter)
        )


@settings(deadline=None, max_examples=50)
@given(mean=st.floats(-4, 4, width=32), log_var=st.floats(-6, 2, width=32))
def test_without_a_draw_it_is_near_the_integral(mean, log_var):
    """A tenth of the standard deviation of log p(z) under q at the most; here far nearer."""
    found = BIMODAL.kl(posterior(mean), posterior(log_var))
    expected = integral_of_kl(mean, log_var, bimodal_log_prob)
    np.testing.assert_allclose(found, [expected], atol=0.02)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_a_draw_the_error_is_as_stated(seed):
    """In two dimensions that hang together, against a million draws: 4 standard errors."""
    rng = np.random.default_rng(seed)
    z_mean, z_log_var = rng.normal(size=(2, 20, 2)).astype("float32")
    found = FULL.kl(z_mean, z_log_var).numpy()
    noise = rng.normal(size=(50_000, 1, 2)).astype("float32")
    log_prob = FULL.log_prob(z_mean + np.exp(0.5 * z_log_var) * noise).numpy()
    entropy = 0.5 * np.sum(1 + np.log(2 * np.pi) + z_log_var, axis=1)
    errors = (found - (-entropy - log_prob.mean(axis=0))) / log_prob.std(axis=0)
    assert np.all(np.abs(errors) < 0.4)
    assert np.sqrt(np.mean(errors**2)) < 0.1


def test_without_a_draw_it_is_the_same_for_an_example_in_any_batch():
    z_mean, z_log_var = posterior(0.3, -2.0, 1.0), posterior(0.0, -1.0, 1.0)
    together = BIMODAL.kl(z_mean, z_log_var).numpy()
    np.testing.assert_allclose(BIMODAL.kl(z_mean[1:2], z_log_var[1:2]), together[1:2], rtol=1e-5)
    traced = tf.function(BIMODAL.kl, input_signature=[tf.TensorSpec((None, 1))] * 2)
    np.testing.assert_allclose(traced(z_mean, z_log_var), together, rtol=1e-5)
    compiled = tf.function(BIMODAL.kl, jit_compile=True)
    np.testing.assert_allclose(compiled(z_mean, z_log_var), together, rtol=1e-5)


def test_at_draws_its_mean_is_the_integral():
    """Within 4 standard errors of 100,000 draws."""
    num = 100_000
    for mean, log_var in ((0.5, 0.0), (-1.0, -2.0), (3.0, 1.5)):
        z_mean, z_log_var = posterior(*[mean] * num), posterior(*[log_var] * num)
        noise = np.random.default_rng(0).normal(size=(num, 1)).astype("float32")
        found = BIMODAL.kl(z_mean, z_log_var, z_mean + np.exp(0.5 * z_log_var) * noise).numpy()
        expected = integral_of_kl(mean, log_var, bimodal_log_prob)
        assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(num)


def test_at_a_draw_the_gradient_is_that_of_the_log_ratio():
    """Of log q(z|x) − log p(z) at z = μ + σ ε, by central differences in float64."""
    mean, log_var, noise = np.array([0.3, 1.5]), np.array([-0.5, 0.2]), np.array([0.7, -1.2])

    def log_ratio(mean, log_var):
        z = mean + np.exp(0.5 * log_var) * noise
        return stats.norm(mean, np.exp(0.5 * log_var)).logpdf(z) - bimodal_log_prob(z)

    step = 1e-5
    expected = [
        (log_ratio(mean + step, log_var) - log_ratio(mean - step, log_var)) / (2 * step),
        (log_ratio(mean, log_var + step) - log_ratio(mean, log_var - step)) / (2 * step),
    ]
    z_mean, z_log_var = tf.constant(posterior(*mean)), tf.constant(posterior(*log_var))
    with tf.GradientTape() as tape:
        tape.watch([z_mean, z_log_var])
        z = reparametrized(z_mean, z_log_var, posterior(*noise))
        divergence = BIMODAL.kl(z_mean, z_log_var, z)
    found = tape.gradient(divergence, [z_mean, z_log_var])
    np.testing.assert_allclose(np.squeeze(found), expected, rtol=1e-3, atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(
    mean=st.lists(st.floats(-3, 3, width=32), min_size=2, max_size=2),
    log_var=st.lists(st.floats(-4, 2, width=32), min_size=2, max_size=2),
)
def test_of_one_gaussian_it_is_the_closed_form(mean, log_var):
    """½ [tr(Σ⁻¹ S) + (m − μ)ᵀ Σ⁻¹ (m − μ) − d + log det Σ − log det S], by NumPy."""
    factor, center = np.array([[1.5, 0.0], [-0.7, 0.5]]), np.array([1.0, -2.0])
    covariance = factor @ factor.T
    gap, spread = center - mean, np.diag(np.exp(log_var))
    expected = 0.5 * (
        np.trace(np.linalg.solve(covariance, spread))
        + gap @ np.linalg.solve(covariance, gap)
        - 2
        + np.linalg.slogdet(covariance)[1]
        - np.sum(log_var)
    )
    prior = priors.GaussianMixture([center], [factor])
    found = prior.kl(np.array([mean], "float32"), np.array([log_var], "float32"))
    np.testing.assert_allclose(found, [expected], rtol=1e-4, atol=1e-4)


def test_of_one_gaussian_without_covariances_it_is_gaussian_kl():
    rng = np.random.default_rng(0)
    z_mean, z_log_var = rng.normal(size=(2, 6, 2, 3)).astype("float32")
    means, deviations = rng.normal(size=(2, 1, 2, 3)).astype("float32")
    deviations = np.exp(deviations)
    prior = priors.GaussianMixture(means, deviations)
    expected = losses.gaussian_kl(z_mean, z_log_var, means[0], 2 * np.log(deviations[0]))
    np.testing.assert_allclose(prior.kl(z_mean, z_log_var), expected, rtol=1e-4, atol=1e-4)


def test_a_gaussian_is_no_way_from_itself():
    prior = priors.GaussianMixture([[1.0, 2.0]] * 2, [[0.5, 3.0]] * 2, [1, 3])  # two alike are one
    z_mean, z_log_var = np.array([[1.0, 2.0]]), 2 * np.log([[0.5, 3.0]])
    np.testing.assert_allclose(prior.kl(z_mean, z_log_var), [0.0], atol=1e-5)


def test_a_product_sums_its_parts():
    """Each part against its integral: independent numbers' divergences add."""
    prior = priors.Product([priors.StandardNormal((2,)), BIMODAL])
    z_mean, z_log_var = np.array([[0.5, -1.0, 1.0]]), np.array([[0.0, 1.0, -1.0]])
    expected = sum(
        integral_of_kl(m, v, p)
        for m, v, p in zip(
            z_mean[0],
            z_log_var[0],
            [stats.norm.logpdf, stats.norm.logpdf, bimodal_log_prob],
            strict=True,
        )
    )
    np.testing.assert_allclose(prior.kl(z_mean, z_log_var), [expected], atol=0.02)
    z = z_mean + np.exp(0.5 * z_log_var) * np.random.default_rng(0).normal(size=(50_000, 3))
    num = len(z)
    found = prior.kl(np.tile(z_mean, (num, 1)), np.tile(z_log_var, (num, 1)), z).numpy()
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(num)


@pytest.mark.parametrize("prior", [BIMODAL, FULL])
def test_a_variance_without_bound_leads_back(prior):
    size = prior.shape[0]
    z_mean, z_log_var = tf.zeros((1, size)), tf.fill((1, size), 100.0)
    for noise in (None, tf.ones((1, size))):
        with tf.GradientTape() as tape:
            tape.watch(z_log_var)
            z = None if noise is None else reparametrized(z_mean, z_log_var, noise)
            divergence = prior.kl(z_mean, z_log_var, z)
        assert np.all(np.isfinite(divergence))
        gradient = tape.gradient(divergence, z_log_var).numpy()
        assert np.all(np.isfinite(gradient))
        assert gradient.sum() > 0  # a step against it makes the variances smaller


def test_hidden_elements_count_for_nothing():
    """A mixture of images of one column, of which the second row is hidden in one example."""
    rng = np.random.default_rng(0)
    means, deviations = rng.normal(size=(3, 2, 1)), rng.uniform(0.5, 2, (3, 2, 1))
    z_mean, z_log_var, z = rng.normal(size=(3, 2, 2, 1)).astype("float32")
    masked = tf.constant(z_mean)
    set_mask(masked, tf.constant([[True, True], [True, False]]))
    prior = priors.GaussianMixture(means, deviations)
    of_first_row = priors.GaussianMixture(means[:, :1], deviations[:, :1])
    for draw in (z, None):
        found = prior.kl(masked, z_log_var, draw).numpy()
        whole = prior.kl(z_mean, z_log_var, draw).numpy()
        np.testing.assert_allclose(found[0], whole[0], rtol=1e-5)
        first_draw = None if draw is None else draw[1:, :1]
        first = of_first_row.kl(z_mean[1:, :1], z_log_var[1:, :1], first_draw).numpy()
        np.testing.assert_allclose(found[1], first[0], rtol=1e-5, atol=0.05 * (draw is None))


def test_where_a_density_is_zero_it_is_infinite():
    prior = priors.Product([priors.StandardNormal((1,)), priors.Uniform((1,))])
    for each in (prior, priors.Uniform((2,))):
        assert not each.has_full_support
        found = each.kl(np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((3, 2)))
        np.testing.assert_array_equal(found, [np.inf] * 3)


def test_probabilities_have_no_divergence_from_a_density():
    for prior in (priors.Categorical(2), priors.Product([priors.Categorical(2)])):
        with pytest.raises(ValueError, match="`prior` must have a density"):
            prior.kl(np.zeros((3, 2)), np.zeros((3, 2)))


def test_codes_of_an_unknown_size_need_a_draw():
    class Open(priors.StandardNormal):
        kl = priors.Prior.kl

    spec = tf.TensorSpec((None, None, 2))
    with pytest.raises(ValueError, match="`z` must be given for codes whose size is not known"):
        tf.function(Open((None, 2)).kl).get_concrete_function(spec, spec)
