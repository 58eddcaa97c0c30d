"""Data: mixtures of Gaussians, images through TensorFlow Datasets, and grey levels."""

from keras_aegan.datasets.images import load_images as load_images
from keras_aegan.datasets.mixtures import GaussianMixture as GaussianMixture
from keras_aegan.datasets.mixtures import gaussian_mixture as gaussian_mixture
from keras_aegan.datasets.mixtures import grid as grid
from keras_aegan.datasets.mixtures import lecture_mixture as lecture_mixture
from keras_aegan.datasets.mixtures import ring as ring
from keras_aegan.datasets.quantization import dequantize as dequantize
from keras_aegan.datasets.quantization import quantize as quantize
