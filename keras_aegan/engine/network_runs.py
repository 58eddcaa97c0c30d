"""Networks run operation by operation, for what Keras loses on the way.

Keras notes a sigmoid's logits on its output, from which a cross-entropy is exact at any logit; a
`Reshape` behind it, or a cast, loses the note. And a nested network that is given a mask carries it
on, layer by layer, but warns that it does not.
"""

import warnings

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.checks.network_checks import MOVING_LAYERS, is_linear
from keras_aegan.engine.keras_internals import (
    functional_of,
    keras_logits,
    layers_of,
    mask_of,
    run_operations,
    standardized_inputs,
    takes_training,
)
from keras_aegan.engine.tensor_notes import note_logits, noted_logits, with_mask

# What moves values about as `MOVING_LAYERS` do, of `keras.ops`, by the names of their classes.
_MOVING_OPERATIONS = {
    "Append", "ArraySplit", "BroadcastTo", "Cast", "Concatenate", "Copy", "Diagonal", "Dsplit",
    "Dstack", "ExpandDims", "Flip", "Fliplr", "Flipud", "GetItem", "Hsplit", "Hstack", "Identity",
    "Moveaxis", "Ravel", "Repeat", "Reshape", "Roll", "Rot90", "SaturateCast", "Slice", "Split",
    "Squeeze", "Stack", "Swapaxes", "Take", "Tile", "Transpose", "Unstack", "Vsplit", "Vstack",
}  # fmt: skip


class NetworkRun(keras.layers.Layer):
    """Runs a network as calling it does, and notes what calling it would lose.

    The output carries its logits where it ends in a sigmoid or a softmax, whatever moves the
    values behind it: what `BernoulliNLL` and `CategoricalNLL` read. A mask of the input reaches the
    layers that take masks.

    A layer, so that Keras opens a call as it would for the network; and one that no model tracks.

    Args:
        network: the network. One whose class has a `call` of its own is called as it is.
    """

    def __init__(self, network):
        super().__init__(dtype="float32", autocast=False, name=f"run_of_{network.name}")
        self.network = network
        self.supports_masking = True
        self.built = True

    def call(self, inputs, training=False, clean=None):
        """What the network gives; masked as it would be for `clean` inputs, where these are given.

        Noise would make data of padding, and padding of data.
        """
        clean = None if clean is None else keras.tree.flatten(clean)
        return _run(self.network, inputs, training, clean)

    def compute_mask(self, inputs, previous_mask):
        """None beside those that the outputs carry."""
        return None


def makes_masks(network):
    """Whether a network finds out for itself what is padding."""
    return any(_is_mask_source(layer) for layer in layers_of(network))


def carries_logits(network):
    """Whether a network's output, run as here, carries the logits of its probabilities.

    Found by tracing it once, without computing anything.
    """
    run, found = NetworkRun(network), []

    def look(*inputs):
        output = run(inputs[0] if len(inputs) == 1 else list(inputs))
        found.append(noted_logits(output) is not None or keras_logits(output) is not None)
        return output

    specs = [tf.TensorSpec(x.shape, x.dtype) for x in network.inputs]
    tf.function(look, autograph=False).get_concrete_function(*specs)
    return found[0]


def warn_of_lost_logits(decoder, stacklevel=5):
    """Warns of a decoder whose probabilities are all that its likelihood can read."""
    if not carries_logits(decoder):
        warnings.warn(
            "The decoder gives probabilities whose logits are not known, so that those nearer to 0 "
            "or 1 than 1e-7 are taken as 1e-7 from it, without a gradient. For the exact "
            "likelihood end the decoder in a sigmoid or softmax, in float32, behind which layers "
            "only move its values, or give its logits to a loss with from_logits=True. "
            f"Received: decoder {decoder.name!r}, whose last layer is {decoder.layers[-1].name!r}",
            stacklevel=stacklevel,
        )


def _run(network, inputs, training, clean=None):
    graph = functional_of(network)
    if graph is None:
        return network(inputs, training=training)
    masks = [mask_of(tensor) for tensor in keras.tree.flatten(inputs)]
    inputs = [  # a cast loses masks
        tensor if mask_of(tensor) is not None else with_mask(tensor, mask)
        for tensor, mask in zip(standardized_inputs(graph, inputs), masks, strict=True)
    ]
    for tensor, clean_tensor in zip(inputs, clean or [], strict=False):
        tensor._clean = clean_tensor

    def operation_run(operation):
        def run(*args, **kwargs):
            clean_args = keras.tree.map_structure(_clean_of, args)
            if functional_of(operation) is not None:
                clean = [c for c in keras.tree.flatten(clean_args) if c is not None]
                return _run(operation, args[0], training, clean)
            # The graph remembers the masks that layers were given, and how they were built.
            kwargs = {
                name: value if _clean_of(value) is None or "mask" not in name else value._clean
                for name, value in kwargs.items()
            }
            context = {}
            if takes_training(operation):
                context["training"] = training
            output = operation(*args, **{**kwargs, **context})
            _carry_logits(operation, args, kwargs, output, training)
            if _clean_of(args[0] if args else None) is not None:
                output = _masked_as_clean(operation, args, kwargs, output)
            return output

        return run

    return unpacked(run_operations(graph, inputs, operation_run))


def _carry_logits(operation, args, kwargs, output, training=False):
    """Notes on an output, or on each of several, the logits behind it."""
    if not isinstance(output, (list, tuple)):
        if noted_logits(output) is not None:
            return
        if keras_logits(output) is not None:
            kind, logits = _kind_of(operation), keras_logits(output)
            axis = getattr(operation, "axis", -1)
            if kind == "softmax" and axis not in (-1, len(output.shape) - 1):
                kind, logits = "log", ops.log_softmax(ops.cast(logits, "float32"), axis=axis)
            note_logits(output, kind, logits)
            return
        if isinstance(operation, keras.layers.TimeDistributed):
            _carry_logits_of_steps(operation.layer, args[0], output, training)
            return
    tensors = [value for value in keras.tree.flatten(args) if tf.is_tensor(value)]
    notes = [noted_logits(tensor) for tensor in tensors]
    if not tensors or None in notes or not _only_moves(operation):
        return
    notes = [_movable(*note) for note in notes]
    kind = notes[0][0]
    if any(other != kind for other, _ in notes):
        return
    if isinstance(operation, keras.layers.Masking):  # which reads what to hide off its values
        moved = notes[0][1]
    else:
        by_tensor = {id(t): logits for t, (_, logits) in zip(tensors, notes, strict=True)}
        moved_args = keras.tree.map_structure(lambda value: by_tensor.get(id(value), value), args)
        is_layer = isinstance(operation, keras.layers.Layer)  # those that move take no more
        moved = operation.call(*moved_args, **({} if is_layer else kwargs))
    for part, logits in zip(keras.tree.flatten(output), keras.tree.flatten(moved), strict=True):
        note_logits(part, kind, logits)


def _carry_logits_of_steps(layer, inputs, output, training):
    """Notes what a layer gives for all steps at once, where that is what it gives for each."""
    parts = layers_of(layer)
    operations = [o for part in parts for o in getattr(part, "operations", [part])]
    may_give_logits = noted_logits(inputs) is not None or any(map(_kind_of, operations))
    if not may_give_logits or not all(map(_may_run_twice, parts)):
        return
    steps = _all_steps(inputs)
    if noted_logits(inputs) is not None:
        kind, logits = noted_logits(inputs)
        note_logits(steps, kind, _all_steps(logits))
    if functional_of(layer) is not None:
        result = _run(layer, steps, training)
    else:
        result = layer(steps)
        _carry_logits(layer, (steps,), {}, result, training)
    if noted_logits(result) is not None:
        kind, logits = noted_logits(result)
        note_logits(output, kind, ops.reshape(logits, ops.shape(output)))


def _may_run_twice(layer):
    """Whether a second run in a step, for the logits, changes nothing else."""
    is_network = isinstance(layer, keras.Model)  # whose layers are looked at themselves
    has_state = not is_network and layer.trainable and layer.non_trainable_weights
    is_stateful = has_state or getattr(layer, "stateful", False)
    return not is_stateful and layer.activity_regularizer is None


def _all_steps(inputs):
    """`(batch_size · steps, ...)` of `(batch_size, steps, ...)`."""
    return ops.reshape(inputs, (-1, *ops.shape(inputs)[2:]))


def _movable(kind, logits):
    """Logits that may be moved, cut and joined: a softmax's only as logs of probabilities."""
    return ("log", ops.log_softmax(logits)) if kind == "softmax" else (kind, logits)


def _kind_of(operation):
    """`"sigmoid"`, `"softmax"`, or `None` where it cannot be told."""
    activation = getattr(operation, "activation", None)
    names = (getattr(activation, "__name__", ""), type(operation).__name__.lower())
    return next((name for name in names if name in ("sigmoid", "softmax")), None)


def _only_moves(operation):
    if is_linear(operation):
        return True
    if isinstance(operation, keras.layers.UpSampling2D):
        return operation.interpolation == "nearest"
    if isinstance(operation, keras.layers.Layer):
        moving = (*MOVING_LAYERS, keras.layers.Concatenate, keras.layers.Masking)
        return isinstance(operation, moving)
    return type(operation).__name__ in _MOVING_OPERATIONS


def _is_mask_source(operation):
    return isinstance(operation, keras.layers.Masking) or getattr(operation, "mask_zero", False)


def _clean_of(value):
    """What a tensor would be without noise; `None` where that is not asked for."""
    return getattr(value, "_clean", None)


def _masked_as_clean(operation, args, kwargs, output):
    """The output of an operation on noisy data, masked as it would be for the clean ones."""
    is_source = _is_mask_source(operation)
    if getattr(operation, "weights", []) and not is_source:
        return output  # beyond what tells padding from data
    clean_output = operation(_clean_of(args[0]), *args[1:], **kwargs)
    if not is_source:  # on the way to a layer that masks, or to its mask
        output._clean = clean_output
        return output
    mask = mask_of(clean_output)
    # `Masking` itself would set to zero what the noise happens to make look like padding.
    values = args[0] if isinstance(operation, keras.layers.Masking) else output
    return with_mask(ops.where(mask[..., None], values, clean_output), mask)


def unpacked(outputs):
    """A single output without the list around it, as Keras gives it."""
    return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs
