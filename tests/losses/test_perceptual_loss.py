"""The perceptual loss against NumPy on features of the uncut network, and what it refuses."""

import os
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import evaluation, losses, models, networks
from keras_aegan.losses import backbones

IMAGES = np.random.default_rng(0).uniform(size=(6, 16, 16, 3)).astype("float32")
GREY = IMAGES[..., :1]
MOBILENET_WEIGHTS = os.environ.get("KERAS_AEGAN_MOBILENET_WEIGHTS")


def backbone(shape=(16, 16, 3), padding="same", num_classes=10):
    """Two convolutions, normalised by statistics of their own, dropout, and a head of no use."""
    x = keras.Input(shape)
    hidden = layers.Conv2D(4, 3, 2, padding=padding, name="low")(x)
    hidden = layers.BatchNormalization(name="normalization")(hidden)
    hidden = layers.Dropout(0.5, name="dropout")(hidden)
    hidden = layers.Conv2D(5, 3, 2, padding=padding, activation="relu", name="high")(hidden)
    outputs = layers.Dense(num_classes, name="head")(layers.GlobalAveragePooling2D()(hidden))
    network = keras.Model(x, outputs, name="eye")
    rng = np.random.default_rng(1)
    network.set_weights([rng.uniform(0.1, 1.0, w.shape) for w in network.get_weights()])
    return network


def autoencoder(shape=(16, 16, 3)):
    return models.Autoencoder(
        networks.convolutional_encoder(shape, 3, (4,)),
        networks.convolutional_decoder(3, shape, (4,), output_activation="sigmoid"),
    )


def compiled(loss, shape=(16, 16, 3)):
    model = autoencoder(shape)
    model.compile("adam", loss, jit_compile=False)
    return model


def by_numpy(network, names, weights, x, y, distance):
    """Σ w_l · the mean distance of what Keras's own `predict` gives at each layer."""
    total = 0.0
    for name, weight in zip(names, weights, strict=True):
        layer = keras.Model(network.inputs, network.get_layer(name).output)
        a, b = layer.predict(x, verbose=0), layer.predict(y, verbose=0)
        total += weight * distance(a - b).reshape(len(x), -1).mean(axis=1)
    return total


@pytest.mark.parametrize(("name", "distance"), [("mse", np.square), ("mae", np.abs)])
def test_equals_numpy_on_the_uncut_network(name, distance):
    network, others = backbone(), IMAGES[::-1].copy()
    loss = losses.PerceptualLoss(network, ["low", "high"], [0.5, 2.0], distance=name)
    expected = by_numpy(network, ["low", "high"], [0.5, 2.0], IMAGES, others, distance)
    np.testing.assert_allclose(loss.call(IMAGES, others), expected, rtol=1e-5)


def test_cut_at_the_highest_named_layer():
    loss = losses.PerceptualLoss(backbone(), "low")
    assert [layer.name for layer in loss.network.layers][1:] == ["low"]


def test_preprocessing_by_a_layer_and_by_an_application():
    others, rescaling = IMAGES[::-1].copy(), layers.Rescaling(2.0, -1.0)
    by_layer = losses.PerceptualLoss(backbone(), ["high"], preprocessing=rescaling)
    expected = losses.PerceptualLoss(backbone(), ["high"], value_range=None).call(
        2 * IMAGES - 1, 2 * others - 1
    )
    np.testing.assert_allclose(by_layer.call(IMAGES, others), expected, rtol=1e-4)
    # MobileNet's own takes 0 … 255 to -1 … 1: from data in [-1, 1] it changes nothing.
    for preprocessing in ("mobilenet", keras.applications.mobilenet.preprocess_input):
        own = losses.PerceptualLoss(
            backbone(), ["high"], preprocessing=preprocessing, value_range=(-1, 1)
        )
        np.testing.assert_allclose(own.call(2 * IMAGES - 1, 2 * others - 1), expected, rtol=1e-4)
        assert own.get_config()["preprocessing"] == "mobilenet"


def test_grey_and_small_images_are_made_to_fit_and_it_is_said_once(capsys):
    loss = losses.PerceptualLoss(backbone((32, 32, 3)), ["high"])
    loss.call(GREY, GREY[::-1].copy())
    value = loss.call(GREY, GREY[::-1].copy())
    said = capsys.readouterr().out
    assert said == (
        "PerceptualLoss: images are resized from 16×16 to 32×32 and given 3 equal channels for "
        "the backbone 'eye'.\n"
    )
    enlarged = tf.image.resize(np.repeat(GREY, 3, axis=-1), (32, 32)).numpy()
    expected = by_numpy(loss.backbone, ["high"], [1.0], enlarged, enlarged[::-1].copy(), np.square)
    np.testing.assert_allclose(value, expected, rtol=1e-4)


def test_the_target_needs_no_gradient_and_the_prediction_gets_one():
    loss = losses.PerceptualLoss(backbone(), ["high"])
    x, y = tf.constant(IMAGES), tf.constant(IMAGES[::-1].copy())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        values = loss.call(x, y)
    assert tape.gradient(values, x) is None
    assert np.any(tape.gradient(values, y).numpy())


def test_training_leaves_the_backbone_bit_by_bit_alone():
    network = backbone()
    before = [w.numpy().copy() for w in network.weights]
    model = compiled(losses.PerceptualLoss(network, ["low", "high"]))
    weights, parameters = len(autoencoder().weights), autoencoder().count_params()
    history = model.fit(IMAGES, epochs=3, validation_data=IMAGES, verbose=0).history
    model.evaluate(IMAGES, verbose=0)
    for weight, old in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
    assert history["loss"][-1] < history["loss"][0]
    assert not network.trainable_weights
    assert (len(model.weights), model.count_params()) == (weights, parameters)


def test_the_file_refers_to_the_backbone_and_training_goes_on(tmp_path):
    network = backbone(num_classes=30_000)  # a head of 700 kB, to be seen in a file's size
    loss = losses.WeightedSum([losses.PerceptualLoss(network, ["high"]), "mae"], [1.0, 0.1])
    model, plain = compiled(loss), compiled("mse")
    for each, name in ((model, "perceptual.keras"), (plain, "plain.keras")):
        each.fit(IMAGES, verbose=0)
        each.save(tmp_path / name)
    sizes = [(tmp_path / n).stat().st_size for n in ("perceptual.keras", "plain.keras")]
    assert sizes[0] <= sizes[1] + 100_000
    loaded = keras.models.load_model(tmp_path / "perceptual.keras")
    np.testing.assert_array_equal(
        loaded.reconstruction_error(IMAGES), model.reconstruction_error(IMAGES)
    )
    again = [m.fit(IMAGES, shuffle=False, verbose=0).history for m in (model, loaded)]
    assert again[0] == again[1]


def test_a_backbone_given_by_its_path_is_found_by_it(tmp_path):
    path = str(tmp_path / "eye.keras")
    network = backbone()
    network.save(path)
    loss = losses.PerceptualLoss(path, ["high"], distance="mae")
    assert loss.get_config()["backbone"] == path
    again = losses.PerceptualLoss.from_config(loss.get_config())
    others = IMAGES[::-1].copy()
    np.testing.assert_array_equal(loss.call(IMAGES, others), again.call(IMAGES, others))


def test_a_backbone_that_is_nowhere_is_missed_aloud_and_only_where_it_is_needed(tmp_path):
    model = compiled(losses.PerceptualLoss(backbone(), ["high"]))
    codes = model.encode(IMAGES)
    config = model.get_compile_config()
    config["loss"]["config"]["backbone"]["fingerprint"] = "of another network"
    with pytest.warns(UserWarning, match="The backbone 'eye' of a perceptual loss is not in the"):
        loss = losses.PerceptualLoss.from_config(config["loss"]["config"])
    other = autoencoder()
    other.set_weights(model.get_weights())
    other.compile("adam", loss, jit_compile=False)
    np.testing.assert_allclose(other.encode(IMAGES), codes, atol=1e-6)
    other.export(tmp_path / "exported")
    with pytest.raises(RuntimeError, match="The backbone 'eye'.*not in this process"):
        other.fit(IMAGES, verbose=0)


def _alone(loss):
    return loss


def _in_sums(loss):
    return losses.WeightedSum([losses.WeightedSum(["mae", loss]), "mse"])


@pytest.mark.parametrize("within", [_alone, _in_sums])
def test_a_path_that_is_gone_is_missed_where_it_is_needed(within, tmp_path):
    path = tmp_path / "eye.keras"
    backbone().save(path)
    model = compiled(within(losses.PerceptualLoss(path, ["high"])))
    detector = evaluation.AnomalyDetector(model)
    model.fit(IMAGES, verbose=0)
    detector.fit_threshold(np.concatenate([IMAGES] * 2), contamination=0.2)
    model.save(tmp_path / "model.keras")
    detector.save(tmp_path / "detector.keras")
    codes, scores = model.encode(IMAGES), detector.anomaly_scores(IMAGES)
    path.rename(tmp_path / "elsewhere.keras")

    sentence = r"The backbone '.*eye.keras' .*not on this machine \(there is no such file\)"
    with pytest.warns(UserWarning, match=sentence):
        loaded = keras.models.load_model(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match=sentence):
        loaded_detector = keras.models.load_model(tmp_path / "detector.keras")
    np.testing.assert_allclose(loaded.encode(IMAGES), codes, atol=1e-6)
    loaded.export(tmp_path / "exported")
    assert not hasattr(tf.saved_model.load(tmp_path / "exported"), "reconstruction_error")
    for needs_it in (
        lambda: loaded.fit(IMAGES, verbose=0),
        lambda: loaded.evaluate(IMAGES, verbose=0),
        lambda: loaded.reconstruction_error(IMAGES),
        lambda: loaded_detector.anomaly_scores(IMAGES),
        lambda: loaded_detector.fit_threshold(IMAGES),
    ):
        with pytest.raises(RuntimeError, match=sentence):
            needs_it()

    loaded.save(tmp_path / "again.keras")
    loaded_detector.save(tmp_path / "detector_again.keras")
    (tmp_path / "elsewhere.keras").rename(path)
    again = keras.models.load_model(tmp_path / "detector_again.keras")
    np.testing.assert_allclose(again.anomaly_scores(IMAGES), scores, rtol=1e-5)
    assert np.isfinite(keras.models.load_model(tmp_path / "again.keras").evaluate(IMAGES)).all()


def _give_for_mobilenet(monkeypatch, function):
    """Keras's application, without its weights."""
    function.__module__ = keras.applications.MobileNet.__module__
    monkeypatch.setitem(backbones._APPLICATIONS, "mobilenet", function)


@pytest.mark.parametrize("spelling", ["mobilenet", "MobileNet"])
def test_the_name_of_an_application_wins_over_files_called_so(spelling, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _give_for_mobilenet(monkeypatch, lambda **options: backbone())
    (tmp_path / spelling).mkdir()
    loss = losses.PerceptualLoss(spelling, ["high"])
    assert loss.get_config()["backbone"] == spelling
    for path in (tmp_path / spelling, pathlib.Path(spelling), f"./{spelling}"):
        with pytest.raises(ValueError, match="`backbone` must be the path of a model's file that"):
            losses.PerceptualLoss(path, ["high"])
    (tmp_path / spelling).rmdir()
    backbone().save(tmp_path / "mobilenet.keras")
    (tmp_path / "mobilenet.keras").rename(tmp_path / spelling)
    assert losses.PerceptualLoss("mobilenet", ["high"]).network is not None


def test_a_path_that_is_called_like_an_application_stays_a_path():
    assert backbones.refer_to(pathlib.Path("vgg16")) == os.path.join(".", "vgg16")


def test_weights_that_cannot_be_had_do_not_keep_a_model_from_loading(monkeypatch):
    def fail(**options):
        raise OSError("no network")

    _give_for_mobilenet(monkeypatch, lambda **options: backbone())
    config = losses.PerceptualLoss("mobilenet", ["high"]).get_config()
    _give_for_mobilenet(monkeypatch, fail)
    with pytest.warns(UserWarning, match=r"'mobilenet' .*not on this machine \(OSError: no netw"):
        loss = losses.PerceptualLoss.from_config(config)
    assert loss.get_config() == config
    with pytest.raises(RuntimeError, match="'mobilenet' .*not on this machine"):
        loss.call(IMAGES, IMAGES)


def test_the_saved_model_holds_nothing_of_the_backbone(tmp_path):
    model, plain = compiled(losses.PerceptualLoss(backbone(), ["high"])), compiled("mse")
    model.fit(IMAGES, verbose=0)
    model.export(tmp_path / "perceptual")
    plain.export(tmp_path / "plain")

    def variables(name):
        found = tf.train.list_variables(str(tmp_path / name / "variables" / "variables"))
        return sorted(tuple(shape) for _, shape in found if shape)

    # Adam's state and the weights' own, no more than without a backbone.
    assert variables("perceptual") == variables("plain")
    served = tf.saved_model.load(str(tmp_path / "perceptual"))
    assert set(served.signatures) == {"serve", "encode", "decode", "serving_default"}
    answer = served.serve(tf.constant(IMAGES))
    np.testing.assert_allclose(answer, model.predict(IMAGES, verbose=0), atol=1e-5)


def test_xla_and_half_precision_give_the_same():
    loss, others = losses.PerceptualLoss(backbone((32, 32, 3)), ["high"]), IMAGES[::-1].copy()
    exact = loss.call(IMAGES, others)
    compiled_call = tf.function(loss.call, jit_compile=True)
    np.testing.assert_allclose(compiled_call(IMAGES, others), exact, rtol=1e-4)
    half = loss.call(IMAGES, tf.cast(others, "float16"))
    assert half.dtype == "float32"
    np.testing.assert_allclose(half, exact, rtol=0.01)


def test_convolutions_of_the_backbone_alone_keep_xla_off_a_cpu():
    model = models.Autoencoder(
        networks.dense_encoder((16, 16, 3), 2, (4,)), networks.dense_decoder(2, (16, 16, 3), (4,))
    )
    model.compile(loss="mse")
    assert model.jit_compile
    model.compile(loss=losses.PerceptualLoss(backbone(), ["high"]))
    assert not model.jit_compile


def test_a_vae_says_that_no_variance_is_implied(capsys):
    features = networks.convolutional_encoder((16, 16, 3), None, (4,))
    model = models.VAE(
        networks.gaussian_encoder(features, 2),
        networks.convolutional_decoder(2, (16, 16, 3), (4,), output_activation="sigmoid"),
    )
    model.compile(loss=losses.PerceptualLoss(backbone(), ["high"]), jit_compile=False)
    assert "implies no σ² of pixels" in capsys.readouterr().out
    assert np.isfinite(model.fit(IMAGES, verbose=0).history["loss"]).all()


def left_on():
    x = keras.Input((16, 16, 3))
    hidden = layers.Dropout(0.5)(layers.Conv2D(4, 3, name="high")(x), training=True)
    return keras.Model(x, layers.Activation("relu", name="top")(hidden))


class AlwaysDropping(layers.Layer):
    """A layer of a user's own that pays no heed to `training`."""

    def call(self, inputs):
        return inputs * keras.ops.cast(keras.random.uniform((4,)) > 0.5, "float32")


class CountingCalls(layers.Layer):
    """Another, with a state that moves."""

    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs):
        self.count.assign_add(1.0)
        return inputs


def with_layer(make):
    x = keras.Input((16, 16, 3))
    return keras.Model(x, make(name="high")(layers.Conv2D(4, 3)(x)))


def loss_of(network, **arguments):
    return losses.PerceptualLoss(network, ["high"], **arguments)


REFUSALS = {
    "an unknown layer": (
        lambda: losses.PerceptualLoss(backbone(), ["hihg"]),
        ValueError,
        "`layer_names` must name layers of the backbone.*'hihg'. Near it: high",
    ),
    "no layers": (
        lambda: losses.PerceptualLoss(backbone(), []),
        ValueError,
        "`layer_names` must name at least one layer",
    ),
    "weights for other layers": (
        lambda: losses.PerceptualLoss(backbone(), ["low", "high"], [1.0]),
        ValueError,
        r"`layer_weights` must be a positive number for each of the 2 layers.*\[1.0\]",
    ),
    "no backbone": (lambda: loss_of(3), TypeError, "`backbone` must be a Keras model.*3"),
    "an unknown backbone": (
        lambda: loss_of("mobilnet"),
        ValueError,
        "`backbone` must be the name of one of keras.applications.*'mobilnet'.*mobilenet",
    ),
    "a backbone without inputs": (
        lambda: loss_of(keras.Sequential([layers.Dense(2)])),
        ValueError,
        "`backbone` must be a Functional model",
    ),
    "an unknown distance": (
        lambda: loss_of(backbone(), distance="far"),
        ValueError,
        "`loss` must be one of.*'far'",
    ),
    "an empty range": (
        lambda: loss_of(backbone(), value_range=(1, 0)),
        ValueError,
        r"`value_range` must be \(low, high\).*\(1, 0\)",
    ),
    "images too small for layers without padding": (
        lambda: compiled(loss_of(backbone((None, None, 3), "valid")), (4, 4, 3)),
        ValueError,
        r"`backbone` must take data of the shape \(4, 4, 3\).*too small",
    ),
    "images smaller than a step of the features": (
        lambda: compiled(loss_of(backbone((None, None, 3))), (2, 2, 3)),
        ValueError,
        "at least 4×4.*images of 2×2",
    ),
    "images too small to be enlarged": (
        lambda: compiled(loss_of(backbone((160, 160, 3))), (16, 16, 3)),
        ValueError,
        "at least 20×20, an eighth of its 160×160.*images of 16×16",
    ),
    "coloured images for a grey backbone": (
        lambda: compiled(loss_of(backbone((16, 16, 1)))),
        ValueError,
        r"`backbone` must take images of 3 channels.*\(16, 16, 1\)",
    ),
    "flat data": (
        lambda: loss_of(backbone()).call(IMAGES.reshape(6, -1), IMAGES.reshape(6, -1)),
        ValueError,
        r"`backbone` must take data of the shape \(768,\)",
    ),
    "dropout left on": (
        lambda: losses.PerceptualLoss(left_on(), ["top"]),
        ValueError,
        "`backbone` must hold no dropout.*'dropout.*called with training=True",
    ),
    "dropout that cannot be turned off": (
        lambda: compiled(loss_of(with_layer(AlwaysDropping))),
        ValueError,
        "`backbone` must give the same features for the same data",
    ),
    "statistics that move": (
        lambda: compiled(loss_of(with_layer(CountingCalls))),
        ValueError,
        "`backbone` must not change.*count",
    ),
    "data outside the declared range": (
        lambda: compiled(loss_of(backbone())).fit(2 * IMAGES - 1, verbose=0),
        ValueError,
        r"`x` must lie in \[0, 1\], the `value_range` of the PerceptualLoss.*values in \[-",
    ),
    "targets outside the declared range": (
        lambda: compiled(losses.WeightedSum([loss_of(backbone()), "mse"])).fit(
            IMAGES, 255 * IMAGES, verbose=0
        ),
        ValueError,
        r"`y` must lie in \[0, 1\]",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), list(REFUSALS.values()), ids=list(REFUSALS))
def test_refused_with_a_sentence(call, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        call()


def test_weights_that_cannot_be_downloaded_get_one_error_with_two_ways_out(monkeypatch):
    home = pathlib.Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    if list((home / "models").glob("*mobilenet_v3_small*")):
        pytest.skip("these weights are on this machine already")
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(RuntimeError, match=r"Two ways out.*weights=path.*pretrain_backbone\("):
        losses.PerceptualLoss("MobileNetV3Small", ["activation"])


@pytest.mark.skipif(
    not MOBILENET_WEIGHTS, reason="KERAS_AEGAN_MOBILENET_WEIGHTS names no file of MobileNet's"
)
def test_mobilenet_with_its_imagenet_weights(tmp_path):
    network = keras.applications.MobileNet(
        alpha=0.25,
        include_top=False,
        input_shape=(64, 64, 3),
        weights=pathlib.Path(MOBILENET_WEIGHTS),
    )
    before = [w.numpy().copy() for w in network.weights]
    loss = losses.PerceptualLoss(network, ["conv_pw_3_relu"], preprocessing="mobilenet")
    model = compiled(loss)
    model.fit(IMAGES, epochs=2, verbose=0)
    for weight, old in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
    assert model.count_params() == autoencoder().count_params()
