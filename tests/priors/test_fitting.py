"""Priors fitted to codes, against scikit-learn and counts."""

import keras
import numpy as np
import pytest
from sklearn import mixture

from keras_aegan import priors


def moons(num=3000, size=2, seed=0):
    """Codes whose numbers hang together."""
    rng = np.random.default_rng(seed)
    angle, noise = rng.uniform(0, np.pi, num), rng.normal(0, 0.1, (num, size))
    noise[:, 0] += np.cos(angle)
    noise[:, 1] += 3 * np.sin(angle)
    return noise.astype("float32")


@pytest.mark.parametrize("size", [2, 64, 65])
def test_the_density_is_scikit_learns(size):
    codes, others = moons(2000, size), moons(500, size, seed=1)
    kind = "full" if size <= 64 else "diag"
    floor = 1e-6 * codes.astype("float64").var(axis=0).mean()
    fitted = mixture.GaussianMixture(5, covariance_type=kind, random_state=3, reg_covar=floor)
    fitted.fit(codes.astype("float64"))
    prior = priors.fit("gaussian_mixture", codes, num_components=5, seed=3)
    assert prior.num_components == 5
    np.testing.assert_allclose(
        prior.log_prob(others), fitted.score_samples(others), rtol=1e-3, atol=1e-2
    )
    # Draws are as likely as scikit-learn's own, within 5 standard errors.
    ours = fitted.score_samples(prior.draw(20_000, keras.random.SeedGenerator(0)).numpy())
    theirs = fitted.score_samples(fitted.sample(20_000)[0])
    error = np.hypot(ours.std(), theirs.std()) / np.sqrt(20_000)
    assert abs(ours.mean() - theirs.mean()) < 5 * error


@pytest.mark.parametrize("shape", [(2, 3), (4, 4, 5)])
def test_codes_of_several_axes(shape):
    codes = np.random.default_rng(0).normal(size=(500, *shape)) * np.arange(1, 1 + shape[-1])
    prior = priors.fit("gaussian", codes)
    assert prior.shape == shape
    rows = codes.reshape(len(codes), -1)
    np.testing.assert_allclose(prior.means[0].ravel(), rows.mean(axis=0), atol=1e-10)
    size = np.prod(shape)
    if size <= 64:
        covariance = prior.scales[0] @ prior.scales[0].T
        np.testing.assert_allclose(covariance, np.cov(rows.T, bias=True), atol=1e-3)
    else:
        np.testing.assert_allclose(prior.scales[0].ravel(), rows.std(axis=0), rtol=1e-3)
    found = prior.draw(3000, keras.random.SeedGenerator(0)).numpy()
    assert found.shape == (3000, *shape)
    np.testing.assert_allclose(found.std(axis=0), codes.std(axis=0), rtol=0.15)


def test_the_same_seed_fits_the_same():
    first = priors.fit("gaussian_mixture", moons(), seed=0).get_config()
    assert priors.fit("gaussian_mixture", moons(), seed=0).get_config() == first
    assert priors.fit("gaussian_mixture", moons(), seed=1).get_config() != first


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_collapsed_codes_have_a_density(scale):
    """Codes of which one number never changes, in any unit."""
    codes = scale * np.concatenate([moons(500), np.full((500, 1), 7.0)], axis=1)
    prior = priors.fit("gaussian_mixture", codes, num_components=3)
    z = prior.draw(100, keras.random.SeedGenerator(0))
    assert np.all(np.isfinite(prior.log_prob(z)))
    np.testing.assert_allclose(z[:, 2], np.full(100, 7.0 * scale), rtol=1e-3)


def test_codes_that_are_all_alike_have_a_density():
    prior = priors.fit("gaussian", np.full((10, 3), 2.0))
    np.testing.assert_allclose(
        prior.draw(5, keras.random.SeedGenerator(0)), np.full((5, 3), 2.0), atol=1e-5
    )
    assert np.all(np.isfinite(prior.log_prob(np.full((1, 3), 2.0))))


def test_categories_are_counted_from_one():
    labels = np.array([[0, 2], [0, 2], [1, 2], [0, 0]])
    codes = keras.ops.one_hot(labels, 3)
    prior = priors.fit("categorical", codes)
    expected = [[4 / 7, 2 / 7, 1 / 7], [2 / 7, 1 / 7, 4 / 7]]
    np.testing.assert_allclose(prior.probabilities, expected, rtol=1e-12)


def test_a_prior_is_given_back():
    prior = priors.StandardNormal((2,))
    assert priors.fit(prior, moons()) is prior
    with pytest.raises(ValueError, match=r"`prior` must have the shape \(3,\)"):
        priors.fit(prior, np.zeros((5, 3)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("gauss", moons()), ValueError, '`prior` must be "gaussian_mixture", "gaussian"'),
        ((None, moons()), TypeError, "`prior` must be a Prior or the name"),
        (("gaussian", np.zeros(5)), ValueError, "`codes` must have the shape"),
        (("gaussian", np.zeros((0, 2))), ValueError, "`codes` must have the shape"),
        (("gaussian", "codes"), TypeError, "`codes` must be an array"),
        (("gaussian", [[np.inf, 0.0]] * 3), ValueError, "`codes` must be finite"),
        (("gaussian", [[1.0, 0.0]]), ValueError, "`codes` must hold at least 2 examples"),
        (("gaussian_mixture", moons(9)), ValueError, "`codes` must hold at least 10 examples"),
        (("gaussian_mixture", moons(), 0), ValueError, "`num_components` must be a positive"),
        (("gaussian_mixture", moons(), 2, -1), ValueError, "`seed` must be an integer"),
        (("categorical", moons()), ValueError, "`codes` must be one-hot"),
        (("categorical", np.ones((4, 3))), ValueError, "`codes` must be one-hot"),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=message):
        priors.fit(*arguments)
