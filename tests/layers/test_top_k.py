"""Exactly k units are kept, also where units are equal."""

import numpy as np
import pytest
import tensorflow as tf

from keras_aegan.layers import TopK

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("shape", [(7, 6), (2, 3, 6)])
def test_of_equal_units_the_first_are_kept(jit_compile, shape):
    x = RNG.integers(1, 4, size=shape).astype("float32")  # three values in six places
    order = np.argsort(-x, axis=-1, kind="stable")
    is_kept = np.zeros(shape, bool)
    np.put_along_axis(is_kept, order[..., :2], True, axis=-1)
    layer = TopK(2)

    @tf.function(jit_compile=jit_compile)
    def output_and_gradient(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            total = tf.reduce_sum(outputs * outputs)
        return outputs, tape.gradient(total, inputs)

    outputs, gradient = output_and_gradient(tf.constant(x))
    np.testing.assert_array_equal(outputs, np.where(is_kept, x, 0))
    np.testing.assert_array_equal(gradient, np.where(is_kept, 2 * x, 0))


@pytest.mark.parametrize("arguments", [{"k": True}, {"k": 2, "inference_k": True}])
def test_a_truth_is_no_count(arguments):
    name = list(arguments)[-1]
    with pytest.raises(ValueError, match=f"`{name}` must be a positive integer.*{name}=True"):
        TopK(**arguments)
