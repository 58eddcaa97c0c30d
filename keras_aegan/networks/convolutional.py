"""Convolutional encoders and decoders."""

import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from keras_aegan.networks.arguments import check_shape, check_units, hidden_block
from keras_aegan.networks.conditioning import with_labels

# Four is a multiple of the stride of two: a transposed convolution then covers every pixel equally
# often, and draws no checkerboard (https://distill.pub/2016/deconv-checkerboard/).
_KERNEL_SIZE = 4
_STRIDE = 2


def convolutional_encoder(
    input_shape: Sequence[int],
    latent_dim: int | None,
    filters: Sequence[int] = (32, 64),
    activation: str | Callable = "relu",
    batch_normalization: bool = False,
    latent_activation: str | Callable | None = None,
    activity_regularizer: keras.Regularizer | None = None,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "encoder",
) -> keras.Model:
    """Convolutions of stride 2, then a dense layer to the code.

    Args:
        input_shape: `(height, width, channels)`.
        latent_dim: the size of the code; `None` for no code layer, only the last hidden layer's
            features (`gaussian_encoder` makes a Gaussian of them).
        filters: the number of filters of each convolution; each halves height and width.
        activation: the convolutions' activation.
        batch_normalization: whether to normalise each convolution before its activation.
        latent_activation: the code's activation; linear by default, as in a `Dense` layer.
        activity_regularizer: on the code, such as `keras.regularizers.L1(1e-3)` for a sparse
            autoencoder.
        num_classes: for a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name; the class becomes further channels of the image.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, height, width, channels)` to
        `(batch_size, latent_dim)`; with `num_classes`, from `[x, labels]`.

    Raises:
        ValueError: if a shape or size is not positive, or the image is too small to be halved
            that often.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.convolutional_encoder((28, 28, 1), latent_dim=32).output_shape
    (None, 32)
    """
    input_shape = check_image_shape("input_shape", input_shape, filters)
    check_units("latent_dim", () if latent_dim is None else (latent_dim,))
    inputs = keras.Input(input_shape, name="x")
    inputs, hidden = with_labels(inputs, inputs, num_classes, label_embedding_dim)
    for i, num_filters in enumerate(filters):
        convolution = halving_convolution(
            num_filters, f"convolution_{i}", use_bias=not batch_normalization
        )
        hidden = hidden_block(hidden, convolution, activation, batch_normalization)
    features = layers.Flatten(name="flatten")(hidden)
    if latent_dim is None:
        return keras.Model(inputs, features, name=name)
    code = layers.Dense(
        latent_dim, latent_activation, activity_regularizer=activity_regularizer, name="code"
    )(features)  # (batch_size, latent_dim)
    return keras.Model(inputs, code, name=name)


def convolutional_decoder(
    latent_dim: int,
    output_shape: Sequence[int],
    filters: Sequence[int] = (64, 32),
    activation: str | Callable = "relu",
    batch_normalization: bool = False,
    output_activation: str | Callable | None = None,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "decoder",
) -> keras.Model:
    """A dense layer from the code, then transposed convolutions of stride 2.

    Args:
        latent_dim: the size of the code.
        output_shape: `(height, width, channels)`; for a categorical loss
            `(height, width, channels, num_levels)`. Sizes that cannot be halved that often are
            made from the next larger ones and cropped.
        filters: the number of filters that each transposed convolution reads; each doubles
            height and width.
        activation: the hidden activation.
        batch_normalization: whether to normalise each hidden layer before its activation;
            the output never is.
        output_activation: linear by default, as in a `Conv2D` layer; `"sigmoid"` for data in
            [0, 1], `"tanh"` for [-1, 1], `"softmax"` over levels.
        num_classes: for a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name; the class becomes further features of the code.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, latent_dim)` to `(batch_size, *output_shape)`; with
        `num_classes`, from `[z, labels]`.

    Raises:
        ValueError: if a shape or size is not positive, or the image is too small to be halved
            that often.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.convolutional_decoder(32, (28, 28, 1)).output_shape
    (None, 28, 28, 1)
    """
    output_shape = check_image_shape("output_shape", output_shape, filters, ranks=(3, 4))
    check_units("latent_dim", (latent_dim,))
    (height, width), scale = output_shape[:2], _STRIDE ** len(filters)
    seed_height, seed_width = math.ceil(height / scale), math.ceil(width / scale)
    inputs = keras.Input((latent_dim,), name="z")
    seed = layers.Dense(
        seed_height * seed_width * filters[0], use_bias=not batch_normalization, name="dense"
    )
    # To z, not to an image: channels that are equal at every pixel would say what to draw but not
    # where, and few layers would be left to find out.
    inputs, hidden = with_labels(inputs, inputs, num_classes, label_embedding_dim)
    hidden = hidden_block(hidden, seed, activation, batch_normalization)
    hidden = layers.Reshape((seed_height, seed_width, filters[0]), name="image")(hidden)
    for i, num_filters in enumerate(filters[1:]):
        convolution = _transposed_convolution(
            num_filters, f"transposed_convolution_{i}", use_bias=not batch_normalization
        )
        hidden = hidden_block(hidden, convolution, activation, batch_normalization)
    outputs = _transposed_convolution(math.prod(output_shape[2:]), "output")(hidden)
    excess = (seed_height * scale - height, seed_width * scale - width)
    if any(excess):
        cropping = [(e // 2, e - e // 2) for e in excess]
        outputs = layers.Cropping2D(cropping, data_format="channels_last", name="crop")(outputs)
    if len(output_shape) == 4:
        outputs = layers.Reshape(output_shape, name="levels")(outputs)
    outputs = layers.Activation(output_activation or "linear", name="output_activation")(outputs)
    return keras.Model(inputs, outputs, name=name)


def halving_convolution(filters, name, use_bias=True):
    """A convolution of stride 2."""
    return _strided(layers.Conv2D, filters, name, use_bias)


def _transposed_convolution(filters, name, use_bias=True):
    return _strided(layers.Conv2DTranspose, filters, name, use_bias)


def _strided(layer_class, filters, name, use_bias):
    return layer_class(
        filters,
        _KERNEL_SIZE,
        _STRIDE,
        padding="same",
        data_format="channels_last",  # like the shapes here, whatever Keras's default is
        use_bias=use_bias,
        name=name,
    )


def check_image_shape(name, shape, filters, ranks=(3,)):
    """The shape of an image that can be halved once per filter; raises ValueError for others."""
    shape = check_shape(name, shape)
    check_units("filters", filters)
    if not filters:
        raise ValueError("`filters` must hold at least one number of filters. Received: ()")
    if len(shape) not in ranks:
        raise ValueError(f"`{name}` must be (height, width, channels). Received: {name}={shape}")
    if min(shape[:2]) < _STRIDE ** len(filters):
        raise ValueError(
            f"`filters` halves the image {len(filters)} times, so height and width must be at "
            f"least {_STRIDE ** len(filters)}. Received: {name}={shape}"
        )
    return shape
