"""How well nearest neighbours tell samples from data."""

import numpy as np

from keras_aegan.arguments import check_positive_integer
from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features


def neighbor_accuracy(real: ArrayLike, fake: ArrayLike, num_neighbors: int = 31) -> float:
    """The accuracy of a classifier that asks an example's nearest neighbours whether it is real.

    A test of two samples by a classifier: ½ where they come from one distribution, 1 where they
    never meet, and at most ½ + ½ total variation. Each example is judged by its k nearest others,
    whose majority counts; sets of unequal sizes count alike. It sees what precision and recall
    do not: samples in the right place, but too spread or too dense.

    Reference: [Lopez-Paz & Oquab, 2017](https://arxiv.org/abs/1610.06545), section 3, with the
    nearest-neighbour classifier of their section 4, each example left out in its turn.

    Args:
        real: `(num_real, num_features)`; further axes are flattened.
        fake: `(num_fake, num_features)`.
        num_neighbors: k, odd where a tie should not arise. Many smooth, few see detail.

    Returns:
        A float in [0, 1].

    Raises:
        ValueError: if there are no more examples than neighbours, numbers are not finite, or
            real and fake examples do not have as many features.

    Example:
    >>> import keras_aegan
    >>> mixture = keras_aegan.datasets.lecture_mixture(1)
    >>> x, y = mixture.sample(1000, seed=0), mixture.sample(1000, seed=1)
    >>> 0.45 < keras_aegan.metrics.neighbor_accuracy(x, y) < 0.55
    True
    >>> keras_aegan.metrics.neighbor_accuracy(x, y + 100)
    1.0
    """
    from sklearn.neighbors import NearestNeighbors

    check_positive_integer("num_neighbors", num_neighbors)
    real, fake = check_features(num_neighbors + 1, real=real, fake=fake)
    pooled = np.concatenate([real, fake])
    is_real = np.arange(len(pooled)) < len(real)
    neighbors = NearestNeighbors(n_neighbors=num_neighbors).fit(pooled)
    found = neighbors.kneighbors(return_distance=False)  # (num_examples, num_neighbors)
    # The others of an example's own kind are one fewer, which would bias the vote.
    shares = np.stack([is_real[found].sum(axis=1), (~is_real[found]).sum(axis=1)], axis=1)
    counts = np.array([len(real), len(fake)]) - np.stack([is_real, ~is_real], axis=1)
    votes = shares / counts
    says_real = votes[:, 0] > votes[:, 1]
    return float((says_real[is_real].mean() + (~says_real[~is_real]).mean()) / 2)
