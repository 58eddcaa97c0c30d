"""What every model of a generator against a discriminator shares: Goodfellow's Algorithm 1."""

import keras
import tensorflow as tf
from keras import ops

from keras_aegan import losses, priors
from keras_aegan.checks import network_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.engine.keras_internals import layers_of
from keras_aegan.engine.latent_variable_model import LatentVariableModel
from keras_aegan.engine.seeds import SeedOfSamples, seed_generator
from keras_aegan.hints import Tensor, Terms
from keras_aegan.models.adversarial_door import AdversarialDoor
from keras_aegan.models.conditions import joined, wanted_samples
from keras_aegan.regularizers import DiscriminatorRegularizer


class AdversarialModel(LatentVariableModel):
    """Abstract base of the GANs: two players in turns, on data, with or without conditions.

    A subclass gives the public abilities. `condition_names` names what both networks take beside
    their input, such as labels.

    Args:
        generator: network from noise to data.
        discriminator: network from data to one logit.
        num_discriminator_steps: turns of the discriminator before each of the generator.
        discriminator_regularizer: a `regularizers.DiscriminatorRegularizer`, or `None`.
        seed: of the noise.
        prior: p(z) of the noise, a `priors.Prior`; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.
    """

    default_loss = "non_saturating"
    condition_names: tuple[str, ...] = ()
    _door_class = AdversarialDoor

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        num_discriminator_steps: int = 1,
        discriminator_regularizer: DiscriminatorRegularizer | None = None,
        seed: int | None = None,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        inputs = ("z", *self.condition_names)
        network_checks.check_network("generator", generator, inputs, ("x",))
        inputs = ("x", *self.condition_names)
        network_checks.check_network("discriminator", discriminator, inputs, ("logit",))
        network_checks.check_noise_shape(generator.inputs[0].shape[1:])
        network_checks.check_discriminator(discriminator, layers_of(discriminator))
        network_checks.check_generated_shape(
            discriminator.inputs[0].shape[1:], generator.output_shape[1:]
        )
        check_positive_integer("num_discriminator_steps", num_discriminator_steps)
        _check_regularizer(discriminator_regularizer, discriminator)
        self.generator = generator
        self.discriminator = discriminator
        self.num_discriminator_steps = num_discriminator_steps
        self.discriminator_regularizer = discriminator_regularizer
        self.supports_jit = (
            discriminator_regularizer is None or discriminator_regularizer.supports_jit
        )
        self.seed = seed
        self.seed_generator = seed_generator(seed)
        self.prior = priors.get(prior, self.latent_shape)
        self.built = True

    @property
    def data_shape(self) -> tuple[int | None, ...]:
        """The shape of one example."""
        return tuple(self.discriminator.inputs[0].shape[1:])

    @property
    def latent_shape(self) -> tuple[int | None, ...]:
        """The shape of one example's noise."""
        return tuple(self.generator.inputs[0].shape[1:])

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """The discriminator moves first."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    @property
    def default_loss_weights(self) -> dict[str, float]:
        """Both losses weigh 1, the regularizer's term what its constructor says."""
        weights = {"discriminator_loss": 1.0, "generator_loss": 1.0}
        if self.discriminator_regularizer is not None:
            weights[self.discriminator_regularizer.name] = self.discriminator_regularizer.weight
        return weights

    def resolve_loss(self, loss: str | dict | losses.AdversarialLoss) -> losses.AdversarialLoss:
        """The adversarial loss: a name or a `losses.AdversarialLoss`."""
        return losses.get_adversarial(loss)

    def call(self, inputs: Tensor | list, training: bool = False) -> Tensor:
        """Data G(z) from noise z; of a conditional model, from `[z, *conditions]`."""
        return self.generator(inputs, training=training)

    # ------------------------------------------------------------------ Algorithm 1, and its terms

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(x, conditions, sample_weight)`: conditions are a list, empty without any."""
        x, y, sample_weight = super().unpack(data)
        return x, [ops.reshape(y, (-1,))] if self.condition_names else [], sample_weight

    def train_step(self, data):
        """One iteration of Algorithm 1: k turns of the discriminator, one of the generator."""
        x, conditions, sample_weight = self.unpack(data)
        for _ in range(self.num_discriminator_steps):
            self.minimize(
                "discriminator",
                lambda: self.discriminator_terms(x, conditions, training=True),
                sample_weight,
            )
        self.minimize(
            "generator", lambda: self.generator_terms(x, conditions, training=True), sample_weight
        )
        return self.logs()

    def test_step(self, data):
        """The same terms, measured."""
        x, conditions, sample_weight = self.unpack(data)
        with self._step_on(sample_weight):
            terms, _ = self.discriminator_terms(x, conditions, training=False)
            self.measure("discriminator", terms, sample_weight)
            terms, _ = self.generator_terms(x, conditions, training=False)
            self.measure("generator", terms, sample_weight)
        return self.logs()

    def discriminator_terms(
        self, x: Tensor, conditions: list[Tensor], training: bool
    ) -> tuple[Terms, None]:
        """`({term: (batch_size,)}, None)`: tell x from fakes, which are data to this player."""
        z = self.prior.draw(ops.shape(x)[0], self.seed_generator)  # (batch_size, latent_dim)
        fakes = ops.stop_gradient(self._generate(z, conditions, training))  # (batch_size, ...)
        # In calls of their own: a batch normalisation must not tell them apart by their mixture.
        real_logits = self._judge(x, conditions, training)  # (batch_size, 1)
        fake_logits = self._judge(fakes, conditions, training)  # (batch_size, 1)
        terms = {
            "discriminator_loss": self.loss_function.discriminator_loss(real_logits, fake_logits)
        }
        regularizer = self.discriminator_regularizer
        if regularizer is not None:
            terms[regularizer.name] = regularizer(
                lambda v: self._judge(v, conditions, training), x, fakes, seed=self.seed_generator
            )
        return terms, None

    def generator_terms(
        self, x: Tensor, conditions: list[Tensor], training: bool
    ) -> tuple[Terms, Tensor]:
        """`({term: (batch_size,)}, fakes)`: as many new fakes as x has examples."""
        z = self.prior.draw(ops.shape(x)[0], self.seed_generator)  # (batch_size, latent_dim)
        fakes = self._generate(z, conditions, training)  # (batch_size, ...)
        fake_logits = self._judge(fakes, conditions, training)  # (batch_size, 1)
        return {"generator_loss": self.loss_function.generator_loss(fake_logits)}, fakes

    def _generate(self, z, conditions, training):
        return self.generator(joined(z, conditions), training=training)

    def _judge(self, x, conditions, training):
        return self.discriminator(joined(x, conditions), training=training)

    # ------------------------------------------------------------------ abilities and endpoints

    def _sample_arrays(self, num_samples, conditions, seed, batch_size):
        check_positive_integer("num_samples", num_samples)
        # A generator of its own: the training's noise stays where it is.
        z = self.prior.draw(num_samples, SeedOfSamples(seed))
        return self.run_in_batches(self._serve, z, *conditions, batch_size=batch_size)

    def _discriminate_arrays(self, x, *conditions, batch_size):
        arrays = self._door.examples(x, *conditions)
        return self.run_in_batches(self._logits, *arrays, batch_size=batch_size)

    def _serve(self, z, *conditions):
        return self(joined(z, conditions), training=False)

    def _sample(self, *arguments):
        num_samples, conditions = wanted_samples(arguments, self.condition_names)
        return self._serve(self.prior.fresh_draw(num_samples), *conditions)

    def _logits(self, x, *conditions):
        logits = self._judge(x, conditions, training=False)
        return ops.cast(ops.reshape(logits, (-1,)), "float32")  # (batch_size,)

    def endpoints(self) -> dict[str, tuple]:
        """`serve` (noise to data), `sample` (new data at each call), `discriminate` (logits).

        Of a conditional model, each takes the conditions as well, and `sample` only these.
        """
        z = tf.TensorSpec((None, *self.latent_shape), "float32", name="z")
        x = tf.TensorSpec((None, *self.data_shape), "float32", name="x")
        conditions = [tf.TensorSpec((None,), "int32", name=name) for name in self.condition_names]
        num_samples = tf.TensorSpec((), "int32", name="num_samples")
        return {
            "serve": (self._serve, [z, *conditions]),
            "sample": (self._sample, conditions or [num_samples]),
            "discriminate": (self._logits, [x, *conditions]),
        }

    def _check_metric_names(self, *metrics):
        if any(metrics):
            raise ValueError(
                "`metrics` compare a model's output with a target, and a GAN has none: measure "
                f"its samples in a callback. Received: metrics={metrics}"
            )

    def get_config(self):
        """The constructor's arguments, serialized."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "num_discriminator_steps": self.num_discriminator_steps,
            "discriminator_regularizer": serialize(self.discriminator_regularizer),
            "seed": self.seed,
            "prior": serialize(self.prior),
        }


def _check_regularizer(discriminator_regularizer, discriminator):
    if not isinstance(discriminator_regularizer, (DiscriminatorRegularizer, type(None))):
        raise TypeError(
            "`discriminator_regularizer` must be a regularizers.DiscriminatorRegularizer, such "
            "as regularizers.GradientPenalty(10.0), or None. "
            f"Received: discriminator_regularizer={discriminator_regularizer!r}"
        )
    if discriminator_regularizer is not None:
        network_checks.check_no_batch_statistics(
            "discriminator", layers_of(discriminator), type(discriminator_regularizer).__name__
        )
