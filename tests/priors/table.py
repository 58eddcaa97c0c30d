"""A row for each prior: how to make it, and what SciPy says of it."""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from keras_aegan import priors

_MEANS = np.array([[-2.0, 0.0], [2.0, 1.0], [0.0, -3.0]])
_FACTORS = np.array([[[1.0, 0.0], [0.5, 0.3]], [[0.4, 0.0], [-0.8, 1.0]], [[1.0, 0.0], [0.0, 2.0]]])
_WEIGHTS = np.array([0.5, 0.2, 0.3])
_PROBABILITIES = np.array([[0.1, 0.9, 0.0], [0.25, 0.25, 0.5]])


@dataclasses.dataclass
class Row:
    """A prior and its distribution.

    Args:
        make: gives the prior.
        log_prob: of float64 `(num, *shape)`, by SciPy.
        shape: of one z.
        mean: of z.
        variance: of z, each element's.
    """

    make: Callable
    log_prob: Callable
    shape: tuple
    mean: np.ndarray
    variance: np.ndarray


def mixture_log_prob(z, means, covariances, weights):
    log_joint = [
        np.log(w) + np.atleast_1d(stats.multivariate_normal(m, c).logpdf(z))
        for m, c, w in zip(means, covariances, weights, strict=True)
    ]
    return special.logsumexp(log_joint, axis=0)


def _mixture_variance(means, variances, weights):
    mean = np.tensordot(weights, means, 1)
    return np.tensordot(weights, variances + means**2, 1) - mean**2


_COVARIANCES = _FACTORS @ _FACTORS.transpose(0, 2, 1)
_IMAGE_MEANS = np.array([[[0.0, 1.0], [2.0, 3.0]], [[-3.0, 0.0], [0.0, -1.0]]])

ROWS = {
    "standard_normal": Row(
        lambda: priors.StandardNormal((2, 3)),
        lambda z: stats.norm.logpdf(z).sum(axis=(1, 2)),
        (2, 3),
        np.zeros((2, 3)),
        np.ones((2, 3)),
    ),
    "uniform": Row(
        lambda: priors.Uniform((3,), -1.0, 2.0),
        lambda z: stats.uniform(-1, 3).logpdf(z).sum(axis=1),
        (3,),
        np.full(3, 0.5),
        np.full(3, 9 / 12),
    ),
    "mixture, full covariances": Row(
        lambda: priors.GaussianMixture(_MEANS, _FACTORS, 10 * _WEIGHTS),
        lambda z: mixture_log_prob(z, _MEANS, _COVARIANCES, _WEIGHTS),
        (2,),
        _WEIGHTS @ _MEANS,
        _mixture_variance(_MEANS, np.diagonal(_COVARIANCES, axis1=1, axis2=2), _WEIGHTS),
    ),
    "mixture, standard deviations": Row(
        lambda: priors.GaussianMixture(_IMAGE_MEANS, np.full((2, 2, 2), [[1.0, 0.5], [2.0, 0.1]])),
        lambda z: mixture_log_prob(
            z.reshape(-1, 4),
            _IMAGE_MEANS.reshape(2, 4),
            [np.diag([1, 0.25, 4, 0.01])] * 2,
            [0.5, 0.5],
        ),
        (2, 2),
        _IMAGE_MEANS.mean(axis=0),
        _mixture_variance(_IMAGE_MEANS, np.array([[1.0, 0.25], [4.0, 0.01]]), np.full(2, 0.5)),
    ),
    "mixture, one deviation each": Row(
        lambda: priors.GaussianMixture(_MEANS, [0.5, 1.0, 2.0], _WEIGHTS),
        lambda z: mixture_log_prob(z, _MEANS, [0.25, 1.0, 4.0], _WEIGHTS),
        (2,),
        _WEIGHTS @ _MEANS,
        _mixture_variance(_MEANS, np.array([[0.25], [1.0], [4.0]]), _WEIGHTS),
    ),
    "categorical": Row(
        lambda: priors.Categorical(_PROBABILITIES),
        lambda z: sum(
            stats.multinomial(1, p).logpmf(z[:, position])
            for position, p in enumerate(_PROBABILITIES)
        ),
        (2, 3),
        _PROBABILITIES,
        _PROBABILITIES * (1 - _PROBABILITIES),
    ),
    "product": Row(
        lambda: priors.Product(
            [priors.StandardNormal((2,)), priors.Categorical(3), priors.Uniform((1,))]
        ),
        lambda z: (
            stats.norm.logpdf(z[:, :2]).sum(axis=1)
            + stats.multinomial(1, [1 / 3] * 3).logpmf(z[:, 2:5])
            + stats.uniform(-1, 2).logpdf(z[:, 5])
        ),
        (6,),
        np.array([0, 0, 1 / 3, 1 / 3, 1 / 3, 0]),
        np.array([1, 1, 2 / 9, 2 / 9, 2 / 9, 1 / 3]),
    ),
}

# Priors of one number, for integrals over it.
OF_ONE_NUMBER = {
    "standard_normal": (lambda: priors.StandardNormal((1,)), ()),
    "uniform": (lambda: priors.Uniform((1,), -0.5, 2.0), (-0.5, 2.0)),
    "mixture": (lambda: priors.GaussianMixture([[-1.0], [2.0]], [0.5, 1.0], [1, 3]), ()),
    "mixture, factors": (
        lambda: priors.GaussianMixture([[0.0], [1.0]], [[[0.5]], [[2.0]]]),
        (),
    ),
    "product": (lambda: priors.Product([priors.StandardNormal((1,))]), ()),
}
