"""The door for arrays: every library's numbers come in the same, and what is none is named."""

import datetime
import decimal

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf

from keras_aegan.checks.arrays import as_array, as_vector

NUMBERS = np.array([[1.5, 0.25], [2.0, -3.0], [0.0, 8.0]])


def _torch(values, **arguments):
    return pytest.importorskip("torch", reason="torch is not installed").tensor(values, **arguments)


ALIKE = {
    "float32": lambda: NUMBERS.astype("float32"),
    "float16": lambda: NUMBERS.astype("float16"),
    "long double": lambda: NUMBERS.astype("longdouble"),
    "bfloat16": lambda: tf.constant(NUMBERS, "bfloat16"),
    "NumPy's bfloat16": lambda: tf.constant(NUMBERS, "bfloat16").numpy(),
    "lists": lambda: NUMBERS.tolist(),
    "a tuple of lists": lambda: tuple(NUMBERS.tolist()),
    "a list of arrays": lambda: list(NUMBERS),
    "a list of tensors": lambda: [tf.constant(row) for row in NUMBERS],
    "a tensor": lambda: tf.constant(NUMBERS),
    "a frame": lambda: pd.DataFrame(NUMBERS, columns=["a", "b"]),
    "a frame of several dtypes": lambda: pd.DataFrame(NUMBERS).astype({0: "float32", 1: "int64"}),
    "a frame of nullable numbers": lambda: pd.DataFrame(NUMBERS).astype("Float64"),
    "torch": lambda: _torch(NUMBERS),
    "torch with a gradient": lambda: _torch(NUMBERS, requires_grad=True),
    "torch's bfloat16": lambda: _torch(NUMBERS).bfloat16(),
    "not contiguous": lambda: np.asfortranarray(NUMBERS),
    "read-only": lambda: np.broadcast_to(NUMBERS, (3, 2)),
}


@pytest.mark.parametrize("name", ALIKE)
def test_every_kind_gives_the_same_numbers(name):
    expected = NUMBERS.copy()
    if name == "a frame of several dtypes":
        expected[:, 1] = expected[:, 1].astype("int64")
    array = as_array("x", ALIKE[name]())
    assert keras.backend.standardize_dtype(array.dtype) in ("float32", "float64")
    np.testing.assert_array_equal(array, expected)


VECTORS = {
    "an array": np.array([3, 1, 2]),
    "a column": np.array([[3], [1], [2]]),
    "a series": pd.Series([3, 1, 2], index=[7, 8, 9]),
    "a series of nullable integers": pd.Series([3, 1, 2], dtype="Int64"),
    "a categorical series": pd.Series([3, 1, 2], dtype="category"),
    "a frame of one column": pd.DataFrame({"label": [3, 1, 2]}),
    "a list": [3, 1, 2],
    "a tensor's column": tf.constant([[3], [1], [2]]),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_column_is_a_vector(name):
    vector = as_vector("labels", VECTORS[name])
    assert keras.backend.is_int_dtype(keras.backend.standardize_dtype(vector.dtype))
    np.testing.assert_array_equal(vector, [3, 1, 2])


def test_a_gap_is_a_nan_that_a_check_can_name():
    array = as_array("x", pd.DataFrame({"a": [1.0, None], "b": [True, False]}).astype({"b": bool}))
    np.testing.assert_array_equal(array, [[1.0, 1.0], [np.nan, 0.0]])


REFUSED = {
    "strings": (np.array(["cat", "dog"]), "strings"),
    "bytes": (np.array([b"cat", b"dog"]), "strings"),
    "a list of strings": (["cat", "dog"], "strings"),
    "a tensor of strings": (tf.constant(["cat", "dog"]), "strings"),
    "a series of strings": (pd.Series(["cat", "dog"]), "strings"),
    "a categorical series of strings": (pd.Series(["a", "b"], dtype="category"), "strings"),
    "a frame with a column of strings": (
        pd.DataFrame({"amount": [1.0, 2.0], "country": ["es", "fr"]}), r"columns \['country'\]",
    ),
    "dates": (np.arange(3).astype("datetime64[D]"), "dates"),
    "a series of dates": (pd.Series(pd.date_range("2020-01-01", periods=3)), "dates"),
    "spans of time": (np.arange(3).astype("timedelta64[s]"), "dates"),
    "Python's dates": ([datetime.date(2020, 1, 1)], "Python objects"),
    "Python's decimals": ([decimal.Decimal(1)], "Python objects"),
    "complex numbers": (np.array([1j]), "complex"),
    "a variable": (tf.Variable([1.0]), r"x.numpy\(\).*Variable"),
    "a variable of Keras": (keras.Variable([1.0]), r"x.numpy\(\).*Variable"),
    "a symbol": (keras.KerasTensor((2, 3)), "KerasTensor"),
    "a masked array": (np.ma.masked_array([1.0, 2.0], [True, False]), "masked array"),
    "a sparse matrix": (scipy.sparse.csr_matrix(NUMBERS), "toarray"),
    "a sparse tensor": (tf.sparse.from_dense(NUMBERS), "to_dense"),
    "a ragged tensor": (tf.ragged.constant([[1.0], [1.0, 2.0]]), "pad"),
    "ragged lists": ([[1.0], [1.0, 2.0]], "rectangular"),
    "arrays of several shapes": ([np.zeros((3, 2)), np.zeros(3)], "rectangular"),
    "a record array": (np.zeros(2, [("a", float)]), "dtype"),
    "a dict": ({"a": [1.0]}, "dict"),
    "a number": (3.0, "float"),
    "a text": ("digits", "str"),
    "nothing": (None, "NoneType"),
    "a set": ({1.0}, "set"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_array_of_numbers_is_named(name):
    value, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=rf"^`x` must .*{words}"):
        as_array("x", value)
