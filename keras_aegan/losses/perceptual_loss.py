"""The perceptual loss: images compared by a trained network's features."""

import math
import numbers
import os
from collections.abc import Callable, Sequence

import keras
from keras import ops

from keras_aegan.engine.keras_internals import mask_of
from keras_aegan.engine.tensor_notes import with_mask
from keras_aegan.hints import Array, LossLike, Tensor
from keras_aegan.losses import backbones
from keras_aegan.losses.frozen_backbone import FrozenBackbone
from keras_aegan.losses.negative_log_likelihood import check_same_shape
from keras_aegan.losses.reconstruction_loss import get, per_example

_NOT_SAVED = ("backbone", "network", "preprocessing")


@keras.saving.register_keras_serializable(package="keras_aegan")
class PerceptualLoss(keras.losses.Loss):
    """E = Σ_l w_l · f(p_l(x), p_l(x̂)), with p_l the features of an image in a frozen network.

    It compares features instead of pixels, f(x, x̂): two images are near if a trained network p
    sees the same in them.

    Reference: [Pihlgren et al., 2020](https://arxiv.org/abs/2001.03444);
    [Dosovitskiy & Brox, 2016](https://arxiv.org/abs/1602.02644).

    The backbone is cut at the highest named layer, and nothing above it is computed. It is frozen
    (`backbone.trainable` becomes `False`) and runs with `training=False`. It is not a part of the
    model that trains with it, nor of that model's files. A `.keras` file holds its name or path;
    if it was given as an object, a fingerprint by which it is found again. A SavedModel holds
    nothing of it, and so has no endpoint `reconstruction_error`. p(x) is computed once per step,
    without a gradient.

    Grey images get three equal channels if the backbone takes three. If the backbone has a fixed
    size, other images are resized to it, bilinearly; images smaller than an application's minimum
    are enlarged to it. Both are reported once.

    Args:
        backbone: any Functional or Sequential Keras model with its weights; the path of a file
            with one; or the name of one of `keras.applications`, such as `"vgg16"` or
            `"mobilenet"`, for that network with its ImageNet weights and its own preprocessing,
            even if a file has the same name.
        layer_names: names of the backbone's layers, whose outputs are compared.
        layer_weights: w, one number per layer; 1 each if `None`.
        distance: f on each layer's features: `"mse"`, `"mae"`, `"cosine_similarity"` or another
            loss that `compile` takes, as a mean over the features.
        preprocessing: what is done to images before the backbone: a Keras layer or a registered
            function, which get the images unchanged; or an application's `preprocess_input` or its
            name, which get images scaled from `value_range` to 0 … 255. If `None`, an application's
            own, and nothing for another backbone.
        value_range: `(low, high)`, the range of the images; `fit` raises an error for others.
            `None` for any values, unless the preprocessing is an application's.
        name: the loss's name.
        **kwargs: `reduction` and `dtype`, as in `keras.losses.Loss`.

    Input shape:
        `y_true` and `y_pred` of `(batch_size, height, width, channels)`, or of another shape that
        the backbone takes.

    Output shape:
        `call` gives `(batch_size,)`.

    Raises:
        TypeError: if `backbone` is of another type.
        ValueError: if a backbone or layer does not exist, or an argument is out of its range; at
            `compile` or the first call, if images do not suit the backbone, or its features or
            weights change at inference.
        RuntimeError: if ImageNet weights cannot be downloaded.

    Example:
    >>> import keras, keras_aegan
    >>> backbone = keras_aegan.networks.convolutional_encoder((32, 32, 3), 8, (4, 8))
    >>> loss = keras_aegan.losses.PerceptualLoss(backbone, ["convolution_1_activation"])
    >>> x = keras.random.uniform((2, 32, 32, 3))
    >>> loss.call(x, x).numpy().tolist()
    [0.0, 0.0]
    """

    # Some layers of the backbone pass a mask on; a distance reads the mask of their features.
    counts_by_itself = True

    def __init__(
        self,
        backbone: keras.Model | str | os.PathLike,
        layer_names: Sequence[str],
        layer_weights: Sequence[float] | None = None,
        distance: LossLike = "mse",
        preprocessing: keras.Layer | Callable | str | None = None,
        value_range: tuple[float, float] | None = (0.0, 1.0),
        name: str = "perceptual_loss",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        layer_names = _tuple_of_names(layer_names)
        _check_layer_weights(layer_names, layer_weights)
        _check_value_range(value_range)
        self.backbone = backbone
        self.layer_names = layer_names
        self.layer_weights = layer_weights
        self.distance = distance
        self.preprocessing = preprocessing
        self.value_range = value_range
        self._distance = get(distance)
        network = backbones.find(backbone)
        if network is None:  # a model was loaded where its backbone is not
            self._eye = None
            backbones.warn_of_missing(backbone)
            return
        key = backbones.application_key(backbone)
        preprocess = self._resolve_preprocessing(key)
        smallest = key and backbones.smallest_image(key)
        self._eye = FrozenBackbone(network, layer_names, preprocess, smallest)

    def _resolve_preprocessing(self, application):
        """A function from images to inputs of the backbone."""
        preprocessing, key = self.preprocessing, application
        if isinstance(preprocessing, str):
            key = backbones.application_key(preprocessing)
        elif preprocessing is not None:
            key = backbones.application_of(preprocessing)
        if key is None:
            if preprocessing is None:
                return lambda images: images
            if isinstance(preprocessing, keras.Layer):
                return lambda images: preprocessing(images, training=False)
            if callable(preprocessing):
                return preprocessing
            raise ValueError(
                "`preprocessing` must be a Keras layer, a function, an application's name or "
                f"None. Received: preprocessing={preprocessing!r}"
            )
        if self.value_range is None:
            raise ValueError(
                "`value_range` must be the range of the images, (low, high), where an "
                "application preprocesses them. Received: value_range=None"
            )
        low, high = self.value_range
        preprocess = backbones.own_preprocessing(key)
        return lambda images: preprocess((images - low) * (255.0 / (high - low)))

    def call(self, y_true: Array, y_pred: Array) -> Tensor:
        """One value per example, `(batch_size,)`."""
        check_same_shape(y_true, y_pred)
        self.check_data_shape(y_true.shape[1:])
        # Without a gradient, so that no backward pass through it is built.
        masked = with_mask(y_true, mask_of(y_pred))
        wanted = [ops.stop_gradient(features) for features in self.features(masked)]
        rebuilt = self.features(y_pred)
        weights = self.layer_weights or [1.0] * len(wanted)
        return sum(
            w * per_example(self._distance, p_x, p_r)
            for w, p_x, p_r in zip(weights, wanted, rebuilt, strict=True)
        )

    def features(self, images: Array) -> list[Tensor]:
        """The backbone's features p_l(x): a list of tensors `(batch_size, ...)`, one per layer."""
        self._check_backbone()
        return self._eye.features(images)

    def check_data_shape(self, shape: Sequence[int | None]) -> None:
        """Raises ValueError unless the backbone can take the data; says once how they are adapted.

        Args:
            shape: the shape of one example.

        Raises:
            ValueError: if the data are too small or have other channels than the backbone, or if
                the backbone's features or weights change at inference.
        """
        self._check_backbone()
        low, high = self.value_range or (0.0, 1.0)
        self._eye.check_data_shape(tuple(shape), low, high)

    @property
    def network(self) -> keras.Model | None:
        """The cut backbone; `None` in a model that was loaded where it is missing."""
        return self._eye and self._eye.network

    def _check_backbone(self):
        if self._eye is None:
            raise RuntimeError(backbones.missing(self.backbone))

    def __dir__(self):
        """All except the networks: Keras saves what it finds in attributes of a model's loss."""
        return [name for name in super().__dir__() if name not in _NOT_SAVED]

    def get_config(self):
        """The arguments of the constructor; the backbone by name, path or fingerprint."""
        preprocessing = self.preprocessing
        key = backbones.application_of(preprocessing)
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "backbone": backbones.refer_to(self.backbone),
            "layer_names": list(self.layer_names),
            "layer_weights": self.layer_weights and list(self.layer_weights),
            "distance": serialize(self.distance),
            "preprocessing": key or serialize(preprocessing),
            "value_range": self.value_range and list(self.value_range),
        }

    @classmethod
    def from_config(cls, config):
        """The loss that `get_config` describes."""
        deserialize = keras.saving.deserialize_keras_object
        config = dict(config)
        for argument in ("distance", "preprocessing"):
            config[argument] = deserialize(config[argument])
        try:
            return cls(**config)
        except backbones.NotFound as error:  # only what needs the backbone should fail
            lost = {"not_found": config["backbone"], "reason": error.reason}
            return cls(**{**config, "backbone": lost})


def _tuple_of_names(layer_names):
    names = (layer_names,) if isinstance(layer_names, str) else layer_names
    is_right = isinstance(names, (list, tuple)) and all(isinstance(n, str) for n in names)
    if not is_right or not names:
        raise ValueError(
            "`layer_names` must name at least one layer, in a list of strings. "
            f"Received: layer_names={layer_names!r}"
        )
    return tuple(names)


def _check_layer_weights(layer_names, layer_weights):
    if layer_weights is None:
        return
    is_right = (
        isinstance(layer_weights, (list, tuple))
        and len(layer_weights) == len(layer_names)
        and all(isinstance(w, numbers.Real) and math.isfinite(w) and w > 0 for w in layer_weights)
    )
    if not is_right:
        raise ValueError(
            f"`layer_weights` must be a positive number for each of the {len(layer_names)} "
            f"layers. Received: layer_weights={layer_weights!r}"
        )


def _check_value_range(value_range):
    if value_range is None:
        return
    is_pair = (
        isinstance(value_range, (list, tuple))
        and len(value_range) == 2
        and all(isinstance(v, numbers.Real) for v in value_range)
    )
    if not is_pair or not value_range[0] < value_range[1]:
        raise ValueError(
            "`value_range` must be (low, high) with low < high, or None. "
            f"Received: value_range={value_range!r}"
        )
