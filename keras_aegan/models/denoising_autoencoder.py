"""The denoising autoencoder."""

import keras

from keras_aegan.engine.network_runs import NetworkRun, makes_masks
from keras_aegan.engine.untracked import Untracked
from keras_aegan.hints import Array, Tensor, Terms
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class DenoisingAutoencoder(EncoderDecoderModel):
    """Learns to rebuild x from a corrupted x̃: L(x, g(f(x̃))) is minimised.

    To undo the noise the networks must know where the data lie: r(x̃) − x̃ points back to the
    manifold of the data, and for small Gaussian noise of variance σ² approaches σ² times the
    gradient of their log-density ([Alain & Bengio, 2014](https://jmlr.org/papers/v15/alain14a.html),
    theorem 1). The code may be larger than x: the identity does not solve the task.

    Noise is drawn anew at every step, in training only; the target is always the clean x. So is
    what `Masking` or `Embedding(..., mask_zero=True)` in the encoder takes for padding.

    Reference: [Vincent et al., 2010](https://jmlr.org/papers/v11/vincent10a.html), section 3.

    `compile` takes as `loss` the reconstruction loss, as `Autoencoder` does; `"mse"` by default.
    Its only term is `reconstruction_loss`, of weight 1.

    Args:
        encoder: Functional model from data to code.
        decoder: Functional model from code to data.
        corruption: a Keras layer, such as `layers.GaussianNoise(0.5)`, `layers.MaskingNoise(0.25)`
            or `layers.SaltAndPepperNoise(0.1)`; or `None` where the data bring noise of their own,
            `fit(noisy, clean)`.
        **kwargs: `prior`, as in `Autoencoder`; `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`; with `corruption=None`,
        `(noisy, clean)`.

    Output shape:
        What the decoder gives: the reconstruction of x as given.

    Raises:
        TypeError: if a network is not a `keras.Model`, or the corruption not a layer.
        ValueError: if shapes do not match, or the corruption changes the shape.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import layers, networks
    >>> model = keras_aegan.models.DenoisingAutoencoder(
    ...     encoder=networks.dense_encoder((28, 28, 1), latent_dim=32, hidden_units=(64,)),
    ...     decoder=networks.dense_decoder(32, (28, 28, 1), hidden_units=(64,)),
    ...     corruption=layers.GaussianNoise(0.5),
    ... )
    >>> model.compile()
    >>> history = model.fit(keras.random.uniform((64, 28, 28, 1)), verbose=0)
    >>> cleaned = model.predict(keras.random.uniform((5, 28, 28, 1)), verbose=0)
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, corruption: keras.Layer | None, **kwargs
    ):
        super().__init__(encoder, decoder, **kwargs)
        if corruption is not None:
            self._check_corruption(corruption)
        self.corruption = corruption
        self._encoder_makes_masks = makes_masks(encoder)
        self._encoder_run = Untracked(NetworkRun(encoder))

    def autoencoder_terms(self, x: Tensor, target: Tensor, training: bool) -> tuple[Terms, Tensor]:
        """L(x, g(f(x̃))), `(batch_size,)`."""
        corrupted = x if self.corruption is None else self.corruption(x, training=training)
        if corrupted is x or not self._encoder_makes_masks:
            reconstruction = self(corrupted, training=training)
        else:  # noise makes data of padding: what is padding, the clean x says
            code = self._encoder_run.value(corrupted, training=training, clean=x)
            reconstruction = self.decode_for_loss(code, training=training)
        terms = {"reconstruction_loss": self.reconstruction_loss(target, reconstruction, training)}
        return terms, reconstruction

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """As any autoencoder's; noisy data need the clean ones beside them."""
        if self.corruption is None and y is None:
            raise ValueError(
                "`y` must hold the clean data: with `corruption=None` a denoising autoencoder is "
                "fitted by fit(noisy, clean). Received: y=None"
            )
        super().check_data(x, y)

    def _check_corruption(self, corruption):
        if not isinstance(corruption, keras.layers.Layer):
            raise TypeError(
                "`corruption` must be a Keras layer, such as layers.GaussianNoise(0.5), or "
                f"None. Received: corruption={corruption!r} of type {type(corruption).__name__}"
            )
        shape = (None, *self.data_shape)
        if not corruption.built:
            corruption.build(shape)
        if corruption.trainable_weights:
            raise ValueError(
                "`corruption` must have no weights to train: no player trains them. "
                f"Received: a layer with {len(corruption.trainable_weights)} trainable weights"
            )
        corrupted_shape = tuple(corruption.compute_output_shape(shape))
        if corrupted_shape != shape:
            raise ValueError(
                f"`corruption` must keep the shape {shape[1:]} of the data. "
                f"Received: a layer that gives the shape {corrupted_shape[1:]}"
            )

    def get_config(self):
        """The networks and the corruption, serialized."""
        corruption = keras.saving.serialize_keras_object(self.corruption)
        return {**super().get_config(), "corruption": corruption}
