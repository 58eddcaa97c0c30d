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

_CELL_INCHES = 1.0


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
        A `matplotlib.figure.Figure` with one axes an image.

    Raises:
        ValueError: if `images` are none, or an argument does not go with them.

    Example:
    >>> import numpy as np, keras_aegan
    >>> figure = keras_aegan.plotting.image_grid(np.zeros((6, 28, 28, 1)), num_columns=3)
    >>> len(figure.axes)
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
    figure, cells = _grid_of_cells(
        math.ceil(len(images) / num_columns),
        num_columns,
        images.shape[1:3],
        title_inches=0.0 if titles is None else 0.25,
    )
    for i, image in enumerate(images):
        axes = figure.add_subplot(cells[divmod(i, num_columns)])
        _draw_image(axes, image, low, high)
        if titles is not None:
            axes.set_title(titles[i], fontsize=9)
    return figure


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
        A `matplotlib.figure.Figure` with one axes an image, row by row.

    Raises:
        ValueError: if there are no rows, or they do not hold as many images of one shape.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(size=(8, 28, 28, 1))
    >>> rows = {"original": x, "mean": np.tile(x.mean(0), (8, 1, 1, 1))}
    >>> figure = keras_aegan.plotting.reconstruction_grid(rows)
    >>> len(figure.axes), figure.axes[0].get_ylabel()
    (16, 'original')
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
    label_inches = 0.1 * max(len(str(label)) for label in rows)
    figure, cells = _grid_of_cells(
        len(rows), len(first), first.shape[1:3], label_inches=label_inches
    )
    for i, (label, images) in enumerate(rows.items()):
        for j, image in enumerate(images):
            axes = figure.add_subplot(cells[i, j])
            _draw_image(axes, image, low, high)
            if j == 0:
                axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=11)
    return figure


def _grid_of_cells(num_rows, num_columns, image_shape, title_inches=0.0, label_inches=0.0):
    from matplotlib.figure import Figure

    height, width = image_shape
    cell_height = _CELL_INCHES * height / width + title_inches
    size = (num_columns * _CELL_INCHES + label_inches, num_rows * cell_height)
    figure = Figure(size, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.0, hspace=0.0)
    return figure, figure.add_gridspec(num_rows, num_columns)


def _draw_image(axes, image, low, high):
    if image.shape[-1] == 1:
        axes.imshow(image[..., 0], cmap="gray", vmin=low, vmax=high)
    else:
        axes.imshow(np.clip((image - low) / (high - low), 0.0, 1.0))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


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
