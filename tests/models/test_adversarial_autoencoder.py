"""The adversarial autoencoder: codes like the prior, the best discriminator, who trains what."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy import stats

from keras_aegan import models, networks, priors
from keras_aegan.metrics import kernel_distance

HOW = {"jit_compile": False}
X = np.random.default_rng(0).normal(size=(2_000, 2)).astype("float32") * [3.0, 1.0]


def adversarial_autoencoder(encoder=None, discriminator=None, **arguments):
    return models.AdversarialAutoencoder(
        encoder or networks.dense_encoder((2,), 2, (16,)),
        networks.dense_decoder(2, (2,), (16,)),
        discriminator or networks.dense_discriminator((2,), (32, 32)),
        **{"seed": 0, **arguments},
    )


@pytest.mark.parametrize(
    "prior", [None, priors.Uniform((2,), -2.0, 2.0)], ids=["normal", "uniform"]
)
def test_codes_come_to_be_distributed_as_the_prior(prior):
    model = adversarial_autoencoder(prior=prior)
    model.compile(keras.optimizers.Adam(3e-3, beta_1=0.5), **HOW)
    generator = np.random.default_rng(1)
    draws = generator.uniform(-2.0, 2.0, (2_000, 2)) if prior else generator.normal(size=(2_000, 2))
    before = kernel_distance(model.encode(X), draws)
    model.fit(X, batch_size=100, epochs=20, verbose=0)
    assert kernel_distance(model.encode(X), draws) < 0.1 < before


def test_the_best_discriminator_knows_the_ratio_of_the_densities():
    """Of codes that are x themselves, N(1, 1): its logit is log p(z) − log q(z) = ½ − z."""
    x = np.random.default_rng(0).normal(1.0, 1.0, (20_000, 1)).astype("float32")
    z = keras.Input((1,))
    discriminator = keras.Model(z, layers.Dense(1)(z))
    model = models.AdversarialAutoencoder(
        _identity("encoder"), _identity("decoder"), discriminator, seed=0
    )
    model.compile(keras.optimizers.Adam(1e-2), **HOW)
    model.fit(x, batch_size=500, epochs=5, verbose=0)
    grid = np.linspace(-2.0, 3.0, 11, dtype="float32")
    expected = stats.norm(0.0, 1.0).logpdf(grid) - stats.norm(1.0, 1.0).logpdf(grid)
    np.testing.assert_allclose(model.discriminate(grid[:, None]), expected, atol=0.15)


def _identity(name):
    x = keras.Input((1,))
    return keras.Model(x, layers.Identity()(x), name=name)


def test_a_step_is_the_papers_two_phases():
    """Each turn's gradient step, in NumPy, of linear networks on numbers."""
    encoder, decoder, discriminator = (_line(slope) for slope in (0.5, 2.0, 0.25))
    prior = priors.GaussianMixture([[3.0]], [1e-6], [1.0])  # it draws 3
    model = models.AdversarialAutoencoder(encoder, decoder, discriminator, prior=prior)
    model.compile(keras.optimizers.SGD(0.1), **HOW)
    model.train_on_batch(np.array([[1.0]], "float32"))
    x, z, f, g, d = 1.0, 3.0, 0.5, 2.0, 0.25
    error = g * f * x - x  # of (g f x − x)²
    f, g = f - 0.1 * 2 * error * g * x, g - 0.1 * 2 * error * f * x
    code = f * x
    d -= 0.1 * (-_sigmoid(-d * z) * z + _sigmoid(d * code) * code)  # −log σ(dz) − log(1 − σ(d f x))
    f -= 0.1 * -_sigmoid(-d * f * x) * d * x  # −log σ(d f x)
    found = [network.layers[-1].kernel.numpy().item() for network in (encoder, decoder)]
    found.append(discriminator.layers[-1].kernel.numpy().item())
    np.testing.assert_allclose(found, [f, g, d], rtol=1e-5)


def _line(slope):
    x = keras.Input((1,))
    start = keras.initializers.Constant(slope)
    return keras.Model(x, layers.Dense(1, use_bias=False, kernel_initializer=start)(x))


def _sigmoid(value):
    return 1 / (1 + np.exp(-value))


def test_weights_that_two_players_train_come_back_from_their_average():
    model = adversarial_autoencoder()
    model.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.9), **HOW)
    assert [o.use_ema for o in model.optimizers.values()] == [True, True, False]
    for batch in X[:64].reshape(4, 16, 2):
        model.train_on_batch(batch)
    before = [w.numpy() for w in model.encoder.weights]
    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_test_begin()
    assert not np.array_equal(model.encoder.weights[0].numpy(), before[0])
    swap.on_test_end()
    for weight, old in zip(model.encoder.weights, before, strict=True):
        np.testing.assert_allclose(weight.numpy(), old, atol=1e-6)


def test_two_averages_of_a_weight_are_refused():
    averaged = {p: keras.optimizers.Adam(use_ema=True) for p in ("autoencoder", "encoder")}
    with pytest.raises(ValueError, match="one of the players .* for the encoder use_ema=True"):
        adversarial_autoencoder().compile({"discriminator": "adam", **averaged})


def test_padding_is_not_judged():
    x, z, code = keras.Input((None, 2)), keras.Input((None, 3)), keras.Input((None, 3))
    mean = layers.GlobalAveragePooling1D()(code)  # over what no mask hides
    model = models.AdversarialAutoencoder(
        keras.Model(x, layers.Dense(3)(layers.Masking()(x))),
        keras.Model(z, layers.Dense(2)(z)),
        keras.Model(code, layers.Dense(1)(mean)),
        seed=0,
    )
    model.compile(**HOW)
    data = np.random.default_rng(0).normal(size=(8, 3, 2)).astype("float32")
    longer = np.pad(data, [(0, 0), (0, 2), (0, 0)])
    logs, same = (model.evaluate(each, return_dict=True, verbose=0) for each in (data, longer))
    for name in ("reconstruction_loss", "encoder_loss"):
        np.testing.assert_allclose(same[name], logs[name], rtol=1e-5)
    model.fit(longer, sample_weight=np.ones((8, 5)), verbose=0)  # weights of steps


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="`encoder` must give what the discriminator takes"):
        adversarial_autoencoder(discriminator=networks.dense_discriminator((3,)))
    with pytest.raises(ValueError, match="`discriminator` must end in a logit"):
        adversarial_autoencoder(
            discriminator=networks.dense_encoder((2,), 1, (), latent_activation="sigmoid")
        )
