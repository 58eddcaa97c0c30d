"""Callbacks: pictures, measurements, a diagnosis, schedules of weights, and whole backups."""

from keras_aegan.callbacks.active_units import ActiveUnits as ActiveUnits
from keras_aegan.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
from keras_aegan.callbacks.gan_diagnosis import GANDiagnosis as GANDiagnosis
from keras_aegan.callbacks.loss_weight_schedule import LossWeightSchedule as LossWeightSchedule
from keras_aegan.callbacks.loss_weight_schedule import cyclical_schedule as cyclical_schedule
from keras_aegan.callbacks.loss_weight_schedule import linear_schedule as linear_schedule
from keras_aegan.callbacks.reconstruction_grid import ReconstructionGrid as ReconstructionGrid
from keras_aegan.callbacks.sample_grid import SampleGrid as SampleGrid
from keras_aegan.callbacks.sample_metrics import SampleMetrics as SampleMetrics
from keras_aegan.engine.non_finite import (
    TerminateOnNonFinite as TerminateOnNonFinite,
)
