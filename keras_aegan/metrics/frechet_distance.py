"""The Fréchet distance between two Gaussians fitted to features."""

import numpy as np

from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features


def frechet_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """‖μ − μ'‖² + tr(Σ + Σ' − 2(ΣΣ')^½), between Gaussians fitted to real and fake features.

    It is a squared distance, in squared units of the features: 0 at best, never negative. It sees
    only means and covariances: two modes and one broad mode look alike if their moments are equal.
    It shrinks with the number of examples, so compare at equal numbers. It is the FID only in the
    features of one particular Inception network.

    Reference: [Dowson & Landau, 1982](https://doi.org/10.1016/0047-259X(82)90077-X), equation 4.

    Args:
        real: `(num_real, num_features)`; further axes are flattened.
        fake: `(num_fake, num_features)`.

    Returns:
        A float. Covariances are unbiased: divided by the number of examples minus one.

    Raises:
        ValueError: if there are fewer than two examples, numbers are not finite, or real and
            fake examples have different numbers of features.

    Example:
    >>> import numpy as np, keras_aegan
    >>> real = np.random.default_rng(0).normal(size=(1000, 2))
    >>> print(round(keras_aegan.metrics.frechet_distance(real, real + [3.0, 4.0]), 6))
    25.0
    """
    real, fake = check_features(2, real=real, fake=fake)
    mean_gap = real.mean(axis=0) - fake.mean(axis=0)
    real_covariance, fake_covariance = _covariance(real), _covariance(fake)
    # ΣΣ' has the eigenvalues of the symmetric Σ^½ Σ' Σ^½, whose roots are real. A matrix root of
    # ΣΣ' itself is complex, or fails, if a covariance is singular.
    variances, axes = np.linalg.eigh(real_covariance)
    root = (axes * np.sqrt(np.maximum(variances, 0.0))) @ axes.T
    product = np.linalg.eigvalsh(root @ fake_covariance @ root)
    trace_of_root = np.sqrt(np.maximum(product, 0.0)).sum()
    distance = (
        mean_gap @ mean_gap
        + np.trace(real_covariance)
        + np.trace(fake_covariance)
        - 2 * trace_of_root
    )
    return max(float(distance), 0.0)  # rounding can leave -1e-12


def _covariance(features):
    centered = features - features.mean(axis=0)
    return centered.T @ centered / (len(features) - 1)
