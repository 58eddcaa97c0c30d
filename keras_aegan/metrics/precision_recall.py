"""Improved precision and recall."""

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features
from keras_aegan.metrics.neighborhoods import balls


def precision_recall(real: ArrayLike, fake: ArrayLike, num_neighbors: int = 3) -> dict[str, float]:
    """Precision: the share of fakes among real data. Recall: the share of real data among fakes.

    A set's support is taken to be the union of balls around its examples, each with the distance to
    its k-th nearest neighbour as its radius. Low precision means that samples are bad, low recall
    that a part of the data is never sampled. Both depend on the numbers of examples: compare at
    equal numbers. Between samples of one distribution they are near 1, but not 1.

    Reference: [Kynkäänniemi et al., 2019](https://arxiv.org/abs/1904.06991), equations 1 and 2.

    Args:
        real: `(num_real, num_features)`; further axes are flattened.
        fake: `(num_fake, num_features)`.
        num_neighbors: k. Defaults to 3, as in the paper.

    Returns:
        Dict of the floats `precision` and `recall`, each in [0, 1].

    Raises:
        ValueError: if there are not more examples than `num_neighbors`, numbers are not finite, or
            real and fake examples have different numbers of features.

    Example:
    >>> import keras_aegan
    >>> two, one = (keras_aegan.datasets.lecture_mixture(n).sample(1000, seed=n) for n in (2, 1))
    >>> values = keras_aegan.metrics.precision_recall(real=two, fake=one)
    >>> values["precision"] > 0.95, 0.45 < values["recall"] < 0.55  # one of two modes
    (True, True)
    """
    check_positive_integer("num_neighbors", num_neighbors)
    real, fake = check_features(num_neighbors + 1, real=real, fake=fake)
    _, real_balls_over_fake = balls(real, fake, num_neighbors)
    _, fake_balls_over_real = balls(fake, real, num_neighbors)
    return {
        "precision": float((real_balls_over_fake > 0).mean()),
        "recall": float((fake_balls_over_real > 0).mean()),
    }
