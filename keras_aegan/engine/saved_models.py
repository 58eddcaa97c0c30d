"""SavedModels with named endpoints: written whole or not at all."""

import contextlib
import errno
import inspect
import io
import os
import pathlib
import shutil

import keras
import tensorflow as tf

from keras_aegan.engine import keras_internals
from keras_aegan.engine.file_checks import check_no_folder
from keras_aegan.engine.files import is_local, whole_file, whole_folder

_PARTS_OF_A_SAVED_MODEL = {
    "assets",
    "assets.extra",  # TensorFlow Serving's requests for warming up, which stay
    "fingerprint.pb",
    "saved_model.pb",
    "saved_model.pbtxt",
    "variables",
}
_LARGEST_COUNT = 2**31 - 1


def write_endpoints(path, owner, endpoints, **kwargs):
    """Writes one SavedModel.

    Args:
        path: the folder to write.
        owner: the model or layer whose weights the endpoints use.
        endpoints: dict, a name to `(function, [input specs])`; the first is the default.
        **kwargs: passed to Keras's own export.
    """
    archive = keras.export.ExportArchive()
    archive.track(owner)
    for name, (function, input_signature) in endpoints.items():
        _add_endpoint(archive, name, function, input_signature)
    archive.write_out(path, **kwargs)


@contextlib.contextmanager
def being_exported(filepath, format, verbose):
    """The path to export to, which becomes `filepath` when all is written."""
    if not is_local(filepath) or format not in ("tf_saved_model", "onnx", "litert"):
        yield filepath
        return
    if format == "tf_saved_model":
        _check_replaceable(filepath)
        being_written = whole_folder(filepath)
    else:
        check_no_folder("filepath", filepath)
        being_written = whole_file(filepath)
    printed = io.StringIO()
    with _named_where_fixed(filepath), being_written as path:
        # Keras prints where it wrote.
        quiet = verbose is False
        with contextlib.nullcontext() if quiet else contextlib.redirect_stdout(printed):
            yield str(path)
        extra = pathlib.Path(filepath, "assets.extra")
        if format == "tf_saved_model" and extra.is_dir():
            shutil.copytree(extra, path / extra.name, dirs_exist_ok=True)
    print(printed.getvalue().replace(str(path), os.fspath(filepath)), end="")


def _check_replaceable(folder):
    """Raises ValueError where an export would replace something other than a SavedModel."""
    if os.path.isdir(folder):
        found = sorted(os.listdir(folder))
        others = sorted(set(found) - _PARTS_OF_A_SAVED_MODEL)
        is_saved_model = {"saved_model.pb", "saved_model.pbtxt"} & set(found)
        if found and (others or not is_saved_model):
            raise ValueError(
                "`filepath` must be a new folder, an empty one, or a SavedModel, which is then "
                f"replaced. Received: filepath={os.fspath(folder)!r}, a folder that holds "
                f"{(others or found)[0]!r}"
            )
        place = os.path.realpath(folder)
        is_fixed = os.path.ismount(place) or place == os.path.realpath(os.getcwd())
        if is_fixed or not os.access(os.path.dirname(place), os.W_OK | os.X_OK):
            raise ValueError(_is_fixed(folder))
    elif os.path.exists(folder):
        raise ValueError(
            "`filepath` must be a folder: a SavedModel is several files. "
            f"Received: filepath={os.fspath(folder)!r}, a file"
        )


@contextlib.contextmanager
def _named_where_fixed(folder):
    """Says so where the system tells only at the end that a folder is mounted, as Docker's are."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV):
            raise
        raise ValueError(_is_fixed(folder)) from error


def _is_fixed(folder):
    return (
        "`filepath` must be a folder that can be replaced as a whole, not a mount point or the "
        "working directory, and in one that can be written to. Name a folder inside it, such as "
        f"{os.path.join(os.fspath(folder), 'model')!r}. Received: filepath={os.fspath(folder)!r}"
    )


def _add_endpoint(archive, name, function, input_signature):
    """Adds an endpoint to an archive; one that asks for a count checks it.

    A client's TensorFlow makes a Python integer that is too large for an int32 another number, and
    says nothing. So where a single int32 is asked for, an int64 is taken as well, and first; the
    signature, which servers use, keeps the int32.
    """
    specs = keras.tree.flatten(input_signature)
    if len(specs) != 1 or tuple(specs[0].shape) != () or specs[0].dtype != "int32":
        archive.add_endpoint(name, _with_names(function, specs), input_signature)
        return
    counted = tf.function(_of_a_count(function, specs[0].name), autograph=False)
    counted.get_concrete_function(tf.TensorSpec((), "int64", name=specs[0].name))
    in_signature = counted.get_concrete_function(specs[0])
    archive.add_endpoint(name, counted)
    keras_internals.set_signature(archive, name, in_signature)  # Keras would take the first


def _of_a_count(function, name):
    """The function, asked for a number of things that is checked."""

    def counted(*args, **kwargs):
        [count] = (*args, *kwargs.values())
        message = f"`{name}` must be a whole number from 0 to {_LARGEST_COUNT}. Received:"
        is_count = tf.logical_and(count >= 0, tf.cast(count, "int64") <= _LARGEST_COUNT)
        with tf.control_dependencies([tf.debugging.Assert(is_count, [message, count])]):
            # Zero in the place of what is refused: shapes are inferred before the check runs.
            return function(tf.maximum(tf.cast(tf.identity(count), "int32"), 0))

    return _with_names(counted, [tf.TensorSpec((), "int32", name)])


def _with_names(function, specs):
    """The function, with arguments of the specs' names, by which a loaded SavedModel takes them."""

    def named(*args, **kwargs):
        return function(*args, **kwargs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    named.__signature__ = inspect.Signature([inspect.Parameter(s.name, kind) for s in specs])
    return named
