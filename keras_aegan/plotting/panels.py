"""Checks for figures that have one panel per title."""

from keras_aegan.checks.arrays import as_numpy


def check_panels(name, panels):
    """The panels as arrays, by title; raises ValueError unless they are a non-empty dict."""
    if not isinstance(panels, dict) or not panels:
        raise ValueError(
            f"`{name}` must be a dict of at least one panel, its title to its {name}. "
            f"Received: {'an empty dict' if isinstance(panels, dict) else type(panels).__name__}"
        )
    return {title: as_numpy(f"{title!r}", values) for title, values in panels.items()}
