"""Losses: likelihoods in nats, adversarial losses, and one value per example of any Keras loss."""

from keras_aegan.losses.adversarial import get_adversarial as get_adversarial
from keras_aegan.losses.adversarial_loss import AdversarialLoss as AdversarialLoss
from keras_aegan.losses.bernoulli_nll import BernoulliNLL as BernoulliNLL
from keras_aegan.losses.categorical_nll import CategoricalNLL as CategoricalNLL
from keras_aegan.losses.gaussian_kl import gaussian_kl as gaussian_kl
from keras_aegan.losses.gaussian_nll import GaussianNLL as GaussianNLL
from keras_aegan.losses.hinge_loss import HingeLoss as HingeLoss
from keras_aegan.losses.laplace_nll import LaplaceNLL as LaplaceNLL
from keras_aegan.losses.least_squares_loss import LeastSquaresLoss as LeastSquaresLoss
from keras_aegan.losses.minimax_loss import MinimaxLoss as MinimaxLoss
from keras_aegan.losses.negative_log_likelihood import (
    NegativeLogLikelihood as NegativeLogLikelihood,
)
from keras_aegan.losses.non_saturating_loss import NonSaturatingLoss as NonSaturatingLoss
from keras_aegan.losses.perceptual_loss import PerceptualLoss as PerceptualLoss
from keras_aegan.losses.reconstruction_loss import get as get
from keras_aegan.losses.reconstruction_loss import per_example as per_example
from keras_aegan.losses.reconstruction_loss import target_domain as target_domain
from keras_aegan.losses.wasserstein_loss import WassersteinLoss as WassersteinLoss
from keras_aegan.losses.weighted_sum import WeightedSum as WeightedSum
