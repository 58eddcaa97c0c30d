"""The perceptual loss: images compared by what a trained network sees in them."""

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
    """E = Σ_l w_l · f(p_l(x), p_l(x̂)), with p_l what a frozen network makes of an image.

    Instead of comparing pixels, f(x, x̂), it compares features: two images are near where a
    trained network p sees the same in them.

    Reference: [Pihlgren et al., 2020](https://arxiv.org/abs/2001.03444);
    [Dosovitskiy & Brox, 2016](https://arxiv.org/abs/1602.02644).

    The backbone is cut at the highest named layer, and nothing above it is computed. It is
    frozen (`backbone.trainable` becomes `False`), runs with `training=False`, is no part of the
    model that trains with it, and is in none of its files: a `.keras` file holds its name, or its
    path, or, of an object, a fingerprint by which it is found again; a SavedModel holds nothing of
    it, and so has no endpoint `reconstruction_error`. p(x) is computed once a step, without a
    gradient.

    Grey images get three equal channels where the backbone has three. Images of another size than
    a backbone of a fixed size are resized to it, bilinearly, and images smaller than the least that
    an application takes are enlarged to that; both are said once.

    Args:
        backbone: any Functional or Sequential Keras model with its weights; the path of one's
            file; or the name of one of `keras.applications`, such as `"vgg16"` or `"mobilenet"`,
            for it with its ImageNet weights and its own preprocessing, whatever files are called
            so.
        layer_names: names of the backbone's layers, whose outputs are compared.
        layer_weights: w, a number for each; 1 each if `None`.
        distance: f on each layer's features: `"mse"`, `"mae"`, `"cosine_similarity"` or another
            loss that `compile` takes, as a mean over the features.
        preprocessing: what is done to images before the backbone: a Keras layer, or a registered
            function, given the images as they are; an application's `preprocess_input`, or its
            name, given images scaled from `value_range` to 0 … 255. If `None`, an application's
            own, and nothing for another backbone.
        value_range: `(low, high)`, the range of the images; `fit` refuses others. `None` for any
            values, where the preprocessing is not an application's.
        name: the loss's name.
        **kwargs: `reduction` and `dtype`, as in `keras.losses.Loss`.

    Input shape:
        `y_true` and `y_pred` of `(batch_size, height, width, channels)`, or what else the
        backbone takes.

    Output shape:
        `call` gives `(batch_size,)`.

    Raises:
        TypeError: if `backbone` is nothing of the kind.
        ValueError: if there is no such backbone or layer, an argument is out of its range, or, at
            `compile` or the first call, images do not suit the backbone, or it is not still.
        RuntimeError: if ImageNet weights cannot be downloaded.

    Example:
    >>> import keras, keras_aegan
    >>> backbone = keras_aegan.networks.convolutional_encoder((32, 32, 3), 8, (4, 8))
    >>> loss = keras_aegan.losses.PerceptualLoss(backbone, ["convolution_1_activation"])
    >>> x = keras.random.uniform((2, 32, 32, 3))
    >>> loss.call(x, x).numpy().tolist()
    [0.0, 0.0]
    """

    # Layers of the backbone carry a mask on, or not; a distance counts what their features carry.
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
        """A function from images to what the backbone takes."""
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
        # Without a gradient, so that the way back through it is never built.
        masked = with_mask(y_true, mask_of(y_pred))
        wanted = [ops.stop_gradient(features) for features in self.features(masked)]
        rebuilt = self.features(y_pred)
        weights = self.layer_weights or [1.0] * len(wanted)
        return sum(
            w * per_example(self._distance, p_x, p_r)
            for w, p_x, p_r in zip(weights, wanted, rebuilt, strict=True)
        )

    def features(self, images: Array) -> list[Tensor]:
        """What the backbone sees: p_l(x), a list with a tensor `(batch_size, ...)` a layer."""
        self._check_backbone()
        return self._eye.features(images)

    def check_data_shape(self, shape: Sequence[int | None]) -> None:
        """Refuses data that the backbone cannot take; says once what is done to suit it.

        Args:
            shape: the shape of one example.

        Raises:
            ValueError: if the data are too small, have channels that the backbone has not, or if
                the backbone is not still.
        """
        self._check_backbone()
        low, high = self.value_range or (0.0, 1.0)
        self._eye.check_data_shape(tuple(shape), low, high)

    @property
    def network(self) -> keras.Model | None:
        """The cut backbone; `None` in a model that was loaded where it is not to be had."""
        return self._eye and self._eye.network

    def _check_backbone(self):
        if self._eye is None:
            raise RuntimeError(backbones.missing(self.backbone))

    def __dir__(self):
        """All but the networks: Keras saves what it finds in the attributes of a model's loss."""
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
        except backbones.NotFound as error:  # only what needs the backbone is to fail
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
