"""From a model to a file and back: `.keras`, SavedModel, and endpoints run on arrays."""

import contextlib
import errno
import inspect
import io
import os
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks.data_checks import check_batch_size, check_path, check_whole_batches
from keras_aegan.engine import keras_internals
from keras_aegan.engine.batch_sizes import own_batch_size
from keras_aegan.engine.devices import is_chief
from keras_aegan.engine.files import is_local, whole_file, whole_folder
from keras_aegan.hints import Array

_PARTS_OF_A_SAVED_MODEL = {
    "assets",
    "assets.extra",  # TensorFlow Serving's requests for warming up, which stay
    "fingerprint.pb",
    "saved_model.pb",
    "saved_model.pbtxt",
    "variables",
}
_LARGEST_COUNT = 2**31 - 1


class ServableModel(keras.Model):
    """A Keras model whose whole state is saved, and whose abilities are named endpoints.

    A subclass gives in `endpoints()` what it can do; `export` writes them into one SavedModel,
    and its public methods run them on arrays, a batch at a time.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.forget_endpoint_functions()

    def forget_endpoint_functions(self) -> None:
        """Has the endpoints traced anew: what they compute has changed."""
        self._endpoint_functions = Untracked({})

    def endpoints(self) -> dict[str, tuple]:
        """Dict, an endpoint's name to `(function, [input specs])`; the first is the default."""
        raise NotImplementedError(f"{type(self).__name__} must define `endpoints`.")

    def extra_state(self) -> dict:
        """Dict, a name to a variable that Keras leaves out of the model's file."""
        return {}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` describes."""
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
                for name, value in config.items()
            }
        )

    def save_own_variables(self, store):
        """Saves what Keras saves, and `extra_state`."""
        super().save_own_variables(store)
        for name, variable in self.extra_state().items():
            store[name] = variable

    def load_own_variables(self, store):
        """Loads what `save_own_variables` wrote."""
        names = set(store.keys())
        super().load_own_variables({name: store[name] for name in names if name.isdigit()})
        for name, variable in self.extra_state().items():
            if name in names:  # not in a file of weights from before `compile`
                variable.assign(store[name])

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
        if zipped is not False and not _name(filepath).startswith("hf://"):
            check_keras_file("filepath", filepath)
        if not is_chief(self.distribute_strategy):
            return
        if zipped is False:
            super().save(filepath, overwrite=overwrite, zipped=zipped, **kwargs)
        else:
            with _being_written(filepath, ".keras", overwrite) as path:
                super().save(path, overwrite=overwrite, zipped=zipped, **kwargs)

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
        if max_shard_size is None:
            check_weights_file("filepath", filepath)
        if not is_chief(self.distribute_strategy):
            return
        if max_shard_size is not None:
            super().save_weights(filepath, overwrite, max_shard_size)
            return
        with _being_written(filepath, ".weights.h5", overwrite) as path:
            if path is filepath:
                super().save_weights(filepath, overwrite)
                return
            memory = _NamedMemory(path)
            super().save_weights(memory)
            path.write_bytes(memory.getbuffer())

    def load_weights(
        self, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs
    ) -> None:
        """Loads as `keras.Model.load_weights` does, from what `save_weights` or `save` wrote.

        Raises:
            ValueError: if `filepath` ends otherwise.
        """
        check_path("filepath", filepath)
        endings = (".weights.h5", ".weights.json", ".keras")
        if not _name(filepath).endswith(endings) and not os.path.isdir(filepath):
            raise ValueError(
                "`filepath` must end in `.weights.h5`, or in `.keras` for the weights of a whole "
                f"model: `save_weights` and `save` write these. Received: filepath={filepath!r}"
            )
        super().load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)

    def get_config(self):
        """Keras's own part of the config."""
        # By `keras.saving.save_model`, which does not ask `save`.
        if keras_internals.is_written_as_hdf5():
            raise ValueError(
                "`filepath` must end in `.keras`: Keras's older format holds no model of several "
                f"networks. Received: a {type(self).__name__} for a file that ends in `.h5`"
            )
        return super().get_config()

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
        refuses one below 0 or above 2,147,483,647.

        Args:
            filepath: the folder to write: a new one, an empty one, or a SavedModel's; for
                `"onnx"` and `"litert"`, the file.
            format: `"tf_saved_model"`; or `"onnx"` or `"litert"`, which hold one network.
            network: for those two, which: the name of an attribute, such as `"encoder"`.
            verbose: whether to print what was written.
            **kwargs: passed to Keras's own export.

        Raises:
            TypeError: if `filepath` is no path.
            ValueError: if `network` names none, or `filepath` is a file where a folder is to be
                written or the reverse, or a folder that holds something else or cannot be
                replaced: a mount point, the working directory, one in a read-only folder.
        """
        check_path("filepath", filepath)
        if not is_chief(self.distribute_strategy):
            return
        if format == "tf_saved_model" and network is None:
            archive = keras.export.ExportArchive()
            archive.track(self)
            for name, (function, input_signature) in self.endpoints().items():
                specs = [_of_batch_size(spec, own_batch_size(self)) for spec in input_signature]
                _add_endpoint(archive, name, function, specs)
            with _being_exported(filepath, format, verbose) as path:
                archive.write_out(path, verbose=bool(verbose), **kwargs)
            return
        networks = {id(n) for networks in self.players.values() for n in networks}
        names = sorted(name for name, value in vars(self).items() if id(value) in networks)
        if network not in names:
            raise ValueError(
                f'`network` must be one of {names} where `format="{format}"`: such a file holds '
                f"one network. Received: network={network!r}"
            )
        if format == "litert" and not _name(filepath).endswith(".tflite"):
            raise ValueError(
                f'`filepath` must end in `.tflite` for "litert". Received: filepath={filepath!r}'
            )
        network = getattr(self, network)
        # A network that has not been called yet has no signature for Keras, and a Sequential one no
        # `input`.
        inputs = network.inputs[0] if isinstance(network, keras.Sequential) else network.input
        specs = keras.tree.map_structure(
            lambda x: _of_batch_size(
                tf.TensorSpec(x.shape, x.dtype, x.name), own_batch_size(network)
            ),
            inputs,
        )
        kwargs.setdefault("input_signature", [specs])
        try:
            with _being_exported(filepath, format, verbose) as path:
                network.export(path, format=format, verbose=verbose, **kwargs)
        except ModuleNotFoundError as error:
            raise ImportError(
                f'`format="{format}"` needs packages that are not installed: pip install '
                f'"keras_aegan[clients]". Received: {error}'
            ) from error

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
        check_batch_size(batch_size)
        own_size = own_batch_size(self)
        check_whole_batches(len(arrays[0]), own_size)
        batch_size = own_size or batch_size
        dtypes = [_dtype(array) for array in arrays]
        specs = [
            tf.TensorSpec((own_size, *a.shape[1:]), d) for a, d in zip(arrays, dtypes, strict=True)
        ]
        key = (function.__name__, *map(str, specs))
        if key not in self._endpoint_functions.value:  # traced once for all batch sizes
            # A concrete function: TensorFlow takes new models' functions for needless retracing.
            traced = tf.function(function, input_signature=specs, autograph=False)
            self._endpoint_functions.value[key] = traced.get_concrete_function()
        batches = []
        for start in range(0, len(arrays[0]), batch_size):
            parts = [array[start : start + batch_size] for array in arrays]
            tensors = [tf.cast(part, dtype) for part, dtype in zip(parts, dtypes, strict=True)]
            batches.append(self._endpoint_functions.value[key](*tensors))
        return keras.tree.map_structure(lambda *parts: tf.concat(parts, axis=0).numpy(), *batches)


def fresh_normal(shape):
    """N(0, I) for an endpoint: new at each call, in each process that serves the model.

    `tf.random.normal` would write the seed of `keras.utils.set_random_seed` into the file, and
    every server would begin with the same samples.
    """
    return tf.raw_ops.RandomStandardNormal(shape=tf.stack(shape), dtype="float32", seed=0, seed2=0)


def check_keras_file(name, path, whose=""):
    """Raises ValueError unless `path` is one of a `.keras` file."""
    if not _name(path).endswith(".keras"):
        raise ValueError(
            f"`{name}` {whose}must end in `.keras`: no other file holds a model of several "
            "networks with its optimizers. Weights alone go to a file that ends in `.weights.h5`, "
            f"by `save_weights` or ModelCheckpoint(save_weights_only=True). Received: {path!r}"
        )
    _check_no_folder(name, path)


def check_weights_file(name, path, whose=""):
    """Raises ValueError unless `path` is one of a file of weights."""
    if not _name(path).endswith(".weights.h5"):
        raise ValueError(
            f"`{name}` {whose}must end in `.weights.h5` for weights alone. Received: {path!r}"
        )
    _check_no_folder(name, path)


def _check_no_folder(name, path):
    if os.path.isdir(path):
        raise ValueError(f"`{name}` must not be a folder. Received: {path!r}")


def _name(path):
    """The path as Keras reads it, whose ending it looks at; of a file object, no path."""
    return str(path) if isinstance(path, (str, os.PathLike)) else ""


def _being_written(filepath, ending, overwrite):
    """The path to write to: beside `filepath`, where that is one file on this machine."""
    can_replace = overwrite or not os.path.exists(filepath)  # else Keras asks
    is_one_file = can_replace and _name(filepath).endswith(ending) and is_local(filepath)
    if is_one_file and os.path.isdir(os.path.dirname(os.path.abspath(filepath))):
        return whole_file(filepath)
    return contextlib.nullcontext(filepath)


def _of_batch_size(spec, batch_size):
    """An endpoint's spec for batches of that size, of any if `None`; as it is without a batch."""
    if not len(spec.shape):
        return spec
    return tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, spec.name)


class _NamedMemory(io.BytesIO):
    """What Keras writes weights to as to a file: HDF5 on a full disk can end the process."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __str__(self):
        return str(self.name)


@contextlib.contextmanager
def _being_exported(filepath, format, verbose):
    """The path to export to, which becomes `filepath` when all is written."""
    if not is_local(filepath) or format not in ("tf_saved_model", "onnx", "litert"):
        yield filepath
        return
    if format == "tf_saved_model":
        _check_replaceable(filepath)
        being_written = whole_folder(filepath)
    else:
        _check_no_folder("filepath", filepath)
        being_written = whole_file(filepath)
    printed = io.StringIO()
    with _named_where_fixed(filepath), being_written as path:
        # Keras prints where it wrote.
        quiet = verbose is False
        with contextlib.nullcontext() if quiet else contextlib.redirect_stdout(printed):
            yield str(path)
        extra = pathlib.Path(filepath, "assets.extra")
        if format == "tf_saved_model" and extra.is_dir():
            shutil.copytree(extra, path / extra.name, dirs_exist_ok=True)
    print(printed.getvalue().replace(str(path), os.fspath(filepath)), end="")


def _check_replaceable(folder):
    """Raises ValueError where an export would do away with what is no SavedModel."""
    if os.path.isdir(folder):
        found = sorted(os.listdir(folder))
        others = sorted(set(found) - _PARTS_OF_A_SAVED_MODEL)
        is_saved_model = {"saved_model.pb", "saved_model.pbtxt"} & set(found)
        if found and (others or not is_saved_model):
            raise ValueError(
                "`filepath` must be a new folder, an empty one, or a SavedModel, which is then "
                f"replaced. Received: filepath={os.fspath(folder)!r}, a folder that holds "
                f"{(others or found)[0]!r}"
            )
        place = os.path.realpath(folder)
        is_fixed = os.path.ismount(place) or place == os.path.realpath(os.getcwd())
        if is_fixed or not os.access(os.path.dirname(place), os.W_OK | os.X_OK):
            raise ValueError(_is_fixed(folder))
    elif os.path.exists(folder):
        raise ValueError(
            "`filepath` must be a folder: a SavedModel is several files. "
            f"Received: filepath={os.fspath(folder)!r}, a file"
        )


@contextlib.contextmanager
def _named_where_fixed(folder):
    """Says so where the system tells only at the end that a folder is mounted, as Docker's are."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV):
            raise
        raise ValueError(_is_fixed(folder)) from error


def _is_fixed(folder):
    return (
        "`filepath` must be a folder that can be replaced as a whole, not a mount point or the "
        "working directory, and in one that can be written to. Name a folder inside it, such as "
        f"{os.path.join(os.fspath(folder), 'model')!r}. Received: filepath={os.fspath(folder)!r}"
    )


def _add_endpoint(archive, name, function, input_signature):
    """Adds an endpoint to an archive; one that asks for a count refuses what is none.

    A client's TensorFlow makes a Python integer that is too large for an int32 another number, and
    says nothing. So where a single int32 is asked for, an int64 is taken as well, and first; the
    signature, which servers use, keeps the int32.
    """
    specs = keras.tree.flatten(input_signature)
    if len(specs) != 1 or tuple(specs[0].shape) != () or specs[0].dtype != "int32":
        archive.add_endpoint(name, function, input_signature)
        return
    counted = tf.function(_of_a_count(function, specs[0].name), autograph=False)
    counted.get_concrete_function(tf.TensorSpec((), "int64", name=specs[0].name))
    in_signature = counted.get_concrete_function(specs[0])
    archive.add_endpoint(name, counted)
    keras_internals.set_signature(archive, name, in_signature)  # Keras would take the first


def _of_a_count(function, name):
    """The function, asked for a number of things that is checked."""

    def counted(*args, **kwargs):
        [count] = (*args, *kwargs.values())
        message = f"`{name}` must be a whole number from 0 to {_LARGEST_COUNT}. Received:"
        is_count = tf.logical_and(count >= 0, tf.cast(count, "int64") <= _LARGEST_COUNT)
        with tf.control_dependencies([tf.debugging.Assert(is_count, [message, count])]):
            return function(tf.cast(tf.identity(count), "int32"))

    # A loaded SavedModel takes an argument by the name that it has here.
    argument = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    counted.__signature__ = inspect.Signature([argument])
    return counted


class Untracked:
    """Holds what Keras must neither track nor save as part of a model."""

    def __init__(self, value):
        self.value = value


def _dtype(array):
    """The array's dtype; for any real numbers, Keras's own."""
    dtype = keras.backend.standardize_dtype(getattr(array, "dtype", "float32"))
    return keras.backend.floatx() if keras.backend.is_float_dtype(dtype) else dtype
