"""VAE/GAN: each term's value and each gradient by hand, the pauses, and what is refused."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import models, networks
from keras_aegan.layers import draws

X = np.random.default_rng(0).uniform(size=(16, 6)).astype("float32")


def vae_gan(equilibrium_margin=None, seed=1, **arguments):
    return models.VAEGAN(
        networks.gaussian_encoder(networks.dense_encoder((6,), None, (5,), "tanh"), 2),
        networks.dense_decoder(2, (6,), (5,), "tanh"),
        networks.dense_discriminator((6,), (4, 3)),
        equilibrium_margin=equilibrium_margin,
        seed=seed,
        **{"feature_layer": "dense_1_activation", **arguments},
    )


def compiled(model=None, optimizer=None, **arguments):
    model = model or vae_gan()
    model.compile(optimizer or keras.optimizers.SGD(1.0), jit_compile=False, **arguments)
    return model


def moves(model, x=X):
    """How far one step moves the weights of each player."""
    before = {p: [w.numpy() for w in n[0].trainable_weights] for p, n in model.players.items()}
    model.train_on_batch(x)
    return {
        player: [
            old - w.numpy()
            for old, w in zip(weights, model.players[player][0].trainable_weights, strict=True)
        ]
        for player, weights in before.items()
    }


def moved(model):
    return {p: any(np.any(m) for m in ms) for p, ms in moves(model).items()}


def noise_of(model):
    """The draws that the next step will make, from a generator in the same state."""
    generator = keras.random.SeedGenerator(0)
    generator.state.assign(model.sampling.seed_generator.state)
    return [draws.normal((len(X), 2), generator) for _ in range(2)]


def by_hand(model):
    """Larsen's terms, written out on the networks alone: `{term: (batch_size,)}`."""
    epsilon, prior_z = noise_of(model)
    z_mean, z_log_var = model.encoder(X)
    rebuilt = model.decoder(z_mean + tf.exp(0.5 * z_log_var) * epsilon)
    sampled = model.decoder(prior_z)
    phi = keras.Model(
        model.discriminator.inputs[0], model.discriminator.get_layer(model.feature_layer).output
    )
    real, fake, drawn = (tf.sigmoid(model.discriminator(v)[:, 0]) for v in (X, rebuilt, sampled))
    return {
        "kl_loss": 0.5 * tf.reduce_sum(tf.exp(z_log_var) + z_mean**2 - 1.0 - z_log_var, axis=1),
        "feature_loss": 0.5 * tf.reduce_sum((phi(X) - phi(rebuilt)) ** 2, axis=1),
        "decoder_loss": -tf.math.log(fake) - tf.math.log(drawn),
        "discriminator_loss": -tf.math.log(real) - tf.math.log(1 - fake) - tf.math.log(1 - drawn),
    }


def test_a_step_is_algorithm_1():
    gamma, beta = 0.3, 2.0
    weights = {"kl_loss": beta, "feature_loss": gamma, "decoder_loss": 1 - gamma}
    model = compiled(loss_weights=weights)
    with tf.GradientTape(persistent=True) as tape:
        terms = {name: tf.reduce_mean(values) for name, values in by_hand(model).items()}
        losses = {
            "encoder": beta * terms["kl_loss"] + terms["feature_loss"],
            "decoder": gamma * terms["feature_loss"] + (1 - gamma) * terms["decoder_loss"],
            "discriminator": terms["discriminator_loss"],
        }
    expected = {
        player: tape.gradient(loss, model.players[player][0].trainable_weights)
        for player, loss in losses.items()
    }
    steps = moves(model)  # with a learning rate of 1, a step is the gradient
    for player, gradients in expected.items():
        for gradient, step in zip(gradients, steps[player], strict=True):
            np.testing.assert_allclose(step, gradient, atol=2e-6, err_msg=player)
    logs = {m.name: float(m.result()) for m in model.metrics}
    for name, value in {**terms, "encoder_loss": losses["encoder"]}.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("term", "reached"),
    [
        ("kl_loss", {"encoder"}),
        ("feature_loss", {"encoder", "decoder"}),
        ("decoder_loss", {"decoder"}),
        ("discriminator_loss", {"discriminator"}),
    ],
)
def test_each_term_reaches_its_own_players_alone(term, reached):
    weights = dict.fromkeys(models.VAEGAN.default_loss_weights, 0.0)
    model = compiled(loss_weights={**weights, term: 1.0})
    if term != "feature_loss":  # in the encoder's turn it weighs 1 whatever γ is: take it away
        model.term_weight = lambda player, name: 1.0 if name == term else 0.0
    assert {player for player, did in moved(model).items() if did} == reached


def test_one_forward_pass_serves_three_players():
    calls = []

    class Counting(layers.Layer):
        def call(self, inputs):
            calls.append(self.name.split("_")[0])
            return inputs

    def counted(network, name):
        inputs = keras.Input(network.input_shape[1:])
        return keras.Model(
            inputs, network(Counting(name=f"{name}_calls")(inputs)), name=f"counted_{name}"
        )

    plain = vae_gan()
    x = keras.Input((6,))
    hidden = Counting(name="discriminator")(x)
    hidden = layers.Dense(3, name="features")(hidden)
    model = compiled(
        models.VAEGAN(
            counted(plain.encoder, "encoder"),
            counted(plain.decoder, "decoder"),
            keras.Model(x, layers.Dense(1)(hidden)),
            feature_layer="features",
        ),
        run_eagerly=True,
    )
    calls.clear()
    model.train_on_batch(X)
    assert sorted(calls) == ["decoder"] * 2 + ["discriminator"] * 3 + ["encoder"]


def set_logit(model, bias, scale=0.0):
    """A discriminator that gives every example the same logit."""
    logit = model.discriminator.get_layer("logit")
    logit.kernel.assign(scale * logit.kernel)
    logit.bias.assign([bias])


def test_the_margin_works_in_a_loop_under_xla():
    model = vae_gan(equilibrium_margin=0.3)
    model.compile(keras.optimizers.SGD(0.1), jit_compile=True, steps_per_execution=2)
    before = [w.numpy() for w in model.decoder.trainable_weights]

    # Undecided: log 2 on data and on fakes, in the middle of the margin, and both move.
    set_logit(model, 0.0)
    model.fit(X, batch_size=8, verbose=0)
    assert not np.array_equal(before[0], model.decoder.trainable_weights[0].numpy())

    # Everything is data: on data far below, on fakes far above. Both would wait: both move.
    set_logit(model, 5.0)
    bias = model.discriminator.get_layer("logit").bias
    model.fit(X, batch_size=8, verbose=0)
    assert float(bias[0]) < 5.0


def test_the_discriminator_waits_where_it_wins():
    model = compiled(vae_gan(equilibrium_margin=0.3))
    set_logit(model, 0.4)  # log(1 + e^-0.4) = 0.513 on data, 0.913 on fakes: within log 2 ± 0.3
    assert moved(model)["discriminator"]
    set_logit(model, -0.6)  # 1.037 on data, above log 2 + 0.3 = 0.993; 0.437 on fakes, not below
    assert math.log(1 + math.exp(0.6)) > math.log(2) + 0.3
    assert moved(model) == {"encoder": True, "decoder": False, "discriminator": True}
    separating = compiled(vae_gan(equilibrium_margin=0.3))
    terms = {"discriminator_loss": tf.zeros(4), "decoder_loss": tf.zeros(4)}
    with tf.GradientTape(persistent=True) as tape:
        values = {name: tf.Variable(tf.ones(4)) for name in terms}
        paused = {
            "discriminator": {"discriminator_loss": values["discriminator_loss"] * 2.0},
            "decoder": {"decoder_loss": values["decoder_loss"] * 2.0},
        }
        separating._pause(paused, tf.constant(0.1), tf.constant(0.2))  # it tells them apart
    np.testing.assert_array_equal(paused["discriminator"]["discriminator_loss"], 2 * np.ones(4))
    gradients = [
        tape.gradient(paused[p][f"{p}_loss"], values[f"{p}_loss"])
        for p in ("discriminator", "decoder")
    ]
    np.testing.assert_array_equal(gradients, [np.zeros(4), 2 * np.ones(4)])


def test_the_error_is_that_of_the_discriminators_features():
    model = compiled()
    model.fit(X, verbose=0)
    phi = keras.Model(
        model.discriminator.inputs[0], model.discriminator.get_layer("dense_1_activation").output
    )
    rebuilt = model.predict(X, verbose=0)
    a, b = phi.predict(X, verbose=0), phi.predict(rebuilt, verbose=0)
    np.testing.assert_allclose(
        model.reconstruction_error(X), 0.5 * ((a - b) ** 2).sum(axis=1), rtol=1e-4
    )
    np.testing.assert_allclose(rebuilt, model.decode(model.encode(X)), atol=1e-6)
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, seed=3))
    np.testing.assert_allclose(
        model.discriminate(X), model.discriminator.predict(X, verbose=0)[:, 0], atol=1e-5
    )


REFUSALS = {
    "an unknown feature layer": (
        lambda: vae_gan(feature_layer="dense_1_activaton"),
        "`feature_layer` must name layers of the discriminator.*Near it: dense_1_activation",
    ),
    "a margin of zero": (lambda: vae_gan(0.0), "`equilibrium_margin` must be None, or lie.*0.0"),
    "a margin beyond log 2": (lambda: vae_gan(0.7), "`equilibrium_margin`.*0.7"),
    "a margin with another loss": (
        lambda: vae_gan(0.3).compile(loss="wasserstein"),
        "`loss` must be.*where `equilibrium_margin` is set.*WassersteinLoss",
    ),
    "a reconstruction loss": (lambda: compiled(loss="mse"), "`loss` must be one of.*'mse'"),
    "labels": (
        lambda: compiled().fit(X, np.arange(16), verbose=0),
        r"`y` must be None: a VAEGAN's target is x.*\(16,\)",
    ),
    "a discriminator of other data": (
        lambda: models.VAEGAN(
            vae_gan().encoder, vae_gan().decoder, networks.dense_discriminator((7,)), "logit"
        ),
        r"`decoder` must give what the discriminator takes.*\(7,\).*\(6,\)",
    ),
    "an encoder without a variance": (
        lambda: models.VAEGAN(
            networks.dense_encoder((6,), 2), vae_gan().decoder, vae_gan().discriminator, "logit"
        ),
        "`encoder` must have.*2 outputs, z_mean and z_log_var",
    ),
}


@pytest.mark.parametrize(("call", "words"), list(REFUSALS.values()), ids=list(REFUSALS))
def test_refused_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        call()
