"""Backups that are whole, even where a kill interrupts the writing."""

import json
import os
import pathlib
import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks.arguments import is_number
from keras_aegan.checks.data_checks import check_path
from keras_aegan.engine.devices import has_several_workers, is_chief
from keras_aegan.engine.files import remove_folder, warned_of_files, whole_folder
from keras_aegan.engine.keras_internals import begin_at_epoch

# The state of Keras's callbacks beside the model's weights, which dies with the process.
_ATTRIBUTES = {
    "EarlyStopping": ("wait", "best", "best_epoch"),
    "ModelCheckpoint": ("best",),
    "ReduceLROnPlateau": ("wait", "best", "cooldown_counter"),
    "SwapEMAWeights": ("_ema_weights_in_model",),
}
_COUNTS = ("wait", "best_epoch", "cooldown_counter")


class BackupAndRestore(keras.callbacks.Callback):
    """Lets the same command go on where a killed one stopped, to the same weights and logs.

    As `keras.callbacks.BackupAndRestore`, with four differences:

    - **A backup is whole or absent.** Keras writes over the last one, first the weights and then
      the epoch's number; a process killed in between leaves half a file, or weights that are an
      epoch ahead of their number. Here a backup is a folder that gets its name when all of it is
      on the disk, and the last one is deleted when the next one is complete.
    - **It holds the whole state of training**: weights, every player's optimizer with its moving
      average, the noise, the weights of terms, and the history so far, which `fit` then returns
      from the first epoch on; also how long `EarlyStopping` and `ReduceLROnPlateau` have waited,
      the best value of `ModelCheckpoint`, and the last values of `SampleMetrics` and
      `GANDiagnosis`.
    - **Under several workers only the chief writes**, and all read the same backup.
    - If the disk is full, a warning says so; training goes on, and the last backup stays.

    It is taken at the beginning of each epoch, before any other callback's turn (`fit` moves it
    to the front), and deleted when training ends; or kept, so that the same command with more
    epochs goes on. The result is bit for bit that of an uninterrupted `fit`, if the data come in
    the same order: `fit(x, shuffle=False)`, or a dataset whose order does not depend on how many
    epochs this process has seen. A `CSVLogger` needs `append=True`; it writes the same row twice
    for an epoch that was not backed up.

    Args:
        backup_dir: a folder for backups alone, made if it does not exist.
        delete_checkpoint: whether the backup is deleted when training ends, as in Keras. With
            `False` the last one stays, from before the last epoch, and a longer training repeats
            that epoch: at its end Keras has replaced the weights by moving averages.

    Raises:
        ValueError: when training begins, if the backup is of another model, is damaged, or has
            more epochs than `epochs`; if workers do not see the same one; or beside
            `EarlyStopping(restore_best_weights=True)`, which keeps its weights in no file: use
            `ModelCheckpoint(path, save_best_only=True)`.

    Example:
    >>> import keras, keras_aegan
    >>> backup = keras_aegan.callbacks.BackupAndRestore("backups/gan")
    >>> # model.fit(x, epochs=100, callbacks=[backup]); after a crash, run the script again
    """

    def __init__(self, backup_dir: str | os.PathLike, delete_checkpoint: bool = True):
        super().__init__()
        check_path("backup_dir", backup_dir)
        self.backup_dir = pathlib.Path(backup_dir)
        self.delete_checkpoint = delete_checkpoint
        self._others = []
        self._restored = None

    def accompany(self, callbacks: list[keras.callbacks.Callback]) -> None:
        """Notes the other callbacks, whose turns come later."""
        self._others = callbacks

    def on_train_begin(self, logs=None):
        """Loads the last backup, if there is one."""
        for callback in self._others:
            if getattr(callback, "restore_best_weights", False):
                raise ValueError(
                    "EarlyStopping(restore_best_weights=True) keeps its best weights in no file: "
                    "beside BackupAndRestore, use ModelCheckpoint(path, save_best_only=True)."
                )
        folder = self._last_backup()
        self._check_that_workers_agree(folder)
        self._restored = None
        if folder is None:
            begin_at_epoch(self.model, None)
            return
        try:
            restored = json.loads((folder / "training.json").read_text())
            self._check(restored, _epoch_of(folder))
            with warnings.catch_warnings():
                # Keras only warns of parts that it does not find.
                warnings.simplefilter("error", UserWarning)
                self.model.load_weights(folder / "model.weights.h5")
        except (ValueError, LookupError, TypeError, AttributeError, OSError, UserWarning) as error:
            raise ValueError(
                f"The backup in `{self.backup_dir}` is another model's, or was damaged: delete "
                f"it to begin anew. Received: {str(error).strip().splitlines()[0]}"
            ) from error
        self._restored = restored
        begin_at_epoch(self.model, restored["epoch"])

    def _check(self, restored, epoch):
        """Raises ValueError for values that no training writes, which `fit` would accept."""
        if type(restored["epoch"]) is not int or restored["epoch"] != epoch:
            raise ValueError(f"epoch {restored['epoch']!r} in the backup of epoch {epoch}")
        if epoch > self.params["epochs"]:
            raise ValueError(f"a backup of {epoch} epochs, for epochs={self.params['epochs']}")
        epochs, logs = restored["history"]["epoch"], restored["history"]["history"]
        are_whole = all(type(each) is int for each in epochs)
        if not are_whole or epochs != list(range(max(epoch - len(epochs), 0), epoch)):
            raise ValueError(f"a history of the epochs {epochs!r} before epoch {epoch}")
        for name, values in logs.items():
            # With a `validation_freq`, validation does not log every epoch.
            is_log = type(values) is list and len(values) <= len(epochs) and _are_numbers(values)
            if not is_log:
                raise ValueError(f"a history of {len(epochs)} epochs with {name}={values!r}")
        for callback, (name, attributes) in zip(self._others, restored["callbacks"]):  # noqa: B905
            if name != type(callback).__name__:
                continue
            for attribute, value in attributes.items():
                if attribute not in _names(callback) or not _can_be(callback, attribute, value):
                    raise ValueError(f"{name} with {attribute}={value!r}")

    def on_epoch_begin(self, epoch, logs=None):
        """Takes the backup."""
        self._restore_callbacks()
        if not is_chief(self.model.distribute_strategy):
            return
        history = self.model.history
        state = {
            "epoch": epoch,
            "history": {"epoch": history.epoch, "history": history.history},
            "callbacks": [_attributes(callback) for callback in self._others],
        }
        with warned_of_files(self.backup_dir, self):
            last, folder = self._last_backup(), self.backup_dir / f"epoch_{epoch:06d}"
            if last == folder:
                return  # the backup from which training has just gone on
            with whole_folder(folder) as unfinished:
                self.model.save_weights(unfinished / "model.weights.h5")
                (unfinished / "training.json").write_text(json.dumps(state, default=_plain))
            if last is not None:
                remove_folder(last)

    def on_train_end(self, logs=None):
        """Deletes the backups at the end of training, unless they are kept."""
        self._restore_callbacks()
        if self.delete_checkpoint and is_chief(self.model.distribute_strategy):
            with warned_of_files(self.backup_dir, self):
                self._delete_backups()

    def _delete_backups(self):
        """Deletes the folder too, unless it holds something other than backups."""
        for folder in self.backup_dir.glob("epoch_*"):  # unfinished ones too
            remove_folder(folder)
        if self.backup_dir.exists() and not any(self.backup_dir.iterdir()):
            self.backup_dir.rmdir()

    def _restore_callbacks(self):
        """Restores the history and the other callbacks' state, once all of them have begun."""
        begin_at_epoch(self.model, None)  # Keras would skip the next `fit`'s epochs too
        if self._restored is None:
            return
        history = self._restored["history"]
        self.model.history.epoch[:0] = history["epoch"]
        self.model.history.history.update(history["history"])
        for callback, (name, attributes) in zip(self._others, self._restored["callbacks"]):  # noqa: B905
            if name == type(callback).__name__:
                vars(callback).update(attributes)
        self._restored = None

    def _last_backup(self):
        folders = self.backup_dir.glob("epoch_*")
        return max((f for f in folders if f.name.removeprefix("epoch_").isdigit()), default=None)

    def _check_that_workers_agree(self, folder):
        strategy = self.model.distribute_strategy
        if not has_several_workers(strategy):
            return
        epoch = 0 if folder is None else _epoch_of(folder)
        gather = tf.function(
            lambda: strategy.gather(strategy.run(lambda: tf.constant([epoch])), axis=0)
        )
        epochs = sorted(set(gather().numpy().tolist()))
        if len(epochs) > 1:
            raise ValueError(
                "`backup_dir` must be a folder that all workers share. Received: "
                f"backup_dir={str(self.backup_dir)!r}, where they find backups of epochs {epochs}"
            )


def _epoch_of(folder):
    return int(folder.name.removeprefix("epoch_"))


def _are_numbers(values):
    """Whether a list holds numbers, or lists of them."""
    return all(_are_numbers(v) if type(v) is list else is_number(v) for v in values)


def _names(callback):
    """The names of the attributes that hold a callback's state."""
    return getattr(callback, "resumed_attributes", _ATTRIBUTES.get(type(callback).__name__, ()))


def _can_be(callback, attribute, value):
    """Whether a callback's attribute can have this value."""
    known = getattr(callback, attribute, None)
    if attribute in _COUNTS:
        return type(value) is int and value >= 0
    if value is None or known is None:
        return True
    return type(value) is type(known) or (is_number(value) and is_number(known))


def _attributes(callback):
    """`[class name, {attribute: value}]`, a callback's state."""
    known = {n: getattr(callback, n) for n in _names(callback) if hasattr(callback, n)}
    return [type(callback).__name__, known]


def _plain(value):
    """A NumPy number or array as JSON can hold it; floats are written without loss."""
    return np.asarray(value).tolist()
