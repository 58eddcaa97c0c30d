"""Regularizers that Keras lacks."""

from keras_aegan.regularizers.discriminator_regularizer import (
    DiscriminatorRegularizer as DiscriminatorRegularizer,
)
from keras_aegan.regularizers.gradient_penalty import GradientPenalty as GradientPenalty
from keras_aegan.regularizers.kl_sparsity import KLSparsity as KLSparsity
from keras_aegan.regularizers.r1 import R1 as R1
