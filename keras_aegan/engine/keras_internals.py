"""The private names of Keras and TensorFlow that the toolkit needs, each in one function here.

Nothing else in the package uses one. `tests/engine/test_keras_internals.py` has a test for each,
which fails where a new version has renamed it or given it another meaning.
"""

import weakref

import keras
from keras.src.backend.common import global_state
from keras.src.models.functional import Functional
from tensorflow.python.distribute.cross_device_utils import (
    INSTANCE_KEY_START_NUMBER,
    CollectiveKeys,
)
from tensorflow.python.eager.context import context
from tensorflow.python.framework.config import is_op_determinism_enabled
from tensorflow.python.ops import summary_ops_v2

# ------------------------------------------------------------------ layers and networks


def layers_of(layer):
    """A layer and all layers inside it, however deep: those of wrappers and cells, too."""
    return list(layer._flatten_layers())


def own_weights(layer):
    """The weights that a layer itself has made, without those of layers inside it."""
    return (*layer._trainable_variables, *layer._non_trainable_variables)


def calls_of(operation):
    """The calls of a layer or operation in Functional models.

    Returns:
        List of nodes: `input_tensors`, `output_tensors` and `arguments`.
    """
    return operation._inbound_nodes


def call_that_made(tensor):
    """The operation, and the number of its call in `calls_of`, that a symbolic tensor came from."""
    operation, node_index, _ = tensor._keras_history
    return operation, node_index


def functional_of(network):
    """The Functional model whose operations a network is; `None` if it has a `call` of its own."""
    kind = type(network)
    if isinstance(network, keras.Sequential) and kind.call is keras.Sequential.call:
        return network._functional
    is_functional = isinstance(network, Functional) and kind.call is Functional.call
    return network if is_functional and kind.__call__ is Functional.__call__ else None


def standardized_inputs(functional, inputs):
    """Inputs in the order, rank and dtype in which a Functional model runs them, a list."""
    return functional._standardize_inputs(inputs)


def run_operations(functional, inputs, operation_run):
    """Runs a Functional model, operation by operation.

    Args:
        functional: the model.
        inputs: from `standardized_inputs`.
        operation_run: a function from an operation to the function that runs it.
    """
    return functional._run_through_graph(inputs, operation_fn=operation_run)


def takes_training(operation):
    """Whether a layer is told `training` by the model that runs it."""
    return "training" in getattr(operation, "_call_context_args", ())


# ------------------------------------------------------------------ notes on tensors


def mask_of(tensor):
    """Keras's mask of a tensor, `(batch_size, ...)`; or `None`."""
    return getattr(tensor, "_keras_mask", None)


def set_mask(tensor, mask):
    """Puts a mask on a tensor, which Keras's layers and losses then read."""
    tensor._keras_mask = mask


def keras_logits(tensor):
    """The logits that Keras's sigmoid and softmax note on what they give; or `None`."""
    return getattr(tensor, "_keras_logits", None)


# ------------------------------------------------------------------ training


def own_strategy(model):
    """The `tf.distribute` strategy that a model was made under; `None` for the default one."""
    return model._distribute_strategy


def forget_compiled_metrics(model):
    """Lets `compile` make its metrics anew: Keras would keep those of an earlier `compile`."""
    model._compile_metrics = None


def begin_at_epoch(model, epoch):
    """Has `fit` begin at an epoch, as Keras's `BackupAndRestore` does; `None` takes it back."""
    model._initial_epoch = epoch


def is_validation_of_fit(arguments):
    """Whether further arguments of `evaluate` say that Keras's `fit` calls it."""
    return "_use_cached_eval_dataset" in arguments


def build_from_one_replica(self, iterator=None, data_batch=None):
    """In the place of `keras.Model._maybe_symbolic_build`: builds metrics from one replica's batch.

    Keras averages the batch over replicas, and between workers it cannot average `(x, y)`.
    """
    if iterator is not None and self._distribute_strategy is not None:
        _, _, batches = next(iter(iterator))
        data_batch = keras.tree.map_structure(
            lambda values: self.distribute_strategy.experimental_local_results(values)[0],
            next(batches),
        )
        data_batch = self.unpack(data_batch)
    keras.Model._maybe_symbolic_build(self, data_batch=data_batch)


def is_xla_unwelcome():
    """Whether a setting of the process asks for what XLA lacks: checks of numerics, determinism."""
    return bool(context().op_callbacks) or is_op_determinism_enabled()


# ------------------------------------------------------------------ optimizers


def trained_by(optimizer):
    """The weights that a built optimizer has its variables for, in their order."""
    return getattr(optimizer, "inner_optimizer", optimizer)._trainable_variables


def strategy_of(optimizer):
    """The strategy in whose scope an optimizer was made."""
    return optimizer._distribution_strategy


def clipped(optimizer, gradients):
    """The gradients, clipped as the optimizer's own settings say."""
    return optimizer._clip_gradients(gradients)


def learning_rate_of(optimizer):
    """What an optimizer itself holds as its rate: a variable, a schedule or a function.

    `learning_rate` gives the current number instead, of a schedule.
    """
    return vars(optimizer)["_learning_rate"]


def set_learning_rate(optimizer, rate):
    """Puts a function in the place of an optimizer's rate, which then makes no variable."""
    optimizer._learning_rate = rate


def steps_of(optimizer):
    """The variable that counts an optimizer's own steps."""
    return vars(optimizer)["_iterations"]


def excluded_from_weight_decay(optimizer):
    """The weights that `exclude_from_weight_decay` was given, as a set of what tells them."""
    return vars(optimizer).get("_exclude_from_weight_decay") or set()


# ------------------------------------------------------------------ files


def unpickler_of(kind):
    """The function by which pickle makes objects of a Keras class from what it wrote of them."""
    return kind._unpickle_model


def is_written_as_hdf5():
    """Whether Keras asks for a config in order to write a file of its older format."""
    return global_state.get_global_attribute("use_legacy_config", False)


def set_signature(archive, name, function):
    """Has a `keras.export.ExportArchive` write `function` as a signature.

    Of an endpoint that was traced for several dtypes it would write the first.

    Args:
        archive: the archive.
        name: of an endpoint that was added.
        function: a concrete function of it.
    """
    others = archive._get_concrete_fn
    archive._get_concrete_fn = lambda n: function if n == name else others(n)


def summaries():
    """TensorFlow's state of this thread, whose `writer` takes the summaries that are written."""
    return summary_ops_v2._summary_state


# ------------------------------------------------------------------ exchanges between devices

# Far from where TensorFlow begins to count, for each strategy anew.
_COLLECTIVE_KEYS = CollectiveKeys(group_key_start=1_000_000)
_NUMBERED = weakref.WeakSet()


def number_collectives(strategy):
    """Has a `MirroredStrategy` number its exchanges on from those of the process's other ones.

    TensorFlow tells exchanges by a number for the devices and one for each exchange, and each
    `MirroredStrategy` counts both from the same start: in a process's second one, an exchange
    would meet that of another model. Nothing is done for another strategy, or for one that has
    exchanged already.
    """
    # Of MirroredStrategy alone: there can be but one strategy for several workers.
    operations = getattr(getattr(strategy, "extended", None), "_collective_ops", None)
    launchers = getattr(operations, "_launchers", [])  # none between a CPU and a GPU
    if not launchers or strategy in _NUMBERED:
        return
    _NUMBERED.add(strategy)
    counts = strategy.extended._collective_keys._instance_key_table.values()
    has_begun = any(set(count.values()) != {INSTANCE_KEY_START_NUMBER} for count in counts)
    if not has_begun:
        operations._collective_keys = _COLLECTIVE_KEYS
        for launcher in launchers:
            launcher._collective_keys = _COLLECTIVE_KEYS
            launcher._group_key = _COLLECTIVE_KEYS.get_group_key(operations._devices)
