"""Keras's own methods of a model: what they do here besides."""

import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks.data_checks import check_path
from keras_aegan.engine import keras_internals
from keras_aegan.engine.devices import lost_workers_named
from keras_aegan.engine.door import Door, refuse_class_weight
from keras_aegan.engine.file_checks import check_loadable
from keras_aegan.engine.full_disks import full_disks_survived
from keras_aegan.engine.saver import Saver
from keras_aegan.hints import Array

Data: TypeAlias = Array | tf.data.Dataset | keras.utils.PyDataset | Iterator


class CheckedModel(keras.Model):
    """A Keras model that looks at its data first, trains in groups of steps, and saves whole.

    Each of the three is an object: `Door` checks what comes in, `StepGroups` (see `compile` of
    `LatentVariableModel`) chooses how steps run, and `Saver` writes files and serves.

    Args:
        **kwargs: `name` and `dtype`, as in `keras.Model`.
    """

    _door_class = Door

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._door = self._door_class(self)
        self._saver = Saver(self, self.distribute_strategy)

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the networks and the loss can take the data.

        Args:
            x: what `fit` was given: an array, `(num_examples, ...)`, or a dataset's first batch.
            y: the same of its second argument, or `None`.
        """

    def endpoints(self) -> dict[str, tuple]:
        """Dict, an endpoint's name to `(function, [input specs])`; the first is the default."""
        raise NotImplementedError(f"{type(self).__name__} must define `endpoints`.")

    # ------------------------------------------------------------------ Keras's loops

    def fit(
        self,
        x: Data | None = None,
        y: Array | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Data | tuple | None = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: Array | None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Trains as `keras.Model.fit` does, after a look at the data.

        Arrays are checked whole, a dataset by its first batch: shape, dtype, NaN, and the range
        that the loss needs. Steps run in groups where that is faster (`steps_per_execution`).

        Args:
            x: an array of any library, a frame, a list of numbers; `tf.data.Dataset`,
                `keras.utils.PyDataset` or a generator of arrays or tuples.
            y: targets, where the class takes any.
            batch_size: examples per step, of arrays; if `None`, 32, or the one size that the
                networks take.
            epochs: passes over the data.
            verbose: `"auto"`, 0, 1 or 2.
            callbacks: Keras callbacks.
            validation_split: the fraction of the arrays, their end, to validate on.
            validation_data: as in Keras: `x`, `(x,)`, `(x, y)`, `(x, y, sample_weight)`, or a
                dataset.
            shuffle: whether to shuffle arrays each epoch.
            class_weight: must be `None`; use `sample_weight`.
            sample_weight: `(num_examples,)`; or of single steps, `(num_examples, steps)`, where
                the loss leaves them.
            initial_epoch: as in Keras.
            steps_per_epoch: as in Keras.
            validation_steps: as in Keras.
            validation_batch_size: as in Keras.
            validation_freq: as in Keras.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: if the data cannot be trained on.
            TypeError: if their dtype is not what the model takes.
        """
        arguments = {name: value for name, value in locals().items() if name in _FIT_ARGUMENTS}
        arguments = self._door.admit_fit(arguments)
        with (
            lost_workers_named(self.distribute_strategy),
            full_disks_survived(arguments["callbacks"]),
            self._step_groups.of_fit(self, arguments) as arguments,
        ):
            return super().fit(**arguments)

    def evaluate(
        self,
        x: Data | None = None,
        y: Array | None = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Array | None = None,
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        return_dict: bool = False,
        **kwargs,
    ):
        """Measures as `keras.Model.evaluate` does, after a look at the data.

        Args:
            x: as in `fit`.
            y: as in `fit`.
            batch_size: examples per step, of arrays; 32 if `None`.
            verbose: `"auto"`, 0, 1 or 2.
            sample_weight: as in `fit`.
            steps: how many batches of a dataset; all if `None`.
            callbacks: Keras callbacks.
            return_dict: whether to give a dict rather than a list.
            **kwargs: what Keras's own `fit` passes on.

        Returns:
            The means of the loss, the terms and the metrics.
        """
        arguments = {
            "x": x,
            "y": y,
            "batch_size": batch_size,
            "verbose": verbose,
            "sample_weight": sample_weight,
            "steps": steps,
            "callbacks": callbacks,
            "return_dict": return_dict,
        }
        if keras_internals.is_validation_of_fit(kwargs):  # whose data have been looked at
            return super().evaluate(**arguments, **kwargs)
        arguments = self._door.admit_evaluate(arguments)
        with self._step_groups.of_evaluate(self, arguments) as arguments:
            return super().evaluate(**arguments, **kwargs)

    def predict(
        self,
        x: Data | list,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
    ):
        """What `call` gives, as `keras.Model.predict` does, after a look at the data.

        Args:
            x: what `call` takes: an array, a list of arrays where it takes several, or a dataset.
            batch_size: examples at once, of arrays; 32 if `None`.
            verbose: `"auto"`, 0, 1 or 2.
            steps: how many batches of a dataset; all if `None`.
            callbacks: Keras callbacks.

        Returns:
            A NumPy array, `(num_examples, ...)`.
        """
        x = self._door.admit_predict(x, batch_size, steps)
        return super().predict(x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        class_weight: None = None,
        return_dict: bool = False,
    ):
        """One step on one batch, as in `keras.Model.train_on_batch`."""
        refuse_class_weight(class_weight)
        is_first = self.train_function is None  # since `compile`
        data = self._door.admit(x, y, sample_weight, trains=True, warns=is_first)
        return super().train_on_batch(*data, None, return_dict)

    def test_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        return_dict: bool = False,
    ):
        """The measures of one batch, as in `keras.Model.test_on_batch`."""
        return super().test_on_batch(*self._door.admit(x, y, sample_weight), return_dict)

    def predict_on_batch(self, x: Array | list):
        """What `call` gives of one batch, as in `keras.Model.predict_on_batch`."""
        return super().predict_on_batch(self._door.admit_inputs(x))

    def make_train_function(self, force=False):
        """What `fit` calls for each group of steps; made again where a constant has changed."""
        force = self._step_constants.value.has_changed_in_training() or force
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = self._step_groups.function(
                self, self.train_step, self.train_function
            )

    def make_test_function(self, force=False):
        """What `evaluate` calls for each group of steps; made again as that of `fit` is."""
        force = self._step_constants.value.has_changed_in_test() or force
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = self._step_groups.function(
                self, self.test_step, self.test_function
            )

    _maybe_symbolic_build = keras_internals.build_from_one_replica

    # ------------------------------------------------------------------ files and servers

    def run_in_batches(
        self, function: Callable, *arrays: Array, batch_size: int
    ) -> np.ndarray | Any:
        """A method of this model run on arrays of any length, a batch at a time.

        Args:
            function: a bound method that takes and gives tensors, batch axis first.
            *arrays: its inputs, `(num_examples, ...)` each.
            batch_size: examples run at once; where the networks take batches of one size only,
                theirs.

        Returns:
            A NumPy array `(num_examples, ...)`, or a structure of them.
        """
        return self._saver.run(function, *arrays, batch_size=batch_size)

    def save(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs,
    ) -> None:
        """Saves as `keras.Model.save` does, but whole or not at all.

        A process that is killed, or a disk that fills, leaves the file that was there before.
        Under several workers the chief alone writes.

        Raises:
            ValueError: if `filepath` does not end in `.keras`, unless `zipped=False`, which
                writes a folder. Keras's older `.h5` holds no model of several networks.
        """
        save = super().save
        self._saver.save(
            filepath,
            overwrite,
            zipped,
            lambda path: save(path, overwrite=overwrite, zipped=zipped, **kwargs),
        )

    def save_weights(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        max_shard_size: float | None = None,
    ) -> None:
        """Saves as `keras.Model.save_weights` does, in the manner of `save`.

        Raises:
            ValueError: if `filepath` does not end in `.weights.h5`.
        """
        save_weights = super().save_weights
        self._saver.save_weights(
            filepath,
            overwrite,
            max_shard_size,
            lambda path: save_weights(path, overwrite, max_shard_size),
        )

    def load_weights(
        self, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs
    ) -> None:
        """Loads as `keras.Model.load_weights` does, from what `save_weights` or `save` wrote.

        Raises:
            ValueError: if `filepath` ends otherwise.
        """
        check_path("filepath", filepath)
        check_loadable("filepath", filepath)
        super().load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",
        network: str | None = None,
        verbose: bool | None = None,
        **kwargs,
    ) -> None:
        """Writes one SavedModel with a named endpoint for each thing that the model does.

        The batch size is dynamic. The SavedModel loads and runs where `keras_aegan` is not
        installed: `served = tf.saved_model.load(filepath)`, then `served.encode(x)`. TensorFlow
        Serving takes it from a folder of versions: `export("models/vae/1")`. Under several
        workers the chief alone writes.

        An older SavedModel is replaced by a whole new one, or stays: whoever opens the folder
        finds one of the two. An endpoint that is asked for a number of samples, such as `sample`,
        raises an error for one below 0 or above 2,147,483,647.

        Args:
            filepath: the folder to write: a new one, an empty one, or a SavedModel's; for
                `"onnx"` and `"litert"`, the file.
            format: `"tf_saved_model"`; or `"onnx"` or `"litert"`, which hold one network.
            network: for those two, which: the name of an attribute, such as `"encoder"`.
            verbose: whether to print what was written.
            **kwargs: passed to Keras's own export.

        Raises:
            TypeError: if `filepath` is not a path.
            ValueError: if `network` names none, or `filepath` is a file where a folder is to be
                written or the reverse, or a folder that holds something else or cannot be
                replaced: a mount point, the working directory, one in a read-only folder.
        """
        if format == "tf_saved_model" and network is None:
            self._saver.export(filepath, verbose, **kwargs)
        else:
            self._saver.export_network(
                network, self._networks(), filepath, format, verbose, **kwargs
            )

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` describes."""
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
                for name, value in config.items()
            }
        )

    def get_config(self):
        """Keras's own part of the config."""
        # By `keras.saving.save_model`, which does not ask `save`.
        if keras_internals.is_written_as_hdf5():
            raise ValueError(
                "`filepath` must end in `.keras`: Keras's older format holds no model of several "
                f"networks. Received: a {type(self).__name__} for a file that ends in `.h5`"
            )
        return super().get_config()


_FIT_ARGUMENTS = (*inspect.signature(CheckedModel.fit).parameters,)[1:]
