"""The logs of `fit` as curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.colors import class_colors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_COLUMNS = 3


def training_curves(history: keras.callbacks.History | Mapping[str, ArrayLike]) -> Figure:
    """Draws what `fit` logged over the epochs, one panel per term.

    Training is solid; validation is dashed, in the same colour.

    Args:
        history: the `keras.callbacks.History` that `fit` returns, or a dict, a term's name to
            its value in each epoch; validation's names begin with `val_`. A shorter list, as
            `validation_freq=k` gives, is drawn at every k-th epoch.

    Returns:
        A `matplotlib.figure.Figure` with one axes per term.

    Raises:
        ValueError: if `history` holds no epoch, or values that are not numbers.

    Example:
    >>> import keras_aegan
    >>> history = {"loss": [3.0, 2.0, 1.5], "val_loss": [3.1, 2.2, 1.9]}
    >>> figure = keras_aegan.plotting.training_curves(history)
    >>> [axes.get_title() for axes in figure.axes]
    ['loss']
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    curves = _check_history(getattr(history, "history", history))
    num_epochs = max(map(len, curves.values()))
    terms = list(dict.fromkeys(name.removeprefix("val_") for name in curves))
    num_columns = min(len(terms), _MOST_COLUMNS)
    num_rows = math.ceil(len(terms) / num_columns)

    figure = Figure((4.4 * num_columns, 3.2 * num_rows), layout="constrained")
    for i, (term, color) in enumerate(zip(terms, class_colors(len(terms)), strict=True)):
        axes = figure.add_subplot(num_rows, num_columns, i + 1)
        for name, label, style in ((term, "training", "-"), (f"val_{term}", "validation", "--")):
            if name in curves:
                values = curves[name]
                epochs = np.arange(1, len(values) + 1) * (num_epochs // len(values))
                # A line through one epoch would be invisible.
                marker = "o" if len(values) == 1 else None
                axes.plot(epochs, values, style, color=color, label=label, marker=marker)
        axes.set(title=term, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    return figure


def _check_history(history):
    if not isinstance(history, dict) or not history:
        raise ValueError(
            "`history` must be what `fit` returned, or a dict, a term's name to its value in "
            "each epoch. "
            f"Received: {'no epoch' if isinstance(history, dict) else type(history).__name__}"
        )
    curves = {name: _curve(values) for name, values in history.items()}
    for name, values in curves.items():
        if values is None or values.ndim != 1 or values.size == 0 or values.dtype.kind not in "fiu":
            raise ValueError(
                "`history` must hold one number per epoch for each term. "
                f"Received: history[{name!r}]={history[name]!r}"
            )
    return curves


def _curve(values):
    """The values as an array, or `None` if they are not numbers."""
    try:
        return as_numpy("values", values)
    except (TypeError, ValueError):
        return None
