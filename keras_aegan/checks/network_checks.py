"""Checks of the networks that a user passes in: shapes that fit, and an output that suits."""

import keras

from keras_aegan.checks.arguments import is_positive_integer

# Layers that only move values, and so can be applied to logits as to probabilities.
MOVING_LAYERS = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
    keras.layers.RepeatVector,
    keras.layers.Identity,
    keras.layers.UpSampling1D,
    keras.layers.UpSampling3D,
)
_INFINITY = float("inf")
# The intervals that Keras's activations cannot leave; nothing is known of other activations.
_OUTPUT_RANGES = {
    **dict.fromkeys(
        ("linear", "leaky_relu", "elu", "selu", "gelu", "silu", "softsign", "mish"),
        (-_INFINITY, _INFINITY),
    ),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "sparsemax": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, _INFINITY),
    "softplus": (0.0, _INFINITY),
}


def check_network(name, network, input_names, output_names):
    """Raises an error unless `network` is a built model with the expected inputs and outputs.

    Args:
        name: the argument's name, for the message.
        network: what the user passed.
        input_names: what each input means, for the message too.
        output_names: what each output means.

    Raises:
        TypeError: if it is not a `keras.Model`.
        ValueError: if the number of its inputs or outputs is unknown or differs.
    """
    if not isinstance(network, keras.Model):
        raise TypeError(
            f"`{name}` must be a keras.Model, such as keras_aegan.networks makes. "
            f"Received: {name}={network!r} of type {type(network).__name__}"
        )
    inputs, outputs = getattr(network, "inputs", None), getattr(network, "outputs", None)
    if not inputs or not outputs:
        raise ValueError(
            f"`{name}` must be a Functional model, or a Sequential one that starts with "
            "keras.Input: its shapes must be known before it sees data. "
            f"Received: {type(network).__name__} {network.name!r} without inputs"
        )
    if (len(inputs), len(outputs)) != (len(input_names), len(output_names)):
        raise ValueError(
            f"`{name}` must have {_count(input_names, 'input')} and "
            f"{_count(output_names, 'output')}. "
            f"Received: {_count(inputs, 'input')} and {_count(outputs, 'output')}"
        )
    for layer in network.layers:
        _check_activity_regularizer(layer)


def check_code_shapes(code_shape, decoder_input_shape):
    """Raises ValueError unless the decoder takes codes of the encoder's shape."""
    if not compatible(code_shape, decoder_input_shape):
        raise ValueError(
            f"`decoder` must take the encoder's code, of shape {tuple(code_shape)}. "
            f"Received: a decoder whose input has the shape {tuple(decoder_input_shape)}"
        )


def check_reconstruction_shape(data_shape, reconstruction_shape):
    """Raises ValueError unless the decoder's output has the shape of data, or of their levels."""
    if not (
        compatible(data_shape, reconstruction_shape)
        or compatible(data_shape, reconstruction_shape[:-1])
    ):
        raise ValueError(
            f"`decoder` must give what the encoder takes, the shape {tuple(data_shape)}, or that "
            "with one more axis of levels for a categorical loss. "
            f"Received: a decoder whose output has the shape {tuple(reconstruction_shape)}"
        )


def check_sizes(name, shape, encoder, decoder):
    """Raises ValueError unless networks of open axes rebuild examples of this size.

    Args:
        name: the argument's name, for the message.
        shape: the shape of one example.
        encoder: the network.
        decoder: the network.

    Raises:
        ValueError: if the networks cannot take this size, or the reconstruction has another.
    """
    inputs = [keras.KerasTensor((None, *shape), encoder.inputs[0].dtype)]
    inputs += [keras.KerasTensor(x.shape, x.dtype) for x in encoder.inputs[1:]]
    try:
        code = keras.tree.flatten(encoder.compute_output_spec(_single(inputs)))[0]
        rebuilt = decoder.compute_output_spec(_single([code, *inputs[1:]]))
        rebuilt_shape = tuple(keras.tree.flatten(rebuilt)[0].shape[1:])
    except (ValueError, TypeError):
        rebuilt_shape = None
    if rebuilt_shape is None:
        said = "sizes that the networks cannot take"
    elif compatible(shape, rebuilt_shape[: len(shape)]):
        return
    else:
        said = f"reconstructions of the shape {rebuilt_shape}"
    raise ValueError(
        f"`{name}` must hold examples whose size the networks take and rebuild, such as multiples "
        "of the product of their strides: crop or pad. "
        f"Received: examples of the shape {tuple(shape)}, and {said}"
    )


def _single(values):
    return values[0] if len(values) == 1 else values


def check_latent_shape(latent_shape, expected):
    """The shape of a code to draw.

    Args:
        latent_shape: what the user passed; `None` for the decoder's own.
        expected: what the decoder takes; `None` in it stands for any size.

    Returns:
        A tuple of integers.

    Raises:
        ValueError: if a size is unknown, or is not one that the decoder takes.
    """
    received = latent_shape
    if latent_shape is None:
        latent_shape = tuple(expected)
    sizes = ", ".join("any" if size is None else str(size) for size in expected)
    is_shape = isinstance(latent_shape, (tuple, list)) and all(
        map(is_positive_integer, latent_shape)
    )
    if not is_shape or not compatible(latent_shape, expected):
        raise ValueError(
            f"`latent_shape` must be the sizes of one code, ({sizes}) as the decoder takes it, "
            f"without the batch axis. Received: latent_shape={received!r}"
        )
    return tuple(int(size) for size in latent_shape)


def check_noise_shape(shape):
    """Raises ValueError unless the shape of a generator's noise is known."""
    if None in shape or not shape:
        raise ValueError(
            "`generator` must take noise of a known shape, such as (latent_dim,). "
            f"Received: a generator whose input has the shape {tuple(shape)}"
        )


def check_generated_shape(data_shape, generated_shape, name="generator"):
    """Raises ValueError unless the discriminator takes what the generator, or `name`, gives."""
    if not compatible(data_shape, generated_shape):
        raise ValueError(
            f"`{name}` must give what the discriminator takes, the shape {tuple(data_shape)}. "
            f"Received: a {name} whose output has the shape {tuple(generated_shape)}"
        )


def check_discriminator(discriminator, layers):
    """Raises ValueError unless a discriminator ends in one logit per example.

    Args:
        discriminator: the network.
        layers: it and all layers inside it.
    """
    shape = tuple(discriminator.output_shape[1:])
    if shape not in ((1,), ()):
        raise ValueError(
            "`discriminator` must end in one logit per example, as keras.layers.Dense(1) does. "
            f"Received: a discriminator whose output has the shape {shape}"
        )
    low, high = output_range(discriminator)
    if low > -_INFINITY or high < _INFINITY:
        raise ValueError(
            "`discriminator` must end in a logit, without an activation: adversarial losses that "
            "need a sigmoid apply it themselves, in a stable form. Received: a discriminator that "
            f"ends in {final_activation(discriminator)!r}"
        )
    regularized = [
        layer.name for layer in layers if getattr(layer, "activity_regularizer", None) is not None
    ]
    if regularized:
        raise ValueError(
            "`discriminator` must carry no activity regularizer: it is called on data and on "
            "fakes, and Keras keeps what the last call added. Use `discriminator_regularizer`. "
            f"Received: regularized layers {regularized}"
        )


def check_classifier(classifier, data_shape, num_classes):
    """Raises an error unless a classifier takes x and ends in one logit per class.

    Args:
        classifier: the network.
        data_shape: the shape of one example.
        num_classes: how many classes the other networks know; `None` where it cannot be told.
    """
    check_network("classifier", classifier, ("x",), ("logits",))
    given, shape = tuple(classifier.inputs[0].shape[1:]), tuple(classifier.output_shape[1:])
    ends_in_logits = output_range(classifier) == (-_INFINITY, _INFINITY)
    if not (compatible(given, data_shape) and compatible(shape, (num_classes,)) and ends_in_logits):
        raise ValueError(
            f"`classifier` must take x, of shape {tuple(data_shape)}, and end in one logit per "
            f"class, of shape ({num_classes or 'num_classes'},), without an activation. Received: "
            f"from {given} to {shape}, ending in {final_activation(classifier)!r}"
        )


def check_no_batch_statistics(name, layers, asker):
    """Raises ValueError if a layer mixes the examples whose single gradients `asker` takes."""
    mixing = [
        layer.name
        for layer in layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    if mixing:
        raise ValueError(
            f"`{name}` must hold no batch normalisation: {asker} takes derivatives with respect "
            "to single examples, and in a normalised batch each depends on all. Use "
            "batch_normalization=False, or keras.layers.LayerNormalization. "
            f"Received: layers {mixing}"
        )


def check_label_inputs(network_by_name, num_classes_of):
    """Raises ValueError unless networks take the same labels, one integer per example.

    Args:
        network_by_name: dict, an argument's name to its network of two inputs.
        num_classes_of: a function from a network to its number of classes, or `None`.
    """
    for name, network in network_by_name.items():
        shape = tuple(network.inputs[1].shape[1:])
        if shape not in ((), (1,)):
            raise ValueError(
                f"`{name}` must take as its second input one integer label per example, of shape "
                f"(). Received: a second input of shape {shape}"
            )
    counts = {name: num_classes_of(network) for name, network in network_by_name.items()}
    if len(set(counts.values()) - {None}) > 1:
        raise ValueError(
            "The networks must know the same classes. Received: "
            + ", ".join(f"`{name}` with num_classes={n}" for name, n in counts.items())
        )


def check_output_suits_loss(loss, domain, data_shape, decoder):
    """Raises ValueError unless a loss can read the decoder's output.

    Args:
        loss: from `losses.get`.
        domain: `losses.target_domain(loss)`.
        data_shape: the shape of one example.
        decoder: the network.

    Raises:
        ValueError: if the output lacks an axis of levels that the loss needs, or has one that it
            does not; or if the loss needs probabilities and the output is not one.
    """
    shape, activation = decoder.output_shape[1:], final_activation(decoder)
    has_levels = len(shape) == len(data_shape) + 1
    fits = domain in ("levels", "one_hot") if has_levels else domain != "levels"
    if not fits:
        more = "one more axis of levels than x has" if domain == "levels" else "the shape of x"
        raise ValueError(
            f"`loss` {_loss_name(loss)!r} needs a decoder whose output has {more}. "
            f"Received: an output of shape {tuple(shape)} for x of shape {tuple(data_shape)}"
        )
    is_known = activation in _OUTPUT_RANGES
    if domain == "real" or getattr(loss, "from_logits", False) or not is_known:
        return
    wanted = "sigmoid" if domain == "probabilities" else "softmax"
    low, high = _OUTPUT_RANGES[activation]
    if low < 0 or high > 1:
        raise ValueError(
            f"`loss` {_loss_name(loss)!r} reads the decoder's output as probabilities: end the "
            f'decoder in output_activation="{wanted}", or use the loss with from_logits=True. '
            f"Received: a decoder that ends in {activation!r}"
        )


def _check_activity_regularizer(layer):
    """Raises ValueError if a regularizer reads probabilities, and its layer gives other values."""
    needed = getattr(layer.activity_regularizer, "activation_range", None)
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    if needed is None or activation not in _OUTPUT_RANGES:
        return
    low, high = _OUTPUT_RANGES[activation]
    if low < needed[0] or high > needed[1]:
        raise ValueError(
            f"{type(layer.activity_regularizer).__name__} reads activations as probabilities: "
            f"the layer {layer.name!r} must end in a sigmoid. "
            f"Received: activation={activation!r}"
        )


def final_activation(network):
    """The name of the activation that a network ends in, or `None` if it is unknown."""
    # A Functional model's `operations` include some that are not layers, such as a subtraction.
    for layer in reversed(getattr(network, "operations", network.layers)):
        if not isinstance(layer, keras.layers.Layer):
            name = type(layer).__name__.lower()  # keras.ops.sigmoid(x) is a Sigmoid
            return name if name in _OUTPUT_RANGES else None
        if isinstance(layer, keras.Model):
            return final_activation(layer)
        if isinstance(layer, keras.layers.Softmax):
            return "softmax"
        if isinstance(layer, keras.layers.ReLU):
            return "relu"
        if not isinstance(layer, MOVING_LAYERS) and not is_linear(layer):
            return getattr(getattr(layer, "activation", None), "__name__", None)
    return None


def output_range(network):
    """The interval that a network's output cannot leave: `(low, high)`."""
    return _OUTPUT_RANGES.get(final_activation(network), (-_INFINITY, _INFINITY))


def compatible(shape, other):
    """Whether two shapes can be equal; `None` stands for any size."""
    return len(shape) == len(other) and all(
        a == b or a is None or b is None for a, b in zip(shape, other, strict=True)
    )


def _count(items, noun):
    """Such as "2 outputs, z_mean and z_log_var" for two names, "1 output" for one."""
    if len(items) == 1:
        return f"1 {noun}"
    names = f", {' and '.join(items)}" if all(isinstance(item, str) for item in items) else ""
    return f"{len(items)} {noun}s{names}"


def _loss_name(loss):
    return getattr(loss, "name", None) or getattr(loss, "__name__", str(loss))


def is_linear(operation):
    """Whether a layer only passes values on, such as a last one that casts to float32."""
    is_activation = isinstance(operation, keras.layers.Activation)
    return is_activation and operation.activation is keras.activations.linear
