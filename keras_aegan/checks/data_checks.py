"""Checks of data before training: one sentence at the door instead of a traceback later."""

import numbers
import os

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks.arguments import check_positive_integer

# Data in [0, 1] that went through resizing or float16 may leave the interval by rounding.
_TOLERANCE = 1e-3
_LARGEST = 1e15


def check_array(
    name, array, shape, domain="real", num_levels=None, hint="", advise=None, counted=None
):
    """Raises an error unless an array suits a network and a loss.

    Args:
        name: the argument's name, for the message.
        array: from `as_array`, `(num_examples, ...)`.
        shape: the shape of one example; `None` fits any size.
        domain: `"real"`, `"probabilities"`, `"one_hot"` or `"levels"` (see
            `losses.target_domain`), or `"integer"`.
        num_levels: for `"levels"`: how many there are.
        hint: a sentence to add where the shape is wrong.
        advise: a function `(name, array)` that says how integers become the expected floats.
        counted: booleans over the array's leading axes, false where a mask hides padding, whose
            range is not checked; `None` if everything counts.

    Returns:
        `(smallest, largest)` value; `None` for a symbolic tensor.

    Raises:
        TypeError: if the dtype is wrong.
        ValueError: if the shape or a value is wrong.
    """
    received = tuple(array.shape)
    if len(received) != len(shape) + 1 or any(
        None not in (a, b) and a != b for a, b in zip(shape, received[1:], strict=True)
    ):
        if not hint and received[1:] + (1,) == tuple(shape):
            hint = f" Add the channel axis: {name}[..., None]."
        expected = ", ".join(["num_examples", *("any" if s is None else str(s) for s in shape)])
        raise ValueError(
            f"`{name}` must have the shape ({expected}). Received: {name}.shape={received}.{hint}"
        )
    if received[0] == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: shape {received}")
    _check_dtype(name, array, domain, advise)
    if _is_symbolic(array):
        return None
    return _check_values(name, np.asarray(array), domain, num_levels, counted)


def _check_dtype(name, array, domain, advise):
    dtype = keras.backend.standardize_dtype(array.dtype)
    if domain in ("levels", "integer"):
        if not keras.backend.is_int_dtype(dtype):
            raise TypeError(f"`{name}` must hold integers. Received: {name}.dtype={dtype}")
    elif domain == "real" and not keras.backend.is_float_dtype(dtype):
        values = None if _is_symbolic(array) else np.asarray(array)
        mend = f'{name}.astype("float32")'
        if advise is not None and values is not None:
            mend = advise(name, values)
        largest = "" if values is None else f", with values up to {values.max()}"
        raise TypeError(
            f"`{name}` must be floating-point, scaled to the range that the loss and the "
            f"network's output expect: {mend}. Received: {name}.dtype={dtype}{largest}"
        )


def _is_symbolic(array):
    return isinstance(array, tf.Tensor) and not hasattr(array, "numpy")


def _check_values(name, array, domain, num_levels, counted):
    # min and max propagate NaN, so two passes over the data see everything.
    smallest, largest = array.min(), array.max()
    if not (np.isfinite(smallest) and np.isfinite(largest)):
        index = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(
            f"`{name}` must be finite. Received: {array[tuple(index)]} in example {index[0]}"
        )
    # As Python's numbers: NumPy would warn that float16 cannot hold the limit.
    if domain == "real" and not max(-float(smallest), float(largest)) < _LARGEST:
        raise ValueError(
            f"`{name}` must be scaled: the squares of such values overflow in float32. "
            f"Received: values in [{smallest:.6g}, {largest:.6g}]"
        )
    if counted is not None and domain != "levels":
        array = array[counted]
        if not array.size:
            return None
        smallest, largest = array.min(), array.max()
    unit = domain in ("probabilities", "one_hot")
    if unit and not (smallest >= -_TOLERANCE and largest <= 1 + _TOLERANCE):
        raise ValueError(
            f"`{name}` must lie in [0, 1] for a cross-entropy loss: it reads {name} as "
            f"probabilities. Received: values in [{smallest:.6g}, {largest:.6g}]"
        )
    if domain == "levels" and not (smallest >= 0 and largest < num_levels):
        raise ValueError(
            f"`{name}` must hold levels from 0 to {num_levels - 1}, as the decoder gives or takes "
            f"them. Received: values in [{smallest}, {largest}]"
        )
    return float(smallest), float(largest)


def check_span(name, span, loss):
    """Raises ValueError if data lie outside the `value_range` of a loss that has one.

    Args:
        name: the argument's name, for the message.
        span: `(smallest, largest)` value, or `None` where it is not known.
        loss: the loss.

    Raises:
        ValueError: if a value lies outside.
    """
    value_range = getattr(loss, "value_range", None)
    if span is None or value_range is None:
        return
    low, high = value_range
    tolerance = _TOLERANCE * (high - low)
    if not (low - tolerance <= span[0] and span[1] <= high + tolerance):
        raise ValueError(
            f"`{name}` must lie in [{low:g}, {high:g}], the `value_range` of the "
            f"{type(loss).__name__}. "
            f"Received: values in [{span[0]:.6g}, {span[1]:.6g}]"
        )


def check_labels(name, labels, num_classes, lowest=0):
    """Raises an error unless labels hold one integer per example, each of a known class.

    Args:
        name: the argument's name, for the message.
        labels: from `as_vector`, `(num_examples,)`.
        num_classes: how many classes there are; `None` if unknown.
        lowest: -1 where that stands for an unknown class.

    Raises:
        TypeError: if they are not an array of integers.
        ValueError: if the shape is wrong or a class is out of range.
    """
    hint = ""
    if len(labels.shape) == 2:  # one-hot
        hint = f" Labels are one integer per example: {name}.argmax(axis=1)."
    span = check_array(name, labels, (), "integer", hint=hint)
    if span and (span[0] < lowest or (num_classes is not None and span[1] >= num_classes)):
        classes = "zero or more" if num_classes is None else f"from 0 to {num_classes - 1}"
        unknown = "" if lowest == 0 else ", or -1 for an unknown one"
        raise ValueError(
            f"`{name}` must hold classes {classes}{unknown}, which the networks know. "
            f"Received: labels from {span[0]:g} to {span[1]:g}"
        )


def check_batch_size(batch_size):
    """Raises ValueError unless `batch_size` is a positive integer."""
    check_positive_integer("batch_size", batch_size)


def check_whole_batches(num_examples, own_size, batch_size=None):
    """Raises ValueError unless the examples fill whole batches of the size that networks take.

    Args:
        num_examples: how many examples there are.
        own_size: the size of the networks' batches (see `own_batch_size`); `None` for any.
        batch_size: what the user asked for, if anything.

    Raises:
        ValueError: if their number is not a multiple of it, or the user asked for another size.
    """
    if own_size is None or (num_examples % own_size == 0 and batch_size in (None, own_size)):
        return
    given = "" if batch_size is None else f" and batch_size={batch_size}"
    raise ValueError(
        f"The number of examples must be a multiple of {own_size}, and `batch_size` must be "
        f"{own_size}: the networks take no other batches, by their Input(batch_shape=({own_size}, "
        "...)) and a layer that keeps a state for each row or has that size written down. "
        f"Received: {num_examples} examples{given}"
    )


def check_how_to_run(steps_per_execution, jit_compile):
    """Raises ValueError unless `compile` knows both values: Keras takes any text for `True`."""
    if not (isinstance(steps_per_execution, str) and steps_per_execution == "auto"):
        check_positive_integer("steps_per_execution", steps_per_execution, ' or "auto"')
    is_auto = isinstance(jit_compile, str) and jit_compile == "auto"
    if not is_auto and not isinstance(jit_compile, (bool, np.bool_)):
        raise ValueError(
            f'`jit_compile` must be True, False or "auto". Received: jit_compile={jit_compile!r}'
        )


def check_value_range(value_range):
    """Raises ValueError unless `value_range` is a pair `(low, high)` with low < high."""
    is_pair = isinstance(value_range, (tuple, list)) and len(value_range) == 2
    if not is_pair or not all(isinstance(v, numbers.Real) for v in value_range):
        is_pair = False
    if not is_pair or not value_range[0] < value_range[1]:
        raise ValueError(
            "`value_range` must be (low, high) with low < high. "
            f"Received: value_range={value_range!r}"
        )


def check_as_many(name, array, other_name, other):
    """Raises ValueError unless two arrays hold the same number of examples."""
    if array.shape[0] != other.shape[0]:
        raise ValueError(
            f"`{name}` and `{other_name}` must hold the same number of examples. Received: "
            f"{name}.shape={tuple(array.shape)}, {other_name}.shape={tuple(other.shape)}"
        )


def check_sample_weight(sample_weight, num_examples, event_shape=None):
    """Raises an error unless sample weights are finite numbers, one per example or per step.

    Args:
        sample_weight: NumPy array.
        num_examples: how many examples there are.
        event_shape: the shape of one target, with whose leading axes weights of steps must agree;
            `None` if unknown.

    Raises:
        TypeError: if they are not numbers.
        ValueError: if they have another shape, or one of them is not finite or is below zero.
    """
    if not sample_weight.shape or sample_weight.shape[0] != num_examples:
        raise ValueError(
            f"`sample_weight` must have the shape ({num_examples},): one weight per example; or "
            f"({num_examples}, steps): one per step. "
            f"Received: sample_weight.shape={tuple(sample_weight.shape)}"
        )
    steps = sample_weight.shape[1:]
    if event_shape is not None and steps not in ((), (1,), tuple(event_shape[: len(steps)])):
        raise ValueError(
            f"`sample_weight` must have the shape ({num_examples},), or that followed by leading "
            f"axes of an example, whose shape is {tuple(event_shape)}. "
            f"Received: sample_weight.shape={tuple(sample_weight.shape)}"
        )
    if sample_weight.dtype.kind not in "biuf":
        raise TypeError(
            "`sample_weight` must hold numbers. "
            f"Received: sample_weight.dtype={sample_weight.dtype}"
        )
    if not np.all(np.isfinite(sample_weight)):
        raise ValueError("`sample_weight` must be finite. Received: NaN or infinite weights")
    if np.any(sample_weight < 0):
        raise ValueError(
            "`sample_weight` must be zero or more: a negative weight would push the model away "
            f"from an example. Received: {sample_weight.min():.6g}"
        )


def check_path(name, path):
    """Raises TypeError unless `path` is the path of a file or folder."""
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise TypeError(f"`{name}` must be a path. Received: {name}={path!r}")


def check_fit_arguments(arguments):
    """Raises ValueError unless `fit` can use these numbers of epochs and steps, and the split.

    Args:
        arguments: dict, the arguments of `fit`.
    """
    epochs, validation_split = arguments["epochs"], arguments["validation_split"]
    if not isinstance(epochs, numbers.Integral) or isinstance(epochs, bool) or epochs < 0:
        raise ValueError(f"`epochs` must be an integer, zero or more. Received: epochs={epochs!r}")
    is_number = isinstance(validation_split, numbers.Real)
    if validation_split is not None and not (is_number and 0 <= validation_split < 1):
        raise ValueError(
            "`validation_split` must lie in [0, 1). "
            f"Received: validation_split={validation_split!r}"
        )
    for name in ("steps_per_epoch", "validation_steps"):
        if arguments[name] is not None:
            check_positive_integer(name, arguments[name])
