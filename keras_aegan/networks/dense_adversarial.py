"""Fully connected generators and discriminators."""

from collections.abc import Callable, Sequence

import keras
from keras import layers

from keras_aegan.checks.arguments import check_rate
from keras_aegan.networks.arguments import check_shape, check_units, hidden_block
from keras_aegan.networks.conditioning import with_labels
from keras_aegan.networks.dense import dense_decoder


def dense_generator(
    latent_dim: int,
    output_shape: Sequence[int],
    hidden_units: Sequence[int] = (128, 256, 512, 1024),
    activation: str | Callable = "leaky_relu",
    batch_normalization: bool = True,
    output_activation: str | Callable | None = None,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """A stack of dense layers from noise to data: a decoder with a generator's defaults.

    The defaults are the lecture's: `latent_dim=100` and `output_shape=(2,)` give the lecture's
    generator of points in the plane, 100-128-256-512-1024-2 with batch normalisation.

    Args:
        latent_dim: the size of the noise.
        output_shape: tuple, the shape of one example.
        hidden_units: the sizes of the hidden layers, in order.
        activation: the hidden layers' activation; Keras's leaky ReLU has the slope 0.2.
        batch_normalization: whether to normalise each hidden layer before its activation;
            the output never is.
        output_activation: linear by default; `"tanh"` for data in [-1, 1], `"sigmoid"` for
            [0, 1].
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
    >>> keras_aegan.networks.dense_generator(latent_dim=100, output_shape=(2,)).output_shape
    (None, 2)
    """
    return dense_decoder(
        latent_dim,
        output_shape,
        hidden_units,
        activation,
        batch_normalization,
        output_activation,
        num_classes=num_classes,
        label_embedding_dim=label_embedding_dim,
        name=name,
    )


def dense_discriminator(
    input_shape: Sequence[int],
    hidden_units: Sequence[int] = (512, 256),
    activation: str | Callable = "leaky_relu",
    dropout: float = 0.0,
    num_classes: int | None = None,
    label_embedding_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """A stack of dense layers from data to one logit, without normalisation.

    Args:
        input_shape: tuple, the shape of one example; it is flattened.
        hidden_units: the sizes of the hidden layers, in order.
        activation: the hidden layers' activation; Keras's leaky ReLU has the slope 0.2.
        dropout: the share of each hidden layer's units to drop in training.
        num_classes: of a conditional network: how many classes its second input, integer
            labels `(batch_size,)`, can name.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.
        name: the model's name.

    Returns:
        A Functional model from `(batch_size, *input_shape)` to logits `(batch_size, 1)`; with
        `num_classes`, from `[x, labels]`.

    Raises:
        ValueError: if a shape or size is not positive.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.networks.dense_discriminator((28, 28, 1)).output_shape
    (None, 1)
    """
    input_shape = check_shape("input_shape", input_shape)
    check_units("hidden_units", hidden_units)
    check_rate("dropout", dropout)
    inputs = keras.Input(input_shape, name="x")
    hidden = layers.Flatten(name="flatten")(inputs) if len(input_shape) > 1 else inputs
    inputs, hidden = with_labels(inputs, hidden, num_classes, label_embedding_dim)
    for i, units in enumerate(hidden_units):
        dense = layers.Dense(units, name=f"dense_{i}")
        hidden = hidden_block(hidden, dense, activation, batch_normalization=False)
        if dropout:
            hidden = layers.Dropout(dropout, name=f"dropout_{i}")(hidden)
    logit = layers.Dense(1, name="logit")(hidden)  # (batch_size, 1)
    return keras.Model(inputs, logit, name=name)
