"""What is asked of callbacks before training, and of the logs while it goes on."""

import warnings

import keras
import numpy as np

from keras_aegan.distribution import has_several_workers
from keras_aegan.models.servable_model import check_keras_file, check_weights_file


class WarnOfNonFinite(keras.callbacks.Callback):
    """Warns once, at the end of the first epoch whose logs hold NaN or infinity, of which term."""

    def __init__(self):
        super().__init__()
        self._has_warned = False

    def on_epoch_end(self, epoch, logs=None):
        """Looks at what is logged anyway."""
        names = non_finite(logs, self.model)
        if names and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{describe(logs, names, self.model)} in epoch {epoch + 1}. Weights that have "
                "become NaN stay so: callbacks.TerminateOnNonFinite() stops at the batch.",
                stacklevel=2,
            )


def non_finite(logs, model):
    """The names of logs that are NaN or infinite, those of terms where there are any.

    Args:
        logs: dict, a name to a value.
        model: the model whose terms they are.

    Returns:
        List of names, in the order of the turns.
    """
    names = [n for n, value in (logs or {}).items() if not np.all(np.isfinite(np.asarray(value)))]
    terms = [name for name in getattr(model, "loss_weights", {}) if name in names]
    return terms or names


def describe(logs, names, model):
    """Such as "`kl_loss` became nan", "`a` became nan, `b` became inf"; and of which data."""
    became = ", ".join(f"`{n}` became {float(np.ravel(logs[n])[0])}" for n in names)
    unscaled = getattr(model, "unscaled", None)
    return f"{became} (the data may be why: {unscaled})" if unscaled else became


def prepare_callbacks(callbacks, model):
    """The callbacks in the order that they need; refuses those that would do nothing or harm.

    Args:
        callbacks: what `fit` was given.
        model: the model that trains.

    Returns:
        List of callbacks; or, as it came, a `keras.callbacks.CallbackList`.

    Raises:
        TypeError: if one is no callback.
        ValueError: if one does not suit the model.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        for callback in callbacks.callbacks:
            _check_checkpoint(callback)
        return callbacks
    callbacks = [] if callbacks is None else keras.tree.flatten(callbacks)
    swaps = False
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                "`callbacks` must hold keras.callbacks.Callback objects. "
                f"Received: {callback!r} of type {type(callback).__name__}"
            )
        if isinstance(callback, keras.callbacks.OrbaxCheckpoint):
            raise ValueError(
                "`callbacks` must not hold keras.callbacks.OrbaxCheckpoint: it tells variables by "
                "their paths, which two networks may share, and leaves out the weights of terms. "
                "Use keras.callbacks.ModelCheckpoint or keras_aegan.callbacks.BackupAndRestore."
            )
        _check_checkpoint(callback)
        swaps = swaps or isinstance(callback, keras.callbacks.SwapEMAWeights)
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            _check_backup(swaps, model)
    first = [callback for callback in callbacks if hasattr(callback, "accompany")]
    others = [callback for callback in callbacks if callback not in first]
    for callback in first:
        callback.accompany(others)
    # Before the others, which may write into the logs what is none of training's.
    return [*first, *_watches(others), *others]


def _watches(callbacks):
    """What looks at the logs for NaN, beside what the user gave."""
    from keras_aegan.callbacks import TerminateOnNonFinite

    if any(isinstance(callback, TerminateOnNonFinite) for callback in callbacks):
        return []
    for callback in callbacks:
        # Keras's looks at `loss` alone: it names no term, and with several players there is none.
        if isinstance(callback, keras.callbacks.TerminateOnNaN):
            return [TerminateOnNonFinite(callback.raise_error)]
    return [WarnOfNonFinite()]


def _check_checkpoint(callback):
    """Raises ValueError for a file that the first epoch's end would break off at."""
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        check = check_weights_file if callback.save_weights_only else check_keras_file
        check("filepath", callback.filepath, "of ModelCheckpoint ")


def _check_backup(swaps, model):
    if swaps or has_several_workers(model.distribute_strategy):
        trouble = (
            "after SwapEMAWeights: it would back up the averages as the weights"
            if swaps
            else "under several workers, which would write over each other's"
        )
        raise ValueError(
            f"`callbacks` must not hold keras.callbacks.BackupAndRestore {trouble}. "
            "Use keras_aegan.callbacks.BackupAndRestore."
        )
