"""The door: what `fit` and `evaluate` ask of data before they touch a weight."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.arguments import check_positive_integer
from keras_aegan.distribution import lost_workers_named
from keras_aegan.hints import Array
from keras_aegan.models import data_checks
from keras_aegan.models.full_disks import full_disks_survived
from keras_aegan.models.training_checks import prepare_callbacks

_Data: TypeAlias = Array | tf.data.Dataset | keras.utils.PyDataset | Iterator


class CheckedModel(keras.Model):
    """A Keras model that looks at its data first: wrong data get a sentence, not a training.

    Arrays are checked whole, a dataset by its first batch. A subclass says in
    `check_data(x, y)` what its networks and its loss can take.
    """

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
            x: array, `tf.data.Dataset`, `keras.utils.PyDataset` or generator.
            y: targets, where the class takes any.
            batch_size: examples a step, of arrays; 32 if `None`.
            epochs: passes over the data.
            verbose: `"auto"`, 0, 1 or 2.
            callbacks: Keras callbacks.
            validation_split: the fraction of the arrays, their end, to validate on.
            validation_data: as in Keras: `x`, `(x,)`, `(x, y)`, `(x, y, sample_weight)`, or a
                dataset.
            shuffle: whether to shuffle arrays each epoch.
            class_weight: refused; use `sample_weight`.
            sample_weight: `(num_examples,)`.
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
        x, y = self._admit(x, y, sample_weight)
        if validation_data is not None:
            validation_data = self._admit_validation(validation_data)
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
                and (data_checks.is_array(x) or isinstance(x, keras.utils.PyDataset)),
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
            sample_weight: `(num_examples,)`.
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
            x, y = self._admit(x, y, sample_weight)
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
        x, y = self._admit(x, y, sample_weight)
        return super().train_on_batch(x, y, sample_weight, None, return_dict)

    def test_on_batch(
        self,
        x: Array,
        y: Array | None = None,
        sample_weight: Array | None = None,
        return_dict: bool = False,
    ):
        """The measures of one batch, as in `keras.Model.test_on_batch`."""
        x, y = self._admit(x, y, sample_weight)
        return super().test_on_batch(x, y, sample_weight, return_dict)

    def _admit(self, x, y, sample_weight):
        """Checks the data at the door; gives the `x` and `y` to go on with."""
        self._assert_compile_called("fit")
        if x is None or isinstance(x, (list, tuple, dict)):
            raise ValueError(
                "`x` must be one array or a dataset, with targets and weights as arguments of "
                f"their own. Received: x of type {type(x).__name__}"
            )
        x, y = (a.to_numpy() if hasattr(a, "to_numpy") else a for a in (x, y))  # of pandas
        if not data_checks.is_array(x):
            batch, x = data_checks.peek(x)
            if batch is not None:
                batch_x, batch_y, batch_weight = keras.utils.unpack_x_y_sample_weight(batch)
                self._check_arrays(batch_x, batch_y, batch_weight)
            return x, y
        self._check_arrays(x, y, sample_weight)
        # Keras drops the weights of examples that come without targets.
        return x, x if y is None and sample_weight is not None else y

    def _admit_validation(self, validation_data):
        if isinstance(validation_data, list):
            validation_data = tuple(validation_data)
        if not isinstance(validation_data, tuple):
            x, _ = self._admit(validation_data, None, None)
            return x
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(validation_data)
        x, y = self._admit(x, y, sample_weight)
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def _check_arrays(self, x, y, sample_weight):
        if not data_checks.is_array(x) or not len(x.shape):
            raise ValueError(
                "`x` must be one array of examples. Received: an x of type " + type(x).__name__
            )
        if y is not None:
            if not data_checks.is_array(y) or not len(y.shape):
                raise TypeError(f"`y` must be one array. Received: type {type(y).__name__}")
            data_checks.check_as_many("x", x, "y", y)
        self.check_data(x, y)
        if sample_weight is not None:
            data_checks.check_sample_weight(np.asarray(sample_weight), x.shape[0])


def _refuse_class_weight(class_weight):
    if class_weight is not None:
        raise ValueError(
            "`class_weight` needs class labels as targets; weight examples by "
            f"`sample_weight` instead. Received: class_weight={class_weight}"
        )
