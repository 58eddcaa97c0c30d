"""The networks of a DCGAN."""

from collections.abc import Callable, Sequence

import keras
from keras import layers

from keras_aegan.checks.arguments import check_rate
from keras_aegan.networks.arguments import hidden_block
from keras_aegan.networks.conditioning import with_labels
from keras_aegan.networks.convolutional import (
    check_image_shape,
    convolutional_decoder,
    halving_convolution,
)

_STANDARD_DEVIATION = 0.02


def dcgan_generator(
    latent_dim: int,
    image_shape: Sequence[int],
    filters: Sequence[int] = (256, 128, 64),
    batch_normalization: bool = True,
    output_activation: str | Callable | None = "tanh",
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """A dense layer from noise to a small image, then transposed convolutions of stride 2.

    As in the paper: ReLU and batch normalisation everywhere except at the output, tanh there, and
    kernels drawn from N(0, 0.02²). Differences: kernels of 4×4, a multiple of the stride (those of
    5×5 draw a checkerboard), and fewer filters, for images of 28×28 and 32×32.

    Reference: [Radford et al., 2016](https://arxiv.org/abs/1511.06434), sections 3 and 4.

    Args:
        latent_dim: the size of the noise; the paper's is 100.
        image_shape: `(height, width, channels)`. Sizes that cannot be halved that often are made
            from the next larger ones and cropped.
        filters: the number of filters that each transposed convolution reads; each doubles
            height and width.
        batch_normalization: whether to normalise each hidden layer before its activation; the
            output never is.
        output_activation: `"tanh"` for images in [-1, 1], `"sigmoid"` for [0, 1].
        num_classes: for a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name; the class becomes further features of the noise.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, latent_dim)` to `(batch_size, *image_shape)`; with
        `num_classes`, from `[z, labels]`.

    Raises:
        ValueError: if a shape or size is not positive, or the image is too small to be halved
            that often.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.dcgan_generator(100, (28, 28, 1), filters=(64, 32)).output_shape
    (None, 28, 28, 1)
    """
    check_image_shape("image_shape", image_shape, filters)
    generator = convolutional_decoder(
        latent_dim,
        image_shape,
        filters,
        "relu",
        batch_normalization,
        output_activation,
        num_classes=num_classes,
        label_embedding_dim=label_embedding_dim,
        name=name,
    )
    return _draw_kernels(generator)


def dcgan_discriminator(
    image_shape: Sequence[int],
    filters: Sequence[int] = (64, 128, 256),
    batch_normalization: bool = True,
    dropout: float = 0.0,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Convolutions of stride 2, then a dense layer to one logit.

    As in the paper: leaky ReLU of slope 0.2, batch normalisation everywhere except after the first
    convolution, kernels drawn from N(0, 0.02²). Differences: kernels of 4×4, fewer filters.

    Reference: [Radford et al., 2016](https://arxiv.org/abs/1511.06434), sections 3 and 4.

    Args:
        image_shape: `(height, width, channels)`.
        filters: the number of filters of each convolution; each halves height and width.
        batch_normalization: whether to normalise each hidden layer except the first; `False` with
            `regularizers.GradientPenalty` or `regularizers.R1`.
        dropout: the share of each hidden layer's activations to drop in training.
        num_classes: for a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name; the class becomes further channels of the image.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, *image_shape)` to logits `(batch_size, 1)`; with
        `num_classes`, from `[x, labels]`.

    Raises:
        ValueError: if a shape or size is not positive, or the image is too small to be halved
            that often.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.dcgan_discriminator((28, 28, 1), filters=(32, 64)).output_shape
    (None, 1)
    """
    image_shape = check_image_shape("image_shape", image_shape, filters)
    check_rate("dropout", dropout)
    inputs = keras.Input(image_shape, name="x")
    inputs, hidden = with_labels(inputs, inputs, num_classes, label_embedding_dim)
    for i, num_filters in enumerate(filters):
        is_normalized = batch_normalization and i > 0
        convolution = halving_convolution(
            num_filters, f"convolution_{i}", use_bias=not is_normalized
        )
        hidden = hidden_block(hidden, convolution, "leaky_relu", is_normalized)
        if dropout:
            hidden = layers.Dropout(dropout, name=f"dropout_{i}")(hidden)
    logit = layers.Dense(1, name="logit")(layers.Flatten(name="flatten")(hidden))
    return _draw_kernels(keras.Model(inputs, logit, name=name))  # (batch_size, 1)


def _draw_kernels(network):
    """The network with kernels drawn from N(0, 0.02²); a copy of it draws the same way."""
    for layer in network.layers:
        if hasattr(layer, "kernel_initializer"):
            layer.kernel_initializer = keras.initializers.RandomNormal(0.0, _STANDARD_DEVIATION)
            layer.kernel.assign(layer.kernel_initializer(layer.kernel.shape))
    return network
