"""The kernel distance: an unbiased estimate of the squared maximum mean discrepancy."""

import numpy as np

from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features

_ROWS = 1024  # of a kernel matrix at a time: 10,000 examples would need 800 MB


def kernel_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """Unbiased MMD² between real and fake features, with the kernel k(x, y) = (x·y/d + 1)³.

    It is zero on average if both come from one distribution, for any number of examples, and so at
    times a little below zero. The cubic kernel compares the first three moments. It is the KID only
    in the features of one particular Inception network.

    Reference: [Bińkowski et al., 2018](https://arxiv.org/abs/1801.01401), section 3 and
    equation 4; over all examples at once, whereas the paper averages over subsets.

    Args:
        real: `(num_real, num_features)`; further axes are flattened.
        fake: `(num_fake, num_features)`.

    Returns:
        A float, in units of the kernel.

    Raises:
        ValueError: if there are fewer than two examples, numbers are not finite, or real and
            fake examples have different numbers of features.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).normal(size=(2, 1000, 4))
    >>> abs(keras_aegan.metrics.kernel_distance(x[0], x[1])) < 0.05
    True
    >>> keras_aegan.metrics.kernel_distance(x[0], x[1] + 2.0) > 1.0
    True
    """
    real, fake = check_features(2, real=real, fake=fake)
    m, n = len(real), len(fake)
    # An example paired with itself says nothing about the distribution: without those pairs the
    # estimate is unbiased.
    real_pairs = (_kernel_sum(real, real) - _kernel(np.square(real).sum(-1), real).sum()) / m
    fake_pairs = (_kernel_sum(fake, fake) - _kernel(np.square(fake).sum(-1), fake).sum()) / n
    cross_pairs = _kernel_sum(real, fake) / (m * n)
    return float(real_pairs / (m - 1) + fake_pairs / (n - 1) - 2 * cross_pairs)


def _kernel(products, x):
    return (products / x.shape[1] + 1.0) ** 3


def _kernel_sum(x, y):
    return sum(_kernel(x[i : i + _ROWS] @ y.T, x).sum() for i in range(0, len(x), _ROWS))
