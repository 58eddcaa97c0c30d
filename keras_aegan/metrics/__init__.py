"""Offline metrics, functions of NumPy arrays: of codes, and of samples compared with data."""

from keras_aegan.metrics.active_units import active_units as active_units
from keras_aegan.metrics.density_coverage import density_coverage as density_coverage
from keras_aegan.metrics.features import extract_features as extract_features
from keras_aegan.metrics.frechet_distance import frechet_distance as frechet_distance
from keras_aegan.metrics.kernel_distance import kernel_distance as kernel_distance
from keras_aegan.metrics.mode_coverage import mode_coverage as mode_coverage
from keras_aegan.metrics.neighbor_accuracy import neighbor_accuracy as neighbor_accuracy
from keras_aegan.metrics.precision_recall import precision_recall as precision_recall
