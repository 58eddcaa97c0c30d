"""Generators and discriminators have the shapes, layers and weights that the papers say."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_aegan import networks


def _of(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


def test_the_lectures_generator_of_points():
    generator = networks.dense_generator(100, (2,))
    assert [layer.units for layer in _of(generator, layers.Dense)] == [128, 256, 512, 1024, 2]
    assert len(_of(generator, layers.BatchNormalization)) == 4
    assert generator.input_shape == (None, 100)
    assert generator.get_layer("output_activation").activation is keras.activations.linear


def test_a_leaky_unit_has_the_slope_of_the_paper():
    discriminator = networks.dense_discriminator((1,), hidden_units=(1,))
    discriminator.set_weights([np.ones((1, 1)), np.zeros(1), np.ones((1, 1)), np.zeros(1)])
    logits = discriminator(np.array([[-1.0], [1.0]], "float32"))
    np.testing.assert_allclose(logits, [[-0.2], [1.0]], rtol=1e-6)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (30, 27, 2)])
@pytest.mark.parametrize("num_classes", [None, 10])
def test_dcgan_networks_fit_each_other(shape, num_classes):
    generator = networks.dcgan_generator(7, shape, (8, 4), num_classes=num_classes)
    discriminator = networks.dcgan_discriminator(shape, (4, 8), num_classes=num_classes)
    with_labels = lambda v: v if num_classes is None else [v, np.array([0, 9])]  # noqa: E731
    images = np.array(generator(with_labels(np.ones((2, 7), "float32"))))
    assert images.shape == (2, *shape)
    assert np.abs(images).max() <= 1
    assert discriminator(with_labels(images)).shape == (2, 1)
    if num_classes is not None:  # where z says nothing, the label alone draws a shape
        nine = np.array(generator([np.zeros((1, 7), "float32"), np.array([9])]))[0, 8:-8, 8:-8]
        assert np.std(nine[::4, ::4], axis=(0, 1)).min() > 1e-7


def test_dcgan_is_normalised_inside_only_and_drawn_as_in_the_paper():
    generator = networks.dcgan_generator(100, (32, 32, 3))
    discriminator = networks.dcgan_discriminator((32, 32, 3))
    normalized = [layer.name for layer in _of(discriminator, layers.BatchNormalization)]
    assert normalized == ["convolution_1_normalization", "convolution_2_normalization"]
    assert len(_of(generator, layers.BatchNormalization)) == 3
    assert generator.layers[-1].activation is keras.activations.tanh
    for network in (generator, discriminator):
        kernels = [layer.kernel for layer in network.layers if hasattr(layer, "kernel")]
        assert len(kernels) == 4
        for kernel in kernels:
            assert abs(np.std(kernel) / 0.02 - 1) < 0.05
            if len(kernel.shape) == 4:
                assert kernel.shape[0] % 2 == 0  # divisible by the stride
        copy = keras.models.clone_model(network)
        assert abs(np.std(copy.get_weights()[0]) / 0.02 - 1) < 0.05


@pytest.mark.parametrize(
    "make",
    [
        lambda embedding: networks.dense_discriminator(
            (6,), (4,), num_classes=3, label_embedding_dim=embedding
        ),
        lambda embedding: networks.dcgan_discriminator(
            (8, 8, 1), (4,), num_classes=3, label_embedding_dim=embedding
        ),
    ],
    ids=["dense", "dcgan"],
)
@pytest.mark.parametrize("embedding", [None, 2])
def test_a_discriminator_reads_its_labels(make, embedding):
    discriminator = make(embedding)
    x = np.ones((3, *discriminator.input_shape[0][1:]), "float32")
    logits = np.array(discriminator([x, np.arange(3)]))
    assert len(np.unique(logits)) == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: networks.dense_generator(0, (2,)), "`latent_dim` must be positive"),
        (lambda: networks.dense_discriminator((2,), 64), "`hidden_units` must be a tuple"),
        (lambda: networks.dcgan_generator(8, (28, 28)), r"`image_shape` must be \(height"),
        (lambda: networks.dcgan_discriminator((4, 4, 1)), "at least 8"),
        (lambda: networks.dcgan_discriminator((8, 8, 1), (4,), num_classes=0), "`num_classes`"),
    ],
)
def test_refused_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
