"""Arrows begin at the points, have their true length, and lie over the data."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.quiver import Quiver

from keras_aegan.plotting import vector_field

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
VECTORS = {"half": -POINTS / 2, "none": np.zeros_like(POINTS)}
DATA = np.array([[0.5, 0.5], [-1.0, 3.0]])


def the_only(kind, axes):
    (found,) = [artist for artist in axes.collections if isinstance(artist, kind)]
    return found


def test_an_arrow_for_each_point_in_each_panel():
    figure = vector_field(POINTS, VECTORS)
    assert [axes.get_title() for axes in figure.axes] == ["half", "none"]
    for axes, vectors in zip(figure.axes, VECTORS.values(), strict=True):
        arrows = the_only(Quiver, axes)
        np.testing.assert_array_equal(arrows.XY, POINTS)
        np.testing.assert_array_equal(np.stack([arrows.U, arrows.V], axis=1), vectors)
        assert axes.get_aspect() == 1.0


def test_arrows_have_their_true_length():
    arrows = the_only(Quiver, vector_field(POINTS, VECTORS).axes[0])
    assert (arrows.angles, arrows.scale_units, arrows.scale) == ("xy", "xy", 1.0)


def test_length_is_darkness_on_one_scale():
    first, second = (the_only(Quiver, axes) for axes in vector_field(POINTS, VECTORS).axes)
    np.testing.assert_allclose(first.get_array(), [0.0, 0.5, 1.0])
    np.testing.assert_allclose(second.get_array(), 0.0)
    assert first.get_clim() == second.get_clim()


def test_data_lie_below_the_arrows():
    axes = vector_field(POINTS, VECTORS, data=DATA).axes[1]
    dots = the_only(PathCollection, axes)
    np.testing.assert_array_equal(dots.get_offsets(), DATA)
    assert dots.get_zorder() < the_only(Quiver, axes).get_zorder()


def test_no_vector_at_all_can_be_saved(tmp_path):
    vector_field(POINTS, {"none": VECTORS["none"]}).savefig(tmp_path / "field.png")
    assert (tmp_path / "field.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": POINTS[0]}, r"`points` must .* \(num_points, 2\). Received: shape \(2,\)"),
        ({"points": np.zeros((3, 3))}, r"Received: shape \(3, 3\)"),
        ({"vectors": {}}, "`vectors` must be a dict of at least one .* Received: an empty dict"),
        ({"vectors": POINTS}, "Received: ndarray"),
        ({"vectors": {"a": DATA}}, r"shape \(3, 2\), one .*: vectors\['a'\].shape=\(2, 2\)"),
        ({"vectors": {"a": POINTS * np.nan}}, r"`vectors\['a'\]` must .*: NaN or infinity"),
        ({"data": np.zeros((0, 2))}, r"`data` must .* Received: shape \(0, 2\)"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        vector_field(**{"points": POINTS, "vectors": VECTORS, **arguments})
