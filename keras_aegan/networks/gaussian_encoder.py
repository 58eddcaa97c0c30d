"""The two heads that turn a network's output into the parameters of a Gaussian."""

import keras
from keras import layers

from keras_aegan.networks.arguments import check_units


def gaussian_encoder(network: keras.Model, latent_dim: int, name: str = "encoder") -> keras.Model:
    """Ends a network in the mean and the log-variance of a diagonal Gaussian, q(z|x).

    Args:
        network: a Functional model from data, or from `[data, labels]`, to features
            `(batch_size, ...)`: one of this package's encoders with `latent_dim=None`, or a network
            of your own that ends in an activation.
        latent_dim: the size of z.
        name: the model's name.

    Returns:
        A Functional model with the inputs of `network` and two outputs `(batch_size, latent_dim)`,
        `z_mean` and `z_log_var` = log σ².

    Raises:
        TypeError: if `network` is not a `keras.Model`.
        ValueError: if it does not have exactly one output, or `latent_dim` is not positive.

    Example:
    >>> import keras_aegan
    >>> from keras_aegan import networks
    >>> features = networks.dense_encoder((784,), None, hidden_units=(200, 200), activation="tanh")
    >>> networks.gaussian_encoder(features, latent_dim=50).output_shape
    [(None, 50), (None, 50)]
    """
    if not isinstance(network, keras.Model):
        raise TypeError(
            "`network` must be a keras.Model from data to features. "
            f"Received: network={network!r} of type {type(network).__name__}"
        )
    outputs = getattr(network, "outputs", None) or ()
    if len(outputs) != 1:
        raise ValueError(
            "`network` must be a Functional model with one output, the features. "
            f"Received: {network.name!r} with {len(outputs)} outputs"
        )
    check_units("latent_dim", (latent_dim,))
    features = network.outputs[0]
    if len(features.shape) > 2:
        features = layers.Flatten(name="features")(features)
    z_mean = layers.Dense(latent_dim, name="z_mean")(features)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(features)
    inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
    return keras.Model(inputs, [z_mean, z_log_var], name=name)
