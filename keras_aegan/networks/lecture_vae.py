"""The VAE of the lecture "Autoencoders y GANs"."""

import math
from collections.abc import Sequence

import keras

from keras_aegan.networks.arguments import check_shape
from keras_aegan.networks.dense import dense_decoder, dense_encoder
from keras_aegan.networks.gaussian_encoder import gaussian_encoder


def lecture_vae(
    data_shape: Sequence[int] = (28, 28, 1), latent_dim: int = 28
) -> tuple[keras.Model, keras.Model]:
    """The lecture's encoder and decoder: D – D/4 – D/16 – latent – D/16 – D/4 – D.

    For MNIST 784-196-49-28 and back: batch normalisation before each LeakyReLU, and a tanh at the
    end, for data in [-1, 1]. The lecture trains it with Adam(1e-3), batches of 64, and
    α · mean squared error + KL: `compile(loss="mse", loss_weights={"reconstruction_loss": α})`.

    Args:
        data_shape: the shape of one example; 16 values or more.
        latent_dim: the size of z; 2 and 28 in the lecture.

    Returns:
        `(encoder, decoder)`, Functional models. The encoder gives `[z_mean, z_log_var]`.

    Raises:
        ValueError: if a size is not positive, or an example has fewer than 16 values.

    Example:
    >>> import keras_aegan
    >>> encoder, decoder = keras_aegan.networks.lecture_vae((28, 28, 1), latent_dim=28)
    >>> [layer.units for layer in encoder.layers if hasattr(layer, "units")]
    [196, 49, 28, 28]
    >>> vae = keras_aegan.models.VAE(encoder, decoder)
    """
    num_values = math.prod(check_shape("data_shape", data_shape))
    if num_values < 16:
        raise ValueError(
            f"`data_shape` must hold at least 16 values. Received: data_shape={data_shape}"
        )
    wide, narrow = num_values // 4, num_values // 16
    features = dense_encoder(
        data_shape, None, (wide, narrow), "leaky_relu", batch_normalization=True
    )
    encoder = gaussian_encoder(features, latent_dim)
    decoder = dense_decoder(
        latent_dim,
        data_shape,
        (narrow, wide),
        "leaky_relu",
        batch_normalization=True,
        output_activation="tanh",
    )
    return encoder, decoder
