"""Grids of images."""

import math

import numpy as np


def image_grid(images, num_columns=None, titles=None, value_range=(0.0, 1.0)):
    """Images side by side, such as samples.

    Args:
        images: `(num_images, height, width)`, or with a last axis of 1 or 3 channels.
        num_columns: how many a row; about as many as rows if `None`.
        titles: a title for each image, or `None`.
        value_range: `(low, high)`: the values drawn black and white; others are clipped.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: if these are no images, or not as many titles.

    Example:
    >>> import numpy as np, keras_aegan
    >>> figure = keras_aegan.plotting.image_grid(np.zeros((6, 28, 28, 1)), num_columns=3)
    >>> len(figure.axes)
    6
    """
    images = _as_images("images", images, value_range)
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"`titles` must hold one title for each of {len(images)} images. "
            f"Received: {len(titles)} titles"
        )
    num_columns = num_columns or math.ceil(math.sqrt(len(images)))
    num_rows = math.ceil(len(images) / num_columns)
    figure, axes = _grid(num_rows, num_columns)
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        _draw(ax, image)
        if titles is not None:
            ax.set_title(titles[i], fontsize=8)
    for ax in list(axes.flat)[len(images) :]:
        ax.remove()
    return figure


def reconstruction_grid(rows, value_range=(0.0, 1.0)):
    """Rows of images under each other, a label before each: originals and reconstructions.

    Args:
        rows: dict, a row's label to its images, `(num_images, height, width)` or with a last
            axis of 1 or 3 channels; as many in each row.
        value_range: `(low, high)`: the values drawn black and white; others are clipped.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: if these are no images, or not as many in each row.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.zeros((5, 28, 28))
    >>> figure = keras_aegan.plotting.reconstruction_grid({"original": x, "rebuilt": x})
    >>> [ax.get_ylabel() for ax in figure.axes[::5]]
    ['original', 'rebuilt']
    """
    rows = {label: _as_images("rows", images, value_range) for label, images in rows.items()}
    lengths = {label: len(images) for label, images in rows.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"`rows` must hold as many images in each row. Received: {lengths}")
    figure, axes = _grid(len(rows), next(iter(lengths.values())))
    for row, (label, images) in zip(axes, rows.items(), strict=True):
        row[0].set_ylabel(label, rotation=0, ha="right", va="center")
        for ax, image in zip(row, images, strict=True):
            _draw(ax, image)
    return figure


def _as_images(name, images, value_range):
    """`(num_images, height, width[, 3])`, in [0, 1]."""
    images = np.asarray(images, "float32")
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if not len(images) or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(
            f"`{name}` must hold images of shape (num_images, height, width[, 1 or 3]). "
            f"Received: shape {images.shape}"
        )
    low, high = value_range
    return np.clip((images - low) / (high - low), 0.0, 1.0)


def _grid(num_rows, num_columns):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.0 * num_columns + 1.2, 1.05 * num_rows), layout="constrained")
    return figure, figure.subplots(num_rows, num_columns, squeeze=False)


def _draw(ax, image):
    ax.imshow(image, cmap="gray", vmin=0.0, vmax=1.0)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
