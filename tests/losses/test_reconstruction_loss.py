"""Per-example values of Keras's losses: their mean is Keras's own value."""

import keras
import numpy as np
import pytest
from scipy import stats

from keras_aegan import losses
from keras_aegan.engine.counting import Batch, batch_known

GENERATOR = np.random.default_rng(0)
SHAPE = (4, 6, 6, 3)
TARGET = GENERATOR.uniform(size=SHAPE).astype("float32")
PREDICTION = GENERATOR.uniform(0.01, 0.99, size=SHAPE).astype("float32")
NAMES = ["mse", "mae", "binary_crossentropy", "huber", "log_cosh", "mean_squared_logarithmic_error"]
OBJECTS = {
    "mse": keras.losses.MeanSquaredError,
    "mae": keras.losses.MeanAbsoluteError,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "huber": keras.losses.Huber,
    "log_cosh": keras.losses.LogCosh,
    "mean_squared_logarithmic_error": keras.losses.MeanSquaredLogarithmicError,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("as_object", [False, True], ids=["name", "object"])
def test_the_mean_is_kerass_own_value(name, as_object):
    loss = losses.get(OBJECTS[name]() if as_object else name)
    values = losses.per_example(loss, TARGET, PREDICTION)
    assert values.shape == (4,)
    np.testing.assert_allclose(np.mean(values), OBJECTS[name]()(TARGET, PREDICTION), rtol=1e-5)


def test_values_are_numpys():
    values = losses.per_example(losses.get("mse"), TARGET, PREDICTION)
    np.testing.assert_allclose(values, ((TARGET - PREDICTION) ** 2).mean(axis=(1, 2, 3)), rtol=1e-5)


def test_categorical_losses_average_over_pixels():
    levels = GENERATOR.integers(0, 5, (4, 6, 6, 3))
    p = GENERATOR.dirichlet(np.ones(5), size=(4, 6, 6, 3)).astype("float32")
    expected = -np.log(np.take_along_axis(p, levels[..., None], -1)).mean(axis=(1, 2, 3, 4))
    sparse = losses.per_example(losses.get("sparse_categorical_crossentropy"), levels, p)
    np.testing.assert_allclose(sparse, expected, rtol=1e-4)
    one_hot = np.eye(5, dtype="float32")[levels]
    dense = losses.per_example(losses.get("categorical_crossentropy"), one_hot, p)
    np.testing.assert_allclose(dense, expected, rtol=1e-4)


def test_half_precision_is_summed_in_float32():
    values = losses.per_example(losses.get("mse"), TARGET, PREDICTION.astype("float16"))
    assert values.dtype == "float32"


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("mse", "real"),
        ("gaussian_nll", "real"),
        ("binary_crossentropy", "probabilities"),
        ("bernoulli_nll", "probabilities"),
        ("categorical_crossentropy", "one_hot"),
        ("sparse_categorical_crossentropy", "levels"),
        ("categorical_nll", "levels"),
    ],
)
def test_target_domain(name, domain):
    assert losses.target_domain(losses.get(name)) == domain


def masked_prediction():
    inputs = keras.Input((5, 3))
    decoder = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Masking()(inputs)))
    z = GENERATOR.uniform(size=(4, 5, 3)).astype("float32")
    z[:, 3:] = z[0, 1:] = z[3] = 0.0
    target = GENERATOR.uniform(size=(4, 5, 2)).astype("float32")
    shown = np.array([[1, 0, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]])
    return target, decoder(z), shown


def test_a_masked_examples_figure_is_of_its_own_elements():
    target, prediction, shown = masked_prediction()
    errors = np.square(target - prediction) * shown[..., None]
    expected = errors.sum(axis=(1, 2)) / np.maximum(2 * shown.sum(axis=1), 1)
    np.testing.assert_allclose(
        losses.per_example(losses.get("mse"), target, prediction), expected, rtol=1e-5
    )
    densities = stats.norm(prediction, 0.5).logpdf(target) * shown[..., None]
    values = losses.per_example(losses.GaussianNLL(0.5), target, prediction)
    np.testing.assert_allclose(values, -densities.sum(axis=(1, 2)), rtol=1e-5)
    mixed = losses.WeightedSum(["mse", losses.GaussianNLL(0.5)], [2.0, 1.0])
    values = losses.per_example(mixed, target, prediction)
    np.testing.assert_allclose(values, 2 * expected - densities.sum(axis=(1, 2)), rtol=1e-5)


def test_in_a_step_a_mask_counts_as_keras_counts_it():
    target, prediction, _ = masked_prediction()
    with batch_known(Batch(None)):
        values = losses.per_example(losses.get("mse"), target, prediction)
    expected = keras.losses.MeanSquaredError()(target, prediction)
    np.testing.assert_allclose(np.mean(values), expected, rtol=1e-5)


def test_what_a_loss_has_summed_cannot_be_masked():
    target, prediction, _ = masked_prediction()
    with pytest.raises(ValueError, match="`loss` must leave the axes that a Keras mask is of"):
        losses.per_example(lambda x, r: keras.ops.sum(x - r, axis=(1, 2)), target, prediction)
