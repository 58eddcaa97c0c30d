"""Files of earlier versions load, answer as they did, and train on as they would have."""

import pathlib

import keras
import numpy as np
import pytest

from tests.golden.write import answers, resumed

_FOLDER = pathlib.Path(__file__).parent


@pytest.mark.parametrize("name", ["vae", "gan", "detector"])
def test_a_file_of_an_earlier_version(name):
    """Written by `write.py` at the commit that README.md names."""
    expected = np.load(_FOLDER / f"{name}.npz")
    model = keras.models.load_model(_FOLDER / f"{name}.keras")
    said = answers(name, model)
    if name != "detector":
        said.update(resumed(model))
    assert set(said) == set(expected)
    for key, value in said.items():
        np.testing.assert_allclose(value, expected[key], rtol=2e-4, atol=1e-5, err_msg=key)
