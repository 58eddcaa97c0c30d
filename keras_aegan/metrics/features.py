"""What the metrics read: one row of features per example."""

from collections.abc import Callable

import keras
import numpy as np

from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import Array


def extract_features(
    extractor: keras.Model | Callable | None, x: Array, batch_size: int = 256
) -> np.ndarray:
    """One row of features per example, for a metric that compares real and fake data.

    A metric says no more than its features do. A classifier of the same data, cut before its last
    layer, is a good extractor. In the plane, the data themselves suffice.

    Args:
        extractor: a Keras model, or a function of a batch `(batch_size, ...)`; `None` for the
            data themselves.
        x: `(num_examples, ...)`.
        batch_size: examples per call.

    Returns:
        Array `(num_examples, num_features)`, the extractor's output, flattened.

    Raises:
        ValueError: if the extractor does not give one row per example.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.ones((10, 8, 8, 1), "float32")
    >>> keras_aegan.metrics.extract_features(lambda x: x.mean(axis=(1, 2)), x).shape
    (10, 1)
    """
    x = as_numpy("x", x)
    if x.ndim < 1:
        raise ValueError(f"`x` must be an array of examples. Received: x={x}")
    if extractor is None:
        features = x
    elif isinstance(extractor, keras.Model):
        features = extractor.predict(x, batch_size=batch_size, verbose=0)
    else:
        starts = range(0, len(x), batch_size)
        features = np.concatenate(
            [as_numpy("extractor", extractor(x[i : i + batch_size])) for i in starts]
        )
    if np.ndim(features) < 1 or len(features) != len(x):
        raise ValueError(
            f"`extractor` must give one row for each of the {len(x)} examples. "
            f"Received: an output of shape {np.shape(features)}"
        )
    return features.reshape(len(features), -1)


def check_features(min_examples, **arrays):
    """The arrays as float64, one row per example; ValueError unless rows are of one length."""
    checked = {}
    for name, values in arrays.items():
        values = as_numpy(name, values)
        if values.ndim < 2 or len(values) < min_examples or values.size == 0:
            raise ValueError(
                f"`{name}` must have the shape (num_examples, num_features), with at least "
                f"{min_examples} examples. Received: shape {values.shape}"
            )
        if values.dtype.kind not in "fiub" or not np.all(np.isfinite(values)):
            raise ValueError(
                f"`{name}` must hold finite numbers. "
                f"Received: {'NaN or infinity' if values.dtype.kind == 'f' else values.dtype}"
            )
        checked[name] = values.reshape(len(values), -1).astype("float64")
    (first, width), *others = [(name, v.shape[1]) for name, v in checked.items()]
    for name, other_width in others:
        if other_width != width:
            raise ValueError(
                f"`{name}` must have as many features as `{first}`, {width}. "
                f"Received: {other_width}"
            )
    return tuple(checked.values())
