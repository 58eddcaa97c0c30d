"""Penalties, filters and histograms show what is there, and say how much of it is zero."""

import numpy as np
import pytest

from keras_aegan.plotting import code_histograms, filters, penalty_curves

RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(12, 7))
CODES = {
    "ReLU": np.array([[0.0, 0.0, 3.0], [0.0, 5.0, 0.0]]),
    "sigmoid": np.array([[0.001, 0.5], [0.999, 0.3]]),
}


def test_penalties_and_their_derivatives():
    figure = penalty_curves(limit=3.0)
    penalty, derivative = ({c.get_label()[:2]: c for c in axes.lines} for axes in figure.axes)
    h = penalty["L1"].get_xdata()
    assert (h[0], h[-1]) == (-3.0, 3.0)
    np.testing.assert_allclose(penalty["L1"].get_ydata(), np.abs(h))
    np.testing.assert_allclose(penalty["L2"].get_ydata(), np.square(h))
    away = np.abs(h) > 0.1  # where differences do not straddle the kink
    for name in ("L1", "L2"):
        slope = np.gradient(penalty[name].get_ydata(), h)
        inside = away & (np.abs(h) < 3.0)
        np.testing.assert_allclose(derivative[name].get_ydata()[inside], slope[inside], atol=1e-6)
    assert np.isnan(derivative["L1"].get_ydata()[h == 0]).all()


@pytest.mark.parametrize("image_shape", [(4, 3), (4, 3, 1), (2, 2, 3)])
def test_filters_are_the_columns_of_the_kernel_each_on_its_own_scale(image_shape):
    drawn = filters(KERNEL, image_shape, num_filters=5).axes[0].images
    assert len(drawn) == 5
    for image, column in zip(drawn, KERNEL.T, strict=False):
        expected = (column / np.abs(column).max()).reshape(image_shape)
        if image_shape == (2, 2, 3):
            expected = expected / 2 + 0.5  # colours are drawn from 0 to 1
        else:
            assert image.get_clim() == (-1, 1)
        shown = np.asarray(image.get_array())
        np.testing.assert_allclose(shown, expected.reshape(shown.shape))


def test_a_dead_unit_is_grey_and_fewer_units_are_all_drawn():
    drawn = filters(np.zeros((12, 2)), (4, 3)).axes[0].images
    assert len(drawn) == 2
    assert np.all(np.asarray(drawn[0].get_array()) == 0)


def test_histograms_hold_all_activations():
    figure = code_histograms(CODES, num_bins=10)
    assert [axes.get_title() for axes in figure.axes] == list(CODES)
    for axes, h in zip(figure.axes, CODES.values(), strict=True):
        counts, edges = np.histogram(h, bins=10)
        (stairs,) = axes.patches
        np.testing.assert_allclose(stairs.get_data().values, counts / h.size)
        np.testing.assert_allclose(stairs.get_data().edges, edges)
        assert axes.get_yscale() == "log"
    texts = [axes.texts[0].get_text() for axes in figure.axes]
    assert texts == ["66.7% at zero", "25.0% at zero\n25.0% saturated"]


def test_they_can_be_saved(tmp_path):
    penalty_curves().savefig(tmp_path / "penalties.png")
    filters(KERNEL, (4, 3)).savefig(tmp_path / "filters.png")
    code_histograms({str(i): RNG.normal(size=(50, 3)) for i in range(5)}).savefig(
        tmp_path / "codes.png"
    )
    assert all(path.stat().st_size > 0 for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (penalty_curves, {"limit": 0}, "`limit` must be a positive number. Received: limit=0"),
        (
            filters,
            {"kernel": KERNEL, "image_shape": (3, 3)},
            r"`kernel` must have the shape \(9, num_units\), .* Received: shape \(12, 7\)",
        ),
        (
            filters,
            {"kernel": KERNEL, "image_shape": (4, 3), "num_filters": 0},
            "`num_filters` must be a positive integer. Received: num_filters=0",
        ),
        (code_histograms, {"codes": {}}, "at least one panel.* Received: an empty dict"),
        (code_histograms, {"codes": CODES["ReLU"]}, "Received: ndarray"),
        (code_histograms, {"codes": {"a": np.ones(3)}}, r"Received: codes\['a'\].shape=\(3,\)"),
        (
            code_histograms,
            {"codes": {"a": np.full((2, 2), np.nan)}},
            r"finite numbers. Received: NaN or infinity in codes\['a'\]",
        ),
        (code_histograms, {"codes": CODES, "num_bins": 2.5}, "Received: num_bins=2.5"),
        (code_histograms, {"codes": CODES, "threshold": -1}, "Received: threshold=-1"),
    ],
)
def test_they_refuse(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(**arguments)
