"""Callbacks: what is measured and drawn while a model trains."""

from keras_aegan.callbacks.gan_diagnosis import GANDiagnosis as GANDiagnosis
from keras_aegan.callbacks.sample_metrics import SampleMetrics as SampleMetrics
