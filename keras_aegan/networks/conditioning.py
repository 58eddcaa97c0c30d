"""Labels as a second input of a network: one-hot or embedded, beside a vector or as maps."""

import keras
from keras import layers, ops

from keras_aegan.engine.keras_internals import calls_of
from keras_aegan.networks.arguments import check_units

# Where the operations that turn integer labels into numbers hold their number of classes.
_CLASS_COUNTS = {
    "OneHot": "num_classes",
    "CategoryEncoding": "num_tokens",
    "Embedding": "input_dim",
}


def with_labels(inputs, hidden, num_classes, label_embedding_dim=None):
    """Adds labels to a network that is being made: an input, and features of the class.

    The class is appended to a vector as further features, and to an image as further channels that
    are constant over height and width: a convolution then sees the class at every pixel.

    Args:
        inputs: the network's `keras.Input`.
        hidden: the tensor to append the class to, `(batch_size, features)` or
            `(batch_size, height, width, channels)`.
        num_classes: how many classes there are; `None` for a network without labels.
        label_embedding_dim: the size of a learned embedding of the class; one-hot if `None`.

    Returns:
        `(inputs, hidden)`: unchanged without labels; otherwise `[inputs, labels]` and the longer
        tensor. Labels are integers in [0, num_classes), `(batch_size,)`.

    Raises:
        ValueError: if a size is not positive.
    """
    if num_classes is None:
        return inputs, hidden
    check_units("num_classes", (num_classes,))
    labels = keras.Input((), dtype="int32", name="labels")
    if label_embedding_dim is None:
        features = ops.one_hot(labels, num_classes)  # (batch_size, num_classes)
    else:
        check_units("label_embedding_dim", (label_embedding_dim,))
        features = layers.Embedding(num_classes, label_embedding_dim, name="class")(labels)
    if len(hidden.shape) == 4:
        _, height, width, _ = hidden.shape
        pixel = layers.Reshape((1, 1, features.shape[-1]), name="class_pixel")(features)
        features = layers.UpSampling2D(
            (height, width), data_format="channels_last", name="class_maps"
        )(pixel)
    return [inputs, labels], layers.Concatenate(name="with_class")([hidden, features])


def num_classes_of(network):
    """How many classes a network with labels knows; `None` if that is unknown.

    Args:
        network: a Functional model that turns labels into numbers by `keras.ops.one_hot`, a
            `CategoryEncoding` or an `Embedding`.

    Returns:
        An integer or `None`.
    """
    from_labels = {id(network.inputs[1])}  # tensors that were made from the labels
    for operation in network.operations:
        for node in calls_of(operation):
            if from_labels.isdisjoint(map(id, node.input_tensors)):
                continue
            attribute = _CLASS_COUNTS.get(type(operation).__name__)
            if attribute is not None:
                return getattr(operation, attribute)
            from_labels.update(map(id, node.output_tensors))
    return None
