"""Writes the API reference from the docstrings to `site/`: `python docs/build.py`."""

import inspect
import pathlib
import sys

import keras
import pdoc
import tensorflow as tf

import keras_aegan

_FOLDER = pathlib.Path(__file__).parent
_BASE = keras_aegan.models.LatentVariableModel
_HOOKS = {
    name
    for name in set(dir(_BASE)) - set(dir(keras.Model)) - {"optimizers", "loss_weights"}
    if not name.startswith("_")
}


def public_names():
    """Dict, each namespace of the package to its public names."""
    namespaces = [n for n, _ in inspect.getmembers(keras_aegan, inspect.ismodule)]
    return {
        namespace: [
            name
            for name, value in vars(getattr(keras_aegan, namespace)).items()
            if not name.startswith("_") and not inspect.ismodule(value)
        ]
        for namespace in namespaces
        if hasattr(getattr(keras_aegan, namespace), "__path__")
        and namespace not in ("_keras", "checks", "engine")
    }


def build(folder):
    """Writes a page for each namespace, and an index with a search.

    Args:
        folder: where to.
    """
    keras_aegan.__all__ = list(public_names())
    for namespace, names in public_names().items():
        module = getattr(keras_aegan, namespace)
        module.__all__ = names  # a namespace gathers what files of one class each define
        for value in vars(module).values():
            if inspect.isclass(value):
                _show_inherited(value)
    _name_types_as_users_do()
    pdoc.render.configure(docformat="google", template_directory=_FOLDER)
    pdoc.pdoc("keras_aegan", r"!keras_aegan\.\w+\..+", output_directory=pathlib.Path(folder))


def _show_inherited(cls):
    """Has a class's page show what it inherits within the package, whose bases are private.

    What a subclass defines or calls is shown on the public base alone.
    """
    hooks = _HOOKS if cls is not _BASE else ()
    for base in cls.__mro__:
        if base.__module__.startswith("keras_aegan"):
            for name, member in vars(base).items():
                is_shown = name == "__init__" or not name.startswith("_")
                if is_shown and name not in vars(cls):
                    setattr(cls, name, member)
    for name in set(hooks) & set(vars(cls)):
        delattr(cls, name)


def _name_types_as_users_do():
    """Has signatures say `keras.Model` of what Keras keeps in `keras.src.models.model`."""
    for namespace in (keras.callbacks, keras.random, keras.utils, keras):
        for value in vars(namespace).values():
            if inspect.isclass(value) and value.__module__.startswith("keras."):
                value.__module__ = namespace.__name__
    tf.data.Dataset.__qualname__ = "Dataset"
    for name, value in (
        ("tf", tf.Tensor),
        ("tf.data", tf.data.Dataset),
        ("tf.distribute", tf.distribute.Strategy),
        ("builtins", keras_aegan.hints.Array),
    ):
        value.__module__ = name


if __name__ == "__main__":
    build(sys.argv[1] if len(sys.argv) > 1 else "site")
