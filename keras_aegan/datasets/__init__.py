"""Data: images through TensorFlow Datasets, and what autoencoders need done to them."""

from keras_aegan.datasets.images import load_images as load_images
from keras_aegan.datasets.quantization import dequantize as dequantize
from keras_aegan.datasets.quantization import quantize as quantize
