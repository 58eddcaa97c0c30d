"""From a model to a file, a SavedModel, or answers about arrays."""

import contextlib
import io
import os

import keras
import tensorflow as tf

from keras_aegan.checks.data_checks import check_batch_size, check_path, check_whole_batches
from keras_aegan.engine import saved_models
from keras_aegan.engine.batch_sizes import own_batch_size
from keras_aegan.engine.devices import is_chief
from keras_aegan.engine.file_checks import check_keras_file, check_weights_file, name_of
from keras_aegan.engine.files import is_local, whole_file


class Saver:
    """Writes a model or a layer to files, whole or not at all, and runs its methods on arrays.

    Under several workers the chief alone writes.

    Args:
        owner: a Keras model, or a layer that holds one. What can be served gives in `endpoints()`
            a dict, an endpoint's name to `(function, [input specs])`.
        strategy: the `tf.distribute` strategy of the model.
        parts: savers of models that the owner holds: what they forget, this one forgets.
    """

    def __init__(self, owner, strategy, parts=()):
        self.owner = owner
        self.strategy = strategy
        self.parts = parts
        self.num_changes = 0
        self._functions = {}

    # ------------------------------------------------------------------ files

    def save(self, filepath, overwrite, zipped, keras_save):
        """Writes a `.keras` file, or with `zipped=False` a folder.

        Args:
            filepath: where.
            overwrite: whether what is there may be replaced without asking.
            zipped: as in `keras.Model.save`.
            keras_save: Keras's own `save`, as a function of a path.

        Raises:
            ValueError: if `filepath` does not end in `.keras`, unless `zipped=False`.
        """
        if zipped is not False and not name_of(filepath).startswith("hf://"):
            check_keras_file("filepath", filepath)
        if not is_chief(self.strategy):
            return
        if zipped is False:
            keras_save(filepath)
        else:
            with _being_written(filepath, ".keras", overwrite) as path:
                keras_save(path)

    def save_weights(self, filepath, overwrite, max_shard_size, keras_save):
        """Writes a file of weights, or with `max_shard_size` several.

        Args:
            filepath: where.
            overwrite: whether what is there may be replaced without asking.
            max_shard_size: as in `keras.Model.save_weights`.
            keras_save: Keras's own `save_weights`, as a function of a path or a file object.

        Raises:
            ValueError: if `filepath` does not end in `.weights.h5`.
        """
        if max_shard_size is None:
            check_weights_file("filepath", filepath)
        if not is_chief(self.strategy):
            return
        if max_shard_size is not None:
            keras_save(filepath)
            return
        with _being_written(filepath, ".weights.h5", overwrite) as path:
            if path is filepath:
                keras_save(filepath)
                return
            memory = _NamedMemory(path)
            keras_save(memory)
            path.write_bytes(memory.getbuffer())

    def export(self, filepath, verbose=None, **kwargs):
        """Writes the owner's endpoints into one SavedModel (see `LatentVariableModel.export`)."""
        check_path("filepath", filepath)
        if not is_chief(self.strategy):
            return
        size = own_batch_size(self.owner)
        endpoints = {
            name: (function, [_of_batch_size(spec, size) for spec in specs])
            for name, (function, specs) in self.owner.endpoints().items()
        }
        with saved_models.being_exported(filepath, "tf_saved_model", verbose) as path:
            saved_models.write_endpoints(
                path, self.owner, endpoints, verbose=bool(verbose), **kwargs
            )

    def export_network(self, name, networks, filepath, format, verbose=None, **kwargs):
        """Writes one network in a format that holds no more, through Keras.

        Args:
            name: which, an attribute of the owner.
            networks: those that can be written.
            filepath: the file.
            format: such as `"onnx"` or `"litert"`.
            verbose: whether to print what was written.
            **kwargs: passed to Keras's own export.

        Raises:
            ValueError: if `name` is not one of the networks, or the file's ending is not the
                format's.
        """
        check_path("filepath", filepath)
        if not is_chief(self.strategy):
            return
        ids = {id(network) for network in networks if isinstance(network, keras.Model)}
        names = sorted(n for n, value in vars(self.owner).items() if id(value) in ids)
        if name not in names:
            raise ValueError(
                f'`network` must be one of {names} where `format="{format}"`: such a file holds '
                f"one network. Received: network={name!r}"
            )
        if format == "litert" and not name_of(filepath).endswith(".tflite"):
            raise ValueError(
                f'`filepath` must end in `.tflite` for "litert". Received: filepath={filepath!r}'
            )
        network = getattr(self.owner, name)
        # A network that has not been called yet has no signature for Keras, and a Sequential one no
        # `input`.
        inputs = network.inputs[0] if isinstance(network, keras.Sequential) else network.input
        size = own_batch_size(network)
        specs = keras.tree.map_structure(
            lambda x: _of_batch_size(tf.TensorSpec(x.shape, x.dtype, x.name), size), inputs
        )
        kwargs.setdefault("input_signature", [specs])
        try:
            with saved_models.being_exported(filepath, format, verbose) as path:
                network.export(path, format=format, verbose=verbose, **kwargs)
        except ModuleNotFoundError as error:
            raise ImportError(
                f'`format="{format}"` needs packages that are not installed: pip install '
                f'"keras_aegan[clients]". Received: {error}'
            ) from error

    # ------------------------------------------------------------------ arrays

    def run(self, function, *arrays, batch_size):
        """Runs a method of the owner on arrays of any length, a batch at a time.

        Args:
            function: a bound method that takes and gives tensors, batch axis first.
            *arrays: its inputs, `(num_examples, ...)` each.
            batch_size: examples run at once; where the networks take batches of one size only,
                theirs.

        Returns:
            A NumPy array `(num_examples, ...)`, or a structure of them.
        """
        check_batch_size(batch_size)
        own_size = own_batch_size(self.owner)
        check_whole_batches(len(arrays[0]), own_size)
        batch_size = own_size or batch_size
        dtypes = [_dtype(array) for array in arrays]
        specs = [
            tf.TensorSpec((own_size, *a.shape[1:]), d) for a, d in zip(arrays, dtypes, strict=True)
        ]
        changes = [part.num_changes for part in (self, *self.parts)]
        key = (function.__name__, *changes, *map(str, specs))
        if key not in self._functions:  # traced once for all batch sizes
            # A concrete function: TensorFlow takes new models' functions for needless retracing.
            traced = tf.function(function, input_signature=specs, autograph=False)
            self._functions[key] = traced.get_concrete_function()
        batches = []
        for start in range(0, len(arrays[0]), batch_size):
            parts = [array[start : start + batch_size] for array in arrays]
            tensors = [tf.cast(part, dtype) for part, dtype in zip(parts, dtypes, strict=True)]
            batches.append(self._functions[key](*tensors))
        return keras.tree.map_structure(lambda *parts: tf.concat(parts, axis=0).numpy(), *batches)

    def forget_functions(self):
        """Has the methods traced anew: what they compute has changed."""
        self.num_changes += 1
        self._functions.clear()


def _being_written(filepath, ending, overwrite):
    """The path to write to: beside `filepath`, where that is one file on this machine."""
    can_replace = overwrite or not os.path.exists(filepath)  # else Keras asks
    is_one_file = can_replace and name_of(filepath).endswith(ending) and is_local(filepath)
    if is_one_file and os.path.isdir(os.path.dirname(os.path.abspath(filepath))):
        return whole_file(filepath)
    return contextlib.nullcontext(filepath)


class _NamedMemory(io.BytesIO):
    """What Keras writes weights to as to a file: HDF5 on a full disk can end the process."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __str__(self):
        return str(self.name)


def _of_batch_size(spec, batch_size):
    """An endpoint's spec for batches of that size, of any if `None`; as it is without a batch."""
    if not len(spec.shape):
        return spec
    return tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, spec.name)


def _dtype(array):
    """The array's dtype; for any real numbers, Keras's own."""
    dtype = keras.backend.standardize_dtype(getattr(array, "dtype", "float32"))
    return keras.backend.floatx() if keras.backend.is_float_dtype(dtype) else dtype
