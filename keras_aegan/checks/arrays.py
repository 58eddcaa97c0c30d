"""The one door through which arrays come in, of whatever library."""

import keras
import numpy as np
import tensorflow as tf


def is_array_like(value):
    """Whether a value is an array in memory, rather than a dataset or something else."""
    return isinstance(value, (list, tuple)) or any(
        hasattr(value, name) for name in ("__array__", "to_numpy")
    )


def as_array(name, value):
    """The numbers of an argument as a NumPy array; a `tf.Tensor` stays one.

    Arrays of NumPy, TensorFlow, torch, JAX and pandas, and lists and tuples of numbers or arrays,
    give the same numbers. Half-precision floats become float32, which holds them exactly.

    Args:
        name: the argument's name, for the message.
        value: what the user passed.

    Returns:
        A NumPy array of booleans, integers or floats; a `tf.Tensor` if `value` is one.

    Raises:
        TypeError: if the value is not a dense array of numbers.
        ValueError: if lists are not rectangular.
    """
    if isinstance(value, (tf.SparseTensor, tf.RaggedTensor)) or hasattr(value, "toarray"):
        raise TypeError(
            f"`{name}` must be a dense array whose examples have one shape: call toarray(), "
            f"tf.sparse.to_dense, or pad. Received: {name} of type {type(value).__name__}"
        )
    if isinstance(value, (tf.Variable, keras.Variable)):
        raise TypeError(
            f"`{name}` must be an array, and not a variable: pass its values, {name}.numpy(). "
            f"Received: {name} of type {type(value).__name__}"
        )
    if np.ma.isMaskedArray(value):
        raise TypeError(f"`{name}` must be a plain array of numbers. Received: a masked array")
    if not is_array_like(value) or keras.backend.is_keras_tensor(value):
        raise TypeError(
            f"`{name}` must be an array. Received: {name} of type {type(value).__name__}"
        )
    if isinstance(value, tf.Tensor):
        dtype = "S" if value.dtype == tf.string else value.dtype.as_numpy_dtype
        _check_is_of_numbers(name, np.empty(0, dtype))
        return tf.cast(value, "float32") if value.dtype in (tf.float16, tf.bfloat16) else value
    array = _to_numpy(name, value)
    _check_is_of_numbers(name, array)
    if not _is_floating(array.dtype) or array.dtype.itemsize in (4, 8):
        return array
    return array.astype("float32" if array.dtype.itemsize < 4 else "float64")


def as_numpy(name, value):
    """As `as_array`, but always a NumPy array."""
    return np.asarray(as_array(name, value))


def as_tensor(name, value):
    """A tensor unchanged, with its mask and notes; anything else as a tensor, by `as_array`."""
    if keras.ops.is_tensor(value) or keras.backend.is_keras_tensor(value):
        return value
    return tf.convert_to_tensor(as_array(name, value))


def as_vector(name, value):
    """As `as_array`, and a column `(num_examples, 1)` becomes `(num_examples,)`."""
    array = as_array(name, value)
    return array[:, 0] if len(array.shape) == 2 and array.shape[1] == 1 else array


def _to_numpy(name, value):
    """A value as a NumPy array of any dtype."""
    if hasattr(value, "detach"):  # of torch
        value = value.detach().cpu()
        if value.dtype.is_floating_point and value.element_size() < 4:
            value = value.float()  # NumPy has no bfloat16
    if hasattr(value, "to_numpy"):
        return _frame_to_numpy(name, value)
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError, tf.errors.OpError) as error:
        if isinstance(value, (list, tuple)):
            raise ValueError(
                f"`{name}` must be a rectangular array of numbers: its lists differ in length, or "
                "hold values that are not numbers. "
                f"Received: a {type(value).__name__} of length {len(value)}"
            ) from error
        raise TypeError(
            f"`{name}` must be an array. Received: {name} of type {type(value).__name__}, which "
            f"NumPy cannot convert: {str(error).strip().splitlines()[0]}"
        ) from error


def _frame_to_numpy(name, value):
    """A pandas object as an array: columns of different kinds become float64, gaps NaN."""
    kinds = [getattr(dtype, "kind", "O") for dtype in np.atleast_1d(getattr(value, "dtypes", []))]
    array = value.to_numpy()
    if array.dtype.kind != "O" or not kinds:
        return array
    if all(kind in "biuf" for kind in kinds):
        return value.to_numpy(dtype="float64", na_value=np.nan)
    if len(getattr(value, "columns", ())) == len(kinds):
        others = [c for c, k in zip(value.columns, kinds, strict=True) if k not in "biuf"]
        raise TypeError(
            f"`{name}` must hold numbers: encode or drop other columns. Received: a "
            f"{type(value).__name__} whose columns {others[:5]} hold something else"
        )
    return array


def _check_is_of_numbers(name, array):
    kind = array.dtype.kind
    if kind in "biuf" or _is_floating(array.dtype):
        return
    is_text = kind == "O" and array.size and isinstance(array.flat[0], (str, bytes))
    if kind in "UST" or is_text:
        received = f"strings ({array.dtype})"
        mend = f": number them, np.unique({name}, return_inverse=True)[1]"
    elif kind in "Mm":
        received, mend = f"dates or times ({array.dtype})", ": such as seconds since a start"
    elif kind == "c":
        received, mend = f"complex numbers ({array.dtype})", ": such as real and imaginary parts"
    elif kind == "O":
        received, mend = "an array of Python objects", ""
    else:
        received, mend = f"dtype {array.dtype}", ""
    raise TypeError(f"`{name}` must be a plain array of numbers{mend}. Received: {received}")


def _is_floating(dtype):
    """Whether a dtype is floating-point; NumPy does not know `bfloat16` as such."""
    return dtype.kind == "f" or dtype.name == "bfloat16"
