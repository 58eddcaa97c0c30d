"""How priors draw: the same numbers however they run, and others in each process that serves."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan import priors


def drawn(prior, num, seed=0, shape=None, **options):
    """Three batches, from a `tf.while_loop` inside a `tf.function`."""
    generator = keras.random.SeedGenerator(seed)

    @tf.function(**options)
    def run():
        batches = tf.TensorArray("float32", 3, element_shape=(None,) * (1 + len(prior.shape)))
        _, batches = tf.while_loop(
            lambda i, _: i < 3,
            lambda i, batches: (i + 1, batches.write(i, prior.draw(num, generator, shape))),
            (0, batches),
        )
        return batches.stack()

    return run().numpy()


def test_draws_are_the_same_however_they_run():
    prior = priors.StandardNormal((4, 2))
    generator = keras.random.SeedGenerator(0)
    eager = np.stack([prior.draw(5, generator) for _ in range(3)])
    np.testing.assert_array_equal(drawn(prior, 5), eager)
    np.testing.assert_allclose(drawn(prior, 5, jit_compile=True), eager, atol=1e-6)
    np.testing.assert_array_equal(drawn(prior, tf.constant(5)), eager)


def test_open_sizes_are_told():
    prior = priors.StandardNormal((None, None, 2))
    expected = priors.StandardNormal((3, 4, 2)).draw(5, keras.random.SeedGenerator(0))
    sizes = tf.constant(3), tf.constant(4), 2
    found = prior.draw(tf.constant(5), keras.random.SeedGenerator(0), sizes)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(drawn(prior, 5, shape=sizes)[0], expected)


@pytest.mark.parametrize("shape", [None, (3, None, 2), (3, 4, 5), (3, 4)])
def test_sizes_that_stay_open_or_contradict_are_refused(shape):
    prior = priors.StandardNormal((None, None, 2))
    with pytest.raises(ValueError, match="`shape` must give all sizes of one z"):
        prior.draw(5, keras.random.SeedGenerator(0), shape)


@keras.saving.register_keras_serializable(package="tests")
class OfKeras(priors.Prior):
    """One that draws by `keras.random`, as a user's may."""

    def __init__(self):
        super().__init__(shape=(2,))

    def draw(self, num, seed_generator, shape=None):
        return keras.random.normal((num, 2), seed=seed_generator)

    def log_prob(self, z):
        return priors.StandardNormal((2,)).log_prob(z)

    def get_config(self):
        return {}


_SERVER = """
import sys, keras, tensorflow as tf
keras.utils.set_random_seed(0)
served = tf.saved_model.load(sys.argv[1])
print(served.sample(tf.constant(2)).numpy().tolist())
"""


@pytest.mark.parametrize("prior", [priors.StandardNormal((2,)), OfKeras()])
def test_what_is_served_draws_anew(prior, tmp_path):
    module = tf.Module()
    keras.utils.set_random_seed(0)
    module.sample = tf.function(prior.fresh_draw, input_signature=[tf.TensorSpec((), "int32")])
    tf.saved_model.save(module, tmp_path)
    served = tf.saved_model.load(tmp_path)
    here = [served.sample(tf.constant(2)).numpy().tolist() for _ in range(2)]
    command = [sys.executable, "-c", _SERVER, str(tmp_path)]
    there = [
        eval(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout)
        for _ in range(2)
    ]
    assert len({str(draws) for draws in here + there}) == 4


def test_fresh_draws_have_their_distribution():
    found = np.concatenate([priors.StandardNormal((2,)).fresh_draw(50) for _ in range(200)])
    assert abs(found.mean()) < 4 / np.sqrt(found.size)
    assert abs(found.var() - 1) < 4 * np.sqrt(2 / found.size)
