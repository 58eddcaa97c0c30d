"""What is true of every prior."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate

import keras_aegan
from keras_aegan import priors
from keras_aegan.engine.keras_internals import set_mask
from tests.priors.table import OF_ONE_NUMBER, ROWS
from tests.priors.test_drawing import drawn

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def draws_of(prior, num, seed=0):
    return prior.draw(num, keras.random.SeedGenerator(seed)).numpy()


def test_every_prior_has_a_row():
    known = {v for v in vars(priors).values() if isinstance(v, type)} - {priors.Prior}
    assert {type(row.make()) for row in ROWS.values()} == known


@every_row
def test_shapes_and_dtypes(row):
    prior = row.make()
    assert prior.shape == row.shape
    for num in (1, 5, tf.constant(5)):
        z = prior.draw(num, keras.random.SeedGenerator(0))
        assert z.shape == (int(num), *row.shape)
        assert z.dtype == "float32"
        assert prior.log_prob(z).shape == (int(num),)
        assert prior.log_prob(z).dtype == "float32"
    z = tf.reshape(prior.draw(6, keras.random.SeedGenerator(0)), (2, 3, *row.shape))
    log_prob = prior.log_prob(z)
    assert log_prob.shape == (2, 3)
    for i in range(2):
        np.testing.assert_allclose(log_prob[i], prior.log_prob(z[i]), rtol=1e-5)
        np.testing.assert_allclose(log_prob[i, 0], prior.log_prob(z[i, 0]), rtol=1e-5)


@every_row
def test_the_density_is_scipys(row):
    prior = row.make()
    z = draws_of(prior, 500)
    np.testing.assert_allclose(
        prior.log_prob(z), row.log_prob(z.astype("float64")), rtol=1e-4, atol=1e-4
    )
    traced = tf.function(prior.log_prob, input_signature=[tf.TensorSpec((None, *row.shape))])
    np.testing.assert_allclose(traced(z), prior.log_prob(z), rtol=1e-5, atol=1e-5)
    compiled = tf.function(prior.log_prob, jit_compile=True)
    np.testing.assert_allclose(compiled(z), prior.log_prob(z), rtol=1e-5, atol=1e-5)


@every_row
def test_draws_have_the_mean_and_the_variance(row):
    """Within 5 standard errors, for numbers without heavy tails."""
    z = draws_of(row.make(), 40_000).astype("float64")
    error = np.sqrt(row.variance / len(z))
    assert np.all(np.abs(z.mean(axis=0) - row.mean) <= 5 * error)
    squares = (z - row.mean) ** 2
    error = squares.std(axis=0) / np.sqrt(len(z))
    assert np.all(np.abs(squares.mean(axis=0) - row.variance) <= 5 * error)


@every_row
def test_draws_are_the_same_however_they_run(row):
    prior, generator = row.make(), keras.random.SeedGenerator(1)
    eager = np.stack([prior.draw(7, generator) for _ in range(3)])
    np.testing.assert_allclose(drawn(prior, 7, 1), eager, atol=1e-6)
    np.testing.assert_allclose(drawn(prior, tf.constant(7), 1), eager, atol=1e-6)
    np.testing.assert_allclose(drawn(prior, 7, 1, jit_compile=True), eager, atol=1e-5)


@every_row
def test_fresh_draws_differ(row):
    prior = row.make()
    fresh = tf.function(prior.fresh_draw, input_signature=[tf.TensorSpec((), "int32")])
    keras.utils.set_random_seed(0)
    first = fresh(50).numpy()
    keras.utils.set_random_seed(0)
    assert not np.array_equal(fresh(50), first)
    assert np.all(np.isfinite(prior.log_prob(first)))


@every_row
def test_a_file_gives_the_same_prior(row):
    prior = row.make()
    text = json.dumps(keras.saving.serialize_keras_object(prior))
    loaded = keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
    assert type(loaded) is type(prior)
    assert loaded.shape == prior.shape
    assert loaded.get_config() == prior.get_config()
    z = draws_of(prior, 20)
    np.testing.assert_array_equal(draws_of(loaded, 20), z)
    np.testing.assert_array_equal(loaded.log_prob(z), prior.log_prob(z))
    assert priors.get(json.loads(text), row.shape).get_config() == prior.get_config()


@every_row
def test_codes_of_other_shapes_are_refused(row):
    prior = row.make()
    z = np.zeros((4, *row.shape[:-1], row.shape[-1] + 1), "float32")
    with pytest.raises(ValueError, match=r"`z` must have the shape \(\.\.\., "):
        prior.log_prob(z)
    with pytest.raises(ValueError, match="`shape` must give all sizes of one z"):
        prior.draw(3, keras.random.SeedGenerator(0), z.shape[1:])
    if prior.has_full_support:
        with pytest.raises(ValueError, match="`z_mean` must have the shape"):
            prior.kl(z, z)


@every_row
def test_hidden_elements_count_for_nothing_or_are_refused(row):
    """Those of the last half of the leading axis of z."""
    prior = row.make()
    z = tf.constant(draws_of(prior, 20))
    mask = np.arange(row.shape[0]) < (row.shape[0] + 1) // 2
    masked = tf.identity(z)
    set_mask(masked, tf.constant(np.tile(mask, (20, 1))))
    if row in (ROWS["product"], ROWS["mixture, full covariances"]):
        with pytest.raises(ValueError, match="`z` must carry no Keras mask"):
            prior.log_prob(masked)
        return
    others = tf.where(tf.reshape(mask, (-1, *[1] * (len(row.shape) - 1))), z, 77.0)
    set_mask(others, tf.constant(np.tile(mask, (20, 1))))
    np.testing.assert_array_equal(prior.log_prob(masked), prior.log_prob(others))
    assert np.all(np.isfinite(prior.log_prob(others)))


@pytest.mark.parametrize(("make", "interval"), OF_ONE_NUMBER.values(), ids=OF_ONE_NUMBER)
def test_a_density_integrates_to_one(make, interval):
    prior = make()

    def density(z):
        return float(np.exp(prior.log_prob(np.array([z], "float32"))))

    low, high = interval or (-12.0, 12.0)
    integral, _ = integrate.quad(density, low, high, limit=200, epsabs=1e-5, epsrel=1e-5)
    assert abs(integral - 1) < 1e-4


@pytest.mark.parametrize(("make", "interval"), OF_ONE_NUMBER.values(), ids=OF_ONE_NUMBER)
def test_nothing_lies_outside(make, interval):
    z = np.array([[-1e3], [1e3]], "float32")
    assert np.all(make().log_prob(z) == -np.inf if interval else make().log_prob(z) < -1e4)


def test_the_namespace_is_public():
    assert keras_aegan.priors is priors
