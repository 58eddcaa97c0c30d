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


def test_an_earlier_file_is_compiled_after_loading():
    """It does not say of what kind its scale is: the loss of optimal scale takes it."""
    path, expected = _FOLDER / "vae.keras", np.load(_FOLDER / "vae.npz")
    compiled = keras.models.load_model(path)
    model = keras.models.load_model(path, compile=False)
    model.compile_from_config(compiled.get_compile_config())
    for key, value in answers("vae", model).items():
        np.testing.assert_allclose(value, expected[key], rtol=2e-4, atol=1e-5, err_msg=key)
