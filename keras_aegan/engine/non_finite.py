"""Logs that leave the numbers: which term did, and what is done about it."""

import warnings

import keras
import numpy as np


class TerminateOnNonFinite(keras.callbacks.Callback):
    """Stops training at the first batch whose logs are NaN or infinite, and names the term.

    `keras.callbacks.TerminateOnNaN` looks at `loss` alone and does not say which term it was.
    This one looks at all that is logged: terms, players' losses, metrics. It costs no more than
    Keras's: the numbers are those that the progress bar shows. Where steps run in groups
    (`steps_per_execution`), the batch is known to a group; with 1 it is known exactly.

    Given Keras's, `fit` adds this one, since a model of several players logs no `loss`. With
    neither, `fit` warns at the end of an epoch whose logs are not finite.

    Args:
        raise_error: whether to raise, so that backups are kept, or to stop as `EarlyStopping`
            does.

    Raises:
        RuntimeError: in training, with `raise_error`.

    Example:
    >>> import keras_aegan
    >>> stop = keras_aegan.callbacks.TerminateOnNonFinite()
    >>> # model.fit(x, callbacks=[stop]) prints, for example:
    >>> # TerminateOnNonFinite: `kl_loss` became nan at batch 17 of epoch 3: training ends.
    """

    looks_at_logs_only = True  # so that steps may still run in groups

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers the epoch, for the sentence."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Looks at what the batch logged."""
        names = non_finite(logs or {}, self.model)
        if not names:
            return
        # Counted from 1, as the progress bar counts.
        group = self.model.steps_per_execution
        when = (
            f"at batch {batch + 1}" if group == 1 else f"in the {group} batches up to {batch + 1}"
        )
        sentence = (
            f"TerminateOnNonFinite: {describe(logs, names, self.model)} {when} of epoch "
            f"{self._epoch + 1}: training ends."
        )
        if self.raise_error:
            raise RuntimeError(sentence)
        print(sentence)
        self.model.stop_training = True


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
    unscaled = getattr(getattr(model, "_door", None), "unscaled", None)
    return f"{became} (the data may be why: {unscaled})" if unscaled else became
