"""A weighted sum is its losses' sum, and goes through a file."""

import keras
import numpy as np
import pytest

from keras_aegan import losses

X = np.random.default_rng(0).uniform(size=(4, 6)).astype("float32")
Y = np.random.default_rng(1).uniform(0.1, 0.9, size=(4, 6)).astype("float32")


def test_equals_keras_and_numpy():
    loss = losses.WeightedSum(["mse", keras.losses.MeanAbsoluteError(), "bernoulli_nll"], [2, 3, 1])
    cross_entropy = -(X * np.log(Y) + (1 - X) * np.log(1 - Y)).sum(axis=1)
    expected = 2 * ((X - Y) ** 2).mean(axis=1) + 3 * np.abs(X - Y).mean(axis=1) + cross_entropy
    np.testing.assert_allclose(loss.call(X, Y), expected, rtol=1e-4)
    again = losses.WeightedSum.from_config(loss.get_config())
    np.testing.assert_array_equal(again.call(X, Y), loss.call(X, Y))


def test_asks_of_its_targets_what_the_strictest_of_its_losses_asks():
    assert losses.target_domain(losses.WeightedSum(["mse", "mae"])) == "real"
    mixed = losses.WeightedSum(["mse", "binary_crossentropy"])
    assert losses.target_domain(mixed) == "probabilities"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: losses.WeightedSum([]), "`losses` must be a list of losses"),
        (lambda: losses.WeightedSum("mse"), "`losses` must be a list of losses.*'mse'"),
        (lambda: losses.WeightedSum(["mse"], [1, 2]), r"each of the 1 losses.*\[1, 2\]"),
        (lambda: losses.WeightedSum(["mse"], [-1.0]), r"`weights` must be a positive number"),
        (lambda: losses.WeightedSum(["mse", "categorical_nll"]), "take the same targets"),
        (lambda: losses.WeightedSum([losses.GaussianNLL("optimal"), "mse"]), "scales that are"),
    ],
)
def test_refused_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        call()
