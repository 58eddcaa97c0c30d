"""Where an autoencoder fails to rebuild an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.image_grids import check_images, reconstruction_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def error_maps(
    images: ArrayLike,
    reconstructions: ArrayLike,
    errors: ArrayLike,
    titles: Sequence[str] | None = None,
    value_range: tuple[float, float] | None = None,
    largest: float | None = None,
) -> Figure:
    """Draws images, their reconstructions, and the error of each pixel as a heat map below them.

    All heat maps share one scale, from zero, so that they compare: black is no error.

    Args:
        images: `(num_images, height, width)` or `(num_images, height, width, channels)`.
        reconstructions: of the same shape.
        errors: of the same shape, zero or more; summed over channels.
        titles: one for each image, above it, such as its score.
        value_range: of the images, as in `reconstruction_grid`.
        largest: the error that is drawn brightest; the largest of all if `None`.

    Returns:
        A `matplotlib.figure.Figure` with one axes an image, row by row, and one for the scale.

    Raises:
        ValueError: if the three do not have one shape, or an error is negative.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(size=(4, 28, 28, 1))
    >>> figure = keras_aegan.plotting.error_maps(x, 0 * x, x**2, titles=["a", "b", "c", "d"])
    >>> len(figure.axes), figure.axes[8].get_ylabel()
    (13, 'error')
    """
    images, errors = check_images("images", images), check_images("errors", errors)
    if errors.shape != images.shape or errors.min() < 0:
        raise ValueError(
            f"`errors` must have the shape of the images, {images.shape}, and be zero or more. "
            f"Received: shape {errors.shape}, smallest {errors.min():g}"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"`titles` must hold one title for each of the {len(images)} images. "
            f"Received: {len(titles)} titles"
        )
    errors = errors.sum(axis=-1)  # (num_images, height, width)
    rows = {"original": images, "rebuilt": reconstructions, "error": np.zeros_like(images)}
    figure = reconstruction_grid(rows, value_range)
    largest = max(float(errors.max()), 1e-12) if largest is None else largest
    cells = figure.axes[2 * len(images) :]
    for axes, error in zip(cells, errors, strict=True):
        axes.images[0].remove()
        drawn = axes.imshow(error, cmap="inferno", vmin=0.0, vmax=largest)
    figure.colorbar(drawn, ax=cells, fraction=0.02, pad=0.01)
    for axes, title in zip(figure.axes, titles or (), strict=False):
        axes.set_title(title, fontsize=9)
    return figure
