"""A trained network that extracts features: cut, frozen, and given images in its own format."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan.engine.keras_internals import calls_of, mask_of
from keras_aegan.engine.network_runs import NetworkRun
from keras_aegan.engine.tensor_notes import in_float32, with_mask
from keras_aegan.losses.backbones import get_layers

# An image enlarged more than this shows nothing that a backbone was trained to see.
_LARGEST_ENLARGEMENT = 8
# The side of a large image, in pixels: its features' sizes give their stride.
_LARGE_SIDE = 512


class FrozenBackbone:
    """A network cut at named layers and frozen, with the preparation of its images.

    It is not a Keras layer, so no model tracks, trains or saves it.

    Args:
        network: a Functional model; its `trainable` becomes `False`.
        layer_names: the layers whose outputs it gives; nothing above them is computed.
        preprocess: a function of images that have the network's channels and size already.
        smallest: the side to which smaller images are enlarged, if the network takes any size;
            `None` to enlarge none.

    Raises:
        ValueError: if a layer does not exist, or the network has several inputs.
    """

    def __init__(self, network, layer_names, preprocess, smallest=None):
        layers = get_layers("layer_names", layer_names, network, "the backbone")
        if len(network.inputs) != 1:
            raise ValueError(
                f"`backbone` must have one input. Received: {len(network.inputs)} inputs"
            )
        network.trainable = False
        outputs = [layer.output for layer in layers]
        self.network = keras.Model(network.inputs[0], outputs, name=network.name)
        _check_is_not_left_on(self.network)
        self.input_shape = tuple(network.inputs[0].shape[1:])
        self.preprocess = preprocess
        self.smallest = smallest
        self._known_shapes = set()

    def features(self, images):
        """The named layers' outputs, float32, a list."""
        mask = mask_of(images)
        images = self.preprocess(self._fit_to_input(ops.cast(images, "float32")))
        if mask is None:
            outputs = self.network(images, training=False)
        else:
            outputs = NetworkRun(self.network)(with_mask(images, mask), training=False)
        return [in_float32(output) for output in keras.tree.flatten(outputs)]

    def _fit_to_input(self, images):
        """The images with the channels and the size that the network takes."""
        if len(images.shape) != 4:
            return images
        size, num_repeats = self._size_and_repeats(images.shape[1:])
        if num_repeats > 1:
            images = ops.repeat(images, num_repeats, axis=-1)
        if size is None:
            return images
        return ops.image.resize(images, size, "bilinear", data_format="channels_last")

    def _size_and_repeats(self, shape):
        """`(height, width)` to resize to, or `None`; and how often to repeat a single channel."""
        *size, channels = self.input_shape
        if self.smallest:
            size = [max(side, self.smallest) if side else None for side in shape[:2]]
        size = tuple(own or side for own, side in zip(size, shape[:2], strict=True))
        num_repeats = channels if channels and shape[-1] == 1 else 1
        return (None if size == tuple(shape[:2]) else size), num_repeats

    # ------------------------------------------------------------------------ checks

    def check_data_shape(self, shape, low, high):
        """Raises ValueError unless the network can take the data; says once how they are adapted.

        Args:
            shape: the shape of one example.
            low: the smallest value of the data.
            high: the largest.

        Raises:
            ValueError: if the data do not suit the network, or its answers or weights change.
        """
        if shape in self._known_shapes:
            return
        if len(shape) != len(self.input_shape):
            raise ValueError(
                f"`backbone` must take data of the shape {shape}. "
                f"Received: a backbone that takes {self.input_shape}"
            )
        if len(shape) == 3:
            self._check_image_shape(shape)
        example_shape = [1, *(size or 64 for size in shape)]
        x = np.random.default_rng(0).uniform(low, high, example_shape).astype("float32")
        with tf.init_scope():  # also while a step is being traced
            self._check_features(x, shape)
            self._check_is_still(x)
        self._known_shapes.add(shape)

    def _check_image_shape(self, shape):
        height, width, channels = shape
        if self.input_shape[-1] not in (None, channels) and channels != 1:
            raise ValueError(
                f"`backbone` must take images of {channels} channels, as the data have. "
                f"Received: a backbone that takes {self.input_shape}"
            )
        size, num_repeats = self._size_and_repeats(shape)
        changes = []
        if size is not None:
            least = [math.ceil(side / _LARGEST_ENLARGEMENT) for side in size]
            if any(a and a < b for a, b in zip((height, width), least, strict=True)):
                raise ValueError(
                    f"`backbone` takes images of at least {least[0]}×{least[1]}, an eighth of its "
                    f"{size[0]}×{size[1]}. Received: images of {height}×{width}"
                )
            changes.append(f"resized from {height}×{width} to {size[0]}×{size[1]}")
        if num_repeats > 1:
            changes.append(f"given {num_repeats} equal channels")
        if changes and keras.config.is_interactive_logging_enabled():
            print(
                f"PerceptualLoss: images are {' and '.join(changes)} for the backbone "
                f"{self.network.name!r}."
            )

    def _check_features(self, x, shape):
        """Raises ValueError if the named layers have no output left for data of this shape."""
        try:
            is_empty, reason = any(0 in f.shape for f in self.features(x)), ""
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            is_empty, reason = True, f" ({(str(error).strip().splitlines() or [''])[0]})"
        if is_empty:
            raise ValueError(
                f"`backbone` must take data of the shape {shape}; where images are too small, "
                "preprocessing=keras.layers.Resizing(height, width) enlarges them. "
                f"Received: a backbone that takes {self.input_shape}{reason}"
            )
        if len(self.input_shape) == 3 and None in self.input_shape[:2] and not self.smallest:
            height, width = self.preprocess(self._fit_to_input(x)).shape[1:3]
            least = self._largest_step(x.shape[-1])
            if min(height, width) < least:  # all but one position would see padding
                raise ValueError(
                    f"`backbone` takes images of at least {least}×{least}, one step from position "
                    "to position at the highest named layer; "
                    "preprocessing=keras.layers.Resizing(height, width) enlarges them. "
                    f"Received: images of {height}×{width}"
                )

    def _largest_step(self, channels):
        """How many pixels lie between two positions of the coarsest features."""
        large = (1, _LARGE_SIDE, _LARGE_SIDE, self.input_shape[-1] or channels)
        outputs = self.network.compute_output_spec(keras.KerasTensor(large))
        sides = [f.shape[1] for f in keras.tree.flatten(outputs) if len(f.shape) == 4]
        return math.ceil(_LARGE_SIDE / min(sides)) if sides else 1

    def _check_is_still(self, x):
        """Raises ValueError if the network changes or answers at random in inference."""
        before = [w.numpy() for w in self.network.non_trainable_weights]
        first, second = self.features(x), self.features(x)
        for a, b in zip(first, second, strict=True):
            if not np.allclose(a, b, rtol=1e-3, atol=1e-5):
                raise ValueError(
                    "`backbone` must give the same features for the same data: one of its layers "
                    "drops units or adds noise at inference too. "
                    f"Received: backbone {self.network.name!r}, whose answers differ"
                )
        for weight, old in zip(self.network.non_trainable_weights, before, strict=True):
            if not np.array_equal(weight.numpy(), old):
                raise ValueError(
                    "`backbone` must not change: one of its layers does so at inference too. "
                    f"Received: {weight.path!r}, which changed"
                )


def _check_is_not_left_on(network):
    """Raises ValueError if a layer was called with training=True when the network was built."""
    for operation in network.operations:
        for node in calls_of(operation):
            if node.arguments.kwargs.get("training") is True:
                raise ValueError(
                    "`backbone` must hold no dropout, noise or normalisation that is left on: "
                    "build it without training=True. "
                    f"Received: layer {operation.name!r}, called with training=True"
                )
