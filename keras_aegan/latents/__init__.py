"""Codes to decode: paths between codes, walks along dimensions, grids over prior and classes."""

from keras_aegan.latents.paths import class_grid as class_grid
from keras_aegan.latents.paths import interpolate as interpolate
from keras_aegan.latents.paths import quantile_grid as quantile_grid
from keras_aegan.latents.paths import traverse as traverse
