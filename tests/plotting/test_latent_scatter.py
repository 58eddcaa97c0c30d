"""Codes are shown where they lie, in the colour of their class."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from keras_aegan.plotting import latent_scatter

LABELS = np.array([0, 2, 2, 5, 0, 2])
CODES = {
    "PCA": np.random.default_rng(0).normal(size=(6, 2)),
    "autoencoder": np.random.default_rng(1).normal(size=(6, 2)),
}


def _legend(figure):
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    return dict(zip(names, (to_rgba(h.get_color()) for h in legend.legend_handles), strict=True))


def test_each_panel_shows_its_codes_in_the_colours_of_the_legend():
    figure = latent_scatter(CODES, LABELS)
    colors = _legend(figure)
    assert list(colors) == ["0", "2", "5"]
    assert len(set(colors.values())) == 3
    assert [axes.get_title() for axes in figure.axes] == ["PCA", "autoencoder"]
    for axes, z in zip(figure.axes, CODES.values(), strict=True):
        (points,) = axes.collections
        np.testing.assert_array_equal(points.get_offsets(), z)
        expected = [colors[str(label)][:3] for label in LABELS]
        np.testing.assert_allclose(points.get_facecolors()[:, :3], expected)


def test_names_stand_at_the_medians_of_their_classes():
    figure = latent_scatter(CODES, LABELS, label_names=["zero", "one", "two", "3", "4", "five"])
    assert list(_legend(figure)) == ["zero", "two", "five"]
    for axes, z in zip(figure.axes, CODES.values(), strict=True):
        positions = {text.get_text(): text.get_position() for text in axes.texts}
        np.testing.assert_allclose(positions["two"], np.median(z[[1, 2, 5]], axis=0))
        np.testing.assert_allclose(positions["five"], z[3])


def test_more_classes_than_colours():
    figure = latent_scatter({"z": np.zeros((100, 2))}, np.arange(100))
    assert len(set(_legend(figure).values())) == 100


def test_it_can_be_saved(tmp_path):
    latent_scatter(CODES, LABELS).savefig(tmp_path / "codes.png")
    assert (tmp_path / "codes.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codes": {}}, "`codes` must be a dict of at least one panel.* Received: an empty dict"),
        ({"codes": CODES["PCA"]}, "Received: ndarray"),
        ({"codes": {"a": np.zeros((6, 3))}}, r"shape \(6, 2\), .*: codes\['a'\].shape=\(6, 3\)"),
        ({"codes": {"a": np.zeros((5, 2))}}, r"codes\['a'\].shape=\(5, 2\)"),
        ({"codes": {"a": np.full((6, 2), np.inf)}}, r"finite .*: NaN or infinity in codes\['a'\]"),
        ({"labels": CODES["PCA"]}, r"`labels` must be integers .*: float64 of shape \(6, 2\)"),
        ({"labels": LABELS / 2}, r"Received: float64 of shape \(6,\)"),
        ({"label_names": ["a", "b"]}, "`label_names` must .*: 2 names, labels from 0 to 5"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        latent_scatter(**{"codes": CODES, "labels": LABELS, **arguments})
