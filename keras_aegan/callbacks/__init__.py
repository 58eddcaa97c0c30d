"""Callbacks: pictures, measurements and a diagnosis while a model trains; schedules of weights."""

from keras_aegan.callbacks.active_units import ActiveUnits as ActiveUnits
from keras_aegan.callbacks.gan_diagnosis import GANDiagnosis as GANDiagnosis
from keras_aegan.callbacks.loss_weight_schedule import LossWeightSchedule as LossWeightSchedule
from keras_aegan.callbacks.loss_weight_schedule import cyclical_schedule as cyclical_schedule
from keras_aegan.callbacks.loss_weight_schedule import linear_schedule as linear_schedule
from keras_aegan.callbacks.reconstruction_grid import ReconstructionGrid as ReconstructionGrid
from keras_aegan.callbacks.sample_grid import SampleGrid as SampleGrid
from keras_aegan.callbacks.sample_metrics import SampleMetrics as SampleMetrics
