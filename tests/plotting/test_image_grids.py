"""Grids show every image, on one scale, where it belongs."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_aegan.plotting import image_grid, reconstruction_grid


def _images(*shape, low=0.0, high=1.0):
    return np.random.default_rng(0).uniform(low, high, size=shape)


def _shown(axes):
    return np.asarray(axes.images[0].get_array())


@pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 1)])
def test_grey_images_are_shown_as_they_are(shape):
    images = _images(*shape)
    figure = image_grid(images)
    assert isinstance(figure, Figure)
    for axes, image in zip(figure.axes, images.reshape(5, 8, 6), strict=True):
        np.testing.assert_array_equal(_shown(axes), image)
        assert axes.images[0].get_clim() == (0.0, 1.0)


def test_colours_are_scaled_and_clipped():
    images = _images(2, 4, 4, 3, low=-1.2, high=1.2)
    figure = image_grid(images, value_range=(-1, 1))
    for axes, image in zip(figure.axes, images, strict=True):
        np.testing.assert_allclose(_shown(axes), np.clip(image / 2 + 0.5, 0, 1))


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.array([0, 7], "uint8"), (0, 255)),
        (np.array([0.2, 0.7]), (0, 1)),
        (np.array([-0.2, 0.7]), (-1, 1)),
        (np.array([-3.0, 5.0]), (-3, 5)),
        (np.array([4.0, 4.0]), (3.5, 4.5)),
    ],
)
def test_the_value_range_is_found(images, expected):
    for axes in image_grid(images.reshape(2, 1, 1)).axes:
        assert axes.images[0].get_clim() == expected


@pytest.mark.parametrize(("num_columns", "shape"), [(None, (3, 3)), (4, (2, 4)), (20, (1, 7))])
def test_rows_and_columns(num_columns, shape):
    figure = image_grid(_images(7, 4, 4), num_columns=num_columns, titles=list("abcdefg"))
    assert figure.axes[0].get_gridspec().get_geometry() == shape
    assert [axes.get_title() for axes in figure.axes] == list("abcdefg")


def test_reconstructions_stand_under_their_originals():
    rows = {"original": _images(3, 4, 4, 1), "PCA": _images(3, 4, 4, 1, low=-0.3, high=1.4)}
    figure = reconstruction_grid(rows)
    shown = np.array([_shown(axes) for axes in figure.axes])
    np.testing.assert_array_equal(shown, np.concatenate([*rows.values()])[..., 0])
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == ["original", "", "", "PCA", "", ""]
    # One scale, the first row's: an overshooting reconstruction must not dim itself.
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0.0, 1.0)}


def test_figures_can_be_saved(tmp_path):
    image_grid(_images(4, 4, 4, 3), titles=list("abcd")).savefig(tmp_path / "grid.png")
    reconstruction_grid({"a": _images(2, 4, 4)}).savefig(tmp_path / "rows.png")
    assert all(path.stat().st_size > 0 for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": _images(8, 8)}, r"`images` must have the shape .* Received: shape \(8, 8\)"),
        ({"images": _images(2, 8, 8, 2)}, r"1 or 3 channels. Received: shape \(2, 8, 8, 2\)"),
        ({"images": _images(0, 8, 8)}, r"Received: shape \(0, 8, 8\)"),
        ({"images": np.full((1, 2, 2), np.nan)}, "`images` must hold finite .*: NaN or infinity"),
        ({"images": np.full((1, 2, 2), "a")}, "`images` must hold finite .*: <U1"),
        ({"num_columns": 0}, "`num_columns` must be a positive integer. Received: num_columns=0"),
        ({"num_columns": 1.5}, "Received: num_columns=1.5"),
        ({"titles": ["one"]}, "`titles` must hold one title for each of the 2 .*: 1 titles"),
        ({"value_range": (1, 0)}, r"`value_range` must be .* Received: value_range=\(1, 0\)"),
        ({"value_range": 1}, "Received: value_range=1"),
    ],
)
def test_image_grid_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        image_grid(**{"images": _images(2, 4, 4), **arguments})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "`rows` must be a dict of at least one row.* Received: an empty dict"),
        ([_images(2, 4, 4)], "Received: list"),
        ({"a": _images(4, 4)}, r"`rows\['a'\]` must have the shape .* Received: shape \(4, 4\)"),
        (
            {"a": _images(2, 4, 4), "b": _images(3, 4, 4)},
            r"the shape of the first, 'a', .* Received: rows\['b'\].shape=\(3, 4, 4, 1\)",
        ),
    ],
)
def test_reconstruction_grid_refuses(rows, message):
    with pytest.raises(ValueError, match=message):
        reconstruction_grid(rows)
