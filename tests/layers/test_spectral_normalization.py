"""W/σ without touching W: the right outputs, the right gradient; and what Keras's own does."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import models, networks
from keras_aegan.layers import SpectralNormalization

RNG = np.random.default_rng(0)


def _largest_singular_value(kernel, transposed=False):
    matrix = np.swapaxes(kernel, -1, -2) if transposed else kernel
    return np.linalg.svd(matrix.reshape(-1, matrix.shape[-1]), compute_uv=False)[0]


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: layers.Dense(4, bias_initializer="ones"), (5, 6)),
        (lambda: layers.Dense(4, use_bias=False), (5, 6)),
        (lambda: layers.Conv2D(4, 3, strides=2, bias_initializer="ones"), (5, 8, 8, 3)),
        (lambda: layers.Conv2DTranspose(4, 4, strides=2, bias_initializer="ones"), (5, 4, 4, 3)),
    ],
    ids=["dense", "dense without bias", "convolution", "transposed convolution"],
)
@pytest.mark.parametrize("training", [False, True])
def test_the_output_is_that_of_a_kernel_of_spectral_norm_one(make, shape, training):
    x = RNG.normal(size=shape).astype("float32")
    layer = SpectralNormalization(make())
    layer.build((None, *shape[1:]))
    kernel, *others = layer.layer.get_weights()
    is_transposed = isinstance(layer.layer, layers.Conv2DTranspose)
    plain = make()
    plain.build((None, *shape[1:]))
    plain.set_weights([kernel / _largest_singular_value(kernel, is_transposed), *others])
    np.testing.assert_allclose(layer(x, training=training), plain(x), rtol=2e-3, atol=2e-3)
    np.testing.assert_array_equal(layer.layer.get_weights()[0], kernel)  # untouched
    assert tuple(layer.compute_output_shape(shape)) == tuple(plain(x).shape)


def test_a_convolution_may_amplify_by_up_to_the_size_of_its_kernel():
    """As its docstring says; a kernel of ones, on a constant image, does it but for the edges."""
    layer = SpectralNormalization(layers.Conv2D(1, 3, use_bias=False, kernel_initializer="ones"))
    x = np.ones((1, 64, 64, 1), "float32")
    amplified = np.linalg.norm(layer(x)) / np.linalg.norm(x)
    assert 3 * 62 / 64 - 1e-3 < amplified <= 3


def test_the_gradient_is_the_papers():
    """Equation 12 of Miyato et al.: (G − ⟨G, W/σ⟩ u vᵀ)/σ, with G the gradient of W/σ."""
    x, target = RNG.normal(size=(7, 6)), RNG.normal(size=(7, 4))
    layer = SpectralNormalization(layers.Dense(4, use_bias=False), power_iterations=200)
    layer.build((None, 6))
    with tf.GradientTape() as tape:
        outputs = layer(x.astype("float32"), training=True)
        loss = tf.reduce_sum(outputs * target.astype("float32"))
    gradient = tape.gradient(loss, layer.trainable_weights[0])
    w = layer.layer.get_weights()[0].astype("float64")
    left, sigma, right = np.linalg.svd(w)
    g = x.T @ target
    expected = (g - np.sum(g * w / sigma[0]) * np.outer(left[:, 0], right[0])) / sigma[0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4)


def test_the_vector_moves_in_training_only_and_follows_the_kernel():
    layer = SpectralNormalization(layers.Dense(4))
    layer.build((None, 6))
    layer.layer.kernel.assign(RNG.normal(size=(6, 4)))
    x = np.eye(6, dtype="float32")
    before = np.array(layer.u)
    layer(x)
    np.testing.assert_array_equal(layer.u, before)
    for _ in range(100):
        layer(x, training=True)
    _, _, right = np.linalg.svd(np.array(layer.layer.kernel))
    assert abs(abs(np.dot(layer.u, right[0])) - 1) < 1e-3


def test_a_discriminator_of_such_layers_trains_and_saves(tmp_path):
    x = keras.Input((6,))
    hidden = layers.LeakyReLU(0.2)(SpectralNormalization(layers.Dense(8))(x))
    discriminator = keras.Model(x, SpectralNormalization(layers.Dense(1))(hidden))
    model = models.GAN(networks.dense_generator(3, (6,), (8,)), discriminator, seed=1)
    model.compile("adam", loss="hinge", jit_compile=True)
    data = RNG.normal(size=(64, 6)).astype("float32")
    model.fit(data, epochs=2, verbose=0)
    slopes = np.diff(model.discriminate(data)) / np.linalg.norm(np.diff(data, axis=0), axis=1)
    assert np.abs(slopes).max() < 1.05  # 1-Lipschitz, as far as the iterations have come
    model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.discriminate(data), model.discriminate(data))


def test_keras_own_layer_still_writes_over_the_kernel():
    """Where this fails Keras has been mended, and ours is not needed any more."""
    layer = layers.SpectralNormalization(layers.Dense(3))
    layer.build((None, 4))
    kernel = layer.layer.kernel.numpy().copy()
    layer(RNG.normal(size=(5, 4)).astype("float32"), training=True)
    assert not np.allclose(layer.layer.kernel, kernel)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: SpectralNormalization(layers.Embedding(3, 2)), TypeError, "`layer` must be a De"),
        (lambda: SpectralNormalization(8), TypeError, "`layer` must be a Dense.*8"),
        (
            lambda: SpectralNormalization(layers.Dense(3, "relu")),
            ValueError,
            "`layer` must have no activation.*'relu'",
        ),
        (
            lambda: SpectralNormalization(layers.Dense(3), power_iterations=0),
            ValueError,
            "`power_iterations` must be a positive integer.*0",
        ),
        (
            lambda: SpectralNormalization(layers.Dense(3), power_iterations=True),
            ValueError,
            "`power_iterations` must be a positive integer.*True",
        ),
    ],
)
def test_refused_with_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()
