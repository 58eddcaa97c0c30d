"""Squared Frobenius norms of an encoder's Jacobian, exact and estimated."""

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.engine.keras_internals import calls_of
from keras_aegan.layers import draws

# The derivative of an activation s, written in its own value h = s(a).
_DERIVATIVES = {
    "linear": lambda h: ops.ones_like(h),
    "sigmoid": lambda h: h * (1 - h),
    "tanh": lambda h: 1 - ops.square(h),
    "relu": lambda h: ops.cast(h > 0, h.dtype),
    "softplus": lambda h: 1 - ops.exp(-h),
}


def single_dense_layer(encoder):
    """The only layer of an encoder, if it is a `Dense` with a known derivative; else `None`."""
    flattening = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape)
    # A Functional model's `operations` include additions and the like, which are not layers.
    operations = getattr(encoder, "operations", encoder.layers)
    others = [operation for operation in operations if not isinstance(operation, flattening)]
    if len(others) != 1 or not isinstance(others[0], keras.layers.Dense):
        return None
    (dense,) = others
    is_known = getattr(dense.activation, "__name__", None) in _DERIVATIVES
    # A layer that is called twice counts as two.
    is_called_once = len(calls_of(dense)) == 1
    return dense if is_known and is_called_once and len(dense.output.shape) == 2 else None


def dense_contraction(dense, code):
    """‖J‖² = Σⱼ s′(aⱼ)² Σᵢ Wᵢⱼ² of one dense layer, from its output.

    [Rifai et al., 2011](https://icml.cc/2011/papers/455_icmlpaper.pdf), equation 7, there for
    the sigmoid.

    Args:
        dense: the layer.
        code: its output, `(batch_size, latent_dim)`.

    Returns:
        `(batch_size,)`, float32.
    """
    derivative = _DERIVATIVES[dense.activation.__name__](ops.cast(code, "float32"))
    norms = ops.sum(ops.square(ops.cast(dense.kernel, "float32")), axis=0)  # (latent_dim,)
    return ops.matmul(ops.square(derivative), norms)  # (batch_size,)


def reverse_contraction(tape, code, x):
    """‖J‖² by reverse accumulation: one backward pass per unit of the code.

    Args:
        tape: persistent, watching x, that has seen the encoder run.
        code: `(batch_size, ...)`.
        x: `(batch_size, ...)`.

    Returns:
        `(batch_size,)`, float32.
    """
    return _squared_norm(tape.batch_jacobian(code, x))  # of (batch_size, latent_dim, ...)


def forward_contraction(encoder, x, training):
    """‖J‖² by forward accumulation: one forward pass per value of x.

    The passes run as one batch: example i with the tangent along axis j.

    Args:
        encoder: the network, or a function of the same arguments.
        x: `(batch_size, ...)`, of known event shape.
        training: whether the encoder runs as in training.

    Returns:
        `(batch_size,)`, float32.
    """
    num_values = x.shape[1:].num_elements()
    repeated = tf.repeat(x, num_values, axis=0)  # (batch_size · num_values, ...)
    tangents = tf.tile(tf.eye(num_values, dtype=x.dtype), (tf.shape(x)[0], 1))
    with tf.autodiff.ForwardAccumulator(repeated, tf.reshape(tangents, tf.shape(repeated))) as acc:
        code = encoder(repeated, training=training)
    columns = acc.jvp(code, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return tf.reduce_sum(tf.reshape(_squared_norm(columns), (-1, num_values)), axis=1)


def hutchinson_contraction(tape, code, x, num_probes, seed):
    """An unbiased estimate of ‖J‖² = E‖vᵀJ‖², with one backward pass per probe.

    The probes are random signs (Rademacher), which have less variance than Gaussian ones: their
    squares are constant, and only products of different units fluctuate.

    [Hutchinson, 1990](https://doi.org/10.1080/03610919008812866).

    Args:
        tape: persistent, watching x, that has seen the encoder run.
        code: `(batch_size, ...)`.
        x: `(batch_size, ...)`.
        num_probes: how many v to average over.
        seed: a `keras.random.SeedGenerator`.

    Returns:
        `(batch_size,)`, float32.
    """
    shape = tf.concat([[num_probes], tf.shape(code)], axis=0)
    signs = tf.cast(draws.uniform(shape, seed) < 0.5, code.dtype) * 2 - 1

    def squared_product(v):
        return _squared_norm(tape.gradient(code, x, output_gradients=v))  # ‖vᵀJ‖²

    if num_probes == 1:
        return squared_product(signs[0])
    return tf.reduce_mean(tf.vectorized_map(squared_product, signs), axis=0)


def _squared_norm(values):
    values = tf.cast(values, tf.float32)
    return tf.reduce_sum(tf.square(values), axis=range(1, len(values.shape)))  # (batch_size,)
