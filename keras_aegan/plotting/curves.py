"""What training logged."""


def training_curves(history):
    """One panel a logged value: training solid, validation dashed, by epoch.

    Args:
        history: what `fit` returned, or its `history` dict.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: if nothing was logged.

    Example:
    >>> import keras_aegan
    >>> logs = {"loss": [3.0, 2.0], "val_loss": [3.5, 2.5], "kl_loss": [1.0, 0.5]}
    >>> figure = keras_aegan.plotting.training_curves(logs)
    >>> [ax.get_title() for ax in figure.axes]
    ['loss', 'kl_loss']
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    logs = getattr(history, "history", history)
    names = [name for name in logs if not name.startswith("val_")]
    if not names:
        raise ValueError("`history` must hold at least one logged value. Received: none")
    figure = Figure(figsize=(4.0 * len(names), 3.0), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    for i, (ax, name) in enumerate(zip(axes, names, strict=True)):
        for key, style, label in ((name, "-", "training"), (f"val_{name}", "--", "validation")):
            if key in logs:
                epochs = range(1, len(logs[key]) + 1)
                ax.plot(epochs, logs[key], style, color=f"C{i}", label=label)
        ax.set_title(name)
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
    return figure
