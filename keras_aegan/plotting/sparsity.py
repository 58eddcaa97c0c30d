"""Pictures of what makes a code sparse, and of sparse codes."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.colors import class_colors
from keras_aegan.plotting.image_grids import image_grid
from keras_aegan.plotting.panels import check_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_COLUMNS = 3


def penalty_curves(limit: float = 2.0) -> Figure:
    """Draws the L1 and L2 penalties of one unit, and their derivatives, side by side.

    Gradient descent follows the derivative. L1's has the same size everywhere and jumps at zero,
    so it pushes small activations all the way to zero. L2's fades with the activation, so no
    activation gets there.

    Args:
        limit: activations are drawn from `-limit` to `limit`.

    Returns:
        A `matplotlib.figure.Figure` with two axes, the penalties and their derivatives.

    Raises:
        ValueError: if `limit` is not positive.

    Example:
    >>> import keras_aegan
    >>> figure = keras_aegan.plotting.penalty_curves()
    >>> [axes.get_title() for axes in figure.axes]
    ['penalty', 'derivative']
    """
    from matplotlib.figure import Figure

    _check_positive("limit", limit)
    h = np.linspace(-limit, limit, 401)
    # L1's derivative has no value at zero: the line breaks there.
    sign = np.where(h == 0, np.nan, np.sign(h))
    blue, _, red = class_colors(3)

    figure = Figure((8.8, 3.6), layout="constrained")
    for axes, title, curves in zip(
        figure.subplots(1, 2),
        ("penalty", "derivative"),
        (
            {r"L1: $|h|$": np.abs(h), r"L2: $h^2$": h**2},
            {r"L1: $\mathrm{sign}(h)$": sign, r"L2: $2h$": 2 * h},
        ),
        strict=True,
    ):
        for (label, values), color in zip(curves.items(), (blue, red), strict=True):
            axes.plot(h, values, color=color, linewidth=2.5, label=label)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(title=title, xlabel="activation $h$", xlim=(-limit, limit))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    return figure


def filters(
    kernel: ArrayLike | keras.Variable,
    image_shape: Sequence[int],
    num_filters: int = 100,
    num_columns: int | None = None,
    row_labels: Sequence[str] | None = None,
) -> Figure:
    """Draws what the units of a dense layer look for: the columns of its kernel as images.

    Each filter has a scale of its own, grey at a weight of zero, white and black at its largest
    absolute weight: it shows the pattern, not its strength.

    Args:
        kernel: `(num_pixels, num_units)`, such as `encoder.get_layer("code").kernel`; for a
            decoder, the transpose.
        image_shape: `(height, width)`, `(height, width, 1)` or `(height, width, 3)`.
        num_filters: how many units to draw, from the first; all if there are fewer.
        num_columns: filters in a row; about as many as there are rows if `None`.
        row_labels: one per row, to its left.

    Returns:
        A `matplotlib.figure.Figure` with one axes, whose `images` hold one per filter.

    Raises:
        ValueError: if the kernel's rows are not the pixels of such an image, or an argument is
            not positive.

    Example:
    >>> import numpy as np, keras_aegan
    >>> kernel = np.random.default_rng(0).normal(size=(784, 400))
    >>> figure = keras_aegan.plotting.filters(kernel, (28, 28, 1), num_filters=50)
    >>> len(figure.axes[0].images)
    50
    """
    kernel, image_shape = as_numpy("kernel", kernel), tuple(image_shape)
    if kernel.ndim != 2 or 0 in kernel.shape or kernel.shape[0] != math.prod(image_shape):
        raise ValueError(
            f"`kernel` must have the shape ({math.prod(image_shape)}, num_units), one row per "
            f"number in an image of the shape {image_shape}. Received: shape {kernel.shape}"
        )
    _check_positive("num_filters", num_filters, numbers.Integral)
    images = kernel.T[:num_filters].reshape(-1, *image_shape)
    largest = np.abs(images).max(axis=tuple(range(1, images.ndim)), keepdims=True)
    scaled = images / np.where(largest > 0, largest, 1.0)  # a dead unit stays grey
    return image_grid(scaled, num_columns, value_range=(-1, 1), row_labels=row_labels)


def code_histograms(
    codes: Mapping[str, ArrayLike], num_bins: int = 60, threshold: float = 0.01
) -> Figure:
    """Draws the distributions of codes' activations, one panel per code, on a log scale.

    Each panel states the share of activations at zero, `|h| <= threshold`, and for codes within
    [-1, 1], as after a sigmoid or tanh, the share that is saturated, `|h| >= 1 - threshold`.

    Args:
        codes: dict, a panel's title to its codes `(num_examples, latent_dim)`.
        num_bins: bins per panel.
        threshold: the distance within which an activation counts as zero, or as one.

    Returns:
        A `matplotlib.figure.Figure` with one axes per panel.

    Raises:
        ValueError: if there is no panel, a code is not a finite matrix, or an argument is not
            positive.

    Example:
    >>> import numpy as np, keras_aegan
    >>> h = np.random.default_rng(0).normal(size=(100, 20))
    >>> figure = keras_aegan.plotting.code_histograms({"linear": h, "ReLU": np.maximum(h, 0)})
    >>> [axes.get_title() for axes in figure.axes]
    ['linear', 'ReLU']
    """
    from matplotlib.figure import Figure

    codes = _check_codes(codes)
    _check_positive("num_bins", num_bins, numbers.Integral)
    _check_positive("threshold", threshold)
    num_columns = min(len(codes), _MOST_COLUMNS)
    num_rows = math.ceil(len(codes) / num_columns)

    figure = Figure((3.6 * num_columns, 2.9 * num_rows), layout="constrained")
    colors = class_colors(len(codes))
    for i, ((title, h), color) in enumerate(zip(codes.items(), colors, strict=True)):
        axes = figure.add_subplot(num_rows, num_columns, i + 1)
        counts, edges = np.histogram(h, bins=num_bins)
        axes.stairs(counts / h.size, edges, fill=True, color=color)
        axes.set(title=title, xlabel="activation $h$", ylabel="share of activations", yscale="log")
        axes.set_ylim(0.5 / h.size, 2.0)  # from less than one activation to all of them
        axes.spines[["top", "right"]].set_visible(False)
        lines = [f"{share:.1%} {name}" for name, share in _shares(h, threshold).items()]
        axes.text(0.96, 0.95, "\n".join(lines), transform=axes.transAxes, ha="right", va="top")
    return figure


def _shares(h, threshold):
    size = np.abs(h)
    shares = {"at zero": np.mean(size <= threshold)}
    if size.max() <= 1:
        shares["saturated"] = np.mean(size >= 1 - threshold)
    return shares


def _check_positive(name, value, kind=numbers.Real):
    if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value < math.inf:
        noun = "number" if kind is numbers.Real else "integer"
        raise ValueError(f"`{name}` must be a positive {noun}. Received: {name}={value!r}")


def _check_codes(codes):
    codes = check_panels("codes", codes)
    for title, h in codes.items():
        if h.ndim != 2 or h.size == 0:
            raise ValueError(
                "`codes` must hold arrays of the shape (num_examples, latent_dim). "
                f"Received: codes[{title!r}].shape={h.shape}"
            )
        if h.dtype.kind not in "fiu" or not np.all(np.isfinite(h)):
            raise ValueError(
                "`codes` must hold finite numbers. Received: "
                f"{'NaN or infinity' if h.dtype.kind == 'f' else h.dtype} in codes[{title!r}]"
            )
    return codes
