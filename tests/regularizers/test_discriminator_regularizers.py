"""The penalties equal what a critic with a known gradient gives; α is uniform; nothing is NaN."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_aegan import networks
from keras_aegan.regularizers import R1, GradientPenalty

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5,), (4, 3, 2)])
def test_a_linear_critic_is_penalised_by_its_slope(shape):
    w = RNG.normal(size=shape).astype("float32")
    real, fake = RNG.normal(size=(2, 7, *shape)).astype("float32")
    axes = tuple(range(1, len(shape) + 1))
    critic = lambda x: keras.ops.sum(x * w, axis=axes)  # noqa: E731
    slope = np.sqrt(np.sum(w.astype("float64") ** 2))
    np.testing.assert_allclose(
        GradientPenalty()(critic, real, fake), np.full(7, (slope - 1) ** 2), rtol=1e-5
    )
    np.testing.assert_allclose(R1()(critic, real, fake), np.full(7, slope**2 / 2), rtol=1e-5)


def test_each_example_is_penalised_where_it_lies():
    """D(x) = ½‖x‖², so ∇D(x) = x: R1 is ½‖x‖², the penalty (‖x̂‖ − 1)² between x and x̃."""
    critic = lambda x: keras.ops.sum(keras.ops.square(x), axis=1) / 2  # noqa: E731
    real = RNG.normal(size=(6, 3)).astype("float32")
    np.testing.assert_allclose(R1()(critic, real, -real), np.sum(real**2, axis=1) / 2, rtol=1e-5)
    between = real  # where real and fake are the same, so is x̂
    np.testing.assert_allclose(
        GradientPenalty()(critic, real, real),
        (np.linalg.norm(between, axis=1) - 1) ** 2,
        rtol=1e-4,
        atol=1e-6,
    )


def _seen_between(shape, num_examples):
    """Where the penalty looks between real data at 1 and fakes at 0: α itself."""
    seen = []

    def critic(x):
        seen.append(np.array(x))
        return keras.ops.sum(x, axis=tuple(range(1, len(shape) + 1)))

    ones = np.ones((num_examples, *shape), "float32")
    GradientPenalty()(critic, ones, 0 * ones, seed=keras.random.SeedGenerator(1))
    return seen[0]


def test_alpha_is_uniform():
    alpha = _seen_between((1,), 20_000)[:, 0]
    assert stats.kstest(alpha, "uniform").pvalue > 0.01


def test_alpha_is_one_number_an_example():
    alpha = _seen_between((3, 4, 2), 50).reshape(50, -1)
    np.testing.assert_array_equal(alpha, np.repeat(alpha[:, :1], 24, axis=1))
    assert len(np.unique(alpha[:, 0])) == 50


@pytest.mark.parametrize("regularizer", [GradientPenalty(), R1()])
@pytest.mark.parametrize("flat", [False, True])
def test_gradients_are_finite_on_identical_batches_and_on_a_flat_critic(regularizer, flat):
    critic = networks.dense_encoder((4,), 1, (8,), activation="tanh")
    if flat:
        critic.set_weights([0 * w for w in critic.get_weights()])
    x = RNG.normal(size=(16, 4)).astype("float32")

    @tf.function(jit_compile=True)
    def penalty_and_gradients():
        with tf.GradientTape() as tape:
            penalty = keras.ops.mean(regularizer(critic, x, x))
        gradients = tape.gradient(penalty, critic.trainable_weights)
        return penalty, [g for g in gradients if g is not None]  # of the last bias there is none

    penalty, gradients = penalty_and_gradients()
    assert np.isfinite(penalty)
    assert all(np.isfinite(g).all() for g in gradients)
    if not flat:
        assert any(np.any(g != 0) for g in gradients)


@pytest.fixture
def float64():
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


@pytest.mark.parametrize("regularizer", [GradientPenalty(), R1()])
def test_networks_in_float64(regularizer, float64):
    w = RNG.normal(size=3)
    critic = lambda x: keras.ops.sum(keras.ops.cast(x, "float64") * w, axis=1)  # noqa: E731
    squared_slope = np.sum(w**2)
    is_r1 = isinstance(regularizer, R1)
    expected = squared_slope / 2 if is_r1 else (np.sqrt(squared_slope) - 1) ** 2
    x = RNG.normal(size=(4, 3))
    np.testing.assert_allclose(regularizer(critic, x, -x), np.full(4, expected), rtol=1e-5)


@pytest.mark.parametrize("make", [GradientPenalty, R1])
def test_config_and_refusals(make):
    clone = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(make(3.0)))
    assert type(clone) is make
    assert clone.weight == 3.0
    for weight in (-1.0, float("inf"), "10", True):
        with pytest.raises(ValueError, match="`weight` must be a finite number, zero or more"):
            make(weight)
