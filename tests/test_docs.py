"""The reference: every public name is documented, and stands on the page of its namespace."""

import inspect
import pathlib
import subprocess
import sys

import pytest

import keras_aegan

_ROOT = pathlib.Path(__file__).parents[1]
_NAMES = [
    (namespace, name)
    for namespace, module in inspect.getmembers(keras_aegan, inspect.ismodule)
    if hasattr(module, "__path__") and not namespace.startswith("_")
    for name, value in vars(module).items()
    if not name.startswith("_") and not inspect.ismodule(value)
]


@pytest.mark.parametrize(("namespace", "name"), _NAMES)
def test_a_public_name_says_what_it_takes_and_shows_it(namespace, name):
    documented = getattr(getattr(keras_aegan, namespace), name)
    text = inspect.getdoc(documented)
    parameters = [p for p in inspect.signature(documented).parameters if p != "kwargs"]
    assert all(f"{parameter}:" in text for parameter in parameters), parameters
    assert ">>> " in text  # run by tests/test_package.py


def test_the_reference_holds_every_public_name(tmp_path):
    pytest.importorskip("pdoc", reason="pdoc is not installed")
    command = [sys.executable, _ROOT / "docs" / "build.py", tmp_path]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    assert (tmp_path / "index.html").exists()
    for namespace, name in _NAMES:
        page = (tmp_path / "keras_aegan" / f"{namespace}.html").read_text(encoding="utf-8")
        assert f'id="{name}"' in page, name
    models = (tmp_path / "keras_aegan" / "models.html").read_text(encoding="utf-8")
    # What a class inherits within the package is on its own page too.
    assert all(f'id="VAE.{name}"' in models for name in ("compile", "fit", "encode", "export"))
