"""Priors that are fitted to codes."""

import math

import numpy as np

from keras_aegan.checks.arguments import check_positive_integer, check_seed
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike
from keras_aegan.priors.categorical import Categorical
from keras_aegan.priors.gaussian_mixture import GaussianMixture
from keras_aegan.priors.get import get
from keras_aegan.priors.prior import Prior

# A full covariance holds the square of a code's size: up to here it can be learned from some
# thousands of examples.
_LARGEST_SIZE_OF_FULL_COVARIANCES = 64
# Of the mean variance of the codes: what is added to each variance, so that none is zero.
_RELATIVE_FLOOR = 1e-6


def fit(
    prior: str | Prior, codes: ArrayLike, num_components: int = 10, seed: int | None = 0
) -> Prior:
    """A prior fitted to the codes of data, for an autoencoder to sample from.

    Gaussians are fitted by scikit-learn, by expectation maximisation from k-means clusters, with
    full covariances for codes of up to 64 numbers, else with independent elements.

    Reference: [Ghosh et al., 2020](https://arxiv.org/abs/1903.12436), section 4, whose ten
    Gaussians are the default.

    Args:
        prior: `"gaussian_mixture"`; `"gaussian"`, of one component; `"categorical"`, for one-hot
            codes, the frequency of each category at each position, counted from one, so that no
            category is impossible; or a `Prior`, which is given back.
        codes: `(num_examples, *shape)`.
        num_components: how many Gaussians `"gaussian_mixture"` has; the others do not read it.
        seed: of the first clusters, an integer, or `None` for NumPy's global one.

    Returns:
        A `GaussianMixture`, a `Categorical`, or the prior that was given.

    Raises:
        TypeError: if `prior` is neither a name nor a prior, or `codes` holds anything but numbers.
        ValueError: if `prior` is no such name, or of another shape than the codes; if codes are
            not finite, or fewer than the components, or not one-hot for `"categorical"`.

    Example:
    >>> import numpy as np, keras_aegan
    >>> codes = np.random.default_rng(0).normal([3.0, -1.0], [2.0, 0.5], (10_000, 2))
    >>> prior = keras_aegan.priors.fit("gaussian", codes)
    >>> print(prior.means.round(1), np.abs(prior.scales).round(1).tolist())
    [[ 3. -1.]] [[[2.0, 0.0], [0.0, 0.5]]]
    """
    codes = _check_codes(codes)
    if isinstance(prior, Prior):
        return get(prior, codes.shape[1:])
    if not isinstance(prior, str):
        raise TypeError(
            "`prior` must be a Prior or the name of one to fit. "
            f"Received: prior={prior!r} of type {type(prior).__name__}"
        )
    if prior == "gaussian_mixture":
        return _fit_gaussians(codes, num_components, seed)
    if prior == "gaussian":
        return _fit_gaussians(codes, 1, seed)
    if prior == "categorical":
        return _fit_categories(codes)
    raise ValueError(
        '`prior` must be "gaussian_mixture", "gaussian", "categorical" or a Prior. '
        f"Received: prior={prior!r}"
    )


def _fit_gaussians(codes, num_components, seed):
    from sklearn import mixture

    codes = codes.astype("float64")
    check_positive_integer("num_components", num_components)
    check_seed(seed)
    if len(codes) < max(2, num_components):
        raise ValueError(
            f"`codes` must hold at least {max(2, num_components)} examples for num_components="
            f"{num_components}. Received: {len(codes)} examples"
        )
    shape = codes.shape[1:]
    is_full = math.prod(shape) <= _LARGEST_SIZE_OF_FULL_COVARIANCES
    rows = codes.reshape(len(codes), -1)
    fitted = mixture.GaussianMixture(
        num_components,
        covariance_type="full" if is_full else "diag",
        reg_covar=max(_RELATIVE_FLOOR * rows.var(axis=0).mean(), np.finfo("float32").tiny),
        random_state=seed,
    ).fit(rows)
    means = fitted.means_.reshape(num_components, *shape)
    if is_full:
        return GaussianMixture(means, np.linalg.cholesky(fitted.covariances_), fitted.weights_)
    deviations = np.sqrt(fitted.covariances_).reshape(means.shape)
    return GaussianMixture(means, deviations, fitted.weights_)


def _fit_categories(codes):
    is_one_hot = np.isin(codes, (0.0, 1.0)).all() and np.all(codes.sum(axis=-1) == 1)
    if not is_one_hot:
        raise ValueError(
            '`codes` must be one-hot along the last axis for prior="categorical", as '
            "keras.ops.one_hot makes them of integers. "
            f"Received: numbers from {float(codes.min()):.6g} to {float(codes.max()):.6g}"
        )
    counts = codes.sum(axis=0, dtype="float64") + 1  # Laplace's rule: no category is impossible
    return Categorical(counts / counts.sum(axis=-1, keepdims=True))


def _check_codes(codes):
    codes = as_numpy("codes", codes)
    if codes.ndim < 2 or not codes.size:
        raise ValueError(
            "`codes` must have the shape (num_examples, *shape). "
            f"Received: codes.shape={codes.shape}"
        )
    if not np.all(np.isfinite(codes)):
        raise ValueError("`codes` must be finite. Received: NaN or infinity among them")
    return codes
