"""The model that CONTRIBUTING.md adds as its example: a Wasserstein autoencoder with MMD."""

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.checks import data_checks
from keras_aegan.engine.servable_model import fresh_normal
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel


@keras.saving.register_keras_serializable(package="tests")
class WassersteinAutoencoder(EncoderDecoderModel):
    """An autoencoder whose codes, all together, are pulled to the prior N(0, I).

    A VAE draws each example's posterior to the prior; this one the mixture of them all, by a
    maximum mean discrepancy between codes and draws, so the encoder may be deterministic.

    Reference: [Tolstikhin et al., 2018](https://arxiv.org/abs/1711.01558), algorithm 2.

    `mmd_loss` is of the batch as a whole, a scalar: it ignores sample weights, and on replicas it
    is each one's own. Its default weight is the paper's λ = 10 on MNIST, whose squared error is
    a sum over 784 pixels, where `"mse"` is a mean.

    Args:
        encoder: Functional model from data to code, `(batch_size, latent_dim)`.
        decoder: Functional model from code to data.
        seed: of the draws from the prior; random if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`, or `(x, target)`.

    Output shape:
        What the decoder gives: the reconstruction.

    Raises:
        TypeError: if a network is no `keras.Model`.
        ValueError: if the shapes of code or reconstruction do not match.

    Example:
    >>> from keras_aegan import networks
    >>> model = WassersteinAutoencoder(
    ...     networks.dense_encoder((12,), 3, (8,)), networks.dense_decoder(3, (12,), (8,))
    ... )
    >>> model.compile()
    >>> history = model.fit(keras.random.uniform((64, 12)), verbose=0)
    >>> sorted(history.history)
    ['loss', 'mmd_loss', 'reconstruction_loss']
    >>> model.sample(5, seed=0).shape
    (5, 12)
    """

    default_loss_weights = {"reconstruction_loss": 1.0, "mmd_loss": 10 / 784}

    def __init__(self, encoder, decoder, seed=None, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        """The reconstruction."""
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def autoencoder_terms(self, x, target, training):
        """L(x, g(f(x))), `(batch_size,)`, and MMD²(codes, prior), `()`."""
        codes = self.encoder(x, training=training)  # (batch_size, latent_dim)
        draws = keras.random.normal(ops.shape(codes), dtype=codes.dtype, seed=self.seed_generator)
        reconstruction = self.decoder(codes, training=training)
        return {
            "reconstruction_loss": self.reconstruction_loss(target, reconstruction, training),
            "mmd_loss": squared_mmd(codes, draws),
        }, reconstruction

    def sample(self, num_samples, seed=None, batch_size=1024):
        """Data decoded from `num_samples` draws of the prior, a NumPy array."""
        data_checks.check_positive_integer("num_samples", num_samples)
        z = keras.random.normal((num_samples, *self.latent_shape), seed=seed)
        return self.run_in_batches(self._decode, z, batch_size=batch_size)

    def _sample(self, num_samples):
        return self._decode(fresh_normal((num_samples, *self.latent_shape)))

    def endpoints(self):
        """An autoencoder's, and `sample`."""
        num_samples = tf.TensorSpec((), "int32", name="num_samples")
        return {**super().endpoints(), "sample": (self._sample, [num_samples])}

    def get_config(self):
        """The networks, serialized, and the seed."""
        return {**super().get_config(), "seed": self.seed}


def squared_mmd(codes, draws):
    """Unbiased MMD² with k(a, b) = C / (C + ‖a − b‖²), C twice the dimension; `()`."""
    codes, draws = ops.cast(codes, "float32"), ops.cast(draws, "float32")
    scale = 2.0 * codes.shape[1]  # the mean of ‖a − b‖² between two draws of the prior

    def kernel_sum(a, b):
        distance = ops.sum(ops.square(a[:, None] - b[None, :]), axis=-1)  # (batch, batch)
        return ops.sum(scale / (scale + distance))

    n = ops.cast(ops.shape(codes)[0], "float32")
    # Without the n pairs of a point with itself, for which k is 1. A replica may hold one example.
    pairs, cross_pairs = ops.maximum(n * (n - 1), 1.0), ops.maximum(n * n, 1.0)
    own = (kernel_sum(codes, codes) - n + kernel_sum(draws, draws) - n) / pairs
    return own - 2 * kernel_sum(codes, draws) / cross_pairs
