"""Mixtures have the moments and the density that SciPy gives their Gaussians."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import kstest, multivariate_normal

from keras_aegan import datasets

MEANS = [[0.0, 1.0], [4.0, -2.0], [-3.0, -3.0]]
COVARIANCES = [[[1.0, 0.6], [0.6, 2.0]], [[0.3, -0.1], [-0.1, 0.2]], [[0.5, 0.0], [0.0, 3.0]]]
WEIGHTS = [5.0, 3.0, 2.0]


@pytest.fixture
def mixture():
    return datasets.gaussian_mixture(MEANS, COVARIANCES, WEIGHTS)


def test_density_is_the_weighted_sum_of_scipys(mixture):
    x = np.random.default_rng(0).uniform(-60, 60, (200, 2))  # out to where each density is 0
    log_joint = [
        np.log(w / 10) + multivariate_normal(m, c).logpdf(x)
        for m, c, w in zip(MEANS, COVARIANCES, WEIGHTS, strict=True)
    ]
    np.testing.assert_allclose(mixture.log_density(x), logsumexp(log_joint, axis=0), rtol=1e-10)


def test_distances_are_mahalanobis(mixture):
    x = np.random.default_rng(0).normal(size=(5, 2))
    expected = [
        [
            np.sqrt((a - m) @ np.linalg.inv(c) @ (a - m))
            for m, c in zip(mixture.means, COVARIANCES, strict=True)
        ]
        for a in x
    ]
    np.testing.assert_allclose(mixture.distances(x), expected, rtol=1e-10)


def test_samples_have_each_modes_share_moments_and_shape(mixture):
    x, modes = mixture.sample_with_modes(100_000, seed=0)
    assert (x.dtype, modes.dtype) == ("float32", "int32")
    np.testing.assert_allclose(np.bincount(modes) / 100_000, [0.5, 0.3, 0.2], atol=0.005)
    for mode in range(3):
        of_mode = x[modes == mode]
        np.testing.assert_allclose(of_mode.mean(axis=0), MEANS[mode], atol=0.05)
        np.testing.assert_allclose(np.cov(of_mode.T), COVARIANCES[mode], atol=0.06)
        # A Gaussian's squared Mahalanobis distances follow χ² with two degrees of freedom.
        assert kstest(mixture.distances(of_mode)[:, mode] ** 2, "chi2", args=(2,)).pvalue > 0.01


def test_a_seed_repeats_the_samples(mixture):
    np.testing.assert_array_equal(mixture.sample(10, seed=3), mixture.sample(10, seed=3))
    assert np.any(mixture.sample(10, seed=3) != mixture.sample(10, seed=4))
    assert np.any(mixture.sample(10) != mixture.sample(10))


@pytest.mark.parametrize(
    ("covariances", "expected"),
    [
        (4.0, [4 * np.eye(2)] * 3),
        ([1.0, 2.0, 3.0], [np.eye(2), 2 * np.eye(2), 3 * np.eye(2)]),
        (COVARIANCES[0], [COVARIANCES[0]] * 3),
        (COVARIANCES, COVARIANCES),
    ],
)
def test_covariances_may_be_short(covariances, expected):
    mixture = datasets.gaussian_mixture(MEANS, covariances)
    np.testing.assert_array_equal(mixture.covariances, expected)
    np.testing.assert_allclose(mixture.weights, [1 / 3] * 3)


def test_the_lectures_three():
    for number in (1, 2, 3):
        mixture = datasets.lecture_mixture(number)
        expected = [[-10, -10], [10, 10], [10, -10]][:number]
        np.testing.assert_array_equal(mixture.means, expected)
        np.testing.assert_array_equal(mixture.covariances, [np.eye(2)] * number)


def test_pacgans_ring_and_grid():
    ring, grid = datasets.ring(8), datasets.grid(25)
    np.testing.assert_allclose(np.linalg.norm(ring.means, axis=1), 1.0)
    gaps = np.linalg.norm(ring.means - np.roll(ring.means, 1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 2 * np.sin(np.pi / 8))
    np.testing.assert_allclose(ring.covariances, [0.01**2 * np.eye(2)] * 8)
    assert sorted(map(tuple, grid.means)) == [
        (i, j) for i in range(-4, 5, 2) for j in range(-4, 5, 2)
    ]
    np.testing.assert_allclose(grid.covariances, [0.05**2 * np.eye(2)] * 25)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.gaussian_mixture([1.0, 2.0]), r"`means` must .* Received: shape \(2,\)"),
        (lambda: datasets.gaussian_mixture([[np.nan]]), "Received: .* with NaN or infinity"),
        (
            lambda: datasets.gaussian_mixture(MEANS, np.eye(3)),
            r"`covariances` must have the shape \(3, 2, 2\).* Received: shape \(3, 3\)",
        ),
        (lambda: datasets.gaussian_mixture(MEANS, 0.0), "`covariances` must be .* definite"),
        (
            lambda: datasets.gaussian_mixture(MEANS, [[1.0, 0.5], [0.0, 1.0]]),
            "`covariances` must be symmetric",
        ),
        (
            lambda: datasets.gaussian_mixture(MEANS, weights=[1.0, 1.0]),
            r"`weights` must be 3 positive numbers.* Received: weights=\[1.0, 1.0\]",
        ),
        (lambda: datasets.gaussian_mixture(MEANS, weights=[1.0, 1.0, 0.0]), "`weights` must"),
        (lambda: datasets.lecture_mixture(4), "`number` must be 1, 2 or 3. Received: number=4"),
        (lambda: datasets.ring(0), "`num_modes` must be a positive integer. Received"),
        (lambda: datasets.ring(8, std=-1.0), "`std` must be a positive number. Received: std=-1.0"),
        (lambda: datasets.grid(24), "`num_modes` must be a square number. Received: num_modes=24"),
        (lambda: datasets.ring().sample(0), "`num_samples` must be a positive integer. Received"),
        (
            lambda: datasets.ring().log_density(np.zeros((4, 3))),
            r"`x` must have the shape \(num_examples, 2\). Received: shape \(4, 3\)",
        ),
    ],
)
def test_they_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()
