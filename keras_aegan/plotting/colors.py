"""The colours of all pictures."""

# Ten colours that colour-blind eyes tell apart (https://arxiv.org/abs/2107.02270).
_TEN = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip


def class_colors(num_classes):
    """As many colours: from the ten, or if they do not suffice, steps from dark to light."""
    if num_classes <= len(_TEN):
        return list(_TEN[:num_classes])
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](i / (num_classes - 1))) for i in range(num_classes)]
