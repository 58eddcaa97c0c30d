"""A network as data: its layers in order, for a page that computes it without Keras."""

import keras
import numpy as np
from keras import layers

from keras_aegan.engine.keras_internals import call_that_made, calls_of

# The activations that `network_program.js` knows, by their names in `keras.activations`.
_ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus",
    "softsign", "sigmoid", "hard_sigmoid", "tanh", "softmax",
)  # fmt: skip
_LEAKY_RELU_SLOPE = 0.2  # of the function in `keras.activations`; the layer's own default is 0.3
# Layers that do nothing outside training.
_IDENTITIES = {
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
    "Identity", "SpatialDropout2D",
}  # fmt: skip


def network_program(network):
    """The steps that compute a network's output for one example, in inference.

    Args:
        network: a Functional or Sequential model with one output.

    Returns:
        `(program, weights)`. `program` is a dict that JSON can hold: `num_inputs`, and `steps`
        in order, each a dict with its `op`, the numbers of its `inputs` (the network's inputs
        come first, then each step's result) and the operation's settings. An array is given by
        its place in `weights`, `{"start", "size"}`. `weights` is a float32 vector.

    Raises:
        ValueError: if a layer cannot be written as steps.
    """
    program = _Program()
    inputs = [program.new_value() for _ in network.inputs]
    program.add_network(network, inputs)
    weights = np.concatenate([np.zeros(0), *program.arrays]).astype("<f4")
    return {"num_inputs": len(inputs), "steps": program.steps}, weights


class _Program:
    """The steps that were added, and the arrays that they refer to."""

    def __init__(self):
        self.steps, self.arrays = [], []
        self.num_values = self.num_weights = 0

    def new_value(self):
        self.num_values += 1
        return self.num_values - 1

    def add_network(self, network, inputs):
        """Adds the steps from the inputs to the output; returns the output's number."""
        values = {id(t): value for t, value in zip(network.inputs, inputs, strict=True)}

        def value_of(tensor):
            if id(tensor) not in values:
                operation, number = call_that_made(tensor)
                arguments = calls_of(operation)[number].input_tensors
                shape = tuple(tensor.shape[1:])
                values[id(tensor)] = self.add(operation, [value_of(t) for t in arguments], shape)
            return values[id(tensor)]

        return value_of(network.outputs[0])

    def add(self, operation, inputs, shape):
        if isinstance(operation, keras.Model) and getattr(operation, "inputs", None):
            return self.add_network(operation, inputs)
        name = type(operation).__name__
        if type(operation).__module__.split(".")[0] not in ("keras", "keras_aegan"):
            name = f"{type(operation).__module__}.{name}"  # a class of the same name may differ
        if name in _IDENTITIES:
            return inputs[0]
        if name not in _STEPS:
            raise ValueError(
                "The decoder must be made of layers that the page can compute, "
                f"{sorted({*_STEPS, *_IDENTITIES})}. Received: a {name}, {operation.name!r}"
            )
        for step in _STEPS[name](operation, shape):
            arrays = {k: self.place(v) for k, v in step.items() if isinstance(v, np.ndarray)}
            self.steps.append({**step, **arrays, "inputs": inputs})
            inputs = [self.new_value()]
        return inputs[0]

    def place(self, array):
        start = self.num_weights
        self.arrays.append(array.ravel())
        self.num_weights += array.size
        return {"start": start, "size": array.size}


# Functions from a layer and its output's shape, without the batch, to steps.


def _dense(layer, shape):
    yield {"op": "dense", "kernel": np.array(layer.kernel), "bias": _bias(layer, shape[-1])}
    yield from _activation(layer, shape)


def _convolution(layer, shape):
    is_transposed = isinstance(layer, layers.Conv2DTranspose)
    _require(layer, "data_format", "channels_last")
    _require(layer, "dilation_rate", (1, 1))
    _require(layer, *(("output_padding", None) if is_transposed else ("groups", 1)))
    yield {
        "op": "transposed_convolution" if is_transposed else "convolution",
        "kernel": np.array(layer.kernel),
        "kernel_shape": list(layer.kernel.shape),
        "bias": _bias(layer, layer.filters),
        "strides": list(layer.strides),
        "shape": list(shape),
    }
    yield from _activation(layer, shape)


def _batch_normalization(layer, shape):
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    if axis not in (-1, len(shape)):
        _require(layer, "axis", -1)
    scale = 1 / np.sqrt(np.array(layer.moving_variance, "float64") + layer.epsilon)
    scale = scale * np.array(layer.gamma) if layer.scale else scale
    shift = -np.array(layer.moving_mean) * scale
    yield {
        "op": "scale",
        "scale": scale,
        "shift": shift + np.array(layer.beta) if layer.center else shift,
    }


def _activation(layer, shape):
    """The activation at the end of a layer, or the layer itself if it is one."""
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
    if name not in _ACTIVATIONS or keras.activations.get(name) is not layer.activation:
        raise ValueError(
            f"The decoder's activations must be of {sorted(_ACTIVATIONS)}. "
            f"Received: {name!r} in the layer {layer.name!r}"
        )
    if name != "linear":
        yield {"op": "activation", "name": name, "slope": _LEAKY_RELU_SLOPE}


def _leaky_relu(layer, shape):
    yield {"op": "activation", "name": "leaky_relu", "slope": float(layer.negative_slope)}


def _relu(layer, shape):
    _require(layer, "threshold", 0)
    _require(layer, "max_value", None)
    yield from _leaky_relu(layer, shape)


def _softmax(layer, shape):
    _require(layer, "axis", -1)
    yield {"op": "activation", "name": "softmax"}


def _reshape(layer, shape):
    yield {"op": "reshape", "shape": list(shape)}


def _cropping(layer, shape):
    (top, _), (left, _) = layer.cropping
    yield {"op": "crop", "top": top, "left": left, "shape": list(shape)}


def _upsampling(layer, shape):
    _require(layer, "interpolation", "nearest")
    yield {"op": "upsample", "size": list(layer.size), "shape": list(shape)}


def _concatenate(layer, shape):
    if layer.axis not in (-1, len(shape)):
        _require(layer, "axis", -1)
    yield {"op": "concatenate"}


def _one_hot(operation, shape):
    yield {"op": "one_hot", "num_classes": operation.num_classes}


def _embedding(layer, shape):
    yield {"op": "embed", "table": np.array(layer.embeddings), "size": layer.output_dim}


def _bias(layer, size):
    return np.zeros(size) if getattr(layer, "bias", None) is None else np.array(layer.bias)


def _require(layer, argument, wanted):
    value = getattr(layer, argument)
    if value != wanted:
        raise ValueError(
            f"The page computes a {type(layer).__name__} only with {argument}={wanted!r}. "
            f"Received: {argument}={value!r} in the layer {layer.name!r}"
        )


_STEPS = {
    "Activation": _activation,
    "BatchNormalization": _batch_normalization,
    "Concatenate": _concatenate,
    "Conv2D": _convolution,
    "Conv2DTranspose": _convolution,
    "Cropping2D": _cropping,
    "Dense": _dense,
    "Embedding": _embedding,
    "Flatten": _reshape,
    "LeakyReLU": _leaky_relu,
    "OneHot": _one_hot,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "TiedDense": _dense,
    "UpSampling2D": _upsampling,
}
