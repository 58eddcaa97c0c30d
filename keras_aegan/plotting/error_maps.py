"""Where an autoencoder fails to rebuild an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.image_grids import (
    check_images,
    check_rows,
    check_titles,
    draw_rows,
    value_bounds,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCALE_INCHES = 0.8  # the width of the heat maps' scale with its numbers


def error_maps(
    images: ArrayLike,
    reconstructions: ArrayLike,
    errors: ArrayLike,
    titles: Sequence[str] | None = None,
    value_range: tuple[float, float] | None = None,
    largest: float | None = None,
) -> Figure:
    """Draws images, their reconstructions, and the error of each pixel as a heat map below them.

    All heat maps share one scale from zero, so they can be compared: black is no error.

    Args:
        images: `(num_images, height, width)` or `(num_images, height, width, channels)`.
        reconstructions: of the same shape.
        errors: of the same shape, zero or more; summed over channels.
        titles: one per image, above it, such as its score.
        value_range: of the images, as in `reconstruction_grid`.
        largest: the error that is drawn brightest; the largest of all if `None`.

    Returns:
        A `matplotlib.figure.Figure` with one axes, whose `images` hold all of them, row by row.

    Raises:
        ValueError: if the three arrays differ in shape, or an error is negative.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(size=(4, 28, 28, 1))
    >>> figure = keras_aegan.plotting.error_maps(x, 0 * x, x**2, titles=["a", "b", "c", "d"])
    >>> len(figure.axes[0].images)
    12
    """
    images, errors = check_images("images", images), check_images("errors", errors)
    if errors.shape != images.shape or errors.min() < 0:
        raise ValueError(
            f"`errors` must have the shape of the images, {images.shape}, and be zero or more. "
            f"Received: shape {errors.shape}, smallest {errors.min():g}"
        )
    check_titles(titles, images)
    rows = check_rows({"original": images, "rebuilt": reconstructions})
    errors = errors.sum(axis=-1, keepdims=True)  # (num_images, height, width, 1)
    largest = max(float(errors.max()), 1e-12) if largest is None else largest
    low, high = value_bounds(value_range, images)
    axes = draw_rows(
        [*rows.values(), errors], low, high, [*rows, "error"], titles or (), _SCALE_INCHES
    )
    for drawn in axes.images[2 * len(images) :]:
        drawn.set(cmap="inferno", clim=(0.0, largest))
    _, right, bottom, top = drawn.get_extent()
    scale = axes.inset_axes((right + 0.1, bottom, 0.1, top - bottom), transform=axes.transData)
    axes.figure.colorbar(drawn, cax=scale)
    return axes.figure
