"""What is true of each prior alone, and what is refused."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from keras_aegan import priors
from tests.priors.table import ROWS


def draws_of(prior, num, seed=0):
    return prior.draw(num, keras.random.SeedGenerator(seed)).numpy()


# ---------------------------------------------------------------------- distributions


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_normal_and_uniform_draws_have_their_distribution(seed):
    normal = draws_of(priors.StandardNormal((50,)), 1000, seed).ravel()
    assert stats.kstest(normal, stats.norm.cdf).pvalue > 1e-3
    uniform = draws_of(priors.Uniform((50,), 2.0, 5.0), 1000, seed).ravel()
    assert stats.kstest(uniform, stats.uniform(2, 3).cdf).pvalue > 1e-3
    assert uniform.min() >= 2
    assert uniform.max() <= 5


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_mixtures_draws_have_its_distribution(seed):
    prior = priors.GaussianMixture([[-1.0], [2.0]], [0.5, 1.0], [1, 3])

    def cdf(z):
        return 0.25 * stats.norm(-1, 0.5).cdf(z) + 0.75 * stats.norm(2, 1).cdf(z)

    assert stats.kstest(draws_of(prior, 20_000, seed).ravel(), cdf).pvalue > 1e-3


def test_a_mixtures_draws_have_its_covariances():
    """Each Gaussian so far off that its draws are known by their place."""
    factors = np.array([[[1.0, 0.0], [0.8, 0.6]], [[2.0, 0.0], [-1.0, 0.5]]])
    prior = priors.GaussianMixture([[-100.0, 0.0], [100.0, 0.0]], factors, [1, 2])
    z = draws_of(prior, 60_000).astype("float64")
    is_second = z[:, 0] > 0
    assert abs(is_second.mean() - 2 / 3) < 4 * np.sqrt(2 / 9 / len(z))
    for factor, part in zip(factors, (z[~is_second], z[is_second]), strict=True):
        covariance = factor @ factor.T
        # The variance of a product of two Gaussians is v₁ v₂ + c².
        variances = np.diag(covariance)
        error = np.sqrt((np.outer(variances, variances) + covariance**2) / len(part))
        assert np.all(np.abs(np.cov(part.T) - covariance) < 5 * error)


def test_categories_come_as_often_as_said():
    """Over many seeds the p-values of the chi-square test are uniform."""
    probabilities = np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])
    prior, pvalues = priors.Categorical(probabilities), []
    for seed in range(100):
        counts = draws_of(prior, 10_000, seed).sum(axis=0)
        for found, expected in zip(counts, probabilities, strict=True):
            pvalues.append(stats.chisquare(found, 10_000 * expected).pvalue)
    assert stats.kstest(pvalues, stats.uniform.cdf).pvalue > 1e-3


def test_positions_are_independent():
    z = draws_of(priors.Categorical(np.full((2, 3), 1 / 3)), 10_000)
    table = z[:, 0].T @ z[:, 1]
    assert stats.chi2_contingency(table).pvalue > 1e-3


def test_parts_are_independent():
    z = draws_of(ROWS["product"].make(), 40_000)
    noise, category, code = z[:, :2], z[:, 2:5], z[:, 5:]
    between = np.corrcoef(np.concatenate([noise, category[:, :2], code], axis=1).T)
    between[2, 3] = between[3, 2] = 0  # of one category
    assert np.all(np.abs(between - np.eye(5)) < 4.5 / np.sqrt(len(z)))


@settings(deadline=None, max_examples=50)
@given(
    arrays.arrays("float64", st.integers(1, 30), elements=st.floats(0, 1)).filter(
        lambda p: p.sum() > 1e-6
    ),
    st.integers(0, 1000),
)
def test_what_is_impossible_is_never_drawn(probabilities, seed):
    probabilities /= probabilities.sum()
    z = draws_of(priors.Categorical(probabilities), 200, seed)
    np.testing.assert_array_equal(z.sum(axis=1), np.ones(200))
    assert not np.any(z[:, probabilities == 0])


@settings(deadline=None, max_examples=50)
@given(arrays.arrays("float64", (4, 2), elements=st.floats(0.01, 100)), st.booleans())
def test_numbers_are_saved_exactly(numbers, as_float32):
    numbers = numbers.astype("float32") if as_float32 else numbers
    prior = priors.GaussianMixture(numbers, numbers[:, 0], numbers[:, 1])
    again = priors.GaussianMixture.from_config(prior.get_config())
    for name in ("means", "scales", "weights"):
        np.testing.assert_array_equal(getattr(again, name), getattr(prior, name))
    np.testing.assert_array_equal(prior.means, numbers)
    np.testing.assert_allclose(prior.weights.sum(), 1)


def test_a_category_of_so_many():
    prior = priors.Categorical(4)
    np.testing.assert_array_equal(prior.probabilities, [0.25] * 4)
    assert prior.num_categories == 4


def test_infogans_codes():
    prior = priors.Product(
        [priors.StandardNormal((62,)), priors.Categorical(10), priors.Uniform((2,))]
    )
    z = prior.draw(100, keras.random.SeedGenerator(0))
    noise, category, style = prior.split(z)
    assert [part.shape[1] for part in (noise, category, style)] == [62, 10, 2]
    np.testing.assert_array_equal(np.concatenate([noise, category, style], axis=1), z)
    assert set(np.unique(category)) == {0, 1}
    assert [type(part) for part in prior.parts] == [
        priors.StandardNormal,
        priors.Categorical,
        priors.Uniform,
    ]


def test_which_have_full_support():
    gaussian, uniform = priors.StandardNormal((2,)), priors.Uniform((2,))
    mixture = priors.GaussianMixture([[0.0, 0.0]], [1.0])
    assert gaussian.has_full_support
    assert mixture.has_full_support
    assert priors.Product([gaussian, mixture]).has_full_support
    assert not uniform.has_full_support
    assert not priors.Categorical(3).has_full_support
    assert not priors.Product([gaussian, uniform]).has_full_support


# ------------------------------------------------------------------------------ get


def test_get():
    assert priors.get(None, (8,)).get_config() == {"shape": [8]}
    assert priors.get(None, (None, 8)).shape == (None, 8)
    assert isinstance(priors.get("standard_normal", (8,)), priors.StandardNormal)
    assert priors.get("uniform", [8]).get_config() == {"shape": [8], "low": -1.0, "high": 1.0}
    prior = priors.Categorical(3)
    assert priors.get(prior, (3,)) is prior
    assert priors.get(prior, (None,)) is prior


@pytest.mark.parametrize(
    ("identifier", "error", "message"),
    [
        (priors.StandardNormal((3,)), ValueError, r"`prior` must have the shape \(8,\)"),
        ("normal", ValueError, r"`prior` must be a Prior or one of \['standard_normal', 'uniform'"),
        (3, TypeError, "`prior` must be a keras_aegan.priors.Prior"),
        (priors.StandardNormal, TypeError, "`prior` must be a keras_aegan.priors.Prior"),
        (
            keras.saving.serialize_keras_object(keras.losses.MeanSquaredError()),
            TypeError,
            "`prior` must be a keras_aegan.priors.Prior",
        ),
    ],
)
def test_what_get_refuses(identifier, error, message):
    with pytest.raises(error, match=message):
        priors.get(identifier, (8,))


# ------------------------------------------------------------------------- refusals

_M, _S, _W = [[0.0, 1.0], [2.0, 3.0]], [1.0, 2.0], [1.0, 1.0]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: priors.StandardNormal(()), ValueError, "`shape` must be the sizes of one z"),
        (lambda: priors.StandardNormal((0,)), ValueError, "`shape` must be the sizes of one z"),
        (lambda: priors.StandardNormal((2.5,)), ValueError, "`shape` must be the sizes of one z"),
        (lambda: priors.StandardNormal(8), ValueError, "`shape` must be the sizes of one z"),
        (lambda: priors.Uniform((None,)), ValueError, "`shape` must be known"),
        (lambda: priors.Uniform((2,), 1.0, 1.0), ValueError, "`low` and `high` must be finite"),
        (lambda: priors.Uniform((2,), -np.inf), ValueError, "`low` and `high` must be finite"),
        (lambda: priors.Uniform((2,), None), ValueError, "`low` and `high` must be finite"),
        (lambda: priors.GaussianMixture([1.0, 2.0], _S), ValueError, "`means` must have the shape"),
        (lambda: priors.GaussianMixture([[np.nan]], [1]), ValueError, "`means` must hold finite"),
        (lambda: priors.GaussianMixture("means", [1]), TypeError, "`means` must be an array"),
        (lambda: priors.GaussianMixture([["a"]], [1]), TypeError, "`means` must be a plain array"),
        (lambda: priors.GaussianMixture(_M, [1.0]), ValueError, "`scales` must have the shape"),
        (lambda: priors.GaussianMixture(_M, [0.0, 1.0]), ValueError, "`scales` must be positive"),
        (
            lambda: priors.GaussianMixture(_M, np.ones((2, 2, 2))),
            ValueError,
            "`scales` must be lower triangular",
        ),
        (
            lambda: priors.GaussianMixture(_M, -np.tile(np.eye(2), (2, 1, 1))),
            ValueError,
            "`scales` must be lower triangular",
        ),
        (
            lambda: priors.GaussianMixture(_M, _S, [1.0]),
            ValueError,
            "`weights` must be 2 positive",
        ),
        (
            lambda: priors.GaussianMixture(_M, _S, [1.0, 0.0]),
            ValueError,
            "`weights` must be 2 positive",
        ),
        (lambda: priors.Categorical(0), ValueError, "`probabilities` must be a positive integer"),
        (lambda: priors.Categorical(0.5), ValueError, "`probabilities` must be a positive integer"),
        (lambda: priors.Categorical([0.5, 0.6]), ValueError, "`probabilities` must be zero or mor"),
        (lambda: priors.Categorical([1.5, -0.5]), ValueError, "`probabilities` must be zero or m"),
        (lambda: priors.Categorical([]), ValueError, "`probabilities` must hold finite numbers"),
        (lambda: priors.Categorical("abc"), TypeError, "`probabilities` must be an array"),
        (lambda: priors.Product([]), ValueError, "`parts` must be one or more priors of vectors"),
        (
            lambda: priors.Product([priors.StandardNormal((None,))]),
            ValueError,
            "`parts` must be one or more priors of vectors",
        ),
        (
            lambda: priors.Product([priors.StandardNormal((2, 2))]),
            ValueError,
            "`parts` must be one or more priors of vectors",
        ),
        (lambda: priors.Product([3]), TypeError, "`parts` must be a list of priors"),
        (
            lambda: priors.Product(priors.StandardNormal((2,))),
            TypeError,
            "`parts` must be a list of priors",
        ),
    ],
)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()
