"""From a model to a file and back: `.keras`, SavedModel, and endpoints run on arrays."""

import contextlib
import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.distribution import is_chief
from keras_aegan.files import whole_file
from keras_aegan.hints import Array
from keras_aegan.models.data_checks import check_batch_size, check_whole_batches
from keras_aegan.models.network_checks import own_batch_size


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
        """
        if is_chief(self.distribute_strategy):
            with _being_written(filepath, ".keras", overwrite) as path:
                super().save(path, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        max_shard_size: float | None = None,
    ) -> None:
        """Saves as `keras.Model.save_weights` does, in the manner of `save`."""
        if is_chief(self.distribute_strategy):
            is_one_file = max_shard_size is None
            with _being_written(filepath, ".weights.h5", overwrite and is_one_file) as path:
                super().save_weights(path, overwrite, max_shard_size)

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

        Args:
            filepath: the folder to write.
            format: `"tf_saved_model"`; or `"onnx"` or `"litert"`, which hold one network.
            network: for those two, which: the name of an attribute, such as `"encoder"`.
            verbose: whether to print what was written.
            **kwargs: passed to Keras's own export.

        Raises:
            ValueError: if `network` names none, or goes with a SavedModel.
        """
        if not is_chief(self.distribute_strategy):
            return
        if format == "tf_saved_model" and network is None:
            archive = keras.export.ExportArchive()
            archive.track(self)
            for name, (function, input_signature) in self.endpoints().items():
                specs = [_of_batch_size(spec, own_batch_size(self)) for spec in input_signature]
                archive.add_endpoint(name, function, specs)
            archive.write_out(filepath, verbose=bool(verbose), **kwargs)
            return
        networks = {id(n) for networks in self.players.values() for n in networks}
        names = sorted(name for name, value in vars(self).items() if id(value) in networks)
        if network not in names:
            raise ValueError(
                f'`network` must be one of {names} where `format="{format}"`: such a file holds '
                f"one network. Received: network={network!r}"
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
            network.export(filepath, format=format, verbose=verbose, **kwargs)
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


def _being_written(filepath, ending, can_replace):
    """The path to write to: beside `filepath`, where that is one file on this machine."""
    is_path = isinstance(filepath, (str, os.PathLike)) and str(filepath).endswith(ending)
    if can_replace and is_path and os.path.isdir(os.path.dirname(os.path.abspath(filepath))):
        return whole_file(filepath)
    return contextlib.nullcontext(filepath)


def _of_batch_size(spec, batch_size):
    """An endpoint's spec for batches of that size, of any if `None`; as it is without a batch."""
    if not len(spec.shape):
        return spec
    return tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, spec.name)


class Untracked:
    """Holds what Keras must neither track nor save as part of a model."""

    def __init__(self, value):
        self.value = value


def _dtype(array):
    """The array's dtype; for any real numbers, Keras's own."""
    dtype = keras.backend.standardize_dtype(getattr(array, "dtype", "float32"))
    return keras.backend.floatx() if keras.backend.is_float_dtype(dtype) else dtype
