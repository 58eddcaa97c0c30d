"""Images side by side, and reconstructions under their originals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP = 0.06  # inches between two images, which are an inch wide
_TITLE = 0.2  # inches of a title


def image_grid(
    images: ArrayLike,
    num_columns: int | None = None,
    titles: Sequence[str] | None = None,
    value_range: tuple[float, float] | None = None,
    row_labels: Sequence[str] | None = None,
) -> Figure:
    """Draws images in a grid, all on one scale of brightness.

    Args:
        images: `(num_images, height, width)`, or `(num_images, height, width, channels)` with
            one channel (grey) or three (red, green, blue).
        num_columns: images in a row; about as many as there are rows if `None`.
        titles: one per image, above it.
        value_range: `(low, high)`, drawn as black and white; values outside are clipped. If
            `None`: (0, 255) for integers, else the first of (0, 1) and (-1, 1) that holds the
            images, else their smallest and largest value.
        row_labels: one per row, to its left.

    Returns:
        A `matplotlib.figure.Figure` with one axes, whose `images` hold all of them.

    Raises:
        ValueError: if `images` does not hold images, or an argument does not match them.

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
    check_positive_integer("num_columns", num_columns)
    check_titles(titles, images)
    num_columns = min(num_columns, len(images))
    rows = [images[i : i + num_columns] for i in range(0, len(images), num_columns)]
    if row_labels is not None and len(row_labels) != len(rows):
        raise ValueError(
            f"`row_labels` must hold one label for each of the {len(rows)} rows. "
            f"Received: {len(row_labels)} labels"
        )
    return draw_rows(rows, low, high, row_labels or (), titles or ()).figure


def reconstruction_grid(
    rows: Mapping[str, ArrayLike], value_range: tuple[float, float] | None = None
) -> Figure:
    """Draws rows of images under each other; each column shows one example.

    Args:
        rows: dict, a row's label to its images `(num_images, height, width)` or
            `(num_images, height, width, channels)`, such as `{"original": x, "PCA": ...}`.
        value_range: `(low, high)`, drawn as black and white in all rows; values outside are
            clipped. If `None`, found from the first row as in `image_grid`, so that rows can be
            compared.

    Returns:
        A `matplotlib.figure.Figure` with one axes, whose `images` hold all of them, row by row.

    Raises:
        ValueError: if there are no rows, or their arrays of images differ in shape.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(size=(8, 28, 28, 1))
    >>> rows = {"original": x, "mean": np.tile(x.mean(0), (8, 1, 1, 1))}
    >>> figure = keras_aegan.plotting.reconstruction_grid(rows)
    >>> len(figure.axes[0].images)
    16
    """
    rows = check_rows(rows)
    low, high = value_bounds(value_range, next(iter(rows.values())))
    return draw_rows(list(rows.values()), low, high, list(rows)).figure


def draw_rows(rows, low, high, row_labels=(), titles=(), right_inches=0.0):
    """Draws rows of images in one axes, whose units are inches.

    Args:
        rows: list of arrays `(num_images, height, width, channels)`, from the top.
        low: the value that is drawn black.
        high: the value that is drawn white.
        row_labels: one per row, to its left.
        titles: for the first images, row by row, above them.
        right_inches: empty space on the right.

    Returns:
        The axes, whose `images` hold all of them.
    """
    from matplotlib.figure import Figure

    num_columns, height = len(rows[0]), rows[0].shape[1] / rows[0].shape[2]
    left_inches = 0.1 * max((len(str(label)) for label in row_labels), default=0)
    heights = [height + _GAP + _TITLE * (i * num_columns < len(titles)) for i in range(len(rows))]
    size = (left_inches + num_columns * (1 + _GAP) + _GAP + right_inches, sum(heights) + _GAP)
    # One axes for all: four hundred axes would take seconds to make, and seconds to lay out.
    axes = Figure(size).add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    bottom = size[1]
    for images, row_height in zip(rows, heights, strict=True):
        bottom -= row_height
        for j, image in enumerate(images):
            left = left_inches + _GAP + j * (1 + _GAP)
            extent = (left, left + 1, bottom, bottom + height)
            if image.shape[-1] == 1:
                axes.imshow(image[..., 0], "gray", vmin=low, vmax=high, extent=extent)
            else:
                axes.imshow(np.clip((image - low) / (high - low), 0.0, 1.0), extent=extent)
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]))
    for image, label in zip(axes.images[::num_columns], row_labels, strict=False):
        left, _, bottom, top = image.get_extent()
        axes.text(left - _GAP, (bottom + top) / 2, label, ha="right", va="center", fontsize=11)
    for image, title in zip(axes.images, titles, strict=False):
        left, right, _, top = image.get_extent()
        axes.text((left + right) / 2, top + _GAP, title, ha="center", fontsize=9)
    return axes


def check_rows(rows):
    """The rows as arrays of images, by label; raises ValueError if they do not match."""
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
    return rows


def check_titles(titles, images):
    """Raises ValueError unless there is one title per image."""
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"`titles` must hold one title for each of the {len(images)} images. "
            f"Received: {len(titles)} titles"
        )


def check_images(name, images):
    """The images as `(num_images, height, width, channels)`."""
    images = as_numpy(name, images)
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
    """The range to draw in, found from the images if it is `None`."""
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
