"""The door: what a model asks of data before it touches a weight."""

import math

import keras
import numpy as np

from keras_aegan.checks import data_checks, datasets
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_array, as_vector, is_array_like
from keras_aegan.engine.batch_sizes import own_batch_size
from keras_aegan.engine.training_checks import prepare_callbacks


class Door:
    """Checks what `fit`, `evaluate` and `predict` are given, and makes arrays of it.

    Arrays are checked whole, a dataset by its first batch. What its networks and its loss can take
    a model says in `check_data(x, y)`; a family of models has a door of its own for what they ask
    in common, which overrides the methods below the line.

    Args:
        model: the model.
    """

    # What `call` takes, by name; `None` where it may take anything.
    input_names = None
    # Of the data that training began on: what is said where they are so large that NaN may come
    # of it.
    unscaled = None

    def __init__(self, model):
        self.model = model

    def admit_fit(self, arguments):
        """The arguments of `fit`, a dict, checked and converted."""
        arguments = dict(arguments)
        refuse_class_weight(arguments["class_weight"])
        x, batch_size = arguments["x"], arguments["batch_size"]
        validation_split = arguments["validation_split"]
        if batch_size is not None:
            data_checks.check_batch_size(batch_size)
        data_checks.check_fit_arguments(arguments)
        datasets.check_ends("x", x, "steps_per_epoch", arguments["steps_per_epoch"])
        x, y, sample_weight = self.admit(x, arguments["y"], arguments["sample_weight"], trains=True)
        arguments.update(x=x, y=y, sample_weight=sample_weight)
        if arguments["validation_data"] is not None:
            arguments["validation_data"] = self._admit_validation(
                arguments["validation_data"], arguments["validation_steps"]
            )
        arguments["batch_size"] = self._own_batch_size(x, batch_size, validation_split)
        arguments["callbacks"] = prepare_callbacks(arguments["callbacks"], self.model)
        # Keras shuffles arrays and PyDatasets, and warns that it cannot shuffle others.
        can_shuffle = is_array_like(x) or getattr(x, "num_batches", None) is not None
        arguments["shuffle"] = arguments["shuffle"] and can_shuffle
        return arguments

    def admit_evaluate(self, arguments):
        """The arguments of `evaluate`, a dict, checked and converted."""
        arguments = dict(arguments)
        x, batch_size, steps = (arguments[name] for name in ("x", "batch_size", "steps"))
        if batch_size is not None:
            data_checks.check_batch_size(batch_size)
        if steps is not None:
            check_positive_integer("steps", steps)
        datasets.check_ends("x", x, "steps", steps)
        x, y, sample_weight = self.admit(x, arguments["y"], arguments["sample_weight"])
        arguments.update(x=x, y=y, sample_weight=sample_weight)
        arguments["batch_size"] = self._own_batch_size(x, batch_size)
        return arguments

    def admit_predict(self, x, batch_size, steps):
        """What `predict` gives to `call`, checked and converted."""
        if batch_size is not None:
            data_checks.check_batch_size(batch_size)
        datasets.check_ends("x", x, "steps", steps)
        return self.admit_inputs(x)

    def admit_inputs(self, x):
        """What `call` is to take, an array, a list of arrays or a dataset."""
        if x is None:
            raise ValueError("`x` must be an array or a dataset. Received: x=None")
        if is_array_like(x):
            return self._as_inputs(x)
        batch, x = datasets.peek(x)
        if batch is not None:
            self._as_inputs(keras.utils.unpack_x_y_sample_weight(batch)[0])
        return x

    def admit(self, x, y, sample_weight, trains=False, warns=True):
        """`(x, y, sample_weight)` of arrays or of a dataset, checked and converted.

        Args:
            x: as `fit` takes it.
            y: as `fit` takes it.
            sample_weight: as `fit` takes it.
            trains: whether the model is to be trained on them.
            warns: whether to warn, then, of data that lead nowhere.
        """
        check_compiled(self.model, "fit")
        if x is None or isinstance(x, (tuple, dict)):
            raise ValueError(
                "`x` must be one array or a dataset, with targets and weights as arguments of "
                f"their own. Received: x of type {type(x).__name__}"
            )
        if is_array_like(x):
            x, y, sample_weight = self._check_arrays(x, y, sample_weight, trains, warns)
            # Keras drops the weights of examples that come without targets.
            return x, x if y is None and sample_weight is not None else y, sample_weight
        batch, x = datasets.peek(x)
        if batch is not None:
            parts = keras.utils.unpack_x_y_sample_weight(batch)
            self._check_arrays(*parts, trains, warns)
        else:  # a distributed dataset, of which nothing can be looked at but the structure
            spec = x.element_spec
            y_spec = spec[1] if isinstance(spec, tuple) and len(spec) > 1 else None
            self.note(None, y_spec) if trains else self.check_as_trained(y_spec)
        return x, y, sample_weight

    # ------------------------------------------------------------------ conditions

    @property
    def condition_names(self):
        """What the networks take beside their first input, by name."""
        return getattr(self.model, "condition_names", ())

    def as_conditions(self, conditions):
        """What conditions examples as arrays, a list; not checked yet."""
        return [as_vector(n, c) for n, c in zip(self.condition_names, conditions, strict=False)]

    def conditions(self, *conditions):
        """Conditions alone as arrays, checked: a list."""
        conditions = self.as_conditions(conditions)
        self.check_conditions(*conditions)
        return conditions

    def check_conditions(self, *conditions, other_name=None, other=None, names=None):
        """Raises an error unless the networks can take the conditions, one for each of `other`."""
        for name, labels in zip(names or self.condition_names, conditions, strict=False):
            data_checks.check_labels(name, labels, self.model.num_classes)
            if other is not None:
                data_checks.check_as_many(other_name, other, name, labels)

    # ------------------------------------------------------------------ what families override

    def as_y(self, y):
        """The array that `y` is: targets, or of a conditional model labels."""
        return as_vector("y", y) if self.condition_names else as_array("y", y)

    def check_inputs(self, *inputs):
        """Raises an error unless `call` can take these arrays."""

    def input_shape(self):
        """The shape of one example of what `call` takes first."""
        return self.model.data_shape

    def note(self, x, y):
        """Told in `fit` what the model trains on, for its abilities to know."""

    def check_as_trained(self, y):
        """Raises ValueError unless measuring compares with what training compared with."""

    def warn(self, x, y):
        """Warns in `fit`, before the first step, of data that lead nowhere."""

    # ------------------------------------------------------------------ the rest

    def _as_inputs(self, x):
        """What `call` takes, converted and checked: one array, or a list of several."""
        names = self.input_names
        if names is None:  # of a class of the user's own
            is_list = isinstance(x, (list, tuple)) and all(hasattr(part, "shape") for part in x)
            return [as_array("x", part) for part in x] if is_list else as_array("x", x)
        if isinstance(x, dict) or (
            len(names) > 1 and not (isinstance(x, (list, tuple)) and len(x) == len(names))
        ):
            wanted = "one array" if len(names) == 1 else f"a list [{', '.join(names)}]"
            raise ValueError(
                f"`x` must be {wanted}, which a {type(self.model).__name__} is called on. "
                f"Received: x of type {type(x).__name__}"
            )
        if len(names) == 1 and isinstance(x, (list, tuple)) and len(x) == 1:
            one = as_array("x", x[0])  # Keras takes a list of one array, too
            x = one if len(one.shape) > len(self.input_shape()) else x
        parts = x if len(names) > 1 else [x]
        arrays = [
            (as_vector if name == "labels" else as_array)(name, part)
            for name, part in zip(names, parts, strict=True)
        ]
        self.check_inputs(*arrays)
        return arrays if len(names) > 1 else arrays[0]

    def _own_batch_size(self, x, batch_size, validation_split=0.0):
        """`batch_size`; of arrays, the one that the networks take, where they take but one."""
        own_size = own_batch_size(self.model)
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
            datasets.check_ends(
                "validation_data", validation_data, "validation_steps", validation_steps
            )
            return self.admit(validation_data, None, None)[0]
        if not 1 <= len(validation_data) <= 3:
            raise ValueError(
                "`validation_data` must be x, (x,), (x, y) or (x, y, sample_weight). "
                f"Received: a tuple of {len(validation_data)}"
            )
        arrays = self.admit(*keras.utils.unpack_x_y_sample_weight(validation_data))
        return keras.utils.pack_x_y_sample_weight(*arrays)

    def _is_of_parts(self, values):
        """Whether a list holds x, y and weights, and not the numbers of x themselves."""
        rank = len(getattr(self.model, "data_shape", (None,))) + 1
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
            y = x if y is given else self.as_y(y)
            if not len(y.shape):
                raise TypeError(f"`y` must be one array. Received: y={y}")
            data_checks.check_as_many("x", x, "y", y)
        if not trains:
            self.check_as_trained(y)
        self.model.check_data(x, y)
        data_checks.check_whole_batches(x.shape[0], own_batch_size(self.model))
        if sample_weight is not None:
            sample_weight = as_vector("sample_weight", sample_weight)
            target = x if y is None or len(y.shape) == 1 else y  # labels have no steps
            data_checks.check_sample_weight(
                np.asarray(sample_weight), x.shape[0], tuple(target.shape[1:])
            )
        if trains:
            self.note(x, y)
            if warns:
                self.warn(x, y)
        return x, y, sample_weight


def check_compiled(model, method):
    """Raises ValueError unless a model has been compiled, which a method of that name needs."""
    if not model.compiled:
        raise ValueError(f"You must call `compile()` before calling `{method}()`.")  # as Keras


def refuse_class_weight(class_weight):
    """Raises ValueError for class weights, which a model without classes as targets cannot mean."""
    if class_weight is not None:
        raise ValueError(
            "`class_weight` needs class labels as targets; weight examples by "
            f"`sample_weight` instead. Received: class_weight={class_weight}"
        )
