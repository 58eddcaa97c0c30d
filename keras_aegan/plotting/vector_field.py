"""Arrows in the plane: where a map of the plane takes its points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.colors import class_colors
from keras_aegan.plotting.panels import check_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def vector_field(
    points: ArrayLike, vectors: Mapping[str, ArrayLike], data: ArrayLike | None = None
) -> Figure:
    """Draws vectors at points of the plane, side by side, over the data if there are any.

    Arrows have their true length: the arrow r(x) − x at x ends at r(x). Longer ones are darker, on
    one scale for all panels.

    Args:
        points: `(num_points, 2)`, where the arrows begin, such as a grid.
        vectors: dict, a panel's title to its vectors `(num_points, 2)`, such as
            `{"denoising": r - x}`.
        data: `(num_examples, 2)`, drawn below the arrows as dots; none if `None`.

    Returns:
        A `matplotlib.figure.Figure` with one axes per panel.

    Raises:
        ValueError: if points, vectors or data do not lie in the plane or do not match.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(-1, 1, size=(200, 2))
    >>> circle = x / np.linalg.norm(x, axis=1, keepdims=True)
    >>> figure = keras_aegan.plotting.vector_field(x, {"to the circle": circle - x}, data=circle)
    >>> [axes.get_title() for axes in figure.axes]
    ['to the circle']
    """
    from matplotlib.figure import Figure

    points = check_plane("points", points)
    vectors = _check_vectors(vectors, points)
    data = None if data is None else check_plane("data", data)
    longest = max(np.linalg.norm(v, axis=1).max() for v in vectors.values())

    figure = Figure((4.8 * len(vectors), 5.0), layout="constrained")
    panels = figure.subplots(1, len(vectors), squeeze=False)[0]
    for axes, (title, v) in zip(panels, vectors.items(), strict=True):
        if data is not None:
            axes.scatter(*data.T, s=14, color=class_colors(2)[1], linewidths=0, rasterized=True)
        arrows = axes.quiver(
            *points.T,
            *v.T,
            np.linalg.norm(v, axis=1),
            angles="xy",
            scale_units="xy",
            scale=1.0,
            width=0.0035,
            headwidth=5.0,
            headlength=6.0,
            cmap="Blues",
            zorder=2,
        )
        # From below zero, so that short arrows are not white.
        arrows.set_clim(-0.8 * longest, 0.8 * longest)
        axes.set(title=title, xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def check_plane(name, values):
    """The points as an array; raises ValueError unless they lie in the plane."""
    values = as_numpy(name, values)
    if values.ndim != 2 or values.shape[1] != 2 or len(values) == 0:
        raise ValueError(
            f"`{name}` must have the shape (num_points, 2). Received: shape {values.shape}"
        )
    return _check_finite(name, values)


def _check_finite(name, values):
    if values.dtype.kind not in "fiu" or not np.all(np.isfinite(values)):
        raise ValueError(
            f"`{name}` must hold finite numbers. "
            f"Received: {'NaN or infinity' if values.dtype.kind == 'f' else values.dtype}"
        )
    return values


def _check_vectors(vectors, points):
    vectors = check_panels("vectors", vectors)
    for title, v in vectors.items():
        if v.shape != points.shape:
            raise ValueError(
                f"`vectors` must hold arrays of the shape {points.shape}, one vector per point. "
                f"Received: vectors[{title!r}].shape={v.shape}"
            )
        _check_finite(f"vectors[{title!r}]", v)
    return vectors
