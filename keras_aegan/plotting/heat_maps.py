"""A number for each pair of settings, as colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.panels import check_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_COLUMNS = 3


def heat_maps(
    panels: Mapping[str, ArrayLike],
    row_labels: Sequence,
    column_labels: Sequence,
    row_name: str = "",
    column_name: str = "",
    value_range: tuple[float, float] = (0, 1),
) -> Figure:
    """Draws tables of numbers as colours, three side by side, such as quality over two capacities.

    Each cell also shows its number. All panels share one scale, so draw shares, such as the share
    of modes instead of their number. A cell of NaN, where nothing was measured, stays empty.

    Args:
        panels: dict, a panel's title to its numbers `(num_rows, num_columns)`.
        row_labels: the setting of each row, from the top.
        column_labels: the setting of each column.
        row_name: the name of the rows' setting.
        column_name: the name of the columns' setting.
        value_range: `(low, high)`, the ends of the colour scale.

    Returns:
        A `matplotlib.figure.Figure` with one axes per panel.

    Raises:
        ValueError: if there is no panel, or the labels do not match the numbers.

    Example:
    >>> import numpy as np, keras_aegan
    >>> figure = keras_aegan.plotting.heat_maps(
    ...     {"modes": np.array([[0.3, 0.3], [0.3, 1.0]])},
    ...     row_labels=["low", "high"], column_labels=["low", "high"],
    ...     row_name="discriminator", column_name="generator",
    ... )
    >>> [axes.get_title() for axes in figure.axes]
    ['modes']
    """
    from matplotlib.figure import Figure

    panels = _check_numbers(panels, (len(row_labels), len(column_labels)))
    low, high = value_range
    if not low < high:
        raise ValueError(
            "`value_range` must be (low, high) with low < high. "
            f"Received: value_range={value_range!r}"
        )
    num_columns = min(len(panels), _MOST_COLUMNS)
    num_rows = math.ceil(len(panels) / num_columns)
    width, height = 0.75 * len(column_labels) + 1.4, 0.6 * len(row_labels) + 1.3
    figure = Figure((width * num_columns, height * num_rows), layout="constrained")
    axes_of_panels = [figure.add_subplot(num_rows, num_columns, i + 1) for i in range(len(panels))]
    for axes, (title, numbers) in zip(axes_of_panels, panels.items(), strict=True):
        axes.imshow(numbers, cmap="viridis", vmin=low, vmax=high, aspect="auto")
        for (row, column), number in np.ndenumerate(numbers):
            if np.isfinite(number):
                # Black on bright cells, white on dark ones.
                color = "black" if number > low + 0.6 * (high - low) else "white"
                axes.text(column, row, f"{number:.2f}", ha="center", va="center", color=color)
        axes.set(title=title, xlabel=column_name)
        axes.set_xticks(range(len(column_labels)), map(str, column_labels))
        axes.set_yticks(range(len(row_labels)), map(str, row_labels))
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    for axes in axes_of_panels[::num_columns]:
        axes.set_ylabel(row_name)
    return figure


def _check_numbers(panels, shape):
    panels = check_panels("panels", panels)
    for title, numbers in panels.items():
        if numbers.shape != shape or 0 in shape or numbers.dtype.kind not in "fiu":
            raise ValueError(
                f"`panels` must hold numbers of the shape {shape}, one per pair of labels. "
                f"Received: panels[{title!r}], {numbers.dtype} of shape {numbers.shape}"
            )
    return panels
