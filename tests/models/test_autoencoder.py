"""The autoencoder against PCA, and against Keras's own training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from keras_aegan import models, networks


def test_linear_autoencoder_is_pca():
    """Baldi & Hornik, 1989: the optimum spans the subspace of the first principal components."""
    x = load_digits().data.astype("float32") / 16.0
    x -= x.mean(axis=0)
    pca = PCA(8).fit(x)
    pca_error = np.mean((x - pca.inverse_transform(pca.transform(x))) ** 2)

    keras.utils.set_random_seed(0)
    model = models.Autoencoder(
        networks.dense_encoder((64,), 8, ()), networks.dense_decoder(8, (64,), ())
    )
    rate = keras.optimizers.schedules.CosineDecay(2e-2, decay_steps=1500)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=50, jit_compile=True)
    model.fit(tf.data.Dataset.from_tensors(x).repeat(1500), verbose=0)

    excess = (
        model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True)["loss"] / pca_error - 1
    )
    assert -1e-6 <= excess <= 1e-4
    decoder_columns = model.decoder.get_layer("output").kernel.numpy().T  # (64, 8)
    angle = np.degrees(subspace_angles(decoder_columns, pca.components_.T).max())
    assert angle <= 0.5


def _networks():
    keras.utils.set_random_seed(3)
    return (
        networks.dense_encoder((5, 2), 2, (4,)),
        networks.dense_decoder(2, (5, 2), (4,), output_activation="sigmoid"),
    )


@pytest.mark.parametrize("loss", ["mse", "mae", "binary_crossentropy", keras.losses.Huber()])
def test_trains_and_logs_as_keras_does(loss):
    """A plain Functional model with the same weights and loss is the oracle."""
    generator = np.random.default_rng(0)
    x = generator.uniform(size=(20, 5, 2)).astype("float32")
    sample_weight = generator.uniform(size=20).astype("float32")
    encoder, decoder = _networks()
    plain = keras.Model(encoder.input, decoder(encoder.output))
    plain.compile("adam", loss)
    # For values of shape (batch_size, 5), Keras wants the weights as (batch_size, 1).
    weights = sample_weight[:, None]
    expected = plain.fit(
        x, x, sample_weight=weights, batch_size=8, epochs=3, shuffle=False, verbose=0
    ).history

    model = models.Autoencoder(*_networks())
    model.compile("adam", loss)
    # Keras ignores the weights of examples without targets; here they count.
    history = model.fit(
        x, sample_weight=sample_weight, batch_size=8, epochs=3, shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    np.testing.assert_allclose(history["reconstruction_loss"], expected["loss"], rtol=1e-5)
    for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_one_hot_targets():
    generator = np.random.default_rng(0)
    levels = generator.integers(0, 3, (32, 4))
    x = (levels / 2).astype("float32")
    model = models.Autoencoder(
        networks.dense_encoder((4,), 2, (8,)),
        networks.dense_decoder(2, (4, 3), (8,), output_activation="softmax"),
    )
    model.compile(loss="categorical_crossentropy")
    one_hot = np.eye(3, dtype="float32")[levels]
    history = model.fit(x, one_hot, epochs=2, verbose=0).history
    probabilities = model.predict(x, verbose=0)
    expected = -np.mean(np.log(np.take_along_axis(probabilities, levels[..., None], -1)))
    np.testing.assert_allclose(
        model.evaluate(x, one_hot, verbose=0, return_dict=True)["loss"], expected, rtol=1e-5
    )
    assert set(history) == {"loss", "reconstruction_loss"}


def test_reconstruction_error_is_the_loss_of_each_example():
    x = np.random.default_rng(0).uniform(size=(9, 5, 2)).astype("float32")
    model = models.Autoencoder(*_networks())
    model.compile(loss="mae")
    expected = np.abs(x - model.predict(x, verbose=0)).mean(axis=(1, 2))
    np.testing.assert_allclose(model.reconstruction_error(x), expected, rtol=1e-5)
    np.testing.assert_allclose(model.reconstruction_error(x, batch_size=4), expected, rtol=1e-5)
    towards_zero = model.reconstruction_error(x, target=np.zeros_like(x))
    np.testing.assert_allclose(
        towards_zero, np.abs(model.predict(x, verbose=0)).mean(axis=(1, 2)), rtol=1e-5
    )


def test_encode_and_decode_are_the_networks():
    x = np.random.default_rng(0).uniform(size=(9, 5, 2)).astype("float32")
    model = models.Autoencoder(*_networks())
    z = model.encode(x, batch_size=4)
    np.testing.assert_allclose(z, model.encoder(x), atol=1e-6)
    np.testing.assert_allclose(model.decode(z), model.decoder(z), atol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), model.decode(z), atol=1e-6)


def test_code_regularizer_is_the_mean_over_the_batch():
    """`regularization_loss` = λ · mean over the batch of Σ|h|, with h from NumPy."""
    x = np.random.default_rng(0).uniform(size=(10, 6)).astype("float32")
    encoder = networks.dense_encoder((6,), 3, (), activity_regularizer=keras.regularizers.L1(0.1))
    model = models.Autoencoder(encoder, networks.dense_decoder(3, (6,), ()))
    model.compile()
    kernel, bias = encoder.get_layer("code").get_weights()
    expected = 0.1 * np.abs(x @ kernel + bias).sum(axis=1).mean()
    logs = model.evaluate(x, batch_size=4, verbose=0, return_dict=True)
    np.testing.assert_allclose(logs["regularization_loss"], expected, rtol=1e-6)


def test_frozen_networks_stay():
    x = np.random.default_rng(0).uniform(size=(16, 5, 2)).astype("float32")
    encoder, decoder = _networks()
    encoder.trainable = False
    model = models.Autoencoder(encoder, decoder)
    model.compile()
    before = [w.copy() for w in encoder.get_weights()]
    model.fit(x, verbose=0)
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_networks_of_the_users_own():
    x = keras.Input((6,))
    encoder = keras.Model(x, layers.Dense(2, name="bottleneck")(x))
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(6, "sigmoid")])
    model = models.Autoencoder(encoder, decoder)
    model.compile(keras.optimizers.SGD(0.1), loss="bernoulli_nll")
    data = np.random.default_rng(0).uniform(size=(64, 6)).astype("float32")
    history = model.fit(data, validation_split=0.25, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.encode(data).shape == (64, 2)


def _compiled(output_activation=None):
    model = models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)),
        networks.dense_decoder(2, (6,), (4,), output_activation=output_activation),
    )
    model.compile()
    return model


def test_an_output_that_cannot_reach_the_data_is_pointed_out():
    x = np.random.default_rng(0).uniform(-1, 1, size=(16, 6)).astype("float32")
    with pytest.warns(UserWarning, match=r"output lies in \[0, 1\] and cannot reach targets in"):
        _compiled("sigmoid").fit(x, verbose=0)


def test_a_look_at_a_generator_loses_no_batch():
    model = _compiled()
    model.fit((np.ones((4, 6), "float32") for _ in range(4)), steps_per_epoch=4, verbose=0)
    assert int(model.optimizer.iterations) == 4


def test_class_weights_are_refused_of_a_batch_too():
    with pytest.raises(ValueError, match="`class_weight` needs class labels"):
        _compiled().train_on_batch(np.ones((4, 6), "float32"), class_weight={0: 1.0})
