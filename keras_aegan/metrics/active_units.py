"""How many latent dimensions a variational autoencoder uses."""

import numpy as np

from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike


def active_units(z_mean: ArrayLike, threshold: float = 0.01) -> np.ndarray:
    """Which latent dimensions carry information: Var_x(E[z|x]) above a threshold.

    The posterior of a collapsed dimension is the prior for every x: its mean does not move.

    Reference: [Burda et al., 2016](https://arxiv.org/abs/1509.00519), section 5.2, whose
    threshold is 0.01.

    Args:
        z_mean: the means of q(z|x), `(num_examples, latent_dim)`, from `encode`.
        threshold: for the variance over examples.

    Returns:
        Booleans, `(latent_dim,)`; their sum is the number of active units.

    Raises:
        ValueError: if `z_mean` has another shape or fewer than two examples.

    Example:
    >>> import numpy as np, keras_aegan
    >>> z_mean = np.array([[1.0, 0.0], [-1.0, 0.001]])
    >>> keras_aegan.metrics.active_units(z_mean).tolist()
    [True, False]
    """
    z_mean = as_numpy("z_mean", z_mean)
    if z_mean.ndim != 2 or len(z_mean) < 2:
        raise ValueError(
            "`z_mean` must have the shape (num_examples, latent_dim), with two examples or more. "
            f"Received: z_mean.shape={z_mean.shape}"
        )
    return z_mean.var(axis=0) > threshold
