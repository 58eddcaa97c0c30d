"""Noise in training, drawn anew each step; none at inference; the target is clean."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_aegan import models, networks
from keras_aegan.layers import MaskingNoise, SaltAndPepperNoise

X = np.random.default_rng(0).uniform(size=(64, 6)).astype("float32")


@keras.saving.register_keras_serializable(package="tests")
class Recorder(layers.Layer):
    """A corruption that remembers what it gave: only eagerly."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.given = []

    def call(self, inputs, training=False):
        outputs = inputs + float(len(self.given) + 1) if training else inputs
        if training:
            self.given.append(np.array(outputs))
        return outputs

    def compute_output_shape(self, input_shape):
        return input_shape


def _model(corruption):
    return models.DenoisingAutoencoder(
        networks.dense_encoder((6,), 10, ()), networks.dense_decoder(10, (6,), ()), corruption
    )


def test_the_target_is_clean_and_noise_is_for_training():
    recorder = Recorder()
    model = _model(recorder)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    loss = model.fit(X, batch_size=64, epochs=2, shuffle=False, verbose=0).history["loss"]
    assert len(recorder.given) == 2
    for epoch, noisy in enumerate(recorder.given):
        np.testing.assert_allclose(noisy, X + epoch + 1, rtol=1e-6)
        expected = np.mean((X - np.array(model.decoder(model.encoder(noisy)))) ** 2)
        np.testing.assert_allclose(loss[epoch], expected, rtol=1e-5)
    clean = np.array(model.decoder(model.encoder(X)))
    np.testing.assert_allclose(model.predict(X, verbose=0), clean, rtol=1e-4, atol=1e-5)
    error = model.evaluate(X, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(error, np.mean((X - clean) ** 2), rtol=1e-5)


def test_each_step_draws_other_noise():
    model = _model(layers.GaussianNoise(0.5, seed=1))
    model.compile(keras.optimizers.SGD(0.0))
    losses = model.fit(X, batch_size=64, epochs=3, shuffle=False, verbose=0).history["loss"]
    assert len(set(losses)) == 3


def test_pairs_of_noisy_and_clean():
    model = _model(None)
    model.compile(keras.optimizers.Adam(1e-2))
    noisy = X + 0.1
    history = model.fit(noisy, X, epochs=60, verbose=0).history
    assert history["loss"][-1] < 0.05 * history["loss"][0]


@pytest.mark.parametrize(
    "layer",
    [MaskingNoise(0.3, seed=1), SaltAndPepperNoise(0.3, (-1.0, 2.0), seed=1)],
    ids=["masking", "salt and pepper"],
)
def test_noise_layers(layer):
    x = np.random.default_rng(0).uniform(0.2, 0.8, (200, 100)).astype("float32")
    noisy = np.array(layer(x, training=True))
    changed = noisy != x
    # 20,000 draws: the standard error of the rate is 0.003.
    assert abs(changed.mean() - 0.3) < 0.015
    if isinstance(layer, MaskingNoise):
        assert set(np.unique(noisy[changed])) == {0.0}
    else:
        assert set(np.unique(noisy[changed])) == {-1.0, 2.0}
        assert abs((noisy == 2.0).mean() - 0.15) < 0.01
    np.testing.assert_array_equal(layer(x), x)
    assert not np.array_equal(layer(x, training=True), noisy)
    copy = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(copy(x, training=True), noisy)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: _model("noise"), TypeError, "`corruption` must be a Keras layer.*str"),
        (
            lambda: _model(layers.RepeatVector(5)),
            ValueError,
            r"`corruption` must keep the shape \(6,\).*\(5, 6\)",
        ),
        (lambda: _model(layers.Dense(6)), ValueError, "`corruption` must have no weights.*2"),
        (lambda: MaskingNoise(1.5), ValueError, r"`rate` must lie in \[0, 1\].*1.5"),
        (lambda: SaltAndPepperNoise("a"), ValueError, r"`rate` must lie in \[0, 1\].*'a'"),
        (lambda: SaltAndPepperNoise(0.1, (1, 0)), ValueError, r"`value_range` must be.*\(1, 0\)"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_noisy_data_need_the_clean_ones():
    model = _model(None)
    model.compile()
    with pytest.raises(ValueError, match=r"`y` must hold the clean data.*y=None"):
        model.fit(X, verbose=0)
