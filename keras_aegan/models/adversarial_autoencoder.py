"""The adversarial autoencoder: a GAN on the codes."""

import keras
import numpy as np
from keras import ops

from keras_aegan import losses, priors
from keras_aegan.checks import network_checks
from keras_aegan.engine.counting import Batch
from keras_aegan.engine.keras_internals import layers_of, mask_of
from keras_aegan.engine.network_runs import NetworkRun
from keras_aegan.engine.seeds import seed_generator
from keras_aegan.engine.tensor_notes import with_mask
from keras_aegan.hints import Array, Tensor, Terms
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel, input_spec


@keras.saving.register_keras_serializable(package="keras_aegan")
class AdversarialAutoencoder(EncoderDecoderModel):
    """An autoencoder whose codes a discriminator D cannot tell from draws of the prior p(z).

    A step, on one batch x. The encoder f has two optimizers; its regularizers act in both turns:

        reconstruction   autoencoder descends    reconstruction_loss(x, g(f(x)))
        regularization   discriminator descends  discriminator_loss(D(z), D(f(x))),  z ~ p(z)
                         encoder descends        encoder_loss(D(f(x)))

    Reference: [Makhzani et al., 2015](https://arxiv.org/abs/1511.05644), section 2.

    `compile` takes as `loss` the reconstruction loss, as `Autoencoder` does; the game on the codes
    is `losses.NonSaturatingLoss`. As `optimizer` it takes one for all players, or a dict. Logged,
    of weight 1, unweighted: `reconstruction_loss`, `discriminator_loss`, `encoder_loss`.

    Args:
        encoder: Functional model from data to code.
        decoder: Functional model from code to data.
        discriminator: Functional model from code to one logit, `(batch_size, 1)`, linear.
        seed: of the draws from the prior; random if `None`.
        prior: p(z), a `priors.Prior`, from which the model only draws; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`, or `(x, target)`.

    Output shape:
        What the decoder gives: the reconstruction.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if shapes do not match, or the discriminator does not end in one logit.

    Example:
    >>> import keras
    >>> from keras_aegan import models, networks
    >>> autoencoder = networks.dense_encoder((9,), 2), networks.dense_decoder(2, (9,))
    >>> model = models.AdversarialAutoencoder(*autoencoder, networks.dense_discriminator((2,)))
    >>> model.compile("adam")
    >>> history = model.fit(keras.random.uniform((64, 9)), verbose=0)
    >>> sorted(history.history)
    ['autoencoder_loss', 'discriminator_loss', 'encoder_loss', 'reconstruction_loss']
    """

    default_loss_weights = {"reconstruction_loss": 1, "discriminator_loss": 1, "encoder_loss": 1}
    default_prior = priors.StandardNormal
    adversarial_loss = losses.NonSaturatingLoss()

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        seed: int | None = None,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, prior, **kwargs)
        network_checks.check_network("discriminator", discriminator, ("z",), ("logit",))
        network_checks.check_discriminator(discriminator, layers_of(discriminator))
        shapes = discriminator.inputs[0].shape[1:], encoder.output_shape[1:]
        network_checks.check_generated_shape(*shapes, "encoder")
        self.discriminator, self.seed = discriminator, seed
        self.seed_generator = seed_generator(seed)

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """Three; two of them train the encoder."""
        f, g, discriminator = self.encoder, self.decoder, self.discriminator
        return {"autoencoder": [f, g], "discriminator": [discriminator], "encoder": [f]}

    def train_step(self, data):
        """Section 2: the reconstruction phase, then the regularization phase."""
        x, y, weight = self.unpack(data)
        output = self.minimize("autoencoder", lambda: self.autoencoder_terms(x, y, True), weight)
        weight_of_code = Batch(weight).example_weight  # D judges a code as a whole, not its steps
        self.minimize("discriminator", lambda: self.discriminator_terms(x, True), weight_of_code)
        self.minimize("encoder", lambda: self.encoder_terms(x, True), weight_of_code)
        return self.logs(x, y, output, weight)

    def test_step(self, data):
        """The same terms, measured."""
        x, y, weight = self.unpack(data)
        with self._step_on(weight):
            terms, output = self.autoencoder_terms(x, y, False)
            self.measure("autoencoder", terms, weight)
            self.measure("discriminator", self.discriminator_terms(x, False)[0], weight)
            self.measure("encoder", self.encoder_terms(x, False)[0], weight)
        return self.logs(x, y, output, weight)

    def autoencoder_terms(self, x: Tensor, target: Tensor, training: bool) -> tuple[Terms, Tensor]:
        """L(x, g(f(x))), `(batch_size,)`."""
        output = self(x, training=training)
        return {"reconstruction_loss": self.reconstruction_loss(target, output, training)}, output

    def discriminator_terms(self, x: Tensor, training: bool) -> tuple[Terms, None]:
        """Tell draws of the prior, the real ones here, from codes; `(batch_size,)`."""
        codes = self.encoder(x, training=training)  # (batch_size, *latent_shape)
        num, *latent_shape = ops.shape(codes)
        z = ops.cast(self.prior.draw(num, self.seed_generator, latent_shape), codes.dtype)
        # In calls of their own: a batch normalisation must not tell them apart by their mixture.
        real_logits = self._judge(with_mask(z, mask_of(codes)), training)  # (batch_size,)
        loss = self.adversarial_loss.discriminator_loss(real_logits, self._judge(codes, training))
        return {"discriminator_loss": loss}, None

    def encoder_terms(self, x: Tensor, training: bool) -> tuple[Terms, None]:
        """Have codes taken for draws of the prior, `(batch_size,)`."""
        fake_logits = self._judge(self.encoder(x, training=training), training)  # (batch_size,)
        return {"encoder_loss": self.adversarial_loss.generator_loss(fake_logits)}, None

    def _judge(self, z, training=False):
        logits = NetworkRun(self.discriminator)(z, training=training)
        return ops.cast(ops.reshape(logits, (-1,)), "float32")  # (batch_size,)

    def discriminate(self, z: Array, batch_size: int = 1024) -> np.ndarray:
        """D's logits of codes, `(num_examples,)`: positive where it takes them for draws of p(z).

        Args:
            z: `(num_examples, *latent_shape)`.
            batch_size: codes run at once.
        """
        return self._run_on_codes(self._judge, z, batch_size=batch_size)

    def endpoints(self) -> dict[str, tuple]:
        """An autoencoder's; `sample`, and `discriminate`, of codes."""
        z = input_spec(self.discriminator.inputs[0], "z")
        return {**super().endpoints(), "discriminate": (self._judge, [z])}

    def get_config(self):
        """The networks and the prior, serialized, and the seed."""
        discriminator = keras.saving.serialize_keras_object(self.discriminator)
        return {**super().get_config(), "discriminator": discriminator, "seed": self.seed}
