"""A full disk under a callback must not end a training."""

import contextlib
import functools

import keras
import tensorflow as tf

from keras_aegan.engine import keras_internals
from keras_aegan.engine.files import is_disk_full, warn_once

# TensorBoard opens its file when it is given the model.
_BEGINNINGS = ("set_model", "on_train_begin")
_HOOKS = ["set_model", *(n for n in dir(keras.callbacks.Callback) if n.startswith("on_"))]


@contextlib.contextmanager
def full_disks_survived(callbacks):
    """For as long as it lasts, a full disk under a callback is a warning, one per callback.

    The callback is asked again the next time, when there may be room. One that could not begin is
    left out for the rest of the training. Any other error ends the training, as in Keras.

    Args:
        callbacks: what `fit` gives Keras: a list, or a `keras.callbacks.CallbackList`.
    """
    undo = contextlib.ExitStack()
    with undo:
        for callback in getattr(callbacks, "callbacks", callbacks):
            _guard(callback, undo)
        yield


def _guard(callback, undo):
    """Puts a guard around each hook that the callback has of its own.

    Those that it inherits from Keras do nothing, and Keras and `fit` look at which they are.
    """
    attributes, has_not_begun = vars(callback), []
    attributes.pop("_is_warned_of", None)

    def guarded(hook, name):
        @functools.wraps(hook)
        def call(*args, **kwargs):
            if has_not_begun:
                return
            best, summaries = attributes.get("best"), keras_internals.summaries()
            writer = summaries.writer
            try:
                hook(*args, **kwargs)
            except Exception as error:
                # A writer of summaries does not get over it: it is then said to be none.
                follows = "_is_warned_of" in attributes and isinstance(error, tf.errors.OpError)
                if not follows and not is_disk_full(error):
                    raise
                summaries.writer = writer  # TensorFlow leaves the one that failed in its place
                if "best" in attributes:
                    callback.best = best  # ModelCheckpoint notes it before it is saved
                if name in _BEGINNINGS:
                    has_not_begun.append(error)
                warn_once(
                    callback,
                    f"The disk is full under {type(callback).__name__} in `{name}` "
                    f"({str(error).strip().splitlines()[0]}): training goes on without what "
                    "would be there.",
                )

        return call

    for name in _HOOKS:
        hook = getattr(callback, name)
        if getattr(hook, "__func__", None) is getattr(keras.callbacks.Callback, name):
            continue
        before = {name: attributes[name]} if name in attributes else {}
        attributes[name] = call = guarded(hook, name)
        undo.callback(_put_back, attributes, name, call, before)


def _put_back(attributes, name, call, before):
    if attributes.get(name) is call:  # and none that the callback has given itself since
        del attributes[name]
        attributes.update(before)
