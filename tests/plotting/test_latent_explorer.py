"""The page computes the decoder itself: in a real browser, its picture is the model's."""

import shutil

import keras
import numpy as np
import pytest
from keras import layers

from keras_aegan import models, networks
from keras_aegan.layers import TopK
from keras_aegan.plotting import latent_explorer

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium; none of its requests could leave the page."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver_binary = shutil.which("chromedriver")
    if binary is None or driver_binary is None:
        pytest.skip("needs Chromium and ChromeDriver: apt-get install chromium chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = binary
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        "--window-size=1200,1000", f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = selenium.Chrome(options, selenium.ChromeService(driver_binary))
    yield driver
    driver.quit()


def _open(browser, path):
    browser.get(path.resolve().as_uri())
    _wait_for_frames(browser)
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []  # an error, or something that was not found


def _wait_for_frames(browser):
    browser.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
    )


def _shown_pixels(browser):
    """The bytes on the canvas, `(height, width, 4)`."""
    height, width, data = browser.execute_script(
        "const c = document.getElementById('image');"
        "const image = c.getContext('2d').getImageData(0, 0, c.width, c.height);"
        "return [c.height, c.width, Array.from(image.data)];"
    )
    return np.array(data).reshape(height, width, 4)


def _code(browser):
    return browser.execute_script("return Array.from(z);")


def _randomised(network):
    """The network with weights that leave no bias, mean or variance at its trivial start."""
    generator = np.random.default_rng(0)
    for weight in network.weights:
        values = generator.normal(0.0, 0.3, weight.shape)
        weight.assign(1.0 + np.abs(values) if "variance" in weight.path else values)
    return network


def _vae():
    features = networks.dense_encoder((8, 8, 1), None, (16,), "tanh")
    decoder = networks.dense_decoder(2, (8, 8, 1), (16,), output_activation="sigmoid")
    return models.VAE(networks.gaussian_encoder(features, 2), _randomised(decoder))


def _own_decoder():
    """Layers of Keras that `networks` does not use, one network inside another."""
    z = keras.Input((3,))
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Dense(20, "gelu"), layers.Dropout(0.5), layers.ReLU()]
    )
    hidden = layers.Reshape((2, 2, 5))(layers.LeakyReLU(0.1)(inner(z)))
    hidden = layers.UpSampling2D(2)(hidden)
    hidden = layers.Conv2D(3, (3, 2), strides=(1, 2), padding="same", activation="selu")(hidden)
    hidden = layers.Conv2DTranspose(4, 3, strides=(1, 2), padding="valid", use_bias=False)(hidden)
    hidden = layers.BatchNormalization(scale=False)(hidden)
    hidden = layers.Conv2D(3, 2, activation="mish")(hidden)
    return keras.Model(z, layers.Softmax()(hidden))


_DECODERS = {
    "dense": lambda: networks.dense_decoder(2, (6, 7), (16, 8), batch_normalization=True),
    "convolutional": lambda: networks.convolutional_decoder(
        2, (11, 10, 3), (8, 4), "elu", True, output_activation="sigmoid"
    ),
    "dcgan": lambda: networks.dcgan_generator(5, (12, 12, 1), (8, 4)),
    "one_hot_labels": lambda: networks.convolutional_decoder(2, (8, 8, 1), (4, 4), num_classes=3),
    "embedded_labels": lambda: networks.dense_generator(
        2, (8, 8, 1), (8,), num_classes=3, label_embedding_dim=2
    ),
    "own": _own_decoder,
    **{
        name: lambda name=name: networks.dense_decoder(2, (3, 3), (4,), name)
        for name in ("relu6", "softplus", "softsign", "silu", "hard_sigmoid", "sigmoid", "softmax")
    },
}


@pytest.mark.parametrize("make", list(_DECODERS.values()), ids=list(_DECODERS))
def test_the_page_computes_what_keras_computes(make, browser, tmp_path):
    decoder = _randomised(make())
    _open(browser, latent_explorer(decoder, tmp_path / "page.html"))
    z = np.random.default_rng(1).normal(size=(5, decoder.inputs[0].shape[1])).astype("float32")
    labels = np.array([0, 1, 2, 1, 0])
    expected = decoder.predict([z, labels] if len(decoder.inputs) > 1 else z, verbose=0)
    for code, label, image in zip(z.tolist(), labels.tolist(), expected, strict=True):
        computed = browser.execute_script("return Array.from(decode(...arguments));", code, label)
        np.testing.assert_allclose(computed, image.ravel(), rtol=1e-5, atol=1e-5)


def test_a_tied_decoder(browser, tmp_path):
    model = models.Autoencoder(
        networks.dense_encoder((4, 4, 1), 2, ()),
        networks.dense_decoder(2, (4, 4, 1), (), tied_to="code"),
    )
    _open(browser, latent_explorer(model, tmp_path / "page.html"))
    expected = model.decode(np.array([[0.5, -1.0]], "float32")).ravel()
    computed = browser.execute_script("return Array.from(decode([0.5, -1.0]));")
    np.testing.assert_allclose(computed, expected, atol=1e-6)


def test_dragging_moves_the_point_and_shows_what_the_model_decodes(browser, tmp_path):
    actions = pytest.importorskip("selenium.webdriver").ActionChains
    model = _vae()
    _open(browser, latent_explorer(model, tmp_path / "page.html"))

    def assert_shown():
        _wait_for_frames(browser)
        image = model.decode(np.array([_code(browser)], "float32"))[0]
        shown = _shown_pixels(browser)
        np.testing.assert_allclose(shown[..., :3], np.repeat(255 * image, 3, -1), atol=0.51)
        assert np.all(shown[..., 3] == 255)
        return shown

    seen = [assert_shown()]
    assert _code(browser) == [0.0, 0.0]
    pad = browser.find_element("id", "pad")
    for rightwards, downwards in ((120, 60), (-130, -110)):
        drag = actions(browser, duration=20).move_to_element(pad).click_and_hold()
        drag.move_by_offset(rightwards, downwards).release().perform()
        seen.append(assert_shown())
        code = _code(browser)
        assert np.all(np.sign(code) == np.sign([rightwards, -downwards]))
        # Let go, it stays.
        actions(browser, duration=20).move_to_element(pad).perform()
        assert _code(browser) == code
    assert len(np.unique(seen, axis=0)) == 3


def test_keys_and_sliders_move_it_too(browser, tmp_path):
    keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
    _open(browser, latent_explorer(_vae(), tmp_path / "page.html"))
    pad = browser.find_element("id", "pad")
    pad.send_keys(keys.ARROW_RIGHT, keys.ARROW_RIGHT, keys.ARROW_UP)
    np.testing.assert_allclose(_code(browser), [0.12, 0.06])  # 1 % of [-3, 3] a stroke
    assert pad.get_attribute("aria-valuetext") == "z₁ = 0.12, z₂ = 0.06"
    pad.send_keys(keys.HOME)
    assert _code(browser) == [0.0, 0.0]
    first, _ = browser.find_elements("css selector", "#sliders input")
    first.send_keys(keys.END)
    assert _code(browser) == [3.0, 0.0]


def test_codes_of_examples_and_a_class_to_choose(browser, tmp_path):
    features = networks.dense_encoder((8, 8, 1), None, (16,), num_classes=3)
    decoder = networks.dense_decoder(4, (8, 8, 1), (16,), num_classes=3)
    model = models.ConditionalVAE(
        networks.gaussian_encoder(features, 4), _randomised(decoder), seed=0
    )
    x = np.random.default_rng(0).uniform(size=(30, 8, 8, 1)).astype("float32")
    labels = np.arange(30) % 3
    names = ["</script>", "<b>shoe</b>", "{{ weights }}"]
    page = latent_explorer(model, tmp_path / "page.html", x, labels, names)
    _open(browser, page)
    assert [e.text for e in browser.find_elements("css selector", "#classes label")] == names
    np.testing.assert_allclose(
        np.reshape(browser.execute_script("return Array.from(codes);"), (30, 4)),
        model.encode(x, labels),
    )
    before = _shown_pixels(browser)
    browser.find_elements("css selector", "#classes input")[2].click()
    _wait_for_frames(browser)
    assert not np.array_equal(_shown_pixels(browser), before)
    image = model.decode(np.array([_code(browser)], "float32"), np.array([2]))[0]
    expected = np.clip(255 * image[..., 0], 0, 255)
    np.testing.assert_allclose(_shown_pixels(browser)[..., 0], expected, atol=0.51)
    browser.find_element("id", "example").click()
    label = browser.execute_script("return label;")
    own_codes = model.encode(x, labels)[labels == label]
    assert np.abs(own_codes - _code(browser)).sum(axis=1).min() < 1e-6


def test_the_page_asks_for_nothing_else(tmp_path):
    html = latent_explorer(_vae(), str(tmp_path / "page.html")).read_text(encoding="utf-8")
    assert "default-src 'none'" in html  # the browser would refuse it
    assert not any(word in html for word in ("http://", "https://", "src=", "<link", "url("))


def _network(units, *others):
    return keras.Sequential([keras.Input((2,)), layers.Dense(units), *others])


_X = np.zeros((3, 8, 8, 1), "float32")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: 3, "`model` must have a decoder or a generator.*model=3 of type int"),
        (lambda: _network(4), r"`model` must decode vectors to images.*\(2,\) to \(4,\)"),
        (
            lambda: _network(4, TopK(1), layers.Reshape((2, 2))),
            "layers that the page can compute.* Received: a TopK",
        ),
        (
            lambda: _network(4, layers.Activation("log_sigmoid"), layers.Reshape((2, 2))),
            "activations must be of .*Received: 'log_sigmoid'",
        ),
        (
            lambda: _network(4, layers.Reshape((2, 2, 1)), layers.Conv2D(1, 1, dilation_rate=2)),
            r"Conv2D only with dilation_rate=\(1, 1\).* Received: dilation_rate=\(2, 2\)",
        ),
    ],
)
def test_it_refuses_a_network_that_the_page_cannot_compute(make, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        latent_explorer(make(), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.arange(3)}, "`labels` must be integers from 0"),
        ({"x": _X, "labels": np.zeros(3)}, "Received: float64 of shape"),
        (
            {"x": _X, "labels": np.arange(3), "label_names": ["a"]},
            "`label_names` must hold 3 names, one per class. Received: 1",
        ),
        ({"value_range": (1, 0)}, "`value_range` must be"),
    ],
)
def test_it_refuses_arguments_that_do_not_go_together(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        latent_explorer(_vae(), tmp_path / "page.html", **arguments)


def test_a_network_alone_encodes_nothing(tmp_path):
    with pytest.raises(ValueError, match="`x` must be None for a model that does not encode"):
        latent_explorer(_vae().decoder, tmp_path / "page.html", x=_X)
