"""The package as a whole: what it imports, and the examples in its docstrings."""

import configparser
import doctest
import importlib
import pathlib
import pkgutil
import subprocess
import sys

import pytest

import keras_aegan

MODULES = [module.name for module in pkgutil.walk_packages(keras_aegan.__path__, "keras_aegan.")]


def test_heavy_libraries_are_imported_when_first_used():
    code = (
        "import sys, keras, tensorflow; before = set(sys.modules); import keras_aegan; "
        "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
        "assert not new & {'sklearn', 'tensorflow_datasets', 'matplotlib', 'mlxtend'}, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_importing_warns_of_nothing_and_takes_little_time():
    # The processor's time, which other tests at the same time do not change.
    code = (
        "import keras, tensorflow, time, warnings; start = time.process_time(); "
        "warnings.simplefilter('error'); import keras_aegan; "
        "duration = time.process_time() - start; assert duration < 0.3, duration"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_checkers_of_types_are_told_that_there_are_hints():
    root = pathlib.Path(__file__).parents[1]
    assert (root / "keras_aegan" / "py.typed").exists()
    configuration = configparser.ConfigParser(interpolation=None)
    configuration.read(root / "setup.cfg", encoding="utf-8")
    assert "py.typed" in configuration["options.package_data"]["keras_aegan"]  # is in the wheel


def test_another_backend_is_refused():
    code = (
        "import keras; keras.backend.backend = lambda: 'torch'\n"
        "try:\n    import keras_aegan\n"
        "except ImportError as error:\n    assert 'KERAS_BACKEND=tensorflow' in str(error)\n"
        "else:\n    raise SystemExit('imported')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.filterwarnings("ignore:MNIST cannot be downloaded here")
@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    if name.endswith("datasets.images"):
        pytest.skip("its example downloads MNIST; tests/datasets runs the same calls")
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0
