"""Every network preset in the runtimes of other people: LiteRT and ONNX Runtime."""

import importlib.util
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import models, networks
from tests.conformance.table import ROWS, call_input, compiled

_IMAGE = (8, 8, 3)


def _with_labels(make, *arguments, **options):
    """A preset of three classes, embedded, with some weights not at their start."""
    return make(*arguments, num_classes=3, label_embedding_dim=2, **options)


def _gaussian(num_classes=None):
    features = networks.convolutional_encoder(_IMAGE, None, (4, 8), num_classes=num_classes)
    return networks.gaussian_encoder(features, 3)


PRESETS = {
    "dense_encoder": lambda: networks.dense_encoder(_IMAGE, 3, (8,), batch_normalization=True),
    "dense_decoder": lambda: networks.dense_decoder(3, _IMAGE, (8,), output_activation="sigmoid"),
    "dense_generator": lambda: networks.dense_generator(3, _IMAGE, (8,)),
    "dense_discriminator": lambda: networks.dense_discriminator(_IMAGE, (8,), dropout=0.1),
    "convolutional_encoder": lambda: networks.convolutional_encoder(_IMAGE, 3, (4, 8)),
    "convolutional_decoder": lambda: networks.convolutional_decoder(3, _IMAGE, (8, 4)),
    "dcgan_generator": lambda: networks.dcgan_generator(3, _IMAGE, (8, 4)),
    "dcgan_discriminator": lambda: networks.dcgan_discriminator(_IMAGE, (4, 8)),
    "gaussian_encoder": _gaussian,
    "lecture_encoder": lambda: networks.lecture_vae((8, 8, 1), 3)[0],
    "lecture_decoder": lambda: networks.lecture_vae((8, 8, 1), 3)[1],
    "conditional_dense_encoder": lambda: _with_labels(networks.dense_encoder, _IMAGE, 3, (8,)),
    "conditional_dense_decoder": lambda: _with_labels(networks.dense_decoder, 3, _IMAGE, (8,)),
    "conditional_dense_generator": lambda: networks.dense_generator(3, (12,), (8,), num_classes=3),
    "conditional_dense_discriminator": lambda: _with_labels(
        networks.dense_discriminator, _IMAGE, (8,)
    ),
    "conditional_convolutional_decoder": lambda: _with_labels(
        networks.convolutional_decoder, 3, _IMAGE, (8, 4)
    ),
    "conditional_dcgan_generator": lambda: _with_labels(
        networks.dcgan_generator, 3, _IMAGE, (8, 4)
    ),
    "conditional_dcgan_discriminator": lambda: networks.dcgan_discriminator(
        _IMAGE, (4, 8), num_classes=3
    ),
    "conditional_gaussian_encoder": lambda: _gaussian(num_classes=3),
    "alexnet": lambda: networks.alexnet(
        _IMAGE, 3, (4, 4, 6, 6, 4), (8,), first_kernel_size=5, first_strides=1
    ),
}
every_preset = pytest.mark.parametrize("name", list(PRESETS))
# Keras and the converters warn of their own affairs.
pytestmark = pytest.mark.filterwarnings("ignore")


def _needs(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(
        bool(missing), reason=f"{missing} not installed: pip install keras_aegan[clients]"
    )


def _network(name):
    """The preset, with running statistics and biases that are not those of its birth."""
    network, generator = PRESETS[name](), np.random.default_rng(0)
    for variable in network.weights:
        if "seed" not in variable.name:
            change = generator.uniform(0.0, 0.2, variable.shape).astype("float32")
            variable.assign(variable + change)
    network(call_input(_inputs(network, 2)))  # Keras exports to ONNX what has been called
    return network


def _inputs(network, n):
    generator = np.random.default_rng(n)
    return [
        generator.integers(0, 3, (n, *x.shape[1:])).astype("int32")
        if keras.backend.is_int_dtype(x.dtype)
        else generator.uniform(-1, 1, (n, *x.shape[1:])).astype("float32")
        for x in network.inputs
    ]


def _assert_agrees(network, answer, inputs):
    expected = network.predict_on_batch(call_input(inputs))
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    answers = list(answer)
    # A runtime may give several outputs in an order of its own.
    for values in expected:
        gaps = [np.abs(np.asarray(a) - values).max() for a in answers if a.shape == values.shape]
        assert min(gaps) < 1e-4


def test_every_function_of_networks_is_a_preset():
    names = {n for n in vars(networks) if inspect.isfunction(getattr(networks, n))}
    names -= {"pretrain_backbone"}  # trains a network that it is given
    tested = {"lecture_vae" if name.startswith("lecture") else name for name in PRESETS}
    assert names <= tested


@_needs("ai_edge_litert")
@every_preset
def test_litert_agrees_with_keras(name, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    network = _network(name)
    network.export(tmp_path / "network.tflite", format="litert", verbose=False)
    _assert_litert_agrees(Interpreter(str(tmp_path / "network.tflite")), network)


def _assert_litert_agrees(interpreter, network):
    for n in (1, 5):
        details = {d["name"]: d for d in interpreter.get_input_details()}
        inputs = _inputs(network, n)
        given = _matched([tuple(d["shape_signature"]) for d in details.values()], inputs)
        for detail, value in zip(details.values(), given, strict=True):
            interpreter.resize_tensor_input(detail["index"], value.shape)
        interpreter.allocate_tensors()
        for detail, value in zip(details.values(), given, strict=True):
            interpreter.set_tensor(detail["index"], value.astype(detail["dtype"]))
        interpreter.invoke()
        outputs = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
        _assert_agrees(network, outputs, inputs)


@_needs("onnx", "tf2onnx", "onnxruntime")
@every_preset
def test_onnx_runtime_agrees_with_keras(name, tmp_path):
    import onnxruntime

    network = _network(name)
    network.export(tmp_path / "network.onnx", format="onnx", verbose=False)
    _assert_onnx_agrees(onnxruntime.InferenceSession(str(tmp_path / "network.onnx")), network)


def _assert_onnx_agrees(session, network):
    for n in (1, 5):
        inputs = _inputs(network, n)
        given = _matched([tuple(i.shape) for i in session.get_inputs()], inputs)
        named = {
            i.name: v.astype("int64" if "64" in i.type else v.dtype)
            for i, v in zip(session.get_inputs(), given, strict=True)
        }
        _assert_agrees(network, session.run(None, named), inputs)


def _matched(shapes, inputs):
    """The inputs in the runtime's order, told by their number of axes."""
    return [next(v for v in inputs if v.ndim == len(shape)) for shape in shapes]


@_needs("onnx", "tf2onnx", "onnxruntime")
def test_a_model_exports_each_of_its_networks(tmp_path):
    model = compiled(ROWS["gan"])
    for network in ("generator", "discriminator"):
        model.export(tmp_path / f"{network}.onnx", "onnx", network=network, verbose=False)
        model.export(tmp_path / f"{network}.tflite", "litert", network=network, verbose=False)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_network_must_be_named(tmp_path):
    model = compiled(ROWS["vae"])
    for name in (None, "generator"):
        with pytest.raises(ValueError, match=r"`network` must be one of \['decoder', 'encoder'\]"):
            model.export(tmp_path / "vae.onnx", format="onnx", network=name)


def _called_on_three_rows():
    """A Sequential that learns its shapes from data takes their number for its own."""
    networks_of_it = keras.Sequential([layers.Dense(2)]), keras.Sequential([layers.Dense(8)])
    networks_of_it[1](networks_of_it[0](np.zeros((3, 8), "float32")))
    return models.Autoencoder(*networks_of_it)


def _sequential(*inner):
    return keras.Sequential([keras.Input((8,)), *inner, layers.Dense(2)])


def _with_sequential_inside():
    x = keras.Input((8,))
    decoder = keras.Sequential([keras.Input((2,)), keras.Sequential([layers.Dense(8)])])
    return models.Autoencoder(keras.Model(x, _sequential()(2 * x)), decoder)


def _of_integers():
    encoder = keras.Sequential(
        [keras.Input((6,), dtype="int32"), layers.Embedding(3, 2), layers.Flatten()]
    )
    return models.Autoencoder(encoder, keras.Sequential([keras.Input((12,)), layers.Dense(6)]))


def _with_tuples_of_inputs():
    def network(size, outputs):
        x, labels = keras.Input((size,)), keras.Input((), dtype="int32")
        hidden = layers.Concatenate()([x, layers.Embedding(3, 2)(labels)])
        return keras.Model((x, labels), [layers.Dense(n)(hidden) for n in outputs])

    return models.ConditionalVAE(network(8, (2, 2)), network(2, (8,)))


# Networks as users write them: model -> the attributes that are exported.
USERS_NETWORKS = {
    "sequential": (
        lambda: models.Autoencoder(_sequential(), networks.dense_decoder(2, (8,), ())),
        ("encoder",),
    ),
    "called_on_data": (_called_on_three_rows, ("encoder", "decoder")),
    "sequential_inside": (_with_sequential_inside, ("encoder", "decoder")),
    "gaussian_encoder_of_a_sequential": (
        lambda: models.VAE(
            networks.gaussian_encoder(_sequential(layers.Dense(4, "relu")), 2),
            networks.dense_decoder(2, (8,), ()),
        ),
        ("encoder",),
    ),
    "adversaries": (
        lambda: models.VAEGAN(
            networks.gaussian_encoder(_sequential(), 2),
            networks.dense_decoder(2, (8,), ()),
            keras.Sequential(
                [keras.Input((8,)), layers.Dense(4, "relu", name="features"), layers.Dense(1)]
            ),
            feature_layer="features",
        ),
        ("discriminator",),
    ),
    "integers": (_of_integers, ("encoder", "decoder")),
    "tuples": (_with_tuples_of_inputs, ("encoder", "decoder")),
    "fixed_batch": (
        lambda: models.Autoencoder(
            keras.Sequential([keras.Input(batch_shape=(4, 8)), layers.Dense(2)]),
            networks.dense_decoder(2, (8,), ()),
        ),
        ("encoder",),
    ),
}
every_users_network = pytest.mark.parametrize("name", list(USERS_NETWORKS))


@every_users_network
def test_users_networks_agree_in_litert(name, tmp_path):
    make, attributes = USERS_NETWORKS[name]
    model = make()
    for network in attributes:  # never called before
        model.export(tmp_path / "network.tflite", "litert", network=network, verbose=False)
        interpreter = tf.lite.Interpreter(str(tmp_path / "network.tflite"))
        _assert_litert_agrees(interpreter, getattr(model, network))


@_needs("onnx", "tf2onnx", "onnxruntime")
@every_users_network
def test_users_networks_agree_in_onnx_runtime(name, tmp_path):
    import onnxruntime

    make, attributes = USERS_NETWORKS[name]
    model = make()
    for network in attributes:
        model.export(tmp_path / "network.onnx", "onnx", network=network, verbose=False)
        session = onnxruntime.InferenceSession(str(tmp_path / "network.onnx"))
        _assert_onnx_agrees(session, getattr(model, network))


@pytest.mark.skipif(importlib.util.find_spec("onnx") is not None, reason="onnx is installed")
def test_what_onnx_needs_is_said(tmp_path):
    with pytest.raises(ImportError, match=r"pip install \"keras_aegan\[clients\]\""):
        compiled(ROWS["vae"]).export(tmp_path / "vae.onnx", format="onnx", network="encoder")
