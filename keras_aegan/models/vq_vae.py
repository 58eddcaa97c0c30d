"""The vector-quantised variational autoencoder."""

import keras
import numpy as np
from keras import ops

from keras_aegan import losses, priors
from keras_aegan.checks.arrays import as_array
from keras_aegan.checks.data_checks import check_array
from keras_aegan.engine.tensor_notes import in_float32
from keras_aegan.hints import Array, Tensor, Terms
from keras_aegan.layers.codebook import Codebook
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class VQVAE(EncoderDecoderModel):
    """An autoencoder whose code at each position is the nearest vector e of a learned codebook.

    With z the encoder's vector at a position, sg[·] what no gradient passes, and default weights:

        reconstruction_loss  1     L(x, g(z + sg[e − z])), straight through to the encoder
        codebook_loss        1     ‖sg[z] − e‖², which moves the codebook
        commitment_loss      0.25  ‖z − sg[e]‖², which moves the encoder

    Squares are means over a code's values, as `"mse"` is over x's; beside a likelihood, a sum,
    multiply both weights by their number. `perplexity`, logged too, is exp of the codes' entropy.

    Reference: [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937), equation 3.

    Args:
        encoder: Functional model from data to vectors, `(batch_size, *positions, dim)`.
        decoder: Functional model from such vectors to data.
        num_codes: how many vectors the codebook has, first drawn uniformly in ±1 / num_codes.
        ema_decay: γ, such as 0.99, of averages that move the codebook, in the place of
            `codebook_loss` (appendix A.1); `None` where the optimizer does.
        prior: a `priors.Prior` of one-hot codes, `(*positions, num_codes)`; uniform if `None`,
            until `fit_prior(x)` counts the codes at each position.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`, or `(x, target)`.

    Output shape:
        What the decoder gives: the reconstruction.

    Raises:
        ValueError: if shapes do not match, or an argument is out of its range.

    Example:
    >>> import keras
    >>> from keras_aegan import models, networks
    >>> coders = networks.dense_encoder((9,), 2), networks.dense_decoder(2, (9,))
    >>> model = models.VQVAE(*coders, num_codes=16)
    >>> model.compile(loss="mse")
    >>> sorted(model.fit(keras.random.uniform((64, 9)), verbose=0).history)
    ['codebook_loss', 'commitment_loss', 'loss', 'perplexity', 'reconstruction_loss']
    """

    fitted_prior = "categorical"
    logged_means = ("perplexity",)

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        num_codes: int,
        ema_decay: float | None = None,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        self.num_codes, self.ema_decay = num_codes, ema_decay
        self.codebook = Codebook(num_codes, self.latent_shape[-1], ema_decay, name="codebook")
        if prior is None and None not in self.latent_shape:
            prior = priors.Categorical(np.full(self._shape_of_draws(), 1 / num_codes))
        self.prior = prior

    @property
    def players(self) -> dict[str, list[keras.Layer]]:
        """One, of the networks and the codebook, in the order in which Keras keeps weights."""
        return {"autoencoder": [self.encoder, self.decoder, self.codebook]}

    @property
    def default_loss_weights(self) -> dict[str, float]:
        """Those of equation 3, β = 0.25; where averages move the codebook, it has no loss."""
        weights = {"reconstruction_loss": 1.0, "commitment_loss": 0.25}
        return weights if self.ema_decay is not None else {**weights, "codebook_loss": 1.0}

    def train_step(self, data):
        """One turn of the one player; then averages, if any, move the codebook."""
        x, y, weight = self.unpack(data)
        terms = self.autoencoder_terms
        output, *codes = self.minimize("autoencoder", lambda: terms(x, y, training=True), weight)
        self.log_mean("perplexity", self.codebook.count(*codes, weight, moves=True))
        return self.logs(x, y, output, weight)

    def test_step(self, data):
        """The same terms, measured."""
        x, y, weight = self.unpack(data)
        with self._step_on(weight):
            terms, (output, *codes) = self.autoencoder_terms(x, y, training=False)
            self.measure("autoencoder", terms, weight)
        self.log_mean("perplexity", self.codebook.count(*codes, weight, moves=False))
        return self.logs(x, y, output, weight)

    def autoencoder_terms(self, x: Tensor, target: Tensor, training: bool) -> tuple[Terms, tuple]:
        """Equation 3, `(batch_size,)` each; and the reconstruction, z, and the one-hot codes."""
        z = in_float32(self.encoder(x, training=training))  # (batch_size, *positions, dim)
        one_hot, e, straight_through = self.codebook.code(z)
        output = self.decode_for_loss(straight_through, training=training)
        square = keras.losses.mean_squared_error
        terms = {
            "reconstruction_loss": self.reconstruction_loss(target, output, training),
            "commitment_loss": losses.per_example(square, ops.stop_gradient(e), z),
        }
        if self.ema_decay is None:
            terms["codebook_loss"] = losses.per_example(square, ops.stop_gradient(z), e)
        return terms, (output, z, one_hot)

    def encode_indices(self, x: Array, batch_size: int = 1024) -> np.ndarray:
        """The numbers of the codes of examples, `(num_examples, *positions)`, int32."""
        return self._run_on_examples(self._indices, x, batch_size=batch_size)

    def decode_indices(self, indices: Array, batch_size: int = 1024) -> np.ndarray:
        """The data that codes stand for, by their numbers, `(num_examples, *positions)`."""
        indices = as_array("indices", indices)
        check_array("indices", indices, self.latent_shape[:-1], "levels", self.num_codes)
        return self.decode(np.take(self.codebook.vectors, indices, axis=0), batch_size)

    def _indices(self, x):
        return self.codebook.nearest(self.encoder(x, training=False))

    def _code(self, inputs, training=False):
        return self.codebook.code(in_float32(self.encoder(inputs, training=training)))[1]

    def _shape_of_draws(self):
        return (*self.latent_shape[:-1], self.num_codes)

    def _check_prior(self, prior):
        if prior is not None and not getattr(prior, "is_one_hot", False):
            raise ValueError(f"`prior` must draw one-hot codes. Received: prior={prior!r}")
        super()._check_prior(prior)

    def _codes(self, x, seed, batch_size):
        return np.eye(self.num_codes, dtype="bool")[self.encode_indices(x, batch_size)]

    def _decode_draw(self, one_hot):
        return self._decode(self.codebook.look_up(one_hot))

    def endpoints(self) -> dict[str, tuple]:
        """An autoencoder's, and `encode_indices`."""
        return {**super().endpoints(), "encode_indices": (self._indices, self.input_specs())}

    def get_config(self):
        """The networks and the prior, serialized, and the arguments of the constructor."""
        return {**super().get_config(), "num_codes": self.num_codes, "ema_decay": self.ema_decay}
