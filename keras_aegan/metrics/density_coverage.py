"""Density and coverage."""

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features
from keras_aegan.metrics.neighborhoods import balls


def density_coverage(real: ArrayLike, fake: ArrayLike, num_neighbors: int = 5) -> dict[str, float]:
    """Density: how dense real data are around the fakes. Coverage: the share with a fake near.

    Both use balls around *real* examples only, each with the distance to its k-th nearest
    neighbour as its radius, so that one stray fake does not count as recall, nor one stray real
    example as precision. Density is the mean number of balls that a fake lies in, divided by k;
    coverage is the share of balls that hold a fake. Between samples of one distribution, density is
    1 on average and coverage 1 − ½ᵏ (for large and equal numbers of examples).

    Reference: [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), equations 5 and 6.

    Args:
        real: `(num_real, num_features)`; further axes are flattened.
        fake: `(num_fake, num_features)`.
        num_neighbors: k. Defaults to 5, as in the paper.

    Returns:
        Dict of the floats `density`, zero or more, and `coverage`, in [0, 1].

    Raises:
        ValueError: if there are not more examples than `num_neighbors`, numbers are not finite, or
            real and fake examples have different numbers of features.

    Example:
    >>> import keras_aegan
    >>> two, one = (keras_aegan.datasets.lecture_mixture(n).sample(1000, seed=n) for n in (2, 1))
    >>> values = keras_aegan.metrics.density_coverage(real=two, fake=one)
    >>> 0.45 < values["coverage"] < 0.55  # one of two modes
    True
    """
    check_positive_integer("num_neighbors", num_neighbors)
    real, fake = check_features(num_neighbors + 1, real=real, fake=fake)
    fakes_in_ball, balls_over_fake = balls(real, fake, num_neighbors)
    return {
        "density": float(balls_over_fake.mean() / num_neighbors),
        "coverage": float((fakes_in_ball > 0).mean()),
    }
