"""Two-dimensional codes, coloured by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.checks.arrays import as_vector
from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.colors import class_colors
from keras_aegan.plotting.panels import check_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def latent_scatter(
    codes: Mapping[str, ArrayLike], labels: ArrayLike, label_names: Sequence[str] | None = None
) -> Figure:
    """Draws two-dimensional codes of the same examples side by side, coloured by class.

    Each class's name also stands at the median of its points, so that no reader depends on
    colours.

    Args:
        codes: dict, a panel's title to its codes `(num_examples, 2)`.
        labels: `(num_examples,)` integers, the class of each example.
        label_names: the classes' names, that of class i at i; their numbers if `None`.

    Returns:
        A `matplotlib.figure.Figure` with one axes per panel, and a legend.

    Raises:
        ValueError: if a panel's codes are not two-dimensional, or labels or names do not match
            them.

    Example:
    >>> import numpy as np, keras_aegan
    >>> z = np.random.default_rng(0).normal(size=(100, 2))
    >>> figure = keras_aegan.plotting.latent_scatter({"prior": z}, labels=np.arange(100) % 10)
    >>> [axes.get_title() for axes in figure.axes]
    ['prior']
    """
    from matplotlib.figure import Figure

    labels = _check_labels(labels)
    codes = _check_codes(codes, len(labels))
    classes, class_of_example = np.unique(labels, return_inverse=True)
    names = _check_label_names(label_names, classes)
    colors = class_colors(len(classes))

    figure = Figure((4.6 * len(codes) + 0.9, 4.8), layout="constrained")
    for axes, (title, z) in zip(_row_of_axes(figure, len(codes)), codes.items(), strict=True):
        # All classes in one call, in the order of the data, so that the last hides no other.
        axes.scatter(
            z[:, 0],
            z[:, 1],
            s=np.clip(20_000 / len(z), 3.0, 25.0),
            c=np.array(colors)[class_of_example],
            linewidths=0,
            alpha=0.7,
            rasterized=True,
        )
        for i, name in enumerate(names):
            _write_name(axes, name, *np.median(z[class_of_example == i], axis=0))
        axes.set(title=title, xlabel="$z_1$", ylabel="$z_2$", box_aspect=1)
        axes.spines[["top", "right"]].set_visible(False)
    _add_legend(figure, names, colors)
    return figure


def _row_of_axes(figure, num_panels):
    return figure.subplots(1, num_panels, squeeze=False)[0]


def _write_name(axes, name, x, y):
    from matplotlib.patheffects import withStroke

    outline = withStroke(linewidth=3, foreground="white")
    axes.text(
        x, y, name, ha="center", va="center", fontsize=11, weight="bold", path_effects=[outline]
    )


def _add_legend(figure, names, colors):
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=7, color=color, label=name)
        for name, color in zip(names, colors, strict=True)
    ]
    figure.legend(handles=handles, loc="outside right center", frameon=False)


def _check_labels(labels):
    labels = np.asarray(as_vector("labels", labels))
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be integers of the shape (num_examples,). "
            f"Received: {labels.dtype} of shape {labels.shape}"
        )
    return labels


def _check_codes(codes, num_examples):
    codes = check_panels("codes", codes)
    for title, z in codes.items():
        if z.shape != (num_examples, 2):
            raise ValueError(
                f"`codes` must hold arrays of the shape ({num_examples}, 2), one row per label; "
                "reduce longer codes first, by PCA for instance. "
                f"Received: codes[{title!r}].shape={z.shape}"
            )
        if z.dtype.kind not in "fiu" or not np.all(np.isfinite(z)):
            raise ValueError(
                "`codes` must hold finite numbers. Received: "
                f"{'NaN or infinity' if z.dtype.kind == 'f' else z.dtype} in codes[{title!r}]"
            )
    return codes


def _check_label_names(label_names, classes):
    if label_names is None:
        return [str(c) for c in classes]
    if classes[0] < 0 or classes[-1] >= len(label_names):
        raise ValueError(
            f"`label_names` must hold a name for each class from 0 to {classes[-1]}. "
            f"Received: {len(label_names)} names, labels from {classes[0]} to {classes[-1]}"
        )
    return [str(label_names[c]) for c in classes]
