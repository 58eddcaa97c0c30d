"""Priors: p(z) as an object, to draw from, to train towards and to score by."""

from keras_aegan.priors.categorical import Categorical as Categorical
from keras_aegan.priors.fitting import fit as fit
from keras_aegan.priors.gaussian_mixture import GaussianMixture as GaussianMixture
from keras_aegan.priors.get import get as get
from keras_aegan.priors.prior import Prior as Prior
from keras_aegan.priors.product import Product as Product
from keras_aegan.priors.standard_normal import StandardNormal as StandardNormal
from keras_aegan.priors.uniform import Uniform as Uniform
