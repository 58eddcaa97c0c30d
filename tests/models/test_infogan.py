"""A model of a contributor's own, with a prior of its own: InfoGAN (Chen et al., 2016)."""

import pathlib

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan import models, networks, priors

_registered = keras.saving.register_keras_serializable("tests")


@_registered
class NoiseAndCategory(priors.Prior):
    """Four numbers of noise, and one of three categories."""

    def __init__(self):
        super().__init__(shape=(7,))

    def draw(self, num, seed_generator, shape=None):
        noise = keras.random.normal((num, 4), seed=seed_generator)
        category = keras.random.randint((num,), 0, 3, seed=seed_generator)
        return ops.concatenate([noise, ops.one_hot(category, 3)], axis=-1)

    def log_prob(self, z):
        return priors.StandardNormal((4,)).log_prob(z[..., :4]) - np.log(3)

    def get_config(self):
        return {}


@_registered
class InfoGAN(models.GAN):
    """A GAN whose fakes tell the category that they were made of (equation 6, λ a loss weight)."""

    def __init__(self, generator, discriminator, recognizer, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.recognizer = recognizer

    @property
    def players(self):
        return {**super().players, "generator": [self.generator, self.recognizer]}

    @property
    def default_loss_weights(self):
        return {**super().default_loss_weights, "information_loss": 1.0}

    def generator_terms(self, x, conditions, training):
        z = self.prior.draw(ops.shape(x)[0], self.seed_generator)  # (batch_size, 7)
        fakes = self.generator(z, training=training)
        terms = {
            "generator_loss": self.loss_function.generator_loss(self.discriminator(fakes)),
            "information_loss": keras.losses.categorical_crossentropy(
                z[:, 4:], self.recognizer(fakes), from_logits=True
            ),
        }
        return terms, fakes

    def get_config(self):
        recognizer = keras.saving.serialize_keras_object(self.recognizer)
        return {**super().get_config(), "recognizer": recognizer}


def _infogan():
    """Its generator gives z itself at first, so that samples show what they are made of."""
    keras.utils.set_random_seed(0)
    z = keras.Input((7,))
    model = InfoGAN(
        keras.Model(z, keras.layers.Dense(7, kernel_initializer="identity")(z)),
        networks.dense_discriminator((7,), (8,)),
        networks.dense_encoder((7,), 3, (8,)),
        prior=NoiseAndCategory(),
        seed=0,
    )
    model.compile(keras.optimizers.Adam(0.01))
    return model


_X = np.random.default_rng(0).normal(size=(512, 7)).astype("float32")


def _are_draws(z):
    z = np.asarray(z)
    categories = z[:, 4:]
    assert set(np.unique(categories.round(6))) == {0.0, 1.0}
    np.testing.assert_array_equal(categories.sum(axis=1), 1.0)
    np.testing.assert_allclose(categories.mean(axis=0), 1 / 3, atol=0.1)
    np.testing.assert_allclose(z[:, :4].mean(axis=0), 0.0, atol=0.3)


def test_samples_and_the_saved_model_draw_from_its_prior(tmp_path):
    model = _infogan()
    _are_draws(model.sample(500, seed=0))
    model.save(tmp_path / "model.keras")
    _are_draws(keras.models.load_model(tmp_path / "model.keras").sample(500, seed=0))
    model.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    first, second = served.sample(500), served.sample(500)
    _are_draws(first)
    assert not np.any(np.all(np.isclose(first, second), axis=1))


def test_training_draws_from_its_prior():
    """Fakes tell their category as long as z has one: the generator passes it through."""
    history = _infogan().fit(_X, epochs=20, verbose=0).history
    assert history["information_loss"][-1] < 0.1 < np.log(3) < history["information_loss"][0] + 0.3


def test_a_resumed_run_goes_on_as_an_unbroken_one(tmp_path):
    unbroken = _infogan()
    unbroken.fit(_X, epochs=2, shuffle=False, verbose=0)
    unbroken.save(tmp_path / "model.keras")
    resumed = keras.models.load_model(tmp_path / "model.keras")
    for model in (unbroken, resumed):
        model.fit(_X, epochs=2, shuffle=False, verbose=0)
    for ours, theirs in zip(unbroken.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_it_is_short():
    """The class of a contributor: at most 40 lines, with its prior."""
    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    lines = text.split("@_registered", 1)[1].split("def _infogan")[0].strip().splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
