"""Networks have the shapes, layers and outputs that their arguments say."""

import keras
import numpy as np
import pytest

from keras_aegan import networks
from keras_aegan.networks.conditioning import num_classes_of


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (27, 30, 2), (5, 4, 1)])
def test_convolutional_networks_fit_each_other(shape):
    encoder = networks.convolutional_encoder(shape, 7, (4, 8))
    decoder = networks.convolutional_decoder(7, shape, (8, 4), output_activation="sigmoid")
    assert encoder.output_shape == (None, 7)
    assert decoder.output_shape == (None, *shape)
    x = decoder(encoder(np.zeros((2, *shape), "float32")))
    assert np.all((np.array(x) >= 0) & (np.array(x) <= 1))


def test_images_have_their_channels_last_whatever_keras_prefers():
    try:
        keras.config.set_image_data_format("channels_first")
        encoder = networks.convolutional_encoder((27, 30, 2), 7, (4, 8), num_classes=3)
        decoder = networks.convolutional_decoder(7, (27, 30, 2), (8, 4))
        backbone = networks.alexnet((32, 32, 3), 10, (2, 2, 2, 2, 2), (4,), first_strides=1)
    finally:
        keras.config.set_image_data_format("channels_last")
    assert encoder.get_layer("convolution_0").output.shape == (None, 14, 15, 4)
    assert decoder.output_shape == (None, 27, 30, 2)
    assert backbone.get_layer("pool_1").output.shape == (None, 16, 16, 2)


def test_the_classes_that_a_network_knows_are_those_of_its_labels():
    tokens, labels = keras.Input((4,), dtype="int32"), keras.Input((), dtype="int32")
    words = keras.layers.Flatten()(keras.layers.Embedding(50, 2)(tokens))
    classes = keras.layers.Embedding(3, 2)(labels)
    network = keras.Model([tokens, labels], keras.layers.Concatenate()([words, classes]))
    assert num_classes_of(network) == 3


def test_softmax_runs_over_the_levels():
    for decoder in (
        networks.convolutional_decoder(3, (8, 8, 2, 5), (4,), output_activation="softmax"),
        networks.dense_decoder(3, (8, 8, 2, 5), (4,), output_activation="softmax"),
    ):
        p = np.array(decoder(np.ones((2, 3), "float32")))
        assert p.shape == (2, 8, 8, 2, 5)
        np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-5)


def test_no_hidden_units_make_a_linear_map():
    encoder, decoder = networks.dense_encoder((6,), 2, ()), networks.dense_decoder(2, (6,), ())
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    kernel, bias = encoder.get_layer("code").get_weights()
    np.testing.assert_allclose(encoder(x), x @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert [w.shape for w in decoder.weights] == [(2, 6), (6,)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: networks.dense_encoder((6,), 2, (4, 3), batch_normalization=True),
        lambda: networks.dense_decoder(2, (6,), (4, 3), batch_normalization=True),
        lambda: networks.convolutional_encoder((8, 8, 1), 2, (4, 3), batch_normalization=True),
        lambda: networks.convolutional_decoder(2, (8, 8, 1), (4, 3), batch_normalization=True),
    ],
)
def test_hidden_layers_are_normalised_and_outputs_never(make):
    network = make()
    normalizations = [
        layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(normalizations) == 2
    assert network.output is not normalizations[-1].output
    # A bias before a normalisation is a weight without effect.
    before = [layer for layer in network.layers if getattr(layer, "use_bias", True) is False]
    assert len(before) == 2


def test_the_regularizer_sits_on_the_code():
    for encoder in (
        networks.dense_encoder((8, 8, 1), 2, (4,), activity_regularizer="l1"),
        networks.convolutional_encoder((8, 8, 1), 2, (4,), activity_regularizer="l1"),
    ):
        assert encoder.get_layer("code").activity_regularizer is not None
        assert encoder.output is encoder.get_layer("code").output
