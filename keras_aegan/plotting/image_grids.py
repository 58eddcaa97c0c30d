"""Images side by side, and reconstructions under their originals."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.hints import ArrayLike

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP = 0.06  # inches between two images, which are an inch wide


def image_grid(
    images: ArrayLike,
    num_columns: int | None = None,
    titles: Sequence[str] | None = None,
    value_range: tuple[float, float] | None = None,
) -> Figure:
    """Draws images in a grid, all on one scale of brightness.

    Args:
        images: `(num_images, height, width)`, or `(num_images, height, width, channels)` with
            one channel (grey) or three (red, green, blue).
        num_columns: images in a row; about as many as there are rows if `None`.
        titles: one for each image, above it.
        value_range: `(low, high)`, drawn as black and white; what lies outside is clipped. If
            `None`: (0, 255) for integers, else the first of (0, 1) and (-1, 1) that holds the
            images, else their smallest and largest value.

    Returns:
        A `matplotlib.figure.Figure` with one axes, and in its `images` one for each.

    Raises:
        ValueError: if `images` are none, or an argument does not go with them.

    Example:
    >>> import numpy as np, keras_aegan
    >>> figure = keras_aegan.plotting.image_grid(np.zeros((6, 28, 28, 1)), num_columns=3)
    >>> len(figure.axes[0].images)
    6
    """
    images = check_images("images", images)
    low, high = value_bounds(value_range, images)
    if num_columns is None:
        num_columns = math.ceil(math.sqrt(len(images)))
    if not isinstance(num_columns, numbers.Integral) or num_columns < 1:
        raise ValueError(
            f"`num_columns` must be a positive integer. Received: num_columns={num_columns!r}"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"`titles` must hold one title for each of the {len(images)} images. "
            f"Received: {len(titles)} titles"
        )
    num_columns = min(num_columns, len(images))
    rows = [images[i : i + num_columns] for i in range(0, len(images), num_columns)]
    axes = _draw_rows(rows, low, high, above=0.0 if titles is None else 0.25)
    for image, title in zip(axes.images, titles or (), strict=False):
        left, right, _, top = image.get_extent()
        axes.text((left + right) / 2, top + _GAP, title, ha="center", fontsize=9)
    return axes.figure


def reconstruction_grid(
    rows: Mapping[str, ArrayLike], value_range: tuple[float, float] | None = None
) -> Figure:
    """Draws rows of images under each other, column by column the same example.

    Args:
        rows: dict, a row's label to its images `(num_images, height, width)` or
            `(num_images, height, width, channels)`, such as `{"original": x, "PCA": ...}`.
        value_range: `(low, high)`, drawn as black and white in all rows; what lies outside is
            clipped. If `None`, found from the first row as in `image_grid`, so that rows
            compare.

    Returns:
        A `matplotlib.figure.Figure` with one axes, and in its `images` one for each, row by row.

    Raises:
        ValueError: if there are no rows, or they do not hold as many images of one shape.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(size=(8, 28, 28, 1))
    >>> rows = {"original": x, "mean": np.tile(x.mean(0), (8, 1, 1, 1))}
    >>> figure = keras_aegan.plotting.reconstruction_grid(rows)
    >>> len(figure.axes[0].images)
    16
    """
    if not isinstance(rows, dict) or not rows:
        raise ValueError(
            "`rows` must be a dict of at least one row, its label to its images. "
            f"Received: {'an empty dict' if isinstance(rows, dict) else type(rows).__name__}"
        )
    rows = {label: check_images(f"rows[{label!r}]", images) for label, images in rows.items()}
    first_label, first = next(iter(rows.items()))
    for label, images in rows.items():
        if images.shape != first.shape:
            raise ValueError(
                f"`rows` must hold images of the shape of the first, {first_label!r}, "
                f"{first.shape}. Received: rows[{label!r}].shape={images.shape}"
            )
    low, high = value_bounds(value_range, first)
    label_width = 0.1 * max(len(str(label)) for label in rows)
    axes = _draw_rows(list(rows.values()), low, high, left=label_width)
    for i, label in enumerate(rows):
        left, _, bottom, top = axes.images[i * len(first)].get_extent()
        axes.text(left - _GAP, (bottom + top) / 2, label, ha="right", va="center", fontsize=11)
    return axes.figure


def _draw_rows(rows, low, high, above=0.0, left=0.0):
    """Rows of images in one axes, in inches; room is left above each image and left of each row."""
    from matplotlib.figure import Figure

    height = rows[0].shape[1] / rows[0].shape[2]
    row_height = above + height + _GAP
    width_of_all = left + len(rows[0]) * (1 + _GAP) + _GAP
    height_of_all = len(rows) * row_height + _GAP
    figure = Figure((width_of_all, height_of_all))
    # One for all: four hundred axes would take seconds to make and to draw.
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width_of_all), ylim=(0, height_of_all))
    axes.set_axis_off()
    for i, images in enumerate(rows):
        bottom = height_of_all - (i + 1) * row_height
        for j, image in enumerate(images):
            start = left + _GAP + j * (1 + _GAP)
            extent = (start, start + 1, bottom, bottom + height)
            if image.shape[-1] == 1:
                axes.imshow(image[..., 0], "gray", vmin=low, vmax=high, extent=extent)
            else:
                axes.imshow(np.clip((image - low) / (high - low), 0.0, 1.0), extent=extent)
    axes.set(xlim=(0, width_of_all), ylim=(0, height_of_all))
    return axes


def check_images(name, images):
    """The images as `(num_images, height, width, channels)`."""
    images = np.asarray(images)
    shape = images.shape
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[-1] not in (1, 3)) or 0 in shape:
        raise ValueError(
            f"`{name}` must have the shape (num_images, height, width) or (num_images, height, "
            f"width, channels), with 1 or 3 channels. Received: shape {shape}"
        )
    if images.dtype.kind not in "fiub" or not np.all(np.isfinite(images)):
        raise ValueError(
            f"`{name}` must hold finite numbers. "
            f"Received: {'NaN or infinity' if images.dtype.kind == 'f' else images.dtype}"
        )
    return images.reshape(*shape[:3], -1)


def value_bounds(value_range, images):
    """The range to draw in, found from the images where it is `None`."""
    if value_range is None:
        return _find_value_range(images)
    if np.shape(value_range) != (2,) or not value_range[0] < value_range[1]:
        raise ValueError(
            "`value_range` must be (low, high) with low < high. "
            f"Received: value_range={value_range!r}"
        )
    return value_range


def _find_value_range(images):
    if images.dtype.kind in "iu":
        return 0, 255
    smallest, largest = float(images.min()), float(images.max())
    for low, high in ((0.0, 1.0), (-1.0, 1.0)):
        if low <= smallest and largest <= high:
            return low, high
    return (smallest, largest) if smallest < largest else (smallest - 0.5, largest + 0.5)
