"""Where normal ends: a threshold on scores, from normal scores alone."""

import math
import numbers

import numpy as np

from keras_aegan.checks.arrays import as_vector
from keras_aegan.hints import ArrayLike

# Fewer exceedances do not tell a tail's shape.
_FEWEST_EXCEEDANCES = 20


def quantile_threshold(scores: ArrayLike, contamination: float) -> float:
    """The score that a share `contamination` of unseen normal examples exceeds, on average at most.

    It is the k-th smallest of n scores, k = ⌈(n + 1)(1 − c)⌉. A further normal example is as
    likely to rank anywhere among them, so whatever the distribution it exceeds the threshold with
    probability (n + 1 − k)/(n + 1), which is c or up to 1/(n + 1) less. In one application the
    rate scatters about that mean, as Beta(n + 1 − k, k): at c = 1 % by 0.3 points for n = 1,000.

    Reference: [Bates et al., 2023](https://arxiv.org/abs/2104.08279), section 2, on conformal
    outlier detection.

    Args:
        scores: `(num_examples,)`, higher is more abnormal, of normal examples that the model was
            not trained on.
        contamination: c, the wished false-alarm rate, in (0, 0.5).

    Returns:
        A float, one of the scores.

    Raises:
        ValueError: if a score is not finite, or there are too few to know such a rate.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import evaluation
    >>> evaluation.quantile_threshold(np.arange(1, 100), contamination=0.05)
    95.0
    """
    scores = _check_scores(scores)
    check_contamination(contamination)
    rank = math.ceil((len(scores) + 1) * (1 - contamination) - 1e-9)  # 100 · 0.95 is 95, not 96
    if rank > len(scores):
        raise ValueError(
            f"`scores` must hold at least {math.ceil(1 / contamination - 1e-9) - 1} normal "
            f"examples for a quantile at contamination={contamination}; a tail needs fewer. "
            f"Received: {len(scores)}"
        )
    return float(np.partition(scores, rank - 1)[rank - 1])


def tail_threshold(scores: ArrayLike, contamination: float, tail_fraction: float = 0.1) -> float:
    """The same, from a generalised Pareto distribution fitted to the largest scores.

    Beyond a high level u the excesses of almost any distribution follow a generalised Pareto
    distribution of scale σ and shape ξ. With ζ the share of scores beyond u, a share c lies beyond
    u + σ/ξ ((c/ζ)^−ξ − 1). It reaches rates that no example of a small sample has met, and scatters
    less than the quantile where that rests on a handful of scores.

    Reference: [Siffer et al., 2017](https://doi.org/10.1145/3097983.3098144), equation 1.

    Args:
        scores: `(num_examples,)`, as for `quantile_threshold`.
        contamination: c, the wished false-alarm rate, below `tail_fraction`.
        tail_fraction: ζ, the share of scores that counts as the tail.

    Returns:
        A float.

    Raises:
        ValueError: if a score is not finite, the tail holds fewer than 20 scores, or it does not
            reach in to `contamination`.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import evaluation
    >>> scores = np.random.default_rng(0).exponential(size=10_000)
    >>> bool(abs(evaluation.tail_threshold(scores, 1e-3) - np.log(1000)) < 0.3)
    True
    """
    from scipy.stats import genpareto

    scores = _check_scores(scores)
    check_contamination(contamination)
    if not isinstance(tail_fraction, numbers.Real) or not contamination < tail_fraction < 1:
        raise ValueError(
            f"`tail_fraction` must lie between contamination={contamination} and 1. "
            f"Received: tail_fraction={tail_fraction!r}"
        )
    level = np.quantile(scores, 1 - tail_fraction)
    excesses = scores[scores > level] - level
    if len(excesses) < _FEWEST_EXCEEDANCES:
        raise ValueError(
            f"`scores` must hold at least {_FEWEST_EXCEEDANCES} distinct values in their tail of "
            f"{tail_fraction:g}. Received: {len(excesses)} of {len(scores)} scores"
        )
    unit = excesses.mean()  # the optimiser's tolerances are absolute
    shape, _, scale = genpareto.fit(excesses / unit, floc=0)
    beyond = contamination * len(scores) / len(excesses)
    return float(level + unit * genpareto.isf(beyond, shape, scale=scale))


THRESHOLDS = {"quantile": quantile_threshold, "tail": tail_threshold}


def check_contamination(contamination):
    """Raises ValueError unless `contamination` is a rate of false alarms."""
    if not isinstance(contamination, numbers.Real) or not 0 < contamination < 0.5:
        raise ValueError(
            "`contamination` must lie in (0, 0.5): it is the share of normal examples that may "
            f"raise a false alarm. Received: contamination={contamination!r}"
        )


def _check_scores(scores):
    scores = np.asarray(as_vector("scores", scores), "float64")
    if scores.ndim != 1 or not len(scores):
        raise ValueError(
            "`scores` must have the shape (num_examples,), with at least one. "
            f"Received: shape {scores.shape}"
        )
    if not np.all(np.isfinite(scores)):
        raise ValueError("`scores` must be finite. Received: NaN or infinite scores")
    return scores
