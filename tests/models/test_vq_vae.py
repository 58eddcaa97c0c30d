"""The VQ-VAE: nearest codes, both gradients, averages, usage and the prior of codes, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.spatial.distance import cdist

from keras_aegan import models, networks, priors

HOW = {"jit_compile": False}
X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")


def vq_vae(num_codes=5, positions=(), mask=False, **arguments):
    """Of linear networks: z = W x, and x̂ = V e."""
    x = keras.Input((*positions, 6))
    z = keras.Input((*positions, 2))
    shown = layers.Masking()(x) if mask else x
    return models.VQVAE(
        keras.Model(x, layers.Dense(2, use_bias=False, name="w")(shown), name="encoder"),
        keras.Model(z, layers.Dense(6, use_bias=False, name="v")(z), name="decoder"),
        num_codes,
        **arguments,
    )


def compiled(model, codes=None, learning_rate=0.1, **arguments):
    model.compile(keras.optimizers.SGD(learning_rate), **HOW, **arguments)
    if codes is not None:
        model.codebook.vectors.assign(codes)
    return model


def wide_codes(num_codes=5, seed=1):
    return np.random.default_rng(seed).normal(size=(num_codes, 2)).astype("float32")


def parts(model):
    return (
        model.encoder.get_layer("w").kernel.numpy(),
        model.decoder.get_layer("v").kernel.numpy(),
        model.codebook.vectors.numpy(),
    )


@pytest.mark.parametrize("positions", [(), (3,), (2, 4)])
def test_codes_are_the_nearest(positions):
    model = compiled(vq_vae(positions=positions), wide_codes())
    x = np.random.default_rng(2).normal(size=(7, *positions, 6)).astype("float32")
    w, v, codes = parts(model)
    nearest = cdist((x @ w).reshape(-1, 2), codes).argmin(axis=1).reshape(7, *positions)
    indices = model.encode_indices(x)
    np.testing.assert_array_equal(indices, nearest)
    np.testing.assert_array_equal(model.encode(x), codes[nearest])
    np.testing.assert_allclose(model.predict(x, verbose=0), codes[nearest] @ v, atol=1e-6)
    np.testing.assert_allclose(model.decode_indices(indices), codes[nearest] @ v, atol=1e-6)


def test_a_step_is_equation_3_with_the_gradient_straight_through():
    weights = {"reconstruction_loss": 2.0, "codebook_loss": 0.5, "commitment_loss": 0.3}
    model = compiled(vq_vae(), wide_codes(), loss_weights=weights)
    w, v, codes = parts(model)
    z = X @ w
    nearest = cdist(z, codes).argmin(axis=1)
    e = codes[nearest]
    logs = model.train_on_batch(X, return_dict=True)

    gap = ((z - e) ** 2).mean()
    terms = {
        "reconstruction_loss": ((e @ v - X) ** 2).mean(),
        "codebook_loss": gap,
        "commitment_loss": gap,
    }
    for name, value in terms.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5)
    of_output = 2.0 * 2 * (e @ v - X) / X.size
    of_z = of_output @ v.T + 0.3 * 2 * (z - e) / z.size  # as if z itself had been decoded
    of_codes = np.zeros_like(codes)
    np.add.at(of_codes, nearest, 0.5 * 2 * (e - z) / z.size)
    for found, old, gradient in zip(
        parts(model), (w, v, codes), (X.T @ of_z, e.T @ of_output, of_codes), strict=True
    ):
        np.testing.assert_allclose(found, old - 0.1 * gradient, atol=1e-6)


def averages_by_hand(model, z, weight=None):
    """Appendix A.1, with counts smoothed after Laplace: `(counts, sums, vectors)`."""
    codes, decay = model.codebook.vectors.numpy(), model.ema_decay
    one_hot = np.eye(len(codes))[cdist(z, codes).argmin(axis=1)]
    if weight is not None:
        one_hot *= weight[:, None]
    counts = decay * model.codebook.counts.numpy() + (1 - decay) * one_hot.sum(axis=0)
    sums = decay * model.codebook.sums.numpy() + (1 - decay) * one_hot.T @ z
    smoothed = (counts + 1e-5) / (counts.sum() + len(codes) * 1e-5) * counts.sum()
    return counts, sums, sums / smoothed[:, None]


@pytest.mark.parametrize("sample_weight", [None, np.linspace(0.0, 2.0, 40, dtype="float32")])
def test_averages_follow_the_appendix(sample_weight):
    model = compiled(vq_vae(ema_decay=0.8), wide_codes())
    model.codebook.sums.assign(wide_codes())
    assert "codebook_loss" not in model.loss_weights
    for _ in range(2):
        w, _, _ = parts(model)
        expected = averages_by_hand(model, X @ w, sample_weight)
        model.train_on_batch(X, sample_weight=sample_weight)
        book = model.codebook
        for found, value in zip((book.counts, book.sums, book.vectors), expected, strict=True):
            np.testing.assert_allclose(found.numpy(), value, rtol=1e-4, atol=1e-6)


def test_a_code_that_nothing_is_near_to_stays():
    model = compiled(vq_vae(ema_decay=0.5), learning_rate=0.0)
    codes = np.array([[0.0, 0.0], *[[90.0, 90.0]] * 4], "float32")
    model.codebook.vectors.assign(codes)
    model.codebook.sums.assign(codes)
    model.fit(X, epochs=3, verbose=0)
    np.testing.assert_allclose(model.codebook.vectors[1:], codes[1:], rtol=1e-3)


def test_a_frozen_codebook_and_a_measured_one_stay():
    model = compiled(vq_vae(ema_decay=0.8))
    before = model.codebook.vectors.numpy()
    model.evaluate(X, verbose=0)
    np.testing.assert_array_equal(model.codebook.vectors, before)
    model.codebook.trainable = False
    model.fit(X, verbose=0)
    np.testing.assert_array_equal(model.codebook.vectors, before)
    model.codebook.trainable = True
    model.fit(X, verbose=0)
    assert not np.array_equal(model.codebook.vectors, before)


def test_the_perplexity_counts_the_codes_in_use():
    model = compiled(vq_vae(num_codes=4), learning_rate=0.0)
    w, _, _ = parts(model)
    x = np.concatenate([X[:1]] * 4 + [X[1:2]] * 4)  # two codes, used alike
    model.codebook.vectors.assign(np.concatenate([X[:2] @ w, [[50.0, 0.0], [0.0, 50.0]]]))
    assert model.evaluate(x, return_dict=True, verbose=0)["perplexity"] == pytest.approx(2.0)
    logs = model.fit(x, sample_weight=np.repeat([3.0, 1.0], 4), verbose=0).history
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert logs["perplexity"][0] == pytest.approx(np.exp(entropy), rel=1e-5)


def test_padding_moves_nothing_and_counts_for_nothing():
    x = np.random.default_rng(3).normal(size=(8, 5, 6)).astype("float32")
    x[:, 3:] = 0.0
    model = compiled(vq_vae(positions=(5,), mask=True, ema_decay=0.8), wide_codes())
    w, v, codes = parts(model)
    z = (x[:, :3] @ w).reshape(-1, 2)
    expected = averages_by_hand(model, z)
    logs = model.train_on_batch(x, return_dict=True)
    for found, value in zip((model.codebook.counts, model.codebook.sums), expected, strict=False):
        np.testing.assert_allclose(found.numpy(), value, rtol=1e-4, atol=1e-6)
    e = codes[cdist(z, codes).argmin(axis=1)]
    np.testing.assert_allclose(logs["commitment_loss"], ((z - e) ** 2).mean(), rtol=1e-5)
    rebuilt = ((e @ v - x[:, :3].reshape(-1, 6)) ** 2).mean()
    np.testing.assert_allclose(logs["reconstruction_loss"], rebuilt, rtol=1e-5)


def test_a_fitted_prior_has_the_frequencies_of_the_codes(tmp_path):
    model = compiled(vq_vae(num_codes=3, positions=(2,)), wide_codes(3))
    np.testing.assert_allclose(model.prior.probabilities, np.full((2, 3), 1 / 3))
    x = np.random.default_rng(4).normal(size=(500, 2, 6)).astype("float32")
    indices = model.encode_indices(x)
    model.fit_prior(x)
    counts = np.stack([np.bincount(indices[:, i], minlength=3) for i in range(2)]) + 1
    expected = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.prior.probabilities, expected)
    drawn = model.sample(4_000, seed=0)
    decoded = parts(model)[2] @ parts(model)[1]
    found = np.abs(drawn[:, :, None] - decoded).sum(axis=-1).argmin(axis=-1)
    for i in range(2):
        frequencies = np.bincount(found[:, i], minlength=3) / 4_000
        np.testing.assert_allclose(frequencies, expected[i], atol=0.03)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.sample(5, seed=1), model.sample(5, seed=1))


def test_averages_on_two_replicas_with_an_activity_regularizer():
    def make():
        keras.utils.set_random_seed(1)
        encoder = networks.dense_encoder(
            (6,), 2, (4,), activity_regularizer=keras.regularizers.L1(1e-2)
        )
        model = models.VQVAE(encoder, networks.dense_decoder(2, (6,), (4,)), 4, ema_decay=0.8)
        return compiled(model)

    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        two = make()
    one = make()
    for model in (one, two):
        model.fit(X[:29], batch_size=8, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5, err_msg=a.path)


def test_codes_of_any_size_sample_once_their_prior_is_given():
    x, z = keras.Input((None, 6)), keras.Input((None, 2))
    model = models.VQVAE(
        keras.Model(x, layers.Dense(2)(x)), keras.Model(z, layers.Dense(6)(z)), num_codes=3
    )
    assert model.prior is None
    model.compile(**HOW)
    model.fit_prior(np.random.default_rng(0).normal(size=(20, 4, 6)))
    assert model.sample(3, seed=0).shape == (3, 4, 6)


def test_what_is_wrong_is_refused():
    model = compiled(vq_vae(num_codes=3))
    with pytest.raises(ValueError, match="`indices` must hold levels from 0 to 2"):
        model.decode_indices(np.array([0, 3]))
    with pytest.raises(TypeError, match="`indices` must hold integers"):
        model.decode_indices(np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="`num_codes` must be a positive integer"):
        vq_vae(num_codes=0)
    with pytest.raises(ValueError, match=r"`ema_decay` must lie in \[0, 1\]"):
        vq_vae(ema_decay=1.5)
    with pytest.raises(ValueError, match=r"`prior` must have the shape \(3,\)"):
        vq_vae(num_codes=3, prior=priors.Categorical(4))
    with pytest.raises(ValueError, match=r"`network` must be one of \['decoder', 'encoder'\]"):
        model.export("codebook.onnx", format="onnx", network="codebook")
