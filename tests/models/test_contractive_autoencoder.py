"""The contraction against `batch_jacobian`, closed forms, finite differences and statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import models, networks

GENERATOR = np.random.default_rng(0)


def _deep():
    return networks.dense_encoder((6,), 4, (8, 5), activation="tanh", latent_activation="sigmoid")


def _overcomplete():
    """More units than inputs: forward accumulation takes fewer passes."""
    return networks.dense_encoder((3,), 20, (8,), activation="softplus")


def _convolutional():
    return networks.convolutional_encoder((8, 8, 1), 3, (4, 4), activation="elu")


def _one_layer(activation):
    return networks.dense_encoder((2, 3), 5, (), latent_activation=activation)


ENCODERS = {
    "deep": _deep,
    "overcomplete": _overcomplete,
    "convolutional": _convolutional,
    **{
        f"one layer, {activation}": lambda activation=activation: _one_layer(activation)
        for activation in ("sigmoid", "tanh", "relu", "softplus", None, "gelu", "softmax")
    },
}


def _model(encoder, **arguments):
    decoder = networks.dense_decoder(encoder.output_shape[-1], encoder.input_shape[1:], ())
    model = models.ContractiveAutoencoder(encoder, decoder, **arguments)
    model.compile()
    return model


def _data(encoder, num_examples=7):
    return GENERATOR.normal(size=(num_examples, *encoder.input_shape[1:])).astype("float32")


def _contraction(model, x):
    return model.autoencoder_terms(tf.constant(x), tf.constant(x), False)[0]["contraction_loss"]


@pytest.mark.parametrize("name", ENCODERS)
def test_exact_is_the_norm_of_tensorflows_jacobian(name):
    encoder = ENCODERS[name]()
    x = tf.constant(_data(encoder))
    with tf.GradientTape() as tape:
        tape.watch(x)
        code = encoder(x)
    jacobian = tape.batch_jacobian(code, x).numpy().reshape(len(x), -1)
    np.testing.assert_allclose(
        _contraction(_model(encoder), x), (jacobian**2).sum(axis=1), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", ["deep", "one layer, sigmoid"])
def test_exact_is_the_norm_of_finite_differences(name):
    encoder = ENCODERS[name]()
    x = _data(encoder, 3)
    step, squares = 1e-2, 0.0
    for i in range(x[0].size):
        shift = np.zeros(x[0].size, "float32")
        shift[i] = step
        shift = shift.reshape(x[0].shape)
        column = (encoder(x + shift) - encoder(x - shift)).numpy() / (2 * step)
        squares = squares + (column**2).sum(axis=1)
    np.testing.assert_allclose(_contraction(_model(encoder), x), squares, rtol=2e-3)


def test_one_sigmoid_layer_is_rifais_equation_7():
    encoder = _one_layer("sigmoid")
    x = _data(encoder)
    kernel, bias = encoder.get_layer("code").get_weights()
    h = 1 / (1 + np.exp(-(x.reshape(7, -1) @ kernel + bias)))
    expected = ((h * (1 - h)) ** 2 * (kernel**2).sum(axis=0)).sum(axis=1)
    np.testing.assert_allclose(_contraction(_model(encoder), x), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["deep", "convolutional"])
def test_hutchinsons_mean_is_the_exact_norm(name):
    encoder = ENCODERS[name]()
    x = _data(encoder, 4)
    exact = _contraction(_model(encoder), x).numpy()
    model = _model(encoder, jacobian="hutchinson", seed=1)
    probe = tf.function(lambda: _contraction(model, x))
    estimates = np.stack([probe().numpy() for _ in range(4096)])  # (num_probes, num_examples)
    standard_error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    assert np.all(np.abs(estimates.mean(axis=0) - exact) <= 3 * standard_error)


def test_several_probes_are_the_mean_of_as_many():
    encoder = _deep()
    x = _data(encoder, 4)
    exact = _contraction(_model(encoder), x).numpy()
    estimate = _contraction(_model(encoder, jacobian="hutchinson", num_probes=4096, seed=2), x)
    np.testing.assert_allclose(estimate, exact, rtol=0.1)


@pytest.mark.parametrize("name", ["deep", "overcomplete", "one layer, sigmoid"])
def test_the_penalty_trains_the_encoder(name):
    """The gradient of the penalty reaches the weights: a large λ contracts."""
    encoder = ENCODERS[name]()
    x = _data(encoder, 64)
    model = _model(encoder)
    model.compile(keras.optimizers.Adam(1e-2), loss_weights={"contraction_loss": 10.0})
    losses = model.fit(x, epochs=20, verbose=0).history["contraction_loss"]
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize(
    ("make", "arguments", "supported"),
    [
        (lambda: _one_layer("sigmoid"), {}, True),
        (_deep, {"jacobian": "hutchinson"}, True),
        (_deep, {"jacobian": "hutchinson", "num_probes": 2}, False),
        (_deep, {}, False),
        (_overcomplete, {}, False),
    ],
    ids=["closed form", "one probe", "two probes", "reverse", "forward"],
)
def test_xla_is_left_out_where_it_would_compile_at_each_step(make, arguments, supported):
    model = _model(make(), **arguments)
    if supported:
        model.compile(jit_compile=True)
    else:
        with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
            model.compile(jit_compile=True)
    assert model.jit_compile is supported


def test_tied_weights_are_one_kernel_after_loading_too(tmp_path):
    encoder = networks.dense_encoder((6,), 4, (), latent_activation="sigmoid")
    decoder = networks.dense_decoder(4, (6,), (), tied_to="code")
    model = models.ContractiveAutoencoder(encoder, decoder)
    model.compile()
    x = _data(encoder, 32)
    model.fit(x, verbose=0)
    model.save(tmp_path / "tied.keras")
    loaded = keras.models.load_model(tmp_path / "tied.keras")
    for each in (model, loaded):
        each.fit(x, verbose=0, shuffle=False)
        kernel = each.encoder.get_layer("code").kernel.numpy()
        bias = each.decoder.get_layer("output").bias.numpy()
        h = each.encode(x)
        np.testing.assert_allclose(each.decode(h), h @ kernel.T + bias, rtol=1e-4, atol=1e-5)
        assert len(each.trainable_weights) == 3


def _rounding_encoder():
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2)(keras.ops.round(x)))


def _integer_encoder():
    x = keras.Input((6,), dtype="int32")
    return keras.Model(x, layers.Flatten()(layers.Embedding(10, 1)(x)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: _model(_deep(), num_probes=0), "`num_probes` must be a positive integer.*=0"),
        (lambda: _model(_deep(), num_probes=1.5), "`num_probes` must be a positive integer.*1.5"),
        (lambda: _model(_deep(), jacobian="forward"), "`jacobian` must be .*'forward'"),
        (lambda: _model(_rounding_encoder()), "`encoder` must be differentiable.*rounding"),
        (
            lambda: _model(networks.convolutional_encoder((8, 8, 1), 2, batch_normalization=True)),
            "`encoder` must hold no batch normalisation: the contraction",
        ),
        (lambda: _model(_integer_encoder()), "`encoder` must take floating-point input.*int32"),
        (
            lambda: models.Autoencoder(
                _deep(), networks.dense_decoder(4, (6,), (), tied_to="nothing")
            ),
            "`tied_to` must name a Dense layer of the encoder.*'nothing'",
        ),
        (
            lambda: networks.dense_decoder(4, (6,), (), tied_to="code")(np.zeros((1, 4))),
            "must be tied to an encoder",
        ),
    ],
)
def test_refusals(make, words):
    with pytest.raises(ValueError, match=words):
        make()
