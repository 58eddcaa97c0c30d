"""Which modes of a known mixture are sampled, how well, and how evenly."""

import numpy as np

from keras_aegan.datasets.mixtures import GaussianMixture
from keras_aegan.hints import ArrayLike
from keras_aegan.metrics.features import check_features


def mode_coverage(
    mixture: GaussianMixture, fake: ArrayLike, num_sigmas: float = 3.0, min_samples: int = 20
) -> dict[str, float]:
    """Modes covered, share of high-quality samples, and reverse KL over modes.

    A sample is of high quality within 3σ of a mode (in Mahalanobis distance, so that modes need
    not be round); 98.9 % of the mixture's own samples in the plane are. A mode is covered by one
    such sample, and well covered by `min_samples`. For the reverse KL, every sample counts for its
    nearest mode, at any distance: Σⱼ qⱼ log(qⱼ/wⱼ), with q the samples' shares and w the mixture's
    weights. It is 0 if each mode gets its share, and log(num_modes) if one of num_modes equal modes
    gets all samples.

    Reference: [Lin et al., 2018](https://arxiv.org/abs/1712.04086) (PacGAN), section 4.1, with
    2,500 samples; the threshold of one sample is theirs.

    Args:
        mixture: a `datasets.GaussianMixture`.
        fake: `(num_samples, dim)`.
        num_sigmas: the largest distance at which a sample is of high quality.
        min_samples: how many high-quality samples cover a mode well.

    Returns:
        Dict of `modes` and `well_covered_modes` (integers), `high_quality` (a share in [0, 1])
        and `reverse_kl` (in nats).

    Raises:
        ValueError: if `mixture` is not a GaussianMixture, or `fake` has another dimension.

    Example:
    >>> import keras_aegan
    >>> ring = keras_aegan.datasets.ring(8)
    >>> values = keras_aegan.metrics.mode_coverage(ring, ring.sample(2500, seed=0))
    >>> values["modes"], values["high_quality"] > 0.98, values["reverse_kl"] < 0.01
    (8, True, True)
    """
    if not isinstance(mixture, GaussianMixture):
        raise ValueError(
            "`mixture` must be a `datasets.GaussianMixture`, whose modes are known. "
            f"Received: {type(mixture).__name__}"
        )
    (fake,) = check_features(1, fake=fake)
    distances = mixture.distances(fake)  # (num_samples, num_modes)
    nearest = distances.argmin(axis=1)
    is_good = distances.min(axis=1) <= num_sigmas
    good_samples = np.bincount(nearest[is_good], minlength=mixture.num_modes)
    shares = np.bincount(nearest, minlength=mixture.num_modes) / len(fake)
    hit = shares > 0  # 0 log 0 = 0
    return {
        "modes": int((good_samples >= 1).sum()),
        "well_covered_modes": int((good_samples >= min_samples).sum()),
        "high_quality": float(is_good.mean()),
        "reverse_kl": float((shares[hit] * np.log(shares[hit] / mixture.weights[hit])).sum()),
    }
