"""What a tensor carries beside its values: Keras's mask, and the logits of its probabilities."""

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.engine.keras_internals import keras_logits, mask_of, set_mask


def common_mask(*tensors):
    """The masks of several tensors together, true where all are; `None` without any mask."""
    masks = [mask_of(tensor) for tensor in tensors if mask_of(tensor) is not None]
    common = masks[0] if masks else None
    for mask in masks[1:]:
        common = ops.logical_and(common, mask)
    return common


def with_mask(tensor, mask):
    """The tensor with a mask, which Keras's layers and losses then read; as it is for `None`."""
    if mask is None:
        return tensor
    tensor = tf.identity(tensor)  # another reader of it is to see none
    set_mask(tensor, mask)
    return tensor


def take_rows(tensor, rows):
    """Some rows of a tensor, by their places, and of its mask."""
    mask = mask_of(tensor)
    taken = ops.take(tensor, rows, axis=0)
    return taken if mask is None else with_mask(taken, ops.take(mask, rows, axis=0))


def zero_where_masked(values, mask):
    """The values, zero where a mask of their leading axes hides them; as they are for `None`."""
    if mask is None:
        return values
    more = [1] * (len(values.shape) - len(mask.shape))
    return values * ops.cast(ops.reshape(mask, (*ops.shape(mask), *more)), values.dtype)


def note_logits(probabilities, kind, logits):
    """Notes on probabilities the logits, float32, that they are the `kind` of.

    Not where Keras notes them, whose own losses would then give another value than in Keras.

    Args:
        probabilities: the tensor that carries the note.
        kind: `"sigmoid"`; `"softmax"`, over the last axis; `"log"`, where they are logs of
            probabilities of any softmax; or `None` where it cannot be told.
        logits: of the same shape.
    """
    probabilities._exact_logits = (kind, ops.cast(logits, "float32"))


def noted_logits(tensor):
    """`(kind, logits)` as `note_logits` noted them; or `None`."""
    return getattr(tensor, "_exact_logits", None)


def logits_of(tensor, kind):
    """The logits, float32, whose `kind` a tensor of probabilities is; `None` if they are lost."""
    known_kind, logits = noted_logits(tensor) or (None, keras_logits(tensor))
    is_right = known_kind in (None, kind) or (known_kind, kind) == ("log", "softmax")
    return ops.cast(logits, "float32") if is_right and logits is not None else None


def without_logits(tensor):
    """The tensor, as probabilities of which Keras knows no logits.

    In a graph it would look for them at the operation that gives the tensor, and eagerly not.
    """
    return tf.identity(tensor)


def in_float32(tensor):
    """A prediction in float32, with what it carries."""
    if not ops.is_tensor(tensor):
        return ops.convert_to_tensor(tensor, "float32")
    if keras.backend.standardize_dtype(tensor.dtype) == "float32":
        return tensor
    exact = with_mask(ops.cast(tensor, "float32"), mask_of(tensor))
    if noted_logits(tensor) is not None:
        note_logits(exact, *noted_logits(tensor))
    elif keras_logits(tensor) is not None:
        note_logits(exact, None, keras_logits(tensor))
    return exact
