"""Codes to decode: geometry that can be said in closed form."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import geometric_slerp

from keras_aegan import latents


def test_linear_paths():
    start, end = np.random.default_rng(0).normal(size=(2, 3, 5))
    paths = latents.interpolate(start, end, num_steps=4)
    assert paths.shape == (3, 4, 5)
    np.testing.assert_allclose(paths[1], np.linspace(start[1], end[1], 4), rtol=1e-5)


def test_spherical_paths_are_scipys_on_the_unit_sphere():
    start, end = np.random.default_rng(0).normal(size=(2, 5))
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    expected = geometric_slerp(start, end, np.linspace(0, 1, 7))
    path = latents.interpolate(start, end, num_steps=7, spherical=True)
    np.testing.assert_allclose(path, expected, atol=1e-6)


@pytest.mark.parametrize("end", [np.ones(3), -np.ones(3), np.zeros(3)])
def test_spherical_paths_without_an_angle_are_finite(end):
    path = latents.interpolate(np.ones(3), end, spherical=True)
    np.testing.assert_allclose(path[[0, -1]], [np.ones(3), end], atol=1e-6)


def test_a_traversal_changes_one_dimension():
    codes = latents.traverse(np.arange(3), dimensions=2, values=[5, 6])
    assert codes.tolist() == [[0, 1, 5], [0, 1, 6]]
    several = latents.traverse(np.arange(3), dimensions=[2, 0], values=[5, 6])
    assert several.tolist() == [[[0, 1, 5], [0, 1, 6]], [[5, 1, 2], [6, 1, 2]]]


def test_a_class_grid_has_a_row_a_class_and_a_column_a_code():
    z = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    codes, labels = latents.class_grid(z, num_classes=2)
    np.testing.assert_array_equal(codes.reshape(2, 3, 5), [z, z])
    assert labels.reshape(2, 3).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_the_grid_has_equal_probability_between_its_lines():
    grid = latents.quantile_grid(num_per_side=5, coverage=0.8).reshape(5, 5, 2)
    probabilities = stats.norm.cdf(grid)
    np.testing.assert_allclose(probabilities[0, :, 0], np.linspace(0.1, 0.9, 5), atol=1e-6)
    np.testing.assert_allclose(probabilities[:, 0, 1], np.linspace(0.9, 0.1, 5), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: latents.interpolate(np.zeros(2), np.zeros(3)), "one shape"),
        (lambda: latents.interpolate(np.zeros(2), np.zeros(2), 1), "`num_steps`"),
        (lambda: latents.traverse(np.zeros(2), 2, [0.0]), "`dimensions`"),
        (lambda: latents.traverse(np.zeros(2), [0, -1], [0.0]), "`dimensions`"),
        (lambda: latents.traverse(np.zeros(2), 0.5, [0.0]), "`dimensions`"),
        (lambda: latents.class_grid(np.zeros(2), 3), "`z` must"),
        (lambda: latents.class_grid(np.zeros((2, 2)), 0), "`num_classes`"),
        (lambda: latents.traverse(np.zeros((2, 2)), 0, [0.0]), "`z` must"),
        (lambda: latents.quantile_grid(1), "`num_per_side`"),
        (lambda: latents.quantile_grid(3, coverage=1.0), "`coverage`"),
    ],
)
def test_bad_input_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
