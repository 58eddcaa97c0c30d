"""Losses: likelihoods in nats, and one value per example from any Keras loss."""

from keras_aegan.losses.bernoulli_nll import BernoulliNLL as BernoulliNLL
from keras_aegan.losses.categorical_nll import CategoricalNLL as CategoricalNLL
from keras_aegan.losses.gaussian_kl import gaussian_kl as gaussian_kl
from keras_aegan.losses.gaussian_nll import GaussianNLL as GaussianNLL
from keras_aegan.losses.laplace_nll import LaplaceNLL as LaplaceNLL
from keras_aegan.losses.negative_log_likelihood import (
    NegativeLogLikelihood as NegativeLogLikelihood,
)
from keras_aegan.losses.reconstruction_loss import get as get
from keras_aegan.losses.reconstruction_loss import per_example as per_example
from keras_aegan.losses.reconstruction_loss import target_domain as target_domain
