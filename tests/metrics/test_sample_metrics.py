"""Metrics of samples beside closed forms, SciPy, and loops that say what the papers say."""

import itertools
import sys

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.special import rel_entr

from keras_aegan import datasets, metrics
from keras_aegan.metrics import neighborhoods

FUNCTIONS = [
    metrics.frechet_distance,
    metrics.kernel_distance,
    metrics.precision_recall,
    metrics.density_coverage,
    metrics.neighbor_accuracy,
]


@pytest.fixture
def pair():
    generator = np.random.default_rng(0)
    return generator.normal(size=(60, 5)), 0.7 * generator.normal(size=(45, 5)) + 0.4


def gaussian_with_exact_moments(mean, covariance, num_examples=500):
    """Examples whose own mean and covariance are these: sampling error is taken out."""
    x = np.random.default_rng(1).normal(size=(num_examples, len(mean)))
    x -= x.mean(axis=0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(x.T)))).T
    return mean + white @ np.linalg.cholesky(covariance).T


def test_frechet_distance_between_known_gaussians():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 4, 4))
    first, second = a @ a.T + 0.1 * np.eye(4), b @ b.T + 0.1 * np.eye(4)
    means = generator.normal(size=(2, 4))
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(
        first + second - 2 * sqrtm(first @ second).real
    )
    real = gaussian_with_exact_moments(means[0], first)
    fake = gaussian_with_exact_moments(means[1], second)
    assert metrics.frechet_distance(real, fake) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_in_one_dimension_is_of_means_and_deviations():
    real = gaussian_with_exact_moments(np.array([1.0]), np.array([[4.0]]))
    fake = gaussian_with_exact_moments(np.array([-2.0]), np.array([[0.25]]))
    assert metrics.frechet_distance(real, fake) == pytest.approx(3.0**2 + (2.0 - 0.5) ** 2)


def test_frechet_distance_of_singular_covariances(pair):
    flat = pair[0] * [1.0, 1.0, 1.0, 0.0, 0.0]
    assert metrics.frechet_distance(flat, flat) == pytest.approx(0.0, abs=1e-6)
    one_point = np.zeros((45, 5))
    expected = np.sum(flat.mean(axis=0) ** 2) + np.trace(np.cov(flat.T))
    assert metrics.frechet_distance(flat, one_point) == pytest.approx(expected)


@pytest.mark.parametrize("rows_at_a_time", [1024, 7])
def test_kernel_distance_is_the_double_loop(pair, rows_at_a_time, monkeypatch):
    module = sys.modules["keras_aegan.metrics.kernel_distance"]  # the name is the function's
    monkeypatch.setattr(module, "_ROWS", rows_at_a_time)
    real, fake = pair

    def kernel(x, y):
        return (x @ y / 5 + 1) ** 3

    def mean_of_pairs(x):
        return np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])

    expected = (
        mean_of_pairs(real)
        + mean_of_pairs(fake)
        - 2 * np.mean([kernel(a, b) for a in real for b in fake])
    )
    assert metrics.kernel_distance(real, fake) == pytest.approx(expected, rel=1e-10)


def test_kernel_distance_is_unbiased():
    """Its mean over many draws is the true MMD², which the Gaussian's moments give."""
    generator, shift = np.random.default_rng(0), 0.5
    values = [
        metrics.kernel_distance(
            generator.normal(size=(20, 1)), generator.normal(size=(20, 1)) + shift
        )
        for _ in range(4000)
    ]
    # k(x, y) = Σ C(3,i) xⁱ yⁱ for d = 1, so MMD² = Σ C(3,i) (E xⁱ − E yⁱ)².
    moments = np.array([shift, 1 + shift**2, 3 * shift + shift**3]) - [0.0, 1.0, 0.0]
    expected = np.sum([3, 3, 1] * moments**2)
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / np.sqrt(4000))


def radii_by_loop(x, k):
    """The distance of each example to its k-th nearest other."""
    return [sorted(np.linalg.norm(a - b) for j, b in enumerate(x) if j != i)[k - 1]
            for i, a in enumerate(x)]  # fmt: skip


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_are_the_papers_loops(pair, k):
    def share_covered(points, centers):
        radii = radii_by_loop(centers, k)
        return np.mean(
            [
                any(np.linalg.norm(p - c) <= r for c, r in zip(centers, radii, strict=True))
                for p in points
            ]
        )

    real, fake = pair
    values = metrics.precision_recall(real, fake, num_neighbors=k)
    assert values["precision"] == pytest.approx(share_covered(fake, real))
    assert values["recall"] == pytest.approx(share_covered(real, fake))
    assert 0 < values["precision"] != values["recall"] > 0


@pytest.mark.parametrize("k", [1, 3, 5])
def test_density_and_coverage_are_the_papers_loops(pair, k):
    real, fake = pair
    radii = radii_by_loop(real, k)
    inside = [[np.linalg.norm(f - c) <= r for c, r in zip(real, radii, strict=True)] for f in fake]
    values = metrics.density_coverage(real, fake, num_neighbors=k)
    assert values["density"] == pytest.approx(np.sum(inside) / (k * len(fake)))
    assert values["coverage"] == pytest.approx(np.mean(np.any(inside, axis=0)))


def test_density_and_coverage_of_one_distribution_are_the_papers():
    x = np.random.default_rng(0).normal(size=(2, 3000, 2))
    values = metrics.density_coverage(*x, num_neighbors=5)
    assert values["density"] == pytest.approx(1.0, abs=0.05)
    assert values["coverage"] == pytest.approx(1 - 0.5**5, abs=0.01)


def test_many_examples_are_counted_in_pieces(pair, monkeypatch):
    whole = metrics.precision_recall(*pair)
    monkeypatch.setattr(neighborhoods, "_BLOCK", 7)
    assert metrics.precision_recall(*pair) == whole


@st.composite
def pairs_with_repeats(draw):
    """`(real, fake, k)`: rows that repeat, are blank, binary or rounded; far away, tiny, huge."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    num_real, num_fake = draw(st.integers(8, 40)), draw(st.integers(8, 40))
    x = generator.normal(size=(num_real + num_fake, draw(st.integers(1, 24))))
    kind = draw(st.sampled_from(["distinct", "few", "binary", "collapsed", "blank", "rounded"]))
    if kind == "few":
        x = x[generator.integers(0, 6, len(x))]
    elif kind == "binary":
        x = np.round(generator.random(x.shape))
    elif kind == "collapsed":
        x[: num_real + num_fake // 2] = x[0]
    elif kind == "blank":
        x[generator.random(len(x)) < 0.3] = draw(st.sampled_from([0.0, -0.0]))
    elif kind == "rounded":
        x = 0.1 * np.round(x)
    scale = 10.0 ** draw(st.sampled_from([0, 0, 0, -30, -160, -300, 30, 152, 200]))
    x = scale * (x + draw(st.sampled_from([0.0, 1.0, 1e3, 1e8, 1e16])))
    return x[:num_real], x[num_real:], draw(st.integers(1, 7))


@settings(max_examples=150, deadline=None)
@given(pairs_with_repeats())
def test_repeated_rows_are_counted_as_by_scipy(case):
    real, fake, k = case

    def is_inside(centers, points):
        between = cdist(centers, centers)
        np.fill_diagonal(between, np.inf)
        return cdist(centers, points) <= np.sort(between, axis=1)[:, k - 1, None]

    fake_in_real, real_in_fake = is_inside(real, fake), is_inside(fake, real)
    assert metrics.precision_recall(real, fake, k) == {
        "precision": fake_in_real.any(axis=0).mean(),
        "recall": real_in_fake.any(axis=0).mean(),
    }
    assert metrics.density_coverage(real, fake, k) == {
        "density": pytest.approx(fake_in_real.sum() / (k * len(fake))),
        "coverage": fake_in_real.any(axis=1).mean(),
    }


def test_only_what_rounding_could_decide_is_computed_pair_by_pair(monkeypatch):
    computed = []
    exact = neighborhoods._exact
    monkeypatch.setattr(
        neighborhoods, "_exact", lambda row, rows: computed.append(len(rows)) or exact(row, rows)
    )
    generator = np.random.default_rng(0)
    real, fake = generator.normal(size=(2, 1000, 64))
    fake[:300] = real[:300]
    blank = generator.random(1000) < 0.3
    metrics.precision_recall(np.where(blank[:, None], 0.0, real), fake)
    assert sum(computed) < 0.02 * 2 * 1000**2  # of all pairs, those of radii included


def test_a_small_cloud_far_from_the_origin_keeps_its_digits(pair):
    real, fake = (1e-3 * x + 1e4 for x in pair)
    assert metrics.precision_recall(real, fake) == metrics.precision_recall(*pair)


def test_a_collapsed_generator_has_precision_and_no_recall():
    real = datasets.lecture_mixture(3).sample(500, seed=0)
    values = metrics.precision_recall(real, np.tile(np.float32([10, 10]), (500, 1)))
    assert values == {"precision": 1.0, "recall": 0.0}


@pytest.mark.parametrize("k", [1, 5, 9])
def test_neighbor_accuracy_is_scikit_learns_left_out(pair, k):
    from sklearn.model_selection import LeaveOneOut, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    real, fake = pair[0][:45], pair[1]
    x, y = np.concatenate([real, fake]), np.arange(90) < 45
    votes = cross_val_predict(KNeighborsClassifier(k), x, y, cv=LeaveOneOut())
    expected = ((votes == y)[:45].mean() + (votes == y)[45:].mean()) / 2
    assert metrics.neighbor_accuracy(real, fake, k) == pytest.approx(expected)


def test_repeated_rows_are_real_or_fake_with_equal_chances():
    """Over all ways to call four of eight rows real there is nothing to be told: ½ exactly."""
    for counts in ([8, 0, 0], [4, 3, 1], [4, 4, 0]):
        x = np.repeat(np.eye(3), counts, axis=0)
        halves = [list(half) for half in itertools.combinations(range(8), 4)]
        values = [
            metrics.neighbor_accuracy(x[half], np.delete(x, half, axis=0), num_neighbors=1)
            for half in halves
        ]
        assert np.mean(values) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 31])
@pytest.mark.parametrize("sizes", [(150, 150), (100, 300)])
def test_the_order_of_repeated_rows_does_not_bias_the_vote(k, sizes):
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(8, 10))
    values = []
    for _ in range(100):
        real, fake = (rows[generator.integers(0, 8, size)] for size in sizes)
        values.append(metrics.neighbor_accuracy(real, fake, k))
        shuffled = generator.permutation(real), generator.permutation(fake)
        assert metrics.neighbor_accuracy(*shuffled, k) == pytest.approx(values[-1], abs=1e-12)
    assert np.mean(values) == pytest.approx(0.5, abs=4 * np.std(values) / 10)


@pytest.mark.parametrize("scale", [1e-300, 1e200])
def test_neighbor_accuracy_of_tiny_and_huge_numbers(pair, scale):
    values = [metrics.neighbor_accuracy(s * pair[0], s * pair[1], 5) for s in (1.0, scale)]
    assert values[0] != 0.5
    assert values[1] == 0.5  # all distances are 0, or infinite, in float64


def test_neighbor_accuracy_between_gaussians_of_two_sizes():
    """Near the Bayes classifier, which draws a circle where the densities meet."""
    from scipy.stats import chi2

    x = np.random.default_rng(0).normal(size=(2, 5000, 2))
    squared_radius = 2 * np.log(4) / (1 - 1 / 4)  # the densities meet: ½ r² (1 − ¼) = log 4
    expected = (chi2.cdf(squared_radius, 2) + chi2.sf(squared_radius / 4, 2)) / 2
    assert metrics.neighbor_accuracy(x[0], 2 * x[1], 101) == pytest.approx(expected, abs=0.02)


def test_sets_of_unequal_sizes_count_alike():
    x = np.random.default_rng(0).normal(size=(4000, 2))
    assert metrics.neighbor_accuracy(x[:500], x[500:]) == pytest.approx(0.5, abs=0.03)


def test_mode_coverage_by_hand():
    ring = datasets.ring(8)
    on_modes = np.repeat(ring.means[[0, 1, 2]], [20, 19, 1], axis=0)
    between = 0.5 * (ring.means[[4]] + ring.means[[5]]) + 1e-3 * ring.means[[4]]  # nearer to mode 4
    at_the_edge = ring.means[[6]] + [[0.0301, 0.0]]
    within = ring.means[[7]] + [[0.0299, 0.0]]
    values = metrics.mode_coverage(ring, np.concatenate([on_modes, between, at_the_edge, within]))
    shares = np.array([20, 19, 1, 0, 1, 0, 1, 1]) / 43
    assert (values["modes"], values["well_covered_modes"]) == (4, 1)
    assert values["high_quality"] == pytest.approx(41 / 43)
    assert values["reverse_kl"] == pytest.approx(rel_entr(shares, np.full(8, 1 / 8)).sum())


def test_mode_coverage_counts_sigmas_along_each_axis_and_weights():
    mixture = datasets.gaussian_mixture([[0, 0], [50, 0]], np.diag([100.0, 0.01]), weights=[3, 1])
    fake = [[25.0, 0.2], [0.0, 0.31], [0.0, 0.29], [50.0, 0.0]]
    values = metrics.mode_coverage(mixture, fake)
    assert values["high_quality"] == 0.5  # the first is 3.2 σ off: √(2.5² + 2²)
    assert values["reverse_kl"] == pytest.approx(0.0)


def test_the_mixtures_own_samples_are_of_high_quality():
    grid = datasets.grid(25)
    values = metrics.mode_coverage(grid, grid.sample(50_000, seed=0))
    assert values["modes"] == values["well_covered_modes"] == 25
    assert values["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.002)  # χ², 2 degrees
    assert values["reverse_kl"] < 1e-3


def test_features_of_a_model_a_function_and_none():
    x = np.random.default_rng(0).normal(size=(10, 4, 4, 1)).astype("float32")
    flat = metrics.extract_features(None, x)
    np.testing.assert_array_equal(flat, x.reshape(10, 16))
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.AveragePooling2D(2)])
    by_model = metrics.extract_features(model, x, batch_size=3)
    by_function = metrics.extract_features(
        lambda batch: batch.reshape(-1, 2, 2, 2, 2, 1).mean(axis=(2, 4)), x, batch_size=4
    )
    assert by_model.shape == (10, 4)
    np.testing.assert_allclose(by_model, by_function, atol=1e-6)
    with pytest.raises(ValueError, match="`extractor` must give one row for each of the 10"):
        metrics.extract_features(lambda batch: batch.mean(axis=0), x)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_they_refuse(function):
    x = np.zeros((50, 3))
    with pytest.raises(ValueError, match=r"`fake` must have as many .* `real`, 3. Received: 2"):
        function(x, np.zeros((50, 2)))
    with pytest.raises(ValueError, match=r"`real` must have the shape .* Received: shape \(50,\)"):
        function(np.zeros(50), x)
    with pytest.raises(ValueError, match=r"`fake` must .* at least \d.* Received: shape \(1, 3\)"):
        function(x, np.zeros((1, 3)))
    with pytest.raises(ValueError, match="`real` must hold finite .* Received: NaN or infinity"):
        function(np.full((50, 3), np.nan), x)


def test_neighbours_and_mixtures_are_checked():
    x = np.zeros((50, 3))
    for function in FUNCTIONS[2:]:
        with pytest.raises(ValueError, match="`num_neighbors` must be a positive integer. Rec"):
            function(x, x, num_neighbors=0)
    with pytest.raises(ValueError, match="`mixture` must be a .* Received: ndarray"):
        metrics.mode_coverage(x, x)
