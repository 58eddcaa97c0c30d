"""A backbone for perceptual losses where there is no pretrained network."""

import os

import keras
import numpy as np
from keras import layers

from keras_aegan.checks.arrays import as_numpy, as_vector
from keras_aegan.engine.files import whole_file
from keras_aegan.hints import Array, ArrayLike
from keras_aegan.networks.convolutional import halving_convolution


def pretrain_backbone(
    x: Array,
    labels: ArrayLike,
    network: keras.Model | None = None,
    epochs: int = 5,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    filepath: str | os.PathLike | None = None,
    verbose: str | int = "auto",
) -> keras.Model:
    """Trains a small classifier on a set's own labels, to serve as p of a `PerceptualLoss`.

    It has not seen ImageNet, but learns what distinguishes these classes in seconds to a minute.
    Its layers to compare are `relu_1`, `relu_2` and `relu_3`.

    Reference: [Pihlgren et al., 2020](https://arxiv.org/abs/2001.03444), for the idea; they take a
    pretrained AlexNet.

    Args:
        x: images, `(num_examples, height, width, channels)`, in the range of the autoencoder's
            images.
        labels: integer classes, `(num_examples,)`.
        network: the classifier to train, which ends in one logit per class, as `alexnet` does; if
            `None`, a small one of three normalised convolutions of stride 2.
        epochs: passes over the data; the learning rate falls to zero along a cosine.
        batch_size: examples per step.
        learning_rate: Adam's, at the start.
        filepath: where to save the network, as a `.keras` file. Give this path to
            `PerceptualLoss`: every process that loads a model trained with it then finds it.
        verbose: `"auto"`, 0, 1 or 2: the progress bar.

    Returns:
        The trained network, frozen.

    Raises:
        ValueError: if `x` does not hold images, there is not exactly one label per image, or only
            one class; or if `filepath` does not end in `.keras` or its folder does not exist.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.random.default_rng(0).uniform(size=(64, 16, 16, 1)).astype("float32")
    >>> labels = np.arange(64) % 2
    >>> backbone = keras_aegan.networks.pretrain_backbone(x, labels, epochs=1, verbose=0)
    >>> backbone.get_layer("relu_3").output.shape
    (None, 2, 2, 128)
    """
    x, labels = as_numpy("x", x), np.asarray(as_vector("labels", labels))
    _check_examples(x, labels)
    if filepath is not None:
        _check_filepath(filepath)
    if network is None:
        network = _small_classifier(x.shape[1:], int(labels.max()) + 1)
    num_steps = max(1, epochs * len(x) // batch_size)
    network.trainable = True
    # Another model of the same layers: its optimizer is not saved with the network.
    classifier = keras.Model(network.inputs, network.outputs)
    classifier.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # XLA on a CPU slows convolutions down
    )
    classifier.fit(x, labels, batch_size=batch_size, epochs=epochs, verbose=verbose)
    network.trainable = False
    if filepath is not None:
        with whole_file(filepath) as unfinished:
            network.save(unfinished)
    return network


def _small_classifier(image_shape, num_classes):
    inputs = keras.Input(image_shape, name="x")
    hidden = inputs
    for i, num_filters in enumerate((32, 64, 128), 1):
        convolution = halving_convolution(num_filters, f"convolution_{i}", use_bias=False)
        hidden = layers.BatchNormalization(
            momentum=0.9,
            name=f"normalization_{i}",  # a short training has few steps to average
        )(convolution(hidden))
        hidden = layers.ReLU(name=f"relu_{i}")(hidden)
    pooled = layers.GlobalAveragePooling2D(data_format="channels_last", name="pool")(hidden)
    logits = layers.Dense(num_classes, name="logits")(pooled)  # (batch_size, num_classes)
    return keras.Model(inputs, logits, name="backbone")


def _check_filepath(filepath):
    """Raises ValueError before training if its result could not be saved."""
    path = os.fspath(filepath) if isinstance(filepath, (str, os.PathLike)) else ""
    folder = os.path.dirname(os.path.abspath(path))
    if not path.endswith(".keras") or not os.path.isdir(folder):
        raise ValueError(
            "`filepath` must end in .keras, in a folder that exists. "
            f"Received: filepath={filepath!r}"
        )


def _check_examples(x, labels):
    if len(x.shape) != 4:
        raise ValueError(
            "`x` must be images, (num_examples, height, width, channels). "
            f"Received: x.shape={tuple(x.shape)}"
        )
    if labels.shape != (len(x),) or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be one integer class per image. "
            f"Received: labels.shape={labels.shape}, labels.dtype={labels.dtype}"
        )
    if len(np.unique(labels)) < 2 or labels.min() < 0:
        raise ValueError(
            "`labels` must name at least two classes, from 0. "
            f"Received: classes {np.unique(labels).tolist()}"
        )
