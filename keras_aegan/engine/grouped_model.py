"""Many steps of training as one XLA program, behind Keras's own `steps_per_execution`."""

import contextlib
import math
import numbers

import keras
import tensorflow as tf

from keras_aegan.engine import index_groups
from keras_aegan.engine.keras_internals import is_xla_unwelcome, layers_of, own_strategy
from keras_aegan.engine.step_groups import can_group, run_in_groups

# Small networks are bound by the cost of starting a step: beyond 64 steps nothing is gained.
_STEPS_PER_EXECUTION = 64
_CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)
# Keras's own draws take some thirty times as long under XLA (see CONTRIBUTING.md).
_KERAS_NOISE = (
    keras.layers.GaussianNoise,
    keras.layers.GaussianDropout,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)
# Callbacks that look at the running means after each batch, and at those of a group as well.
_LOOK_AT_LOGS_ONLY = (keras.callbacks.TerminateOnNaN, keras.callbacks.ProgbarLogger)


class GroupedModel(keras.Model):
    """A Keras model that runs groups of steps as one XLA program.

    Keras compiles one step and loops over it outside; here the loop stands inside the program.
    Arrays are fed by index: an epoch's order is drawn once, and the program gathers its batches.
    Where a group cannot be one program (without XLA, eagerly, on replicas), steps run as Keras
    runs them.

    `steps_per_execution="auto"` takes up to 64 steps a group, where XLA compiles the step and no
    callback waits for batches; 1 elsewhere. `jit_compile="auto"` compiles as Keras does, but for
    networks with convolutions or Keras's noise on a CPU, which XLA makes two to three times slower.
    """

    def group_steps(self, steps_per_execution: int | str) -> int | str:
        """Remembers `compile`'s argument; gives what Keras is told until `fit` knows more."""
        self._steps_per_group = steps_per_execution
        return 1 if steps_per_execution == "auto" else steps_per_execution

    def choose_jit_compile(self, jit_compile: bool | str, run_eagerly: bool) -> bool | str:
        """`jit_compile` for Keras, which by itself would leave XLA out on every CPU."""
        on_one_cpu = not own_strategy(self) and not tf.config.list_physical_devices("GPU")
        if jit_compile != "auto" or run_eagerly or not on_one_cpu:
            return jit_compile
        # The ops of tf.debugging.enable_check_numerics XLA lacks; Keras warns that it leaves out
        # XLA where tf.config.experimental.enable_op_determinism was called.
        if is_xla_unwelcome():
            return False
        return all(
            layer.supports_jit and not isinstance(layer, _CONVOLUTIONS + _KERAS_NOISE)
            for model in self.models_of_a_step()
            for layer in layers_of(model)
        )

    def models_of_a_step(self) -> list[keras.Model]:
        """The models whose layers a step runs: what XLA would have to compile."""
        return [self]

    # --------------------------------------------------------------------- fit, evaluate

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        sample_weight=None,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        **kwargs,
    ):
        """Trains as `keras.Model.fit` does, in groups of steps where that is faster."""
        validation_batch_size = validation_batch_size or batch_size
        split = 0.0 if validation_data is not None else validation_split
        num_steps = _num_steps(x, batch_size, split)
        with self._grouping(callbacks, verbose, (steps_per_epoch, validation_steps), num_steps):
            if self._feeds_by_index((x, y, sample_weight), steps_per_epoch):
                data = (x, y, sample_weight)
                if split:
                    data, validation_data = index_groups.split(data, validation_split)
                x, steps_per_epoch = self._index_groups(data, batch_size, shuffle)
                y = sample_weight = batch_size = None
                validation_split, shuffle = 0.0, False
            validation = keras.utils.unpack_x_y_sample_weight(validation_data)
            if self._feeds_by_index(validation, validation_steps):
                validation_data, validation_steps = self._index_groups(
                    validation, validation_batch_size, shuffle=False
                )
                validation_batch_size = None
            return super().fit(
                x,
                y,
                batch_size=batch_size,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle,
                sample_weight=sample_weight,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                **kwargs,
            )

    def evaluate(self, x=None, y=None, sample_weight=None, steps=None, callbacks=None, **kwargs):
        """Measures as `keras.Model.evaluate` does, in groups of steps where that is faster."""
        arguments = {"callbacks": callbacks, **kwargs}
        if "_use_cached_eval_dataset" in kwargs:  # inside `fit`, which has settled all this
            return super().evaluate(x, y, sample_weight=sample_weight, steps=steps, **arguments)
        data = (x, y, sample_weight)
        num_steps = _num_steps(x, kwargs.get("batch_size"))
        with self._grouping(callbacks, fixed_steps=(steps,), num_steps=num_steps):
            if self._feeds_by_index(data, steps):
                batch_size = arguments.pop("batch_size", None)
                x, steps = self._index_groups(data, batch_size, shuffle=False)
                y = sample_weight = None
            return super().evaluate(x, y, sample_weight=sample_weight, steps=steps, **arguments)

    @contextlib.contextmanager
    def _grouping(self, callbacks, verbose=0, fixed_steps=(), num_steps=None):
        """Settles `"auto"` for as long as a `fit` or an `evaluate` lasts."""
        if self._steps_per_group != "auto":
            yield
            return
        self.steps_per_execution = self._choose_steps(callbacks, fixed_steps, num_steps)
        if verbose == 2:
            print(
                f"{type(self).__name__}: steps_per_execution={self.steps_per_execution} (auto), "
                f"jit_compile={self.jit_compile}"
            )
        try:
            yield
        finally:
            self.steps_per_execution = 1  # `predict` would trace a group step by step

    def _choose_steps(self, callbacks, fixed_steps, num_steps):
        waits = any(_waits_for_batches(callback) for callback in _list(callbacks))
        if waits or not can_group(self):
            return 1
        promised = math.gcd(*(s for s in fixed_steps if isinstance(s, numbers.Integral)))
        if num_steps is not None and not promised:
            # As even as can be: Keras's progress bar counts whole groups, beyond the last step.
            return math.ceil(num_steps / math.ceil(num_steps / _STEPS_PER_EXECUTION))
        # Of a pipeline, Keras runs whole groups: a promised number of steps must hold them.
        return max(k for k in range(1, _STEPS_PER_EXECUTION + 1) if promised % k == 0)

    def _feeds_by_index(self, data, steps):
        """Whether arrays can be fed by index; on a GPU they would be copied for each group."""
        return (
            steps is None
            and self.steps_per_execution > 1
            and can_group(self)
            and data[0] is not None
            and index_groups.can_feed(*data)
            and not tf.config.list_physical_devices("GPU")
        )

    def _index_groups(self, data, batch_size, shuffle):
        batch_size = batch_size or 32  # as in Keras
        return index_groups.make_dataset(data, batch_size, self.steps_per_execution, shuffle)

    def make_train_function(self, force=False):
        """What `fit` calls for each group of steps."""
        if self.train_function is None or force:
            super().make_train_function(force)
            if can_group(self):
                self.train_function = run_in_groups(self, self.train_step, self.train_function)

    def make_test_function(self, force=False):
        """What `evaluate` calls for each group of steps."""
        if self.test_function is None or force:
            super().make_test_function(force)
            if can_group(self):
                self.test_function = run_in_groups(self, self.test_step, self.test_function)


def _num_steps(x, batch_size, validation_split=0.0):
    """How many steps an epoch of an array takes; `None` of other data."""
    if not hasattr(x, "shape"):
        return None
    return math.ceil(math.floor(len(x) * (1.0 - validation_split)) / (batch_size or 32)) or 1


def _waits_for_batches(callback):
    """Whether a callback does something between two batches, so that groups would delay it."""
    frequency = getattr(callback, "save_freq", None) or getattr(callback, "update_freq", None)
    if frequency is not None:  # of ModelCheckpoint, BackupAndRestore, TensorBoard
        return frequency != "epoch"
    if isinstance(callback, _LOOK_AT_LOGS_ONLY) or getattr(callback, "looks_at_logs_only", False):
        return False
    return any(
        getattr(getattr(callback, hook, None), "__func__", None)
        is not getattr(keras.callbacks.Callback, hook)
        for hook in _BATCH_HOOKS
    )


def _list(callbacks):
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks.callbacks
    return callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
