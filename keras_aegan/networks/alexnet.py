"""A network in the shape of AlexNet."""

import os
import warnings
from collections.abc import Sequence

import keras
from keras import layers

from keras_aegan.networks.arguments import check_shape, check_units


def alexnet(
    input_shape: Sequence[int],
    num_classes: int,
    filters: Sequence[int] = (96, 256, 384, 384, 256),
    dense_units: Sequence[int] = (4096, 4096),
    first_kernel_size: int = 11,
    first_strides: int = 4,
    weights: str | os.PathLike | None = None,
    name: str = "alexnet",
) -> keras.Model:
    """Five convolutions, the first, second and fifth of them pooled, and dense layers.

    The backbone of the lecture's perceptual autoencoders, cut at one of `relu_1` … `relu_5`. Keras
    has no weights of AlexNet: `weights` names your own file, or `pretrain_backbone` trains them.
    Differences from the paper: one branch instead of two, no local response normalisation, and
    "same" padding, so that small images pass.

    Reference: [Krizhevsky et al., 2012](https://papers.nips.cc/paper/4824), section 3.5;
    [Pihlgren et al., 2020](https://arxiv.org/abs/2001.03444), for its use as a backbone.

    Args:
        input_shape: `(height, width, channels)`; the paper's is (227, 227, 3).
        num_classes: how many logits the last layer gives.
        filters: the number of filters of each of the five convolutions.
        dense_units: the sizes of the hidden dense layers; each is followed by dropout.
        first_kernel_size: of the first convolution; for images of 32×32, 5 is enough.
        first_strides: of the first convolution; for images of 32×32, 1 keeps their detail.
        weights: the path of a file with this network's weights, `.keras`, `.weights.h5` or
            `.h5`; random weights if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, *input_shape)` to logits
        `(batch_size, num_classes)`.

    Raises:
        ValueError: if a shape or size is not positive, there are not five convolutions, or
            `weights` is not a file of this network's weights.

    Example:
    >>> import keras_aegan
    >>> network = keras_aegan.networks.alexnet(
    ...     (32, 32, 3), 10, (16, 32, 48, 48, 32), (64,), first_kernel_size=5, first_strides=1
    ... )
    >>> network.get_layer("relu_5").output.shape
    (None, 8, 8, 32)
    """
    input_shape = check_shape("input_shape", input_shape)
    check_units("filters", filters)
    check_units("dense_units", dense_units)
    check_units("num_classes", (num_classes,))
    check_units("first_kernel_size", (first_kernel_size,))
    check_units("first_strides", (first_strides,))
    if len(input_shape) != 3 or len(filters) != 5:
        raise ValueError(
            "`input_shape` must be (height, width, channels), and `filters` hold five numbers. "
            f"Received: input_shape={input_shape}, filters={tuple(filters)}"
        )
    kernel_sizes = (first_kernel_size, 5, 3, 3, 3)
    inputs = keras.Input(input_shape, name="x")
    hidden = inputs
    for i, (num_filters, kernel_size) in enumerate(zip(filters, kernel_sizes, strict=True), 1):
        strides = first_strides if i == 1 else 1
        hidden = layers.Conv2D(
            num_filters,
            kernel_size,
            strides,
            padding="same",
            data_format="channels_last",
            name=f"convolution_{i}",
        )(hidden)
        hidden = layers.ReLU(name=f"relu_{i}")(hidden)
        if i in (1, 2, 5):
            hidden = layers.MaxPooling2D(
                3, 2, padding="same", data_format="channels_last", name=f"pool_{i}"
            )(hidden)
    hidden = layers.Flatten(name="flatten")(hidden)
    for i, units in enumerate(dense_units, 6):
        hidden = layers.Dense(units, "relu", name=f"dense_{i}")(hidden)
        hidden = layers.Dropout(0.5, name=f"dropout_{i}")(hidden)
    logits = layers.Dense(num_classes, name="logits")(hidden)  # (batch_size, num_classes)
    network = keras.Model(inputs, logits, name=name)
    if weights is not None:
        _load_weights(network, weights)
    return network


def _load_weights(network, weights):
    try:
        with warnings.catch_warnings():
            # Keras only warns of layers that it does not find.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(weights)
    except (OSError, ValueError, LookupError, UserWarning) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ValueError(
            "`weights` must be the path of a file of this network's weights, .keras, .weights.h5 "
            f"or .h5. Received: weights={weights!r} ({type(error).__name__}: {reason})"
        ) from error
