"""Regularizers that Keras lacks."""

from keras_aegan.regularizers.kl_sparsity import KLSparsity as KLSparsity
