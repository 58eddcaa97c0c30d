"""A GAN in the plane: its samples, its discriminator's verdicts, and both losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_aegan.checks.arrays import as_numpy
from keras_aegan.plotting.colors import class_colors
from keras_aegan.plotting.vector_field import check_plane

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KEYS = ("data", "samples", "points", "logits", "history")


def gan_panels(cases: dict[str, dict]) -> Figure:
    """Draws GANs on data in the plane side by side, one column per GAN.

    At the top: samples over the data. In the middle: the discriminator's field, the probability
    σ(logit) with which it takes a point for data: blue for real, red for fake, white for undecided.
    At the bottom: both players' losses. Dotted lines show their values when the discriminator can
    only guess: log 4 and log 2 (for the minimax and non-saturating losses).

    Args:
        cases: dict, a column's title to a dict of
            `data`: `(num_examples, 2)`;
            `samples`: `(num_samples, 2)`;
            `points`: `(num_points, 2)`, a rectangular grid, such as
            `np.stack(np.meshgrid(a, b), -1).reshape(-1, 2)`; it is also what the panels show;
            `logits`: `(num_points,)`, the discriminator's at the points;
            `history`: what `fit` returned, or a dict with `discriminator_loss` and
            `generator_loss`.

    Returns:
        A `matplotlib.figure.Figure` with three axes per case, row by row.

    Raises:
        ValueError: if there is no case, a case lacks a key, or its arrays do not match.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = keras_aegan.datasets.lecture_mixture(3).sample(200, seed=0)
    >>> axis = np.linspace(-15, 15, 31)
    >>> points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    >>> losses = {"discriminator_loss": [1.4, 1.3], "generator_loss": [0.7, 0.8]}
    >>> case = {
    ...     "data": x, "samples": 0.5 * x, "points": points, "logits": points[:, 0],
    ...     "history": losses,
    ... }
    >>> figure = keras_aegan.plotting.gan_panels({"halved": case})
    >>> len(figure.axes)
    3
    """
    from matplotlib.figure import Figure

    cases = {title: _check_case(title, case) for title, case in _check_cases(cases).items()}
    figure = Figure((3.1 * len(cases) + 0.6, 9.0), layout="constrained")
    panels = figure.subplots(3, len(cases), squeeze=False)
    for column, (title, case) in zip(panels.T, cases.items(), strict=True):
        above, middle, below = column
        _draw_samples(above, case)
        above.set_title(title)
        _draw_field(middle, case)
        _draw_losses(below, case["history"])
    for axes, name in zip(
        panels[:, 0], ("data and samples", "the discriminator's field", "losses"), strict=True
    ):
        axes.set_ylabel(name)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    loss_handles, loss_labels = panels[2, 0].get_legend_handles_labels()
    figure.legend(
        handles + loss_handles,
        labels + loss_labels,
        loc="outside lower center",
        ncols=4,
        frameon=False,
        markerscale=4,
    )
    return figure


def _draw_samples(axes, case):
    blue, _, red = class_colors(3)
    for name, color in (("data", blue), ("samples", red)):
        x = case[name]
        axes.scatter(
            *x.T, s=np.clip(4_000 / len(x), 1.5, 12.0), color=color, label=name, linewidths=0,
            alpha=0.6, rasterized=True,
        )  # fmt: skip
    _show_the_grids_part(axes, case["points"])


def _draw_field(axes, case):
    x, y = (np.unique(coordinate) for coordinate in case["points"].T)
    # The grid's points may come in any order.
    order = np.lexsort(case["points"].T)
    probability = 0.5 * (1 + np.tanh(0.5 * case["logits"][order]))  # σ, without overflow
    axes.pcolormesh(
        x, y, probability.reshape(len(y), len(x)), cmap="RdBu", vmin=0, vmax=1, shading="nearest",
        rasterized=True,
    )  # fmt: skip
    axes.scatter(*case["data"][:200].T, s=1.5, color="black", linewidths=0, rasterized=True)
    _show_the_grids_part(axes, case["points"])


def _show_the_grids_part(axes, points):
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_losses(axes, history):
    green, violet = class_colors(5)[1], class_colors(5)[4]
    for name, color, undecided in (
        ("discriminator_loss", violet, np.log(4)),
        ("generator_loss", green, np.log(2)),
    ):
        values = history[name]
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, color=color, label=name, marker="o" if len(values) == 1 else None)
        axes.axhline(undecided, color=color, linestyle=":", linewidth=1)
    axes.set_xlabel("epoch")
    axes.set_ylim(bottom=min(0.0, *(np.min(values) for values in history.values())))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _check_cases(cases):
    if not isinstance(cases, dict) or not cases:
        raise ValueError(
            "`cases` must be a dict of at least one case, its title to its arrays. "
            f"Received: {'an empty dict' if isinstance(cases, dict) else type(cases).__name__}"
        )
    return cases


def _check_case(title, case):
    if not isinstance(case, dict) or set(case) != set(_KEYS):
        raise ValueError(
            f"`cases` must hold dicts with the keys {list(_KEYS)}. Received: cases[{title!r}] "
            + (f"with {sorted(case)}" if isinstance(case, dict) else f"={case!r}")
        )
    planes = {name: check_plane(f"cases[{title!r}][{name!r}]", case[name]) for name in _KEYS[:3]}
    points, logits = planes["points"], as_numpy("logits", case["logits"]).astype("float64")
    x, y = (np.unique(coordinate) for coordinate in points.T)
    if len(x) * len(y) != len(points) or len(np.unique(points, axis=0)) != len(points):
        raise ValueError(
            f"`cases[{title!r}]['points']` must be a rectangular grid. "
            f"Received: {len(points)} points, of {len(x)} x {len(y)} coordinates"
        )
    if logits.shape != (len(points),):
        raise ValueError(
            f"`cases[{title!r}]['logits']` must have the shape ({len(points)},), one per point. "
            f"Received: shape {logits.shape}"
        )
    history = getattr(case["history"], "history", case["history"])
    losses = {}
    for name in ("discriminator_loss", "generator_loss"):
        values = np.asarray(history.get(name, []), "float64")
        if values.ndim != 1 or values.size == 0:
            raise ValueError(
                f"`cases[{title!r}]['history']` must hold {name!r}, one number per epoch. "
                f"Received: {history.get(name)!r}"
            )
        losses[name] = values
    return {**planes, "logits": logits, "history": losses}
