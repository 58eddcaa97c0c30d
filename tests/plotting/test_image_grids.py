"""Grids show every image, on one scale, where it belongs."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_aegan.plotting import error_maps, image_grid, reconstruction_grid


def _images(*shape, low=0.0, high=1.0):
    return np.random.default_rng(0).uniform(low, high, size=shape)


def _drawn(figure):
    """The images, as they were given to matplotlib, in the order in which they are read."""
    (axes,) = figure.axes
    images = sorted(axes.images, key=lambda i: (-i.get_extent()[3], i.get_extent()[0]))
    assert images == list(axes.images)
    return [np.asarray(image.get_array()) for image in images]


@pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 1)])
def test_grey_images_are_shown_as_they_are(shape):
    images = _images(*shape)
    figure = image_grid(images)
    assert isinstance(figure, Figure)
    np.testing.assert_array_equal(_drawn(figure), images.reshape(5, 8, 6))
    assert {image.get_clim() for image in figure.axes[0].images} == {(0.0, 1.0)}


def test_colours_are_scaled_and_clipped():
    images = _images(2, 4, 4, 3, low=-1.2, high=1.2)
    figure = image_grid(images, value_range=(-1, 1))
    np.testing.assert_allclose(_drawn(figure), np.clip(images / 2 + 0.5, 0, 1))


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
    for image in image_grid(images.reshape(2, 1, 1)).axes[0].images:
        assert image.get_clim() == expected


@pytest.mark.parametrize(("num_columns", "shape"), [(None, (3, 3)), (4, (2, 4)), (20, (1, 7))])
def test_rows_and_columns(num_columns, shape):
    (axes,) = image_grid(_images(7, 4, 6), num_columns, titles=list("abcdefg")).axes
    extents = np.array([image.get_extent() for image in axes.images])
    left, right, bottom, top = extents.T
    assert (len(set(top)), len(set(left))) == shape
    np.testing.assert_allclose((top - bottom) / (right - left), 4 / 6)  # in inches, as the figure
    size = axes.get_xlim()[1], axes.get_ylim()[1]
    np.testing.assert_allclose(size, axes.figure.get_size_inches())
    for text, title, (left, right, _, top) in zip(axes.texts, "abcdefg", extents, strict=True):
        assert text.get_text() == title
        assert left < text.get_position()[0] < right
        assert top < text.get_position()[1] < top + 0.25


def test_reconstructions_stand_under_their_originals():
    rows = {"original": _images(3, 4, 4, 1), "PCA": _images(3, 4, 4, 1, low=-0.3, high=1.4)}
    figure = reconstruction_grid(rows)
    np.testing.assert_array_equal(_drawn(figure), np.concatenate([*rows.values()])[..., 0])
    (axes,) = figure.axes
    extents = [image.get_extent() for image in axes.images]
    assert [e[:2] for e in extents[:3]] == [e[:2] for e in extents[3:]]
    assert [text.get_text() for text in axes.texts] == ["original", "PCA"]
    for text, (left, _, bottom, top) in zip(axes.texts, extents[::3], strict=True):
        x, y = text.get_position()
        assert x < left
        assert bottom < y < top
    # One scale, the first row's: an overshooting reconstruction must not dim itself.
    assert {image.get_clim() for image in axes.images} == {(0.0, 1.0)}


def test_rows_have_labels():
    (axes,) = image_grid(_images(5, 4, 4), 3, row_labels=["plain", ""]).axes
    assert [text.get_text() for text in axes.texts] == ["plain", ""]
    with pytest.raises(ValueError, match="`row_labels` must .* each of the 2 rows. .* 3 labels"):
        image_grid(_images(5, 4, 4), 3, row_labels=list("abc"))


@pytest.mark.parametrize("channels", [1, 3])
def test_errors_stand_under_what_was_rebuilt_on_one_scale_from_zero(channels):
    images, rebuilt = _images(2, 4, 4, channels), _images(2, 4, 4, channels) / 2
    errors = np.square(images - rebuilt)
    figure = error_maps(images, rebuilt, errors, titles=["a", "b"])
    axes = figure.axes[0]
    first, _, third, _, *maps = axes.images
    np.testing.assert_array_equal(first.get_array(), images[0].squeeze())
    np.testing.assert_array_equal(third.get_array(), rebuilt[0].squeeze())
    for drawn, error in zip(maps, errors.sum(axis=-1), strict=True):
        np.testing.assert_array_equal(drawn.get_array(), error)
        assert drawn.get_clim() == (0.0, errors.sum(axis=-1).max())
    labels = [text.get_text() for text in axes.texts]
    assert labels == ["original", "rebuilt", "error", "a", "b"]
    for arguments in (
        {"errors": -errors},
        {"errors": errors[:1]},
        {"errors": errors, "titles": ["a"]},
    ):
        with pytest.raises(ValueError, match="Received: "):
            error_maps(images, rebuilt, **arguments)


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
