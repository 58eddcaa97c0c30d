"""How well nearest neighbours tell samples from data."""

import numpy as np

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features
from keras_aegan.metrics.neighborhoods import Rows


def neighbor_accuracy(real: ArrayLike, fake: ArrayLike, num_neighbors: int = 31) -> float:
    """The accuracy with which nearest neighbours tell whether an example is real or fake.

    A two-sample test by a classifier: ½ if both sets come from one distribution, 1 if they are far
    apart, and at most ½ + ½ total variation. Each example is judged by the majority of its k
    nearest others; both sets count equally, whatever their sizes. If several others are as far as
    the k-th, such as repeated rows, each of them counts in part, so the order of the examples does
    not matter; a vote close to a tie is right in part. It sees what precision and recall do not:
    samples in the right place that are too spread or too dense.

    Reference: [Lopez-Paz & Oquab, 2017](https://arxiv.org/abs/1610.06545), section 3, with the
    nearest-neighbour classifier of their section 4, each example left out in its turn.

    Args:
        real: `(num_real, num_features)`; further axes are flattened.
        fake: `(num_fake, num_features)`.
        num_neighbors: k, odd to avoid ties. A large k smooths, a small k sees detail.

    Returns:
        A float in [0, 1].

    Raises:
        ValueError: if there are not more examples than `num_neighbors`, numbers are not finite, or
            real and fake examples have different numbers of features.

    Example:
    >>> import keras_aegan
    >>> mixture = keras_aegan.datasets.lecture_mixture(1)
    >>> x, y = mixture.sample(1000, seed=0), mixture.sample(1000, seed=1)
    >>> 0.45 < keras_aegan.metrics.neighbor_accuracy(x, y) < 0.55
    True
    >>> keras_aegan.metrics.neighbor_accuracy(x, y + 100)
    1.0
    """
    check_positive_integer("num_neighbors", num_neighbors)
    real, fake = check_features(num_neighbors + 1, real=real, fake=fake)
    rows = Rows(np.concatenate([real, fake]))
    is_real = np.arange(len(rows.place)) < len(real)
    kind = np.stack([is_real, ~is_real], axis=1).astype("int64")  # (num_examples, 2)
    counts = np.zeros((len(rows.counts), 2), "int64")
    np.add.at(counts, rows.place, kind)
    # How many examples of each kind are nearer to a row than its k-th neighbour (the row's own
    # examples included), and how many are as far as that.
    found, is_settled = rows.settled(num_neighbors)
    nearer, tied = counts + counts[found[:, :-1]].sum(axis=1), counts[found[:, -1]]
    others = np.flatnonzero(~is_settled)
    for i, (indices, distances) in zip(others, rows.nearest(num_neighbors, others), strict=True):
        num_nearer = np.searchsorted(distances, distances[-1])
        nearer[i] = counts[indices[:num_nearer]].sum(axis=0)
        tied[i] = counts[indices[num_nearer:]].sum(axis=0)
    # An example is not its own neighbour. If none is nearer, it was counted among the tied ones.
    nearer, tied = nearer[rows.place], tied[rows.place]
    is_nearer = nearer.any(axis=1, keepdims=True)
    nearer, tied = nearer - kind * is_nearer, tied - kind * ~is_nearer
    num_tied = tied.sum(axis=1, keepdims=True)
    wanted = num_neighbors - nearer.sum(axis=1, keepdims=True)
    votes = nearer * num_tied + wanted * tied  # in units of 1/num_tied, so whole numbers
    own, other = (votes * kind).sum(axis=1), (votes * (1 - kind)).sum(axis=1)
    num_own, num_other = kind @ [len(real), len(fake)], kind @ [len(fake), len(real)]
    # The others of an example's own kind are one fewer, which would bias the vote.
    lead = own * num_other - other * (num_own - 1)
    # Counts of equal rows are often equal, and a rule for such ties would bias the mean. So a lead
    # of one example's vote or more is right, and a smaller one is right in part: for sets of one
    # size, as often as if one example of the other kind were left out at random too.
    is_undecided = (num_tied > wanted)[:, 0] | (own * num_other == other * num_own)
    in_part = np.clip((1 + lead / (wanted[:, 0] * min(len(real), len(fake)))) / 2, 0, 1)
    is_right = np.where(is_undecided, in_part, (1 + np.sign(lead)) / 2)
    return float((is_right[is_real].mean() + is_right[~is_real].mean()) / 2)
