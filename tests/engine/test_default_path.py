"""The path of a batch, from `fit` to the optimizer, is short enough to follow."""

import pathlib
import traceback

import keras
import numpy as np

import keras_aegan
from keras_aegan import models, networks

_PACKAGE = str(pathlib.Path(keras_aegan.__file__).parent)


class _Traced(keras.optimizers.SGD):
    """Notes who called it, as it is traced."""

    frames = ()

    def apply(self, grads, trainable_variables=None):
        stack = traceback.extract_stack()
        type(self).frames = tuple(f.name for f in stack if f.filename.startswith(_PACKAGE))
        super().apply(grads, trainable_variables)


def test_from_fit_to_the_optimizer_are_six_frames_of_ours():
    """fit → the group's function → its program → its loop → train_step → minimize."""
    model = models.Autoencoder(networks.dense_encoder((6,), 2), networks.dense_decoder(2, (6,)))
    model.compile(_Traced(0.1))
    model.fit(np.zeros((64, 6), "float32"), verbose=0)
    assert _Traced.frames[0] == "fit"
    assert _Traced.frames[-2:] == ("train_step", "minimize")
    assert len(_Traced.frames) <= 6, _Traced.frames
