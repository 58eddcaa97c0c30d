"""What every model of a generator against a discriminator shares: Goodfellow's Algorithm 1."""

import keras
from keras import ops

from keras_aegan import losses
from keras_aegan.checks import data_checks, data_scale, network_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.engine.keras_internals import layers_of
from keras_aegan.engine.latent_variable_model import LatentVariableModel
from keras_aegan.engine.seeds import seed_generator
from keras_aegan.hints import Array, Tensor, Terms
from keras_aegan.layers import draws
from keras_aegan.regularizers import DiscriminatorRegularizer


class AdversarialModel(LatentVariableModel):
    """Abstract base of the GANs: two players in turns, on data, with or without labels.

    A subclass gives `call`, `unpack`, `check_data`, its abilities and its endpoints. Where its
    `network_inputs` name labels, both networks take them beside their input.

    Args:
        generator: network from noise to data.
        discriminator: network from data to one logit.
        num_discriminator_steps: turns of the discriminator before each of the generator.
        discriminator_regularizer: a `regularizers.DiscriminatorRegularizer`, or `None`.
        seed: of the noise.
        **kwargs: `name` and `dtype`, as in `keras.Model`.
    """

    default_loss = "non_saturating"
    network_inputs = ("x",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        num_discriminator_steps: int = 1,
        discriminator_regularizer: DiscriminatorRegularizer | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        labels = self.network_inputs[1:]
        network_checks.check_network("generator", generator, ("z", *labels), ("x",))
        network_checks.check_network("discriminator", discriminator, ("x", *labels), ("logit",))
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

    # ------------------------------------------------------------- Algorithm 1, and its terms

    def train_step(self, data):
        """One iteration of Algorithm 1: k turns of the discriminator, one of the generator."""
        x, labels, sample_weight = self.unpack(data)  # labels: None, or (batch_size,)
        for _ in range(self.num_discriminator_steps):
            self.minimize(
                "discriminator",
                lambda: self.discriminator_terms(x, labels, training=True),
                sample_weight,
            )
        self.minimize(
            "generator", lambda: self.generator_terms(x, labels, training=True), sample_weight
        )
        return self.logs()

    def test_step(self, data):
        """The same terms, measured."""
        x, labels, sample_weight = self.unpack(data)
        with self._independent_noise():
            terms, _ = self.discriminator_terms(x, labels, training=False)
            self.measure("discriminator", terms, sample_weight)
            terms, _ = self.generator_terms(x, labels, training=False)
            self.measure("generator", terms, sample_weight)
        return self.logs()

    def discriminator_terms(
        self, x: Tensor, labels: Tensor | None, training: bool
    ) -> tuple[Terms, None]:
        """`({term: (batch_size,)}, None)`: tell x from fakes, which are data to this player."""
        z = self._noise(ops.shape(x)[0])  # (batch_size, latent_dim)
        fakes = ops.stop_gradient(self._generate(z, labels, training))  # (batch_size, ...)
        # In calls of their own: a batch normalisation must not tell them apart by their mixture.
        real_logits = self._judge(x, labels, training)  # (batch_size, 1)
        fake_logits = self._judge(fakes, labels, training)  # (batch_size, 1)
        terms = {
            "discriminator_loss": self.loss_function.discriminator_loss(real_logits, fake_logits)
        }
        regularizer = self.discriminator_regularizer
        if regularizer is not None:
            terms[regularizer.name] = regularizer(
                lambda v: self._judge(v, labels, training), x, fakes, seed=self.seed_generator
            )
        return terms, None

    def generator_terms(
        self, x: Tensor, labels: Tensor | None, training: bool
    ) -> tuple[Terms, Tensor]:
        """`({term: (batch_size,)}, fakes)`: as many new fakes as x has examples."""
        z = self._noise(ops.shape(x)[0])  # (batch_size, latent_dim)
        fakes = self._generate(z, labels, training)  # (batch_size, ...)
        fake_logits = self._judge(fakes, labels, training)  # (batch_size, 1)
        return {"generator_loss": self.loss_function.generator_loss(fake_logits)}, fakes

    def _noise(self, batch_size):
        return draws.normal((batch_size, *self.latent_shape), self.seed_generator)

    def _generate(self, z, labels, training):
        return self.generator(z if labels is None else [z, labels], training=training)

    def _judge(self, x, labels, training):
        return self.discriminator(x if labels is None else [x, labels], training=training)

    # ------------------------------------------------------------------ abilities and checks

    def _draw(self, num_samples, seed):
        """Noise for samples, which leaves the training's own noise where it is."""
        check_positive_integer("num_samples", num_samples)
        return keras.random.normal((num_samples, *self.latent_shape), seed=seed)

    def _logits(self, x, labels=None):
        logits = self._judge(x, labels, training=False)
        return ops.cast(ops.reshape(logits, (-1,)), "float32")  # (batch_size,)

    def _check_x(self, x):
        span = self._check_examples(x)
        data_scale.warn_of_unreachable("generator", self.generator, span, "data")

    def _check_examples(self, x):
        return data_checks.check_array(
            "x",
            x,
            self.data_shape,
            advise=lambda *of: data_scale.how_to_make_floats(*of, self.generator),
        )

    def _shape_of_input(self):
        return self.latent_shape

    def check_inputs(self, z: Array, *labels: Array) -> None:
        """Raises an error unless the generator can take the noise."""
        data_checks.check_array("z", z, self.latent_shape)

    def warn_of_data(self, x: Array, y: Array | None) -> None:
        """Warns of data of which the generator's output reaches twice the range."""
        data_scale.warn_of_half_range("generator", self.generator, x, "the data", "them")
        is_scaled = data_scale.scales_input(self.discriminator)
        self.unscaled = data_scale.what_is_unscaled("x", x, is_scaled)

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
