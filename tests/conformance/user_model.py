"""A model that a user might write: two players in alternation, with noise, on the public base."""

import keras
from keras import ops

from keras_aegan.models import LatentVariableModel


@keras.saving.register_keras_serializable(package="tests")
class TwoPlayers(LatentVariableModel):
    """A critic tells data from noise-driven fakes; a generator raises the score of its fakes."""

    default_loss_weights = {"critic_loss": 1.0, "generator_loss": 1.0, "generator_size": 0.1}

    def __init__(self, generator, critic, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.critic = critic
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    @property
    def players(self):
        return {"critic": [self.critic], "generator": [self.generator]}

    def call(self, inputs, training=False):
        return self.generator(inputs, training=training)

    def fakes(self, x):
        shape = (ops.shape(x)[0], *self.generator.input_shape[1:])
        return self.generator(keras.random.normal(shape, seed=self.seed_generator), training=True)

    def critic_terms(self, x):
        real, fake = self.critic(x, training=True), self.critic(self.fakes(x), training=True)
        return {"critic_loss": ops.softplus(-real[:, 0]) + ops.softplus(fake[:, 0])}, None

    def generator_terms(self, x):
        fakes = self.fakes(x)
        return {
            "generator_loss": ops.softplus(-self.critic(fakes, training=True)[:, 0]),
            "generator_size": ops.mean(ops.square(fakes), axis=-1),
        }, fakes

    def train_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.minimize("critic", lambda: self.critic_terms(x))
        self.minimize("generator", lambda: self.generator_terms(x))
        return self.logs()

    def test_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.measure("critic", self.critic_terms(x)[0])
        self.measure("generator", self.generator_terms(x)[0])
        return self.logs()

    def endpoints(self):
        z = keras.InputSpec(shape=self.generator.input_shape, dtype="float32", name="z")
        return {"serve": (lambda z: self.generator(z, training=False), [z])}

    def get_config(self):
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "critic": keras.saving.serialize_keras_object(self.critic),
            "seed": self.seed,
        }
