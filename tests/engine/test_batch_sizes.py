"""Networks that take batches of one size only: a state for each row, or a size written down."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from keras_aegan import evaluation, models

_SERIES = np.random.default_rng(0).uniform(-1, 1, (8, 5, 2)).astype("float32")


def _stateful_networks(batch_size=4):
    keras.utils.set_random_seed(0)
    x, z = keras.Input(batch_shape=(batch_size, 5, 2)), keras.Input((3,))
    encoder = keras.Model(x, layers.LSTM(3, stateful=True)(x))
    hidden = layers.LSTM(3, return_sequences=True)(layers.RepeatVector(5)(z))
    return encoder, keras.Model(z, layers.Dense(2)(hidden))


def _stateful(**options):
    model = models.Autoencoder(*_stateful_networks())
    model.compile("sgd", jit_compile=False, **options)
    return model


def test_a_state_goes_on_as_in_keras():
    model = _stateful()
    history = model.fit(_SERIES, epochs=3, shuffle=False, verbose=0)  # by the size of the networks
    encoder, decoder = _stateful_networks()
    plain = keras.Model(encoder.inputs[0], decoder(encoder.output))
    plain.compile("sgd", "mse", jit_compile=False)
    expected = plain.fit(_SERIES, _SERIES, batch_size=4, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], expected.history["loss"], rtol=1e-5)
    codes = encoder.predict(_SERIES, batch_size=4, verbose=0)
    np.testing.assert_allclose(model.encode(_SERIES), codes, atol=1e-6)


def test_abilities_and_endpoints_take_batches_of_that_size(tmp_path):
    model = _stateful()
    model.fit(_SERIES, validation_data=_SERIES[:4], verbose=0)
    assert model.reconstruction_error(_SERIES).shape == (8,)
    assert np.isfinite(model.evaluate(_SERIES, verbose=0)).all()
    detector = evaluation.AnomalyDetector(model)
    detector.fit_threshold(np.concatenate([_SERIES] * 4), contamination=0.1)
    for exported, endpoint in ((model, "encode"), (detector, "score")):
        exported.export(tmp_path / endpoint)
        served = tf.saved_model.load(tmp_path / endpoint)
        assert getattr(served, endpoint)(_SERIES[:4]).shape[0] == 4


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("fit", {"x": _SERIES[:5]}),
        ("fit", {"x": _SERIES, "batch_size": 8}),
        ("fit", {"x": _SERIES, "validation_split": 0.25}),
        ("fit", {"x": _SERIES, "validation_data": _SERIES[:5]}),
        ("fit", {"x": tf.data.Dataset.from_tensor_slices(_SERIES).batch(3)}),
        ("evaluate", {"x": _SERIES[:5]}),
        ("train_on_batch", {"x": _SERIES[:5]}),
        ("encode", {"x": _SERIES[:5]}),
        ("decode", {"z": np.zeros((5, 3), "float32")}),
        ("reconstruction_error", {"x": _SERIES[:5]}),
    ],
)
def test_other_numbers_of_examples_are_refused(method, options):
    with pytest.raises(ValueError, match=r"must be a multiple of 4, .* Received: \d examples"):
        getattr(_stateful(), method)(**options)


def test_networks_of_two_sizes_are_refused():
    z = keras.Input(batch_shape=(2, 3))
    hidden = layers.LSTM(2, return_sequences=True, stateful=True)(layers.RepeatVector(5)(z))
    model = models.Autoencoder(_stateful_networks()[0], keras.Model(z, hidden))
    with pytest.raises(ValueError, match=r"batches of one size\. Received: .* of 4, .* of 2"):
        model.encode(_SERIES)


def test_what_runs_other_sizes_refuses_them():
    with pytest.raises(ValueError, match="any size, which the contraction needs"):
        models.ContractiveAutoencoder(*_stateful_networks())
    encoder, decoder = _stateful_networks()
    head = keras.Model(encoder.inputs[0], [encoder.output, layers.Dense(3)(encoder.output)])
    with pytest.raises(ValueError, match="any size, which an importance-weighted bound needs"):
        models.VAE(head, decoder, num_importance_samples=2)
    vae = models.VAE(head, decoder)
    vae.compile(jit_compile=False)
    assert vae.sample(8).shape == (8, 5, 2)
    with pytest.raises(ValueError, match="any size, which `log_likelihood` needs"):
        vae.log_likelihood(_SERIES)


def _dense(function):
    x, z = keras.Input(batch_shape=(4, 6)), keras.Input((2,))
    model = models.Autoencoder(
        keras.Model(x, layers.Dense(2)(function(x))), keras.Model(z, layers.Dense(6)(z))
    )
    model.compile(jit_compile=False)
    return model


def test_a_batch_shape_alone_fixes_nothing(tmp_path):
    model, x = _dense(lambda x: 2 * x), np.ones((9, 6), "float32")
    model.fit(x, verbose=0)
    model.export(tmp_path / "model")
    served = tf.saved_model.load(tmp_path / "model")
    np.testing.assert_allclose(served.encode(x[:5]), model.encode(x)[:5], rtol=1e-5)


def test_a_size_that_is_written_down_does():
    model, x = _dense(lambda x: ops.reshape(x, (4, 6))), np.ones((8, 6), "float32")
    model.fit(x, verbose=0)
    assert model.encode(x).shape == (8, 2)
    with pytest.raises(ValueError, match="must be a multiple of 4"):
        model.encode(x[:5])
