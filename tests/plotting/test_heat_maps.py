"""Numbers are colours on one scale, and stand in their cells."""

import numpy as np
import pytest

from keras_aegan.plotting import heat_maps

NUMBERS = np.array([[0.0, 0.25, 1.0], [0.5, np.nan, 0.75]])
ROWS, COLUMNS = ["few", "many"], [1, 2, 3]


def test_cells_labels_and_one_scale():
    figure = heat_maps({"a": NUMBERS, "b": NUMBERS / 2}, ROWS, COLUMNS, "units", "layers")
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    first, second = (axes.images[0] for axes in figure.axes)
    np.testing.assert_array_equal(np.ma.filled(first.get_array(), np.nan), NUMBERS)
    assert first.get_clim() == second.get_clim() == (0, 1)
    axes = figure.axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("units", "layers")
    assert [label.get_text() for label in axes.get_yticklabels()] == ROWS
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3"]


def test_each_number_stands_in_its_cell_and_none_where_there_is_none():
    texts = heat_maps({"a": NUMBERS}, ROWS, COLUMNS).axes[0].texts
    written = {text.get_position()[::-1]: text.get_text() for text in texts}
    finite = {(i, j): f"{v:.2f}" for (i, j), v in np.ndenumerate(NUMBERS) if np.isfinite(v)}
    assert written == finite


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"panels": {}}, "`panels` must be a dict of at least one panel.* an empty dict"),
        ({"panels": {"a": NUMBERS.T}}, r"shape \(2, 3\).* panels\['a'\], float64 of .*\(3, 2\)"),
        ({"value_range": (1, 0)}, r"`value_range` must be .* Received: value_range=\(1, 0\)"),
    ],
)
def test_it_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        heat_maps(
            **{"panels": {"a": NUMBERS}, "row_labels": ROWS, "column_labels": COLUMNS} | arguments
        )
