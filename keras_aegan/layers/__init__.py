"""Layers that Keras lacks."""

from keras_aegan.layers.gaussian_noise import GaussianNoise as GaussianNoise
from keras_aegan.layers.gaussian_sampling import GaussianSampling as GaussianSampling
from keras_aegan.layers.masking_noise import MaskingNoise as MaskingNoise
from keras_aegan.layers.salt_and_pepper_noise import SaltAndPepperNoise as SaltAndPepperNoise
from keras_aegan.layers.spectral_normalization import (
    SpectralNormalization as SpectralNormalization,
)
from keras_aegan.layers.tied_dense import TiedDense as TiedDense
from keras_aegan.layers.top_k import TopK as TopK
