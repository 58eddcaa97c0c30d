"""Measures of what a trained model learned, on NumPy arrays."""

from keras_aegan.metrics.active_units import active_units as active_units
