"""What is asked of the names of files that a model is written to."""

import os


def check_keras_file(name, path, whose=""):
    """Raises ValueError unless `path` is one of a `.keras` file."""
    if not name_of(path).endswith(".keras"):
        raise ValueError(
            f"`{name}` {whose}must end in `.keras`: no other file holds a model of several "
            "networks with its optimizers. Weights alone go to a file that ends in `.weights.h5`, "
            f"by `save_weights` or ModelCheckpoint(save_weights_only=True). Received: {path!r}"
        )
    check_no_folder(name, path)


def check_weights_file(name, path, whose=""):
    """Raises ValueError unless `path` is one of a file of weights."""
    if not name_of(path).endswith(".weights.h5"):
        raise ValueError(
            f"`{name}` {whose}must end in `.weights.h5` for weights alone. Received: {path!r}"
        )
    check_no_folder(name, path)


def check_loadable(name, path):
    """Raises ValueError unless `path` can be one of a file that weights are loaded from."""
    endings = (".weights.h5", ".weights.json", ".keras")
    if not name_of(path).endswith(endings) and not os.path.isdir(path):
        raise ValueError(
            f"`{name}` must end in `.weights.h5`, or in `.keras` for the weights of a whole "
            f"model: `save_weights` and `save` write these. Received: {name}={path!r}"
        )


def check_no_folder(name, path):
    """Raises ValueError if a folder stands where a file is to be written."""
    if os.path.isdir(path):
        raise ValueError(f"`{name}` must not be a folder. Received: {path!r}")


def name_of(path):
    """The path as Keras reads it, whose ending it looks at; of a file object, no path."""
    return str(path) if isinstance(path, (str, os.PathLike)) else ""
