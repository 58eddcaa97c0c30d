"""Two-dimensional codes."""

import numpy as np

# Tableau's ten colours: as many as digits, told apart by most colour-blind readers where the
# classes lie apart, and named in the legend where not.
_COLOURS = "tab10"


def latent_scatter(codes, labels, label_names=None):
    """Codes in the plane, a colour a class: one panel an embedding, side by side.

    Args:
        codes: dict, a panel's title to its codes, `(num_examples, 2)`.
        labels: `(num_examples,)`, integer classes.
        label_names: names of the classes 0, 1, 2 …; their numbers if `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: if codes are not two-dimensional, or not as many as labels.

    Example:
    >>> import numpy as np, keras_aegan
    >>> z = np.random.default_rng(0).normal(size=(100, 2))
    >>> figure = keras_aegan.plotting.latent_scatter({"PCA": z}, labels=np.arange(100) % 10)
    >>> figure.axes[0].get_title()
    'PCA'
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    labels = np.asarray(labels)
    codes = {title: np.asarray(z) for title, z in codes.items()}
    for title, z in codes.items():
        if z.shape != (len(labels), 2):
            raise ValueError(
                f"`codes` must have the shape ({len(labels)}, 2): two numbers for each label. "
                f"Received: codes[{title!r}].shape={z.shape}"
            )
    figure = Figure(figsize=(5.0 * len(codes) + 0.8, 5.0), layout="constrained")
    axes = figure.subplots(1, len(codes), squeeze=False)[0]
    for ax, (title, z) in zip(axes, codes.items(), strict=True):
        for label in np.unique(labels):
            name = label_names[label] if label_names is not None else str(label)
            color = colormaps[_COLOURS](int(label) % 10)
            points = z[labels == label]
            ax.scatter(*points.T, s=3, alpha=0.6, linewidths=0, color=color, label=name)
        ax.set_title(title)
        ax.set_xlabel("z₁")
        ax.set_ylabel("z₂")
    handles, names = axes[-1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", markerscale=4, frameon=False)
    return figure
