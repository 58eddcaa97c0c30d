"""Ng's penalty against SciPy's relative entropy."""

import keras
import numpy as np
import pytest
from scipy.special import rel_entr

from keras_aegan import models, networks
from keras_aegan.layers import TopK
from keras_aegan.regularizers import KLSparsity

H = np.random.default_rng(0).uniform(0.01, 0.6, size=(64, 9)).astype("float32")


def _expected(h, target=0.05, weight=3.0):
    rho_hat = h.mean(axis=0)
    return weight * np.sum(rel_entr(target, rho_hat) + rel_entr(1 - target, 1 - rho_hat))


def test_it_is_the_relative_entropy_of_bernoullis():
    # Keras divides what an activity regularizer gives by the batch size.
    np.testing.assert_allclose(KLSparsity()(H) / len(H), _expected(H), rtol=1e-5)


def _autoencoder(regularizer, activation="sigmoid"):
    encoder = networks.dense_encoder(
        (9,), 5, (), latent_activation=activation, activity_regularizer=regularizer
    )
    return models.Autoencoder(encoder, networks.dense_decoder(5, (9,), ()))


def test_a_doubled_batch_has_the_same_penalty():
    model = _autoencoder(KLSparsity(target=0.1, weight=2.0))
    model.compile()
    once = model.evaluate(H, batch_size=64, verbose=0, return_dict=True)
    twice = model.evaluate(np.tile(H, (2, 1)), batch_size=128, verbose=0, return_dict=True)
    expected = _expected(model.encode(H), target=0.1, weight=2.0)
    np.testing.assert_allclose(once["regularization_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(twice["regularization_loss"], expected, rtol=1e-5)


def test_training_brings_the_activations_to_their_target():
    model = _autoencoder(KLSparsity(target=0.05, weight=3.0))
    model.compile(keras.optimizers.Adam(0.05))
    model.fit(H, epochs=100, verbose=0)
    np.testing.assert_allclose(model.encode(H).mean(axis=0), 0.05, atol=0.02)


def test_dead_units_cost_much_but_not_infinity():
    assert np.isfinite(KLSparsity()(np.zeros((4, 3), "float32")))
    assert np.isfinite(KLSparsity()(np.ones((4, 3), "float32")))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: KLSparsity(target=0.0), r"`target` must lie in \(0, 1\).*0.0"),
        (lambda: KLSparsity(weight=-1.0), "`weight` must be a finite number, zero or more.*-1.0"),
        (lambda: KLSparsity(weight=True), "`weight` must be a finite number, zero or more.*True"),
        (lambda: KLSparsity()(H - 0.5), r"as probabilities.*Received: activations in \[-"),
        (lambda: KLSparsity()(H + 1), "as probabilities.*Received: activations"),
        (
            lambda: _autoencoder(KLSparsity(), activation="relu"),
            "KLSparsity reads activations as probabilities: the layer 'code'.*'relu'",
        ),
        (lambda: TopK(0), "`k` must be a positive integer.*k=0"),
        (lambda: TopK(7)(H[:, :5]), "`k` must be at most the number of units, 5. Received: 7"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_top_k_keeps_the_k_largest():
    x = np.random.default_rng(0).normal(size=(6, 10)).astype("float32")
    kept = np.array(TopK(3)(x))
    for row, given in zip(kept, x, strict=True):
        largest = np.argsort(given)[-3:]
        np.testing.assert_array_equal(np.flatnonzero(row), np.sort(largest))
        np.testing.assert_array_equal(row[largest], given[largest])
    layer = TopK(3, inference_k=6)
    assert np.all((np.array(layer(x, training=True)) != 0).sum(axis=1) == 3)
    assert np.all((np.array(layer(x)) != 0).sum(axis=1) == 6)
