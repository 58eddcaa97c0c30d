"""What is asked of callbacks before training."""

import keras

from keras_aegan.engine.devices import has_several_workers
from keras_aegan.engine.file_checks import check_keras_file, check_weights_file
from keras_aegan.engine.non_finite import TerminateOnNonFinite, WarnOfNonFinite


def prepare_callbacks(callbacks, model):
    """The callbacks in the order that they need, without any that would do nothing or harm.

    Args:
        callbacks: what `fit` was given.
        model: the model that trains.

    Returns:
        List of callbacks; or the `keras.callbacks.CallbackList` that was given.

    Raises:
        TypeError: if one is not a callback.
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
    # Before the others, which may write into the logs what training did not log.
    return [*first, *_watches(others), *others]


def _watches(callbacks):
    """What looks at the logs for NaN, beside what the user gave."""
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
