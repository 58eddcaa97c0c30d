"""Which steps of training run together, as one XLA program, and what they are fed with."""

import contextlib
import math
import numbers

import keras
import tensorflow as tf

from keras_aegan.engine import index_groups
from keras_aegan.engine.keras_internals import is_xla_unwelcome, layers_of, own_strategy
from keras_aegan.engine.step_groups import GroupedFunction

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
# Keras's own draws take some thirty times as long under XLA (see docs/design/groups_of_steps.md).
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


def choose_jit_compile(model, models_of_a_step, jit_compile, run_eagerly):
    """`jit_compile` for Keras, which by itself would leave XLA out on every CPU.

    `"auto"` compiles as Keras does, except for networks with convolutions or Keras's noise on a
    CPU, which XLA makes two to three times slower.

    Args:
        model: the model.
        models_of_a_step: the models whose layers a step runs: what XLA would have to compile.
        jit_compile: `compile`'s argument.
        run_eagerly: `compile`'s argument.
    """
    on_one_cpu = not own_strategy(model) and not tf.config.list_physical_devices("GPU")
    if jit_compile != "auto" or run_eagerly or not on_one_cpu:
        return jit_compile
    # Keras would warn that it leaves XLA out.
    return not is_xla_unwelcome() and all(
        layer.supports_jit and not isinstance(layer, _CONVOLUTIONS + _KERAS_NOISE)
        for each in models_of_a_step
        for layer in layers_of(each)
    )


class StepGroups:
    """Runs a model's steps in groups, each one XLA program, behind `steps_per_execution`.

    Keras compiles one step and loops over it outside; here the loop stands inside the program.
    Arrays are fed by index: an epoch's order is drawn once, and the program gathers its batches.
    Where a group cannot be one program (without XLA, eagerly, on replicas), steps run as Keras
    runs them.

    Args:
        steps_per_execution: `compile`'s argument. `"auto"` takes up to 64 steps per group, where
            XLA compiles the step and no callback waits for batches; 1 elsewhere.
    """

    def __init__(self, steps_per_execution):
        self.is_auto = isinstance(steps_per_execution, str) and steps_per_execution == "auto"
        # What Keras is told until `fit` knows more.
        self.initial_steps = 1 if self.is_auto else steps_per_execution

    def function(self, model, step, keras_function):
        """What `fit` or `evaluate` is to call, of the function that Keras made of a step."""
        return GroupedFunction(model, step, keras_function) if _can_group(model) else keras_function

    @contextlib.contextmanager
    def of_fit(self, model, arguments):
        """Chooses the groups of a `fit`; gives the arguments for Keras's.

        Args:
            model: the model.
            arguments: dict, the arguments of `fit`, checked.
        """
        arguments = dict(arguments)
        data = tuple(arguments[name] for name in ("x", "y", "sample_weight"))
        batch_size = arguments["batch_size"]
        split = arguments["validation_split"] or 0.0
        split = 0.0 if arguments["validation_data"] is not None else split
        fixed = (arguments["steps_per_epoch"], arguments["validation_steps"])
        arguments["validation_batch_size"] = arguments["validation_batch_size"] or batch_size
        num_steps = _num_steps(data[0], batch_size, split)
        with self._chosen(model, arguments["callbacks"], fixed, num_steps, arguments["verbose"]):
            if _feeds_by_index(model, data, arguments["steps_per_epoch"]):
                if split:
                    data, arguments["validation_data"] = index_groups.split(data, split)
                x, steps = _index_groups(model, data, batch_size, arguments["shuffle"])
                arguments.update(x=x, y=None, sample_weight=None, batch_size=None)
                arguments.update(steps_per_epoch=steps, validation_split=0.0, shuffle=False)
            validation = keras.utils.unpack_x_y_sample_weight(arguments["validation_data"])
            if _feeds_by_index(model, validation, arguments["validation_steps"]):
                size = arguments["validation_batch_size"]
                x, steps = _index_groups(model, validation, size, shuffle=False)
                arguments.update(validation_data=x, validation_steps=steps)
                arguments["validation_batch_size"] = None
            yield arguments

    @contextlib.contextmanager
    def of_evaluate(self, model, arguments):
        """As `of_fit`, for the arguments of `evaluate`."""
        arguments = dict(arguments)
        data = tuple(arguments[name] for name in ("x", "y", "sample_weight"))
        num_steps = _num_steps(data[0], arguments["batch_size"])
        with self._chosen(model, arguments["callbacks"], (arguments["steps"],), num_steps):
            if _feeds_by_index(model, data, arguments["steps"]):
                x, steps = _index_groups(model, data, arguments["batch_size"], shuffle=False)
                arguments.update(x=x, y=None, sample_weight=None, batch_size=None, steps=steps)
            yield arguments

    @contextlib.contextmanager
    def _chosen(self, model, callbacks, fixed_steps, num_steps, verbose=0):
        """Settles `"auto"` for as long as a `fit` or an `evaluate` lasts."""
        if not self.is_auto:
            yield
            return
        before = model.steps_per_execution
        model.steps_per_execution = _choose_steps(model, callbacks, fixed_steps, num_steps)
        if verbose == 2:
            print(
                f"{type(model).__name__}: steps_per_execution={model.steps_per_execution} (auto), "
                f"jit_compile={model.jit_compile}"
            )
        try:
            yield
        finally:
            # 1, or `predict` would trace a group step by step; within `fit`, what that chose.
            model.steps_per_execution = before


def _can_group(model):
    """Whether groups of steps can be one program: under XLA, and on one device."""
    return bool(model.jit_compile) and not model.run_eagerly and own_strategy(model) is None


def _choose_steps(model, callbacks, fixed_steps, num_steps):
    waits = any(_waits_for_batches(callback) for callback in _list(callbacks))
    if waits or not _can_group(model):
        return 1
    promised = math.gcd(*(s for s in fixed_steps if isinstance(s, numbers.Integral)))
    if num_steps is not None and not promised:
        # As even as can be: Keras's progress bar counts whole groups, beyond the last step.
        return math.ceil(num_steps / math.ceil(num_steps / _STEPS_PER_EXECUTION))
    # Of a pipeline, Keras runs whole groups: a promised number of steps must hold them.
    return max(k for k in range(1, _STEPS_PER_EXECUTION + 1) if promised % k == 0)


def _feeds_by_index(model, data, steps):
    """Whether arrays can be fed by index; on a GPU they would be copied for each group."""
    return (
        steps is None
        and model.steps_per_execution > 1
        and _can_group(model)
        and data[0] is not None
        and index_groups.can_feed(*data)
        and not tf.config.list_physical_devices("GPU")
    )


def _index_groups(model, data, batch_size, shuffle):
    batch_size = batch_size or 32  # as in Keras
    return index_groups.make_dataset(data, batch_size, model.steps_per_execution, shuffle)


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
