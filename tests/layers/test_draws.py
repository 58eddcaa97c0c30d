"""The toolkit's draws against Keras's, whose numbers they are."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan.layers import draws


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_the_numbers_are_kerass(name, jit_compile):
    @tf.function(jit_compile=jit_compile, autograph=False)
    def draw():
        by_keras = getattr(keras.random, name)((50, 3), seed=keras_seed)
        return getattr(draws, name)((50, 3), seed), by_keras

    seed, keras_seed = keras.random.SeedGenerator(7), keras.random.SeedGenerator(7)
    first, _ = draw()
    second, by_keras = draw()
    np.testing.assert_array_equal(second, by_keras)
    assert not np.array_equal(first, second)
