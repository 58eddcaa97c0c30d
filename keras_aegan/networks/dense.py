"""Fully connected encoders and decoders."""

import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from keras_aegan.layers import TiedDense
from keras_aegan.networks.arguments import check_shape, check_units, hidden_block
from keras_aegan.networks.conditioning import with_labels


def dense_encoder(
    input_shape: Sequence[int],
    latent_dim: int | None,
    hidden_units: Sequence[int] = (512, 256),
    activation: str | Callable = "relu",
    batch_normalization: bool = False,
    latent_activation: str | Callable | None = None,
    activity_regularizer: keras.Regularizer | None = None,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "encoder",
) -> keras.Model:
    """A stack of dense layers from data to code.

    Args:
        input_shape: tuple, the shape of one example; it is flattened.
        latent_dim: the size of the code; `None` for no code layer, only the last hidden layer's
            features (`gaussian_encoder` makes a Gaussian of them).
        hidden_units: the sizes of the hidden layers, in order; `()` for a linear encoder.
        activation: the hidden layers' activation.
        batch_normalization: whether to normalise each hidden layer before its activation.
        latent_activation: the code's activation; linear by default, as in a `Dense` layer.
        activity_regularizer: on the code, such as `keras.regularizers.L1(1e-3)` for a sparse
            autoencoder.
        num_classes: of a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, *input_shape)` to `(batch_size, latent_dim)`; with
        `num_classes`, from `[x, labels]`.

    Raises:
        ValueError: if a shape or size is not positive.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.dense_encoder((28, 28, 1), latent_dim=32).output_shape
    (None, 32)
    """
    input_shape = check_shape("input_shape", input_shape)
    check_units("latent_dim", () if latent_dim is None else (latent_dim,))
    check_units("hidden_units", hidden_units)
    inputs = keras.Input(input_shape, name="x")
    hidden = layers.Flatten(name="flatten")(inputs) if len(input_shape) > 1 else inputs
    inputs, hidden = with_labels(inputs, hidden, num_classes, label_embedding_dim)
    for i, units in enumerate(hidden_units):
        dense = layers.Dense(units, use_bias=not batch_normalization, name=f"dense_{i}")
        hidden = hidden_block(hidden, dense, activation, batch_normalization)
    if latent_dim is None:
        return keras.Model(inputs, hidden, name=name)
    code = layers.Dense(
        latent_dim, latent_activation, activity_regularizer=activity_regularizer, name="code"
    )(hidden)  # (batch_size, latent_dim)
    return keras.Model(inputs, code, name=name)


def dense_decoder(
    latent_dim: int,
    output_shape: Sequence[int],
    hidden_units: Sequence[int] = (256, 512),
    activation: str | Callable = "relu",
    batch_normalization: bool = False,
    output_activation: str | Callable | None = None,
    tied_to: str | None = None,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "decoder",
) -> keras.Model:
    """A stack of dense layers from code to data.

    Args:
        latent_dim: the size of the code.
        output_shape: tuple, the shape of one example; for a categorical loss followed by the
            number of levels.
        hidden_units: the sizes of the hidden layers, in order; `()` for a linear decoder.
        activation: the hidden layers' activation.
        batch_normalization: whether to normalise each hidden layer before its activation;
            the output never is.
        output_activation: linear by default, as in a `Dense` layer; `"sigmoid"` for data in
            [0, 1], `"tanh"` for [-1, 1], `"softmax"` over levels.
        tied_to: the name of the encoder's `Dense` layer whose kernel, transposed, the output
            layer takes (see `layers.TiedDense`), such as `"code"`; for `hidden_units=()`.
        num_classes: of a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, latent_dim)` to `(batch_size, *output_shape)`; with
        `num_classes`, from `[z, labels]`.

    Raises:
        ValueError: if a shape or size is not positive.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.dense_decoder(latent_dim=32, output_shape=(28, 28, 1)).output_shape
    (None, 28, 28, 1)
    """
    output_shape = check_shape("output_shape", output_shape)
    check_units("latent_dim", (latent_dim,))
    check_units("hidden_units", hidden_units)
    inputs = keras.Input((latent_dim,), name="z")
    inputs, hidden = with_labels(inputs, inputs, num_classes, label_embedding_dim)
    for i, units in enumerate(hidden_units):
        dense = layers.Dense(units, use_bias=not batch_normalization, name=f"dense_{i}")
        hidden = hidden_block(hidden, dense, activation, batch_normalization)
    num_outputs = math.prod(output_shape)
    if tied_to is None:
        flat = layers.Dense(num_outputs, name="output")(hidden)
    else:
        flat = TiedDense(num_outputs, tied_to, name="output")(hidden)
    shaped = layers.Reshape(output_shape, name="reshape")(flat)
    # A softmax over levels needs the last axis, so the activation comes after the shape.
    outputs = layers.Activation(output_activation or "linear", name="output_activation")(shaped)
    return keras.Model(inputs, outputs, name=name)
