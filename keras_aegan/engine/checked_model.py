"""The door: what `fit` and `evaluate` ask of data before they touch a weight."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks import data_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_array, as_vector, is_array_like
from keras_aegan.engine.batch_sizes import own_batch_size
from keras_aegan.engine.devices import lost_workers_named
from keras_aegan.engine.full_disks import full_disks_survived
from keras_aegan.engine.training_checks import prepare_callbacks
from keras_aegan.hints import Array

_Data: TypeAlias = Array | tf.data.Dataset | keras.utils.PyDataset | Iterator


class CheckedModel(keras.Model):
    """A Keras model that looks at its data first: wrong data get a sentence, not a training.

    Arrays are checked whole, a dataset by its first batch. A subclass says in
    `check_data(x, y)` what its networks and its loss can take.
    """

    # Of the data that training began on: what is said where they are so large that NaN may come
    # of it.
    unscaled: str | None = None

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Refuses data that the networks or the loss cannot take, with one sentence."""

    def fit(
        self,
        x: _Data | None = None,
        y: Array | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: _Data | tuple | None = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: Array | None = None,
        **kwargs,
    ) -> keras.callbacks.History:
        """Trains as `keras.Model.fit` does, after a look at the data.

        Arrays are checked whole, a dataset by its first batch: shape, dtype, NaN, and the range
        that the loss needs.

        Args:
            x: an array of any library, a frame, a list of numbers; `tf.data.Dataset`,
                `keras.utils.PyDataset` or a generator of arrays or tuples.
            y: targets, where the class takes any.
            batch_size: examples a step, of arrays; if `None`, 32, or the one size that the
                networks take.
            epochs: passes over the data.
            verbose: `"auto"`, 0, 1 or 2.
            callbacks: Keras callbacks.
            validation_split: the fraction of the arrays, their end, to validate on.
            validation_data: as in Keras: `x`, `(x,)`, `(x, y)`, `(x, y, sample_weight)`, or a
                dataset.
            shuffle: whether to shuffle arrays each epoch.
            class_weight: refused; use `sample_weight`.
            sample_weight: `(num_examples,)`; or of single steps, `(num_examples, steps)`, where
                the loss leaves them.
            **kwargs: `initial_epoch`, `steps_per_epoch`, `validation_steps`,
                `validation_batch_size`, `validation_freq`, as in Keras.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: if the data cannot be trained on.
            TypeError: if their dtype is not what the model takes.
        """
        _refuse_class_weight(class_weight)
        if batch_size is not None:
            data_checks.check_batch_size(batch_size)
        data_checks.check_fit_arguments(epochs, validation_split, **kwargs)
        data_checks.check_ends("x", x, "steps_per_epoch", kwargs.get("steps_per_epoch"))
        x, y, sample_weight = self._admit(x, y, sample_weight, trains=True)
        if validation_data is not None:
            validation_data = self._admit_validation(
                validation_data, kwargs.get("validation_steps")
            )
        batch_size = self._own_batch_size(x, batch_size, validation_split)
        callbacks = prepare_callbacks(callbacks, self)
        with lost_workers_named(self.distribute_strategy), full_disks_survived(callbacks):
            return super().fit(
                x,
                y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                # Keras shuffles arrays and PyDatasets, and warns that it cannot shuffle others.
                shuffle=shuffle
                and (is_array_like(x) or getattr(x, "num_batches", None) is not None),
                sample_weight=sample_weight,
                **kwargs,
            )

    def evaluate(
        self,
        x: _Data | None = None,
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
            batch_size: examples a step, of arrays; 32 if `None`.
            verbose: `"auto"`, 0, 1 or 2.
            sample_weight: `(num_examples,)`; or of single steps, `(num_examples, steps)`, where
                the loss leaves them.
            steps: how many batches of a dataset; all if `None`.
            callbacks: Keras callbacks.
            return_dict: whether to give a dict rather than a list.
            **kwargs: what Keras's own `fit` passes on.

        Returns:
            The means of the loss, the terms and the metrics.
        """
        if not kwargs:  # inside `fit`, the data have been looked at
            if batch_size is not None:
                data_checks.check_batch_size(batch_size)
            if steps is not None:
                check_positive_integer("steps", steps)
            data_checks.check_ends("x", x, "steps", steps)
            x, y, sample_weight = self._admit(x, y, sample_weight)
            batch_size = self._own_batch_size(x, batch_size)
        return super().evaluate(
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
            return_dict=return_dict,
            **kwargs,
        )

    def train_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        class_weight=None,
        return_dict: bool = False,
    ):
        """One step on one batch, as in `keras.Model.train_on_batch`."""
        _refuse_class_weight(class_weight)
        is_first = self.train_function is None  # since `compile`
        x, y, sample_weight = self._admit(x, y, sample_weight, trains=True, warns=is_first)
        return super().train_on_batch(x, y, sample_weight, None, return_dict)

    def test_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        return_dict: bool = False,
    ):
        """The measures of one batch, as in `keras.Model.test_on_batch`."""
        x, y, sample_weight = self._admit(x, y, sample_weight)
        return super().test_on_batch(x, y, sample_weight, return_dict)

    def predict(
        self,
        x: _Data | list,
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
        if batch_size is not None:
            data_checks.check_batch_size(batch_size)
        data_checks.check_ends("x", x, "steps", steps)
        return super().predict(self._admit_inputs(x), batch_size, verbose, steps, callbacks)

    def predict_on_batch(self, x: Array | list):
        """What `call` gives of one batch, as in `keras.Model.predict_on_batch`."""
        return super().predict_on_batch(self._admit_inputs(x))

    # ------------------------------------------------------------------------- at the door

    def as_targets(self, y: Array) -> Array:
        """The array that `y` is: targets, unless a class takes labels in their place."""
        return as_array("y", y)

    def note_targets(self, x: Array, y: Array | None) -> None:
        """Told in `fit` what examples and targets the model trains on, for abilities to know."""

    def check_as_trained(self, y: Array | None) -> None:
        """Raises ValueError unless measuring compares with what training compared with."""

    def warn_of_data(self, x: Array, y: Array | None) -> None:
        """Warns in `fit`, before the first step, of data that lead nowhere."""

    def check_inputs(self, *inputs: Array) -> None:
        """Raises an error unless `call` can take these arrays."""

    def _shape_of_input(self):
        """The shape of one example of what `call` takes first."""
        return self.data_shape

    def _admit_inputs(self, x):
        """Checks at the door what `call` is to take; gives the `x` to go on with."""
        if x is None:
            raise ValueError("`x` must be an array or a dataset. Received: x=None")
        if is_array_like(x):
            return self._as_inputs(x)
        batch, x = data_checks.peek(x)
        if batch is not None:
            self._as_inputs(keras.utils.unpack_x_y_sample_weight(batch)[0])
        return x

    def _as_inputs(self, x):
        """What `call` takes, converted and checked: one array, or a list of several."""
        names = getattr(self, "network_inputs", None)
        if names is None:  # of a class of the user's own, whose `call` may take anything
            is_list = isinstance(x, (list, tuple)) and all(hasattr(part, "shape") for part in x)
            return [as_array("x", part) for part in x] if is_list else as_array("x", x)
        if isinstance(x, dict) or (
            len(names) > 1 and not (isinstance(x, (list, tuple)) and len(x) == len(names))
        ):
            wanted = "one array" if len(names) == 1 else f"a list [{', '.join(names)}]"
            raise ValueError(
                f"`x` must be {wanted}, which a {type(self).__name__} is called on. "
                f"Received: x of type {type(x).__name__}"
            )
        if len(names) == 1 and isinstance(x, (list, tuple)) and len(x) == 1:
            one = as_array("x", x[0])  # Keras takes a list of one array, too
            x = one if len(one.shape) > len(self._shape_of_input()) else x
        parts = x if len(names) > 1 else [x]
        arrays = [
            (as_vector if name == "labels" else as_array)(name, part)
            for name, part in zip(names, parts, strict=True)
        ]
        self.check_inputs(*arrays)
        return arrays if len(names) > 1 else arrays[0]

    def _admit(self, x, y, sample_weight, trains=False, warns=True):
        """Checks the data at the door; gives the `(x, y, sample_weight)` to go on with."""
        self._assert_compile_called("fit")
        if x is None or isinstance(x, (tuple, dict)):
            raise ValueError(
                "`x` must be one array or a dataset, with targets and weights as arguments of "
                f"their own. Received: x of type {type(x).__name__}"
            )
        if is_array_like(x):
            x, y, sample_weight = self._check_arrays(x, y, sample_weight, trains, warns)
            # Keras drops the weights of examples that come without targets.
            return x, x if y is None and sample_weight is not None else y, sample_weight
        batch, x = data_checks.peek(x)
        if batch is not None:
            parts = keras.utils.unpack_x_y_sample_weight(batch)
            self._check_arrays(*parts, trains, warns)
        else:  # a distributed dataset, of which nothing can be looked at but the structure
            spec = x.element_spec
            y_spec = spec[1] if isinstance(spec, tuple) and len(spec) > 1 else None
            self.note_targets(None, y_spec) if trains else self.check_as_trained(y_spec)
        return x, y, sample_weight

    def _own_batch_size(self, x, batch_size, validation_split=0.0):
        """`batch_size`; of arrays, the one that the networks take, where they take but one."""
        own_size = own_batch_size(self)
        if own_size is None or not is_array_like(x):
            return batch_size
        num_trained = math.floor(x.shape[0] * (1.0 - (validation_split or 0.0)))
        for num_examples in (num_trained, x.shape[0] - num_trained):
            data_checks.check_whole_batches(num_examples, own_size, batch_size)
        return own_size

    def _admit_validation(self, validation_data, validation_steps):
        if isinstance(validation_data, list) and self._is_of_parts(validation_data):
            validation_data = tuple(validation_data)
        if not isinstance(validation_data, tuple):
            data_checks.check_ends(
                "validation_data", validation_data, "validation_steps", validation_steps
            )
            return self._admit(validation_data, None, None)[0]
        if not 1 <= len(validation_data) <= 3:
            raise ValueError(
                "`validation_data` must be x, (x,), (x, y) or (x, y, sample_weight). "
                f"Received: a tuple of {len(validation_data)}"
            )
        arrays = self._admit(*keras.utils.unpack_x_y_sample_weight(validation_data))
        return keras.utils.pack_x_y_sample_weight(*arrays)

    def _is_of_parts(self, values):
        """Whether a list holds x, y and weights, and not the numbers of x themselves."""
        rank = len(getattr(self, "data_shape", (None,))) + 1
        return len(values) <= 3 and np.ndim(values[0]) >= rank if values else False

    def _check_arrays(self, x, y, sample_weight, trains, warns):
        """The arrays of a whole data set, or of a dataset's first batch, converted and checked."""
        given = x
        if x is None or isinstance(x, (tuple, dict)):
            raise ValueError(
                f"`x` must be one array of examples. Received: an x of type {type(x).__name__}"
            )
        x = as_array("x", x)
        if not len(x.shape):
            raise ValueError(f"`x` must be one array of examples. Received: x={x}")
        if y is not None:
            y = x if y is given else self.as_targets(y)
            if not len(y.shape):
                raise TypeError(f"`y` must be one array. Received: y={y}")
            data_checks.check_as_many("x", x, "y", y)
        if not trains:
            self.check_as_trained(y)
        self.check_data(x, y)
        data_checks.check_whole_batches(x.shape[0], own_batch_size(self))
        if sample_weight is not None:
            sample_weight = as_vector("sample_weight", sample_weight)
            target = x if y is None or len(y.shape) == 1 else y  # labels have no steps
            data_checks.check_sample_weight(
                np.asarray(sample_weight), x.shape[0], tuple(target.shape[1:])
            )
        if trains:
            self.note_targets(x, y)
            if warns:
                self.warn_of_data(x, y)
        return x, y, sample_weight


def _refuse_class_weight(class_weight):
    if class_weight is not None:
        raise ValueError(
            "`class_weight` needs class labels as targets; weight examples by "
            f"`sample_weight` instead. Received: class_weight={class_weight}"
        )
