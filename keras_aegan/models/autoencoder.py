"""The autoencoder: undercomplete by a narrow code, sparse by a regularizer on it."""

import keras

from keras_aegan.hints import Tensor, Terms
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class Autoencoder(EncoderDecoderModel):
    """Learns a code h = f(x) from which x can be rebuilt, r = g(h).

    L(x, g(f(x))) is minimised. With a code smaller than x (undercomplete) the networks must
    choose what to keep: linear ones with squared error span PCA's subspace. With
    `activity_regularizer=keras.regularizers.L1(1e-3)` on the code's layer it is a sparse
    autoencoder; what regularizers add is logged as `regularization_loss`.

    Reference: [Hinton & Salakhutdinov, 2006](https://doi.org/10.1126/science.1127647);
    [Goodfellow, Bengio & Courville, 2016](https://www.deeplearningbook.org), chapter 14.

    `compile` takes as `loss` the reconstruction loss: a Keras name, `Loss` or function, or one
    of `keras_aegan.losses`; `"mse"` by default. Its only term is `reconstruction_loss`, of
    weight 1, so `loss = reconstruction_loss + regularization_loss`.

    Args:
        encoder: Functional model from data to code.
        decoder: Functional model from code to data. For a categorical loss its output has one
            more axis, of levels.
        prior: p(z), a `priors.Prior` of the codes, from which `sample` draws; `None` until
            `fit_prior` fits one.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`, or `(x, target)`.

    Output shape:
        What the decoder gives: the reconstruction.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if the shapes of code or reconstruction do not match.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import networks
    >>> model = keras_aegan.models.Autoencoder(
    ...     encoder=networks.dense_encoder(input_shape=(28, 28, 1), latent_dim=32),
    ...     decoder=networks.dense_decoder(latent_dim=32, output_shape=(28, 28, 1)),
    ... )
    >>> model.compile(optimizer="adam", loss="mse")
    >>> x = keras.random.uniform((64, 28, 28, 1))
    >>> history = model.fit(x, epochs=1, verbose=0)
    >>> model.encode(x).shape
    (64, 32)
    >>> prior = model.fit_prior(x, num_components=2)
    >>> model.sample(5, seed=0).shape
    (5, 28, 28, 1)
    """

    def autoencoder_terms(self, x: Tensor, target: Tensor, training: bool) -> tuple[Terms, Tensor]:
        """L(x, g(f(x))), `(batch_size,)`."""
        reconstruction = self(x, training=training)
        return {
            "reconstruction_loss": self.reconstruction_loss(target, reconstruction, training)
        }, reconstruction
