"""Autoencoders and generative adversarial networks for Keras 3, on TensorFlow."""

import keras as _keras

if _keras.backend.backend() != "tensorflow":
    raise ImportError(
        "`keras_aegan` needs Keras's TensorFlow backend: set the environment variable "
        f"KERAS_BACKEND=tensorflow. Received: KERAS_BACKEND={_keras.backend.backend()}"
    )

from keras_aegan import callbacks as callbacks
from keras_aegan import datasets as datasets
from keras_aegan import distribution as distribution
from keras_aegan import evaluation as evaluation
from keras_aegan import latents as latents
from keras_aegan import layers as layers
from keras_aegan import losses as losses
from keras_aegan import metrics as metrics
from keras_aegan import models as models
from keras_aegan import networks as networks
from keras_aegan import plotting as plotting
from keras_aegan import priors as priors
from keras_aegan import regularizers as regularizers
from keras_aegan.distribution import distribution_strategy as distribution_strategy
from keras_aegan.version import __version__ as __version__
