"""What a GAN refuses at the door, with a sentence that names the argument and what came."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import models, networks, regularizers

X = np.random.default_rng(0).uniform(-1, 1, (16, 6)).astype("float32")
LABELS = np.arange(16) % 3

generator = networks.dense_generator(3, (6,), (4,))
discriminator = networks.dense_discriminator((6,), (4,))


def gan(**arguments):
    return models.GAN(**{"generator": generator, "discriminator": discriminator, **arguments})


def compiled(**arguments):
    model = gan()
    model.compile(**arguments)
    return model


def ending_in(activation, units=1):
    return keras.Sequential([keras.Input((6,)), layers.Dense(units, activation)])


def ending_in_an_op():
    x = keras.Input((6,))
    return keras.Model(x, keras.ops.sigmoid(layers.Dense(1)(x)))


CASES = {
    # networks
    "no model as generator": (
        lambda: gan(generator="generator"),
        TypeError,
        "`generator` must be a keras.Model.*str",
    ),
    "two logits": (
        lambda: gan(discriminator=ending_in(None, units=2)),
        ValueError,
        r"`discriminator` must end in one logit per example.*\(2,\)",
    ),
    "a map of logits": (
        lambda: gan(discriminator=keras.Sequential([keras.Input((6,)), layers.Reshape((6, 1))])),
        ValueError,
        r"`discriminator` must end in one logit per example.*\(6, 1\)",
    ),
    "a sigmoid": (
        lambda: gan(discriminator=ending_in("sigmoid")),
        ValueError,
        "`discriminator` must end in a logit.*need a sigmoid apply it themselves.*'sigmoid'",
    ),
    "a sigmoid that is no layer": (
        lambda: gan(discriminator=ending_in_an_op()),
        ValueError,
        "`discriminator` must end in a logit.*'sigmoid'",
    ),
    "a discriminator that ends in tanh": (
        lambda: gan(discriminator=ending_in("tanh")),
        ValueError,
        "`discriminator` must end in a logit.*'tanh'",
    ),
    "an activity regularizer in the discriminator": (
        lambda: gan(discriminator=networks.dense_encoder((6,), 1, (4,), activity_regularizer="l1")),
        ValueError,
        r"`discriminator` must carry no activity regularizer.*\['code'\]",
    ),
    "a generator of another shape": (
        lambda: gan(generator=networks.dense_generator(3, (5,), (4,))),
        ValueError,
        r"`generator` must give what the discriminator takes, the shape \(6,\).*\(5,\)",
    ),
    "noise of an unknown shape": (
        lambda: gan(generator=keras.Sequential([keras.Input((None, 3)), layers.Dense(6)])),
        ValueError,
        r"`generator` must take noise of a known shape.*\(None, 3\)",
    ),
    # arguments
    "no discriminator steps": (
        lambda: gan(num_discriminator_steps=0),
        ValueError,
        "`num_discriminator_steps` must be a positive integer.*0",
    ),
    "a fraction of a step": (
        lambda: gan(num_discriminator_steps=1.5),
        ValueError,
        "`num_discriminator_steps` must be a positive integer.*1.5",
    ),
    "a penalty on a normalised discriminator": (
        lambda: models.GAN(
            networks.dcgan_generator(3, (8, 8, 1), (4,)),
            networks.dcgan_discriminator((8, 8, 1), (4, 4)),
            discriminator_regularizer=regularizers.GradientPenalty(),
        ),
        ValueError,
        "`discriminator` must hold no batch normalisation: GradientPenalty.*batch_normalization=F",
    ),
    "a weight as regularizer": (
        lambda: gan(discriminator_regularizer=10.0),
        TypeError,
        "`discriminator_regularizer` must be a regularizers.DiscriminatorRegularizer.*10.0",
    ),
    "Keras's regularizer": (
        lambda: gan(discriminator_regularizer=keras.regularizers.L2()),
        TypeError,
        "`discriminator_regularizer` must be",
    ),
    # compile
    "a reconstruction loss": (
        lambda: compiled(loss="mse"),
        ValueError,
        "`loss` must be one of.*non_saturating.*'mse'",
    ),
    "a weight for a term that is not played for": (
        lambda: compiled(loss_weights={"gradient_penalty": 10.0}),
        ValueError,
        "`loss_weights` must be keyed by terms of GAN.*'gradient_penalty'",
    ),
    "a missing optimizer": (
        lambda: compiled(optimizer={"generator": "adam"}),
        ValueError,
        r"`optimizer` must have a key for each player, \['discriminator', 'generator'\]",
    ),
    "an optimizer too many": (
        lambda: compiled(
            optimizer={"generator": "adam", "discriminator": "adam", "encoder": "adam"}
        ),
        ValueError,
        "`optimizer` must have a key for each player.*'encoder'",
    ),
    "one optimizer object for both": (
        lambda: compiled(
            optimizer=dict.fromkeys(["generator", "discriminator"], keras.optimizers.Adam())
        ),
        ValueError,
        "`optimizer` must hold another instance for each player",
    ),
    "metrics": (
        lambda: compiled(metrics=["mae"]),
        ValueError,
        r"`metrics` compare a model's output with a target, and a GAN has none.*\['mae'\]",
    ),
    # data
    "labels as targets": (
        lambda: compiled().fit(X, LABELS, verbose=0),
        ValueError,
        r"`y` must be None: a GAN has no targets.*ConditionalGAN.*\(16,\)",
    ),
    "a supervised dataset": (
        lambda: compiled().fit(tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(4)),
        ValueError,
        "`y` must be None: a GAN has no targets",
    ),
    "targets in validation data": (
        lambda: compiled().fit(X, validation_data=(X, LABELS), verbose=0),
        ValueError,
        "`y` must be None: a GAN has no targets",
    ),
    "data of another shape": (
        lambda: compiled().fit(X[:, :5], verbose=0),
        ValueError,
        r"`x` must have the shape \(num_examples, 6\).*\(16, 5\)",
    ),
    "8-bit data": (
        lambda: compiled().fit((X * 255).astype("uint8"), verbose=0),
        TypeError,
        "`x` must be floating-point.*uint8",
    ),
    "NaN": (
        lambda: compiled().fit(np.full((16, 6), np.nan, "float32"), verbose=0),
        ValueError,
        "`x` must be finite",
    ),
    # abilities
    "no samples": (
        lambda: gan().sample(0),
        ValueError,
        "`num_samples` must be a positive integer.*0",
    ),
    "an array as number of samples": (
        lambda: gan().sample(X),
        ValueError,
        "`num_samples` must be a positive integer",
    ),
    "a batch size of zero": (
        lambda: gan().sample(3, batch_size=0),
        ValueError,
        "`batch_size` must be a positive integer",
    ),
    "noise to discriminate": (
        lambda: gan().discriminate(X[:, :3]),
        ValueError,
        r"`x` must have the shape \(num_examples, 6\).*\(16, 3\)",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), list(CASES.values()), ids=list(CASES))
def test_refused_with_a_sentence(call, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        call()


def test_data_that_a_tanh_cannot_reach_are_pointed_out():
    model = gan(generator=networks.dense_generator(3, (6,), (4,), output_activation="tanh"))
    model.compile()
    with pytest.warns(UserWarning, match=r"generator's output lies in \[-1, 1\] and cannot reach"):
        model.fit(10 * X, verbose=0)
    model.fit(X, verbose=0)  # and these it can


def test_a_regularizer_of_the_users_own_is_a_term():
    @keras.saving.register_keras_serializable(package="tests")
    class LogitDrift(regularizers.DiscriminatorRegularizer):
        name = "logit_drift"

        def __call__(self, discriminator, real, fake, seed=None):
            return keras.ops.square(discriminator(real)[:, 0])

    model = gan(discriminator_regularizer=LogitDrift(1e-3))
    model.compile()
    assert "logit_drift" in model.fit(X, verbose=0).history
    clone = models.GAN.from_config(model.get_config())
    assert clone.default_loss_weights["logit_drift"] == 1e-3
