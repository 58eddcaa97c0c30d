"""The variational autoencoder whose likelihood is learned by a discriminator."""

import math
import numbers

import keras
import numpy as np
from keras import ops

from keras_aegan import losses, priors
from keras_aegan.checks import network_checks
from keras_aegan.checks.arrays import as_array
from keras_aegan.engine.counting import global_batch_mean, sum_of_events
from keras_aegan.engine.keras_internals import layers_of, mask_of
from keras_aegan.engine.network_runs import NetworkRun
from keras_aegan.engine.tensor_notes import with_mask, zero_where_masked
from keras_aegan.engine.untracked import Untracked
from keras_aegan.hints import Array, Tensor, Terms
from keras_aegan.layers import GaussianSampling
from keras_aegan.losses.adversarial_loss import CrossEntropyAdversarialLoss
from keras_aegan.losses.backbones import get_layers
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel, input_spec
from keras_aegan.models.reconstruction_door import is_same

_UNDECIDED = math.log(2)  # the cross-entropy of a discriminator that gives ½ to everything


@keras.saving.register_keras_serializable(package="keras_aegan")
class VAEGAN(EncoderDecoderModel):
    """A VAE that compares x and x̂ by what a discriminator sees in them, not pixel by pixel.

    One forward pass serves all three players, as in algorithm 1 of the paper, with φ the
    discriminator's features at `feature_layer`, z_p ~ p(z), x̂ = Dec(z) and x_p = Dec(z_p):

        z ~ q(z|x) from the encoder        kl_loss            = KL(q(z|x) ‖ p(z))
                                           feature_loss       = ½ Σ (φ(x) − φ(x̂))²
        encoder descends                   kl_loss + feature_loss
        decoder descends                   γ · feature_loss + decoder_loss(D(x̂), D(x_p))
        discriminator descends             discriminator_loss(D(x), D(x̂), D(x_p))

    So the adversarial gradient stops at the encoder, and the features' gradient never moves the
    discriminator. γ is the weight of `feature_loss` in `loss_weights`; it acts in the decoder's
    turn alone, for in the encoder's the feature loss *is* the likelihood, of unit variance, in
    nats but for a constant; there β is the weight of `kl_loss`. Data, reconstructions and samples
    go through the discriminator one after the other, never in one batch.

    Reference: [Larsen et al., 2016](https://arxiv.org/abs/1512.09300), algorithm 1. There the
    decoder minimises what the discriminator maximises; here it plays for `compile`'s `loss`, as
    a GAN's generator does.

    `compile` takes as `loss` an adversarial loss, as `GAN` does, `"non_saturating"` by default;
    as `optimizer` one for all players, or a dict keyed by `"encoder"`, `"decoder"`,
    `"discriminator"`; as `metrics` Keras metrics on (x, reconstruction). Logged, each unweighted:
    `kl_loss`, `feature_loss`, `decoder_loss`, `discriminator_loss`; and `encoder_loss`, the
    encoder's sum. The weights are 1, and γ = 1e-3: a few hundred features weigh about what one
    logit does. γ is what to search for first, then β: with γ = 1 and β = 0.1 tutorial 14, on
    CIFAR-10, rebuilds at less than half the squared error of the defaults.

    Args:
        encoder: Functional model from data to `[z_mean, z_log_var]`, with `z_log_var` = log σ²;
            `networks.gaussian_encoder` ends a network so.
        decoder: Functional model from z to data.
        discriminator: Functional model from data to one logit, `(batch_size, 1)`, linear.
        feature_layer: the name of the discriminator's layer whose output is φ.
        equilibrium_margin: m, or `None` for no pauses. A step does not move the discriminator
            where its cross-entropy on data or on fakes is below log 2 − m, nor the decoder where
            either is above log 2 + m; where that would leave both waiting, both move. What waits
            gets a gradient of zero: an optimizer's momentum goes on and fades.
        seed: of the noise; a random one if `None`.
        prior: p(z), a `priors.Prior` whose density is positive everywhere; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`.

    Output shape:
        What the decoder gives: the reconstruction from `z_mean`, without noise.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if shapes do not match, the discriminator does not end in one logit or has no
            such layer, or the margin is out of its range.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import networks
    >>> features = networks.dense_encoder((12,), None, hidden_units=(16,))
    >>> model = keras_aegan.models.VAEGAN(
    ...     encoder=networks.gaussian_encoder(features, latent_dim=2),
    ...     decoder=networks.dense_decoder(2, (12,), hidden_units=(16,)),
    ...     discriminator=networks.dense_discriminator((12,), hidden_units=(16,)),
    ...     feature_layer="dense_0_activation",
    ... )
    >>> model.compile("adam", loss_weights={"feature_loss": 0.01})
    >>> history = model.fit(keras.random.uniform((64, 12)), verbose=0)
    >>> sorted(history.history)
    ['decoder_loss', 'discriminator_loss', 'encoder_loss', 'feature_loss', 'kl_loss']
    >>> model.sample(5, seed=0).shape
    (5, 12)
    """

    default_loss = "non_saturating"
    default_loss_weights = {
        "kl_loss": 1.0,
        "feature_loss": 1e-3,
        "decoder_loss": 1.0,
        "discriminator_loss": 1.0,
    }
    encoder_outputs = ("z_mean", "z_log_var")
    default_prior = priors.StandardNormal

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        feature_layer: str,
        equilibrium_margin: float | None = None,
        seed: int | None = None,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, prior, **kwargs)
        network_checks.check_network("discriminator", discriminator, ("x",), ("logit",))
        network_checks.check_discriminator(discriminator, layers_of(discriminator))
        network_checks.check_generated_shape(
            discriminator.inputs[0].shape[1:], decoder.output_shape[1:], "decoder"
        )
        (layer,) = get_layers("feature_layer", [feature_layer], discriminator, "the discriminator")
        _check_margin(equilibrium_margin)
        self.discriminator = discriminator
        self.feature_layer = feature_layer
        self.equilibrium_margin = equilibrium_margin
        self.seed = seed
        self.sampling = GaussianSampling(seed)
        # The same layers once more, of which Keras need not know.
        outputs = [layer.output, discriminator.outputs[0]]
        self._features_and_logit = Untracked(keras.Model(discriminator.inputs[0], outputs))

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """Three, each with one network."""
        return {
            "encoder": [self.encoder],
            "decoder": [self.decoder],
            "discriminator": [self.discriminator],
        }

    def resolve_loss(self, loss: str | dict | losses.AdversarialLoss) -> losses.AdversarialLoss:
        """The adversarial loss; with a margin, one that has an equilibrium at log 2."""
        loss = losses.get_adversarial(loss)
        if self.equilibrium_margin is not None and not isinstance(
            loss, CrossEntropyAdversarialLoss
        ):
            raise ValueError(
                '`loss` must be "non_saturating" or "minimax" where `equilibrium_margin` is set: '
                "the margin is about log 2, a cross-entropy. "
                f"Received: loss={type(loss).__name__}"
            )
        return loss

    def term_weight(self, player: str, term: str) -> keras.Variable | float:
        """In the encoder's turn the feature loss is the likelihood: γ is the decoder's."""
        if (player, term) == ("encoder", "feature_loss"):
            return 1.0
        return super().term_weight(player, term)

    # ------------------------------------------------------------- algorithm 1, and its terms

    def train_step(self, data):
        """One iteration of algorithm 1: one forward pass, all three players move."""
        x, _, sample_weight = self.unpack(data)
        reconstruction = self.minimize(
            tuple(self.players), lambda: self.players_terms(x, training=True), sample_weight
        )
        return self.logs(x, x, reconstruction, sample_weight)

    def test_step(self, data):
        """The same terms, measured."""
        x, _, sample_weight = self.unpack(data)
        with self._step_on(sample_weight):
            terms, reconstruction = self.players_terms(x, training=False)
        for player, own_terms in terms.items():
            self.measure(player, own_terms, sample_weight)
        return self.logs(x, x, reconstruction, sample_weight)

    def players_terms(self, x: Tensor, training: bool) -> tuple[dict[str, Terms], Tensor]:
        """`({player: {term: (batch_size,)}}, reconstruction)`, from one forward pass."""
        z_mean, z_log_var = self.encoder(x, training=training)
        z = self.sampling([z_mean, z_log_var])
        reconstruction = self.decode_for_loss(z, training=training)
        batch_size, *latent_shape = ops.shape(z_mean)
        prior_z = self.prior.draw(batch_size, self.sampling.seed_generator, latent_shape)
        prior_z = ops.cast(prior_z, z_mean.dtype)
        # Of the data's own lengths, where a mask says so: (batch_size, ...)
        sample = self.decode_for_loss(with_mask(prior_z, mask_of(z)), training=training)
        # In calls of their own: a batch normalisation must not tell them apart by their mixture.
        features, real_logits = self._judge(with_mask(x, mask_of(reconstruction)), training)
        rebuilt_features, rebuilt_logits = self._judge(reconstruction, training)
        _, sample_logits = self._judge(sample, training)  # (batch_size, 1)

        play = self.loss_function
        on_data = play.of_real(_flat(real_logits))  # such as −log D(x), (batch_size,)
        on_fakes = play.of_fake(_flat(rebuilt_logits)) + play.of_fake(_flat(sample_logits))
        feature_loss = _half_squared_distance(features, rebuilt_features)
        terms = {
            "encoder": {
                "kl_loss": self.prior.kl(z_mean, z_log_var, z),
                "feature_loss": feature_loss,
            },
            "decoder": {
                "feature_loss": feature_loss,
                "decoder_loss": play.generator_loss(rebuilt_logits)
                + play.generator_loss(sample_logits),
            },
            "discriminator": {"discriminator_loss": on_data + on_fakes},
        }
        if training and self.equilibrium_margin is not None:
            self._pause(terms, global_batch_mean(on_data), global_batch_mean(on_fakes) / 2)
        return terms, reconstruction

    def _judge(self, x, training):
        """The discriminator's features and logit."""
        judge = self._features_and_logit.value
        if mask_of(x) is not None:
            return NetworkRun(judge)(x, training=training)
        return judge(x, training=training)

    def _pause(self, terms, on_data, on_fakes):
        """Takes the gradient, not the value, from the terms of a player that is to wait."""
        margin = self.equilibrium_margin
        is_winning = ops.minimum(on_data, on_fakes) < _UNDECIDED - margin  # the discriminator
        is_losing = ops.maximum(on_data, on_fakes) > _UNDECIDED + margin
        both = ops.logical_and(is_winning, is_losing)
        for player, waits in (("discriminator", is_winning), ("decoder", is_losing)):
            moves = ops.cast(ops.logical_or(both, ops.logical_not(waits)), "float32")
            for name, values in terms[player].items():
                still = ops.stop_gradient(values)
                terms[player][name] = moves * values + (1.0 - moves) * still

    # ------------------------------------------------------------- abilities and checks

    def discriminate(self, x: Array, batch_size: int = 1024) -> np.ndarray:
        """The discriminator's logits: positive where it takes x for data.

        Args:
            x: `(num_examples, ...)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples,)`.
        """
        x = as_array("x", x)
        self._door.check_examples(x)
        return self.run_in_batches(self._logits, x, batch_size=batch_size)

    def error_of(self, inputs: Tensor, target: Tensor | None = None) -> Tensor:
        """½ Σ (φ(target) − φ(x̂))², in the discriminator's features, `(batch_size,)`."""
        reconstruction = self(inputs, training=False)
        target = with_mask(inputs if target is None else target, mask_of(reconstruction))
        features, _ = self._judge(target, False)
        rebuilt_features, _ = self._judge(reconstruction, False)
        return _half_squared_distance(features, rebuilt_features)

    def _logits(self, x):
        return _flat(self.discriminator(x, training=False))

    def endpoints(self) -> dict[str, tuple]:
        """An autoencoder's, its error in the discriminator's features; `sample`, `discriminate`."""
        x = input_spec(self.discriminator.inputs[0], "x")
        return {
            **super().endpoints(),
            "discriminate": (self._logits, [x]),
        }

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the networks can take the data, or where there are targets."""
        if y is not None and not is_same(x, y):
            raise ValueError(
                "`y` must be None: a VAEGAN's target is x. Call fit(x), or "
                "fit(dataset.map(lambda x, label: x)). "
                f"Received: y.shape={tuple(y.shape)}"
            )
        self._door.check_pair(x, None)

    def get_config(self):
        """The networks, serialized, and the arguments of the constructor."""
        return {
            **super().get_config(),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "feature_layer": self.feature_layer,
            "equilibrium_margin": self.equilibrium_margin,
            "seed": self.seed,
        }


def _half_squared_distance(features, rebuilt_features):
    """½ Σ (φ(x) − φ(x̂))² over the features that no mask hides, `(batch_size,)`."""
    mask = mask_of(rebuilt_features)
    difference = ops.cast(ops.stop_gradient(features), "float32")
    difference -= ops.cast(rebuilt_features, "float32")
    return 0.5 * sum_of_events(zero_where_masked(ops.square(difference), mask))


def _flat(logits):
    return ops.cast(ops.reshape(logits, (-1,)), "float32")  # (batch_size,)


def _check_margin(margin):
    is_number = isinstance(margin, numbers.Real) and not isinstance(margin, bool)
    if margin is not None and not (is_number and 0 < margin < _UNDECIDED):
        raise ValueError(
            "`equilibrium_margin` must be None, or lie between 0 and log 2, the cross-entropy "
            f"that it is a margin about. Received: equilibrium_margin={margin!r}"
        )
