"""Likelihoods against `scipy.stats`, in nats and constants included."""

import numpy as np
import pytest
from scipy import stats

from keras_aegan import losses, models, networks

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(5, 4, 3)).astype("float32")
MEAN = GENERATOR.normal(size=(5, 4, 3)).astype("float32")
PROBABILITIES = GENERATOR.uniform(0.05, 0.95, size=(5, 4, 3)).astype("float32")


def summed(values):
    return values.reshape(len(values), -1).sum(axis=1)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_gaussian(scale):
    expected = -summed(stats.norm(MEAN, scale).logpdf(X))
    np.testing.assert_allclose(losses.GaussianNLL(scale).call(X, MEAN), expected, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_laplace(scale):
    expected = -summed(stats.laplace(MEAN, scale).logpdf(X))
    np.testing.assert_allclose(losses.LaplaceNLL(scale).call(X, MEAN), expected, rtol=1e-5)


def test_optimal_scales_are_scipys_maximum_likelihood_fits():
    _, sigma = stats.norm.fit((X - MEAN).ravel(), floc=0)
    expected = -summed(stats.norm(MEAN, sigma).logpdf(X))
    np.testing.assert_allclose(losses.GaussianNLL("optimal").call(X, MEAN), expected, rtol=1e-5)
    _, b = stats.laplace.fit((X - MEAN).ravel(), floc=0)
    expected = -summed(stats.laplace(MEAN, b).logpdf(X))
    np.testing.assert_allclose(losses.LaplaceNLL("optimal").call(X, MEAN), expected, rtol=1e-5)


def test_optimal_scale_of_a_perfect_reconstruction_is_finite():
    assert np.isfinite(losses.GaussianNLL("optimal")(X, X))
    assert np.isfinite(losses.LaplaceNLL("optimal")(X, X))


def test_bernoulli():
    x = (X > 0).astype("float32")
    expected = -summed(stats.bernoulli(PROBABILITIES).logpmf(x))
    np.testing.assert_allclose(losses.BernoulliNLL().call(x, PROBABILITIES), expected, rtol=1e-5)
    logits = np.log(PROBABILITIES / (1 - PROBABILITIES))
    from_logits = losses.BernoulliNLL(from_logits=True).call(x, logits)
    np.testing.assert_allclose(from_logits, expected, rtol=1e-5)


def test_categorical():
    p = GENERATOR.dirichlet(np.ones(6), size=(5, 4, 3)).astype("float32")
    levels = GENERATOR.integers(0, 6, size=(5, 4, 3))
    one_hot = np.eye(6)[levels]
    p64 = p.astype("float64")
    expected = -summed(stats.multinomial.logpmf(one_hot, 1, p64 / p64.sum(axis=-1, keepdims=True)))
    np.testing.assert_allclose(losses.CategoricalNLL().call(levels, p), expected, rtol=1e-4)
    from_logits = losses.CategoricalNLL(from_logits=True).call(levels, np.log(p))
    np.testing.assert_allclose(from_logits, expected, rtol=1e-4)


def test_called_as_a_keras_loss_it_is_the_mean_over_the_batch():
    expected = -summed(stats.norm(MEAN, 1).logpdf(X)).mean()
    np.testing.assert_allclose(losses.GaussianNLL()(X, MEAN), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["gaussian_nll", "laplace_nll", "bernoulli_nll", "categorical_nll"]
)
def test_each_has_a_name_and_a_config(name):
    loss = losses.get(name)
    assert loss.name == name
    assert type(loss).from_config(loss.get_config()).get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("loss", "distribution"),
    [
        (losses.GaussianNLL(0.5), lambda m: stats.norm(m, 0.5)),
        (losses.LaplaceNLL(2.0), lambda m: stats.laplace(m, 2.0)),
    ],
    ids=["gaussian", "laplace"],
)
def test_a_models_loss_is_the_negative_log_likelihood_in_nats(loss, distribution):
    model = models.Autoencoder(
        networks.dense_encoder((4, 3), 2, (8,)), networks.dense_decoder(2, (4, 3), (8,))
    )
    model.compile(loss=loss)
    expected = -summed(distribution(model.predict(X, verbose=0)).logpdf(X)).mean()
    logged = model.evaluate(X, batch_size=2, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(logged, expected, rtol=1e-5)
