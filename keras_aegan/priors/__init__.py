"""Priors: p(z) as an object, to draw from, to train towards and to score by."""

from keras_aegan.priors.get import get as get
from keras_aegan.priors.prior import Prior as Prior
from keras_aegan.priors.standard_normal import StandardNormal as StandardNormal
