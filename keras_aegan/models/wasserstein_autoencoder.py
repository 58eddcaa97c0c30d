"""The Wasserstein autoencoder, with a maximum mean discrepancy."""

import keras
from keras import ops

from keras_aegan import priors
from keras_aegan.engine.seeds import seed_generator
from keras_aegan.hints import Tensor, Terms
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class WassersteinAutoencoder(EncoderDecoderModel):
    """An autoencoder whose codes, all together, are pulled to the prior p(z).

    L(x, g(f(x))) + λ MMD²(codes, prior) is minimised. A VAE draws each example's posterior to the
    prior; this one the mixture of them all, so that the encoder may be deterministic, and codes of
    different examples stay apart.

    Reference: [Tolstikhin et al., 2018](https://arxiv.org/abs/1711.01558), algorithm 2, WAE-MMD,
    with the kernel of section 4, k(a, b) = C / (C + ‖a − b‖²), C = 2 · latent_dim.

    `compile` takes as `loss` the reconstruction loss, as `Autoencoder` does; `"mse"` by default.
    Logged, each unweighted: `reconstruction_loss`, and `mmd_loss`, which is of the batch as a
    whole: it ignores sample weights, and on replicas it is each one's own. Its default weight is
    the paper's λ = 10 on MNIST, whose squared error is a sum over 784 pixels, where `"mse"` is a
    mean: 10 / 784. Batches of 100 and more estimate it well.

    Args:
        encoder: Functional model from data to code, `(batch_size, latent_dim)`.
        decoder: Functional model from code to data.
        seed: of the draws from the prior; random if `None`.
        prior: p(z), a `priors.Prior`; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`, or `(x, target)`.

    Output shape:
        What the decoder gives: the reconstruction.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if the shapes of code or reconstruction do not match.

    Example:
    >>> import keras
    >>> from keras_aegan import models, networks
    >>> model = models.WassersteinAutoencoder(
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
    default_prior = priors.StandardNormal

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        seed: int | None = None,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, prior, **kwargs)
        self.seed = seed
        self.seed_generator = seed_generator(seed)

    def autoencoder_terms(self, x: Tensor, target: Tensor, training: bool) -> tuple[Terms, Tensor]:
        """L(x, g(f(x))), `(batch_size,)`, and MMD²(codes, prior), `()`."""
        codes = self.encoder(x, training=training)  # (batch_size, latent_dim)
        num, *latent_shape = ops.shape(codes)
        draws = self.prior.draw(num, self.seed_generator, latent_shape)  # (batch_size, latent_dim)
        reconstruction = self.decode_for_loss(codes, training=training)
        return {
            "reconstruction_loss": self.reconstruction_loss(target, reconstruction, training),
            "mmd_loss": squared_mmd(codes, draws),
        }, reconstruction

    def get_config(self):
        """The networks and the prior, serialized, and the seed."""
        return {**super().get_config(), "seed": self.seed}


def squared_mmd(codes, draws):
    """Unbiased MMD² of two sets of as many points, with k(a, b) = C / (C + ‖a − b‖²); `()`."""
    codes, draws = (
        ops.reshape(ops.cast(points, "float32"), (ops.shape(points)[0], -1))
        for points in (codes, draws)
    )
    # The mean of ‖a − b‖² between two draws of N(0, I).
    scale = 2.0 * ops.cast(ops.shape(codes)[1], "float32")

    def kernel_sum(a, b):
        lengths = ops.sum(ops.square(a), axis=1)[:, None] + ops.sum(ops.square(b), axis=1)
        distances = ops.maximum(lengths - 2 * ops.matmul(a, ops.transpose(b)), 0.0)
        return ops.sum(scale / (scale + distances))  # distances: (batch_size, batch_size)

    n = ops.cast(ops.shape(codes)[0], "float32")
    # Without the n pairs of a point with itself, for which k is 1. A replica may hold one example.
    pairs, cross_pairs = ops.maximum(n * (n - 1), 1.0), ops.maximum(n * n, 1.0)
    own = (kernel_sum(codes, codes) - n + kernel_sum(draws, draws) - n) / pairs
    return own - 2 * kernel_sum(codes, draws) / cross_pairs
