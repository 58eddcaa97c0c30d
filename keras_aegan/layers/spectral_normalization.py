"""Spectral normalisation, as a reparametrisation."""

import keras
from keras import layers, ops

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.hints import Tensor

_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_LINEAR = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, *_TRANSPOSED)


@keras.saving.register_keras_serializable(package="keras_aegan")
class SpectralNormalization(layers.Wrapper):
    """Computes a layer with W/σ(W) in place of W; σ(W) is the largest singular value.

    A dense layer then amplifies no direction, and a discriminator of such layers is 1-Lipschitz if
    its activations amplify nothing either. For a convolution, as in the paper, W is the kernel as
    a matrix with one row per value of a window and one column per unit. Its σ bounds the output of
    one window, and since k × k windows share a value, the layer amplifies by up to k.

    σ comes from one power iteration per training call, which continues where the last one ended.
    W itself is trained, and the gradient flows through σ. (Keras's own layer of this name, as of
    3.15, writes W/σ over W: its gradient lacks σ, and two calls in one step see two kernels.)

    Reference: [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), algorithm 1.

    Args:
        layer: a `Dense`, convolution or transposed convolution, without activation: put that
            behind, as a layer of its own.
        power_iterations: how many per training call. 1, as in the paper.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        That of the layer.

    Output shape:
        That of the layer.

    Raises:
        TypeError: if the layer is of another kind.
        ValueError: if it has an activation, its channels are not last, or `power_iterations` is
            not a positive integer.

    Example:
    >>> import numpy as np, keras, keras_aegan
    >>> dense = keras.layers.Dense(3, use_bias=False)
    >>> layer = keras_aegan.layers.SpectralNormalization(dense)
    >>> outputs = np.array(layer(np.eye(5, dtype="float32")))  # W/σ
    >>> print(np.round(np.linalg.norm(outputs, ord=2), 2))
    1.0
    """

    # At the start there is no earlier iteration to continue.
    initial_iterations = 30

    def __init__(self, layer: layers.Layer, power_iterations: int = 1, **kwargs):
        _check_arguments(layer, power_iterations)
        super().__init__(layer, **kwargs)
        self.power_iterations = power_iterations

    def build(self, input_shape):
        """Makes u, the left singular vector of σ."""
        super().build(input_shape)
        kernel = self._matrix()
        self.u = self.add_weight(
            shape=(kernel.shape[1],),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
            name="u",
        )
        self.u.assign(_iterate(kernel, ops.convert_to_tensor(self.u), self.initial_iterations)[0])

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The layer's output with W/σ in place of W."""
        kernel = self._matrix()
        u, v = _iterate(kernel, ops.convert_to_tensor(self.u), self.power_iterations)
        if training:
            self.u.assign(u)
        sigma = ops.sum(v * ops.matmul(kernel, u))  # (), and a function of W
        outputs = self.layer(inputs)
        sigma = ops.cast(sigma, outputs.dtype)
        if self.layer.bias is None:
            return outputs / sigma
        bias = ops.cast(self.layer.bias, outputs.dtype)
        return (outputs - bias) / sigma + bias  # the layer is linear in W

    def _matrix(self):
        """The kernel as (inputs of a unit, units), float32."""
        kernel = ops.cast(ops.convert_to_tensor(self.layer.kernel), "float32")
        if isinstance(self.layer, _TRANSPOSED):
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def compute_output_shape(self, input_shape):
        """That of the layer."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _iterate(kernel, u, iterations):
    """Singular vectors u of the units and v of their inputs; constants for the gradient."""
    kernel = ops.stop_gradient(kernel)
    for _ in range(iterations):
        v = ops.normalize(ops.matmul(kernel, u), axis=0)
        u = ops.normalize(ops.matmul(v, kernel), axis=0)
    return ops.stop_gradient(u), ops.stop_gradient(v)


def _check_arguments(layer, power_iterations):
    if not isinstance(layer, _LINEAR):
        raise TypeError(
            "`layer` must be a Dense, a convolution or a transposed convolution. "
            f"Received: layer={layer!r}"
        )
    if layer.activation is not keras.activations.linear:
        raise ValueError(
            "`layer` must have no activation: put it behind, as a layer of its own. "
            f"Received: activation={layer.activation.__name__!r}"
        )
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        raise ValueError("`layer` must have its channels last. Received: 'channels_first'")
    check_positive_integer("power_iterations", power_iterations)
