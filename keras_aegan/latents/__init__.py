"""Codes to decode: paths between two, walks along one dimension, a grid over the prior."""

from keras_aegan.latents.paths import interpolate as interpolate
from keras_aegan.latents.paths import quantile_grid as quantile_grid
from keras_aegan.latents.paths import traverse as traverse
