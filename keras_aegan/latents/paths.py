"""Paths and grids in latent space, as arrays of codes."""

import numbers

import numpy as np

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike


def interpolate(
    start: ArrayLike, end: ArrayLike, num_steps: int = 8, spherical: bool = False
) -> np.ndarray:
    """Codes on a path from one code to another, both ends included.

    Use a linear path for an autoencoder, and a spherical one for a Gaussian z of many dimensions:
    its draws lie near a sphere of radius √d, and a straight line cuts through the inside, where
    there were no data ([White, 2016](https://arxiv.org/abs/1609.04468)).

    Args:
        start: `(latent_dim,)`, or several, `(num_paths, latent_dim)`.
        end: of the shape of `start`.
        num_steps: codes on each path, 2 or more.
        spherical: whether to turn at a constant angular speed while the length changes from one to
            the other; the path is linear if both point the same or opposite ways.

    Returns:
        NumPy array, `(num_steps, latent_dim)` or `(num_paths, num_steps, latent_dim)`.

    Raises:
        ValueError: if the shapes differ, or there are fewer than two steps.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import latents
    >>> latents.interpolate(np.zeros(2), np.array([2.0, 4.0]), num_steps=3).tolist()
    [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    """
    start, end = as_numpy("start", start), as_numpy("end", end)
    if start.shape != end.shape or start.ndim not in (1, 2):
        raise ValueError(
            "`start` and `end` must have one shape, (latent_dim,) or (num_paths, latent_dim). "
            f"Received: start.shape={start.shape}, end.shape={end.shape}"
        )
    if not isinstance(num_steps, numbers.Integral) or num_steps < 2:
        raise ValueError(
            f"`num_steps` must be an integer, 2 or more. Received: num_steps={num_steps!r}"
        )
    t = np.linspace(0.0, 1.0, num_steps)[:, None]  # (num_steps, 1)
    start, end = start[..., None, :], end[..., None, :]
    from_start, from_end = 1.0 - t, t
    if spherical:
        lengths = [np.linalg.norm(z, axis=-1, keepdims=True) for z in (start, end)]
        product = np.maximum(lengths[0] * lengths[1], np.finfo("float64").tiny)
        cosine = np.clip(np.sum(start * end, axis=-1, keepdims=True) / product, -1.0, 1.0)
        angle = np.arccos(cosine)
        turns = np.sin(angle) > 1e-6
        safe = np.where(turns, angle, 1.0)
        from_start = np.where(turns, np.sin((1.0 - t) * safe) / np.sin(safe), 1.0 - t)
        from_end = np.where(turns, np.sin(t * safe) / np.sin(safe), t)
    return (from_start * start + from_end * end).astype("float32")


def traverse(z: ArrayLike, dimensions: int | ArrayLike, values: ArrayLike) -> np.ndarray:
    """One code many times, with a dimension set to each value in turn.

    Args:
        z: `(latent_dim,)`.
        dimensions: which to change: one, or several, each by itself.
        values: `(num_values,)`.

    Returns:
        NumPy array, `(num_values, latent_dim)`; for several dimensions
        `(num_dimensions, num_values, latent_dim)`.

    Raises:
        ValueError: if `z` is not one code or has no such dimension.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import latents
    >>> latents.traverse(np.zeros(3), 1, values=[-2.0, 2.0]).tolist()
    [[0.0, -2.0, 0.0], [0.0, 2.0, 0.0]]
    >>> latents.traverse(np.zeros(3), [0, 2], values=[-2.0, 2.0]).shape
    (2, 2, 3)
    """
    z, values = as_numpy("z", z), as_numpy("values", values)
    if z.ndim != 1 or values.ndim != 1:
        raise ValueError(
            "`z` must have the shape (latent_dim,) and `values` (num_values,). "
            f"Received: z.shape={z.shape}, values.shape={values.shape}"
        )
    chosen = np.asarray(dimensions)
    if (
        chosen.ndim > 1
        or chosen.dtype.kind not in "iu"
        or not np.all((chosen >= 0) & (chosen < len(z)))
    ):
        raise ValueError(
            f"`dimensions` must be one or several integers from 0 to {len(z) - 1}. "
            f"Received: dimensions={dimensions!r}"
        )
    codes = np.tile(z, (chosen.size, len(values), 1))
    for i, dimension in enumerate(chosen.ravel()):
        codes[i, :, dimension] = values
    return codes.reshape(*chosen.shape, len(values), len(z))


def quantile_grid(num_per_side: int = 20, coverage: float = 0.98) -> np.ndarray:
    """A square of 2-D codes at the normal's quantiles, each for an equal share of the prior.

    Decoded and drawn as a grid of images, it is the lecture's manifold
    ([Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), figure 4).

    Args:
        num_per_side: codes along each dimension.
        coverage: the probability that the grid spans along each dimension; below 1, at which the
            quantiles are infinite.

    Returns:
        NumPy array, `(num_per_side², 2)`: row by row from the top, so that the first dimension
        grows to the right and the second upwards.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
    >>> from keras_aegan import latents
    >>> print(latents.quantile_grid(num_per_side=2, coverage=0.5).round(2))
    [[-0.67  0.67]
     [ 0.67  0.67]
     [-0.67 -0.67]
     [ 0.67 -0.67]]
    """
    from scipy.stats import norm

    if not isinstance(num_per_side, numbers.Integral) or num_per_side < 2:
        raise ValueError(
            f"`num_per_side` must be an integer, 2 or more. Received: {num_per_side!r}"
        )
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"`coverage` must lie between 0 and 1. Received: coverage={coverage!r}")
    tail = (1.0 - coverage) / 2
    quantiles = norm.ppf(np.linspace(tail, 1.0 - tail, num_per_side)).astype("float32")
    first, second = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([first.ravel(), second.ravel()], axis=-1)


def class_grid(z: ArrayLike, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and labels for one row per class and one column per z, which tells style from class.

    Args:
        z: the codes of the columns, `(num_columns, latent_dim)`: draws from the prior, or codes
            of examples whose style is kept.
        num_classes: how many rows.

    Returns:
        `(codes, labels)`, NumPy arrays `(num_classes · num_columns, latent_dim)` and
        `(num_classes · num_columns,)`, row by row, as a conditional model's `decode` takes them.

    Raises:
        ValueError: if `z` has another shape, or there are no classes.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import latents
    >>> codes, labels = latents.class_grid(np.array([[0.5], [-0.5]]), num_classes=2)
    >>> codes.ravel().tolist(), labels.tolist()
    ([0.5, -0.5, 0.5, -0.5], [0, 0, 1, 1])
    """
    z = as_numpy("z", z).astype("float32")
    if z.ndim != 2:
        raise ValueError(
            f"`z` must have the shape (num_columns, latent_dim). Received: z.shape={z.shape}"
        )
    check_positive_integer("num_classes", num_classes)
    return np.tile(z, (num_classes, 1)), np.repeat(np.arange(num_classes), len(z))
