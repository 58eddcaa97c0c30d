"""Data that lead nowhere are warned of before the first step, and endless ones refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan import models, networks

RNG = np.random.default_rng(0)
UNIT = RNG.uniform(size=(32, 6)).astype("float32")
HOW = {"jit_compile": False}


def _autoencoder(activation=None):
    model = models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)),
        networks.dense_decoder(2, (6,), (4,), output_activation=activation),
    )
    model.compile(**HOW)
    return model


def _vae(encoder=None, activation=None):
    encoder = encoder or networks.dense_encoder((6,), None, (4,))
    model = models.VAE(
        networks.gaussian_encoder(encoder, 2),
        networks.dense_decoder(2, (6,), (4,), output_activation=activation),
    )
    model.compile(**HOW)
    return model


def _gan(activation):
    model = models.GAN(
        networks.dense_generator(3, (6,), (4,), output_activation=activation),
        networks.dense_discriminator((6,), (4,)),
    )
    model.compile(**HOW)
    return model


def _vae_gan(activation):
    model = models.VAEGAN(
        networks.gaussian_encoder(networks.dense_encoder((6,), None, (4,)), 2),
        networks.dense_decoder(2, (6,), (4,), output_activation=activation),
        networks.dense_discriminator((6,), (4,)),
        feature_layer="dense_0_activation",
    )
    model.compile(**HOW)
    return model


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: _gan("tanh"), "generator's output lies in .-1, 1., and the data in"),
        (lambda: _autoencoder("tanh"), "decoder's output lies in .-1, 1., and targets in"),
        (lambda: _vae(activation="tanh"), "decoder's output lies in .-1, 1., and targets in"),
        (lambda: _vae_gan("tanh"), "decoder's output lies in .-1, 1., and targets in"),
    ],
)
def test_half_of_a_tanh(make, sentence):
    with pytest.warns(UserWarning, match=f"{sentence}.*2 \\* x - 1"):
        make().fit(UNIT, verbose=0)
    make().fit(2 * UNIT - 1, verbose=0)  # a warning would be an error
    with pytest.warns(UserWarning, match=sentence):
        make().fit(tf.data.Dataset.from_tensor_slices(UNIT).batch(8), verbose=0)


@pytest.mark.parametrize(
    ("make", "mend"),
    [
        (lambda: _gan("tanh"), r"/ 127.5 - 1\."),
        (lambda: _gan("sigmoid"), r"/ 255\."),
        (lambda: _autoencoder("tanh"), r"/ 127.5 - 1\."),
        (lambda: _autoencoder("sigmoid"), r"/ 255\., to \[0, 1\]"),
        (lambda: _autoencoder(), r"/ 255\."),
    ],
)
def test_integers_are_told_the_range_of_the_output(make, mend):
    with pytest.raises(TypeError, match=rf"`x` must be floating-point.*{mend}.*up to 255"):
        make().fit(np.full((8, 6), 255, "uint8"), verbose=0)


def test_following_the_sentence_trains_without_another():
    levels = RNG.integers(0, 256, (32, 6)).astype("uint8")
    _gan("tanh").fit(levels.astype("float32") / 127.5 - 1.0, verbose=0)
    _gan("sigmoid").fit(levels.astype("float32") / 255.0, verbose=0)


@pytest.mark.parametrize(
    ("x", "numbers", "cure"),
    [
        (255 * UNIT, r"values in \[0\.\d+, 254", r"x.std\(axis=0\)"),
        (1000 + UNIT, r"root mean square up to 1001", r"x.std\(axis=0\)"),
        (30 * RNG.normal(size=(64, 6)), "root mean square up to 3", r"x.std\(axis=0\)"),
        (UNIT * [1, 1, 1, 1, 1, 500], "root mean square up to 30", r"x.std\(axis=0\)"),
    ],
    ids=["grey levels", "an offset", "a large deviation", "one column"],
)
def test_an_unscaled_table_into_a_vae(x, numbers, cure):
    x = x.astype("float32")
    with pytest.warns(UserWarning, match=f"`x` is not scaled: .*{numbers}.*{cure}.*KL"):
        _vae().fit(x, verbose=0)
    _vae().fit((x - x.mean(axis=0)) / x.std(axis=0), verbose=0)


def _features(*front):
    x = keras.Input((6,))
    hidden = x
    for layer in front:
        hidden = layer(hidden)
    return keras.Model(x, keras.layers.Dense(4)(hidden))


@pytest.mark.parametrize(
    "front",
    [
        lambda: [keras.layers.Rescaling(1 / 255)],
        lambda: [keras.layers.BatchNormalization()],
        lambda: [keras.layers.LayerNormalization()],
        lambda: [lambda x: x / 255.0],
        lambda: [keras.layers.Flatten(), keras.layers.Rescaling(1 / 255)],
        lambda: [keras.layers.GaussianNoise(1.0), keras.layers.Rescaling(1 / 255)],
        lambda: [keras.Sequential([keras.Input((6,)), keras.layers.Rescaling(1 / 255)])],
    ],
)
def test_an_encoder_that_scales_is_not_warned_of(front):
    _vae(_features(*front())).fit(255 * UNIT, UNIT, verbose=0)
    with pytest.warns(UserWarning, match="`x` is not scaled"):
        _vae(_features()).fit(255 * UNIT, UNIT, verbose=0)


def test_unscaled_targets_into_a_vae():
    with pytest.warns(UserWarning, match="`y` is not scaled: .*KL"):
        _vae().fit(UNIT, 1000 * UNIT, verbose=0)


def _masked_vae(mask_value, activation=None):
    x = keras.Input((5, 2))
    hidden = keras.layers.GRU(3, return_sequences=True)(keras.layers.Masking(mask_value)(x))
    encoder = keras.Model(x, [keras.layers.Dense(2)(hidden), keras.layers.Dense(2)(hidden)])
    z = keras.Input((5, 2))
    return models.VAE(encoder, keras.Model(z, keras.layers.Dense(2, activation)(z)))


@pytest.mark.parametrize(
    ("mask_value", "activation", "loss", "low", "high"),
    [
        (-1.0, "sigmoid", "bernoulli_nll", 0.0, 1.0),
        (-1.0, "sigmoid", None, 0.0, 1.0),
        (-999.0, None, None, -2.0, 2.0),
        (-10.0, "tanh", None, -1.0, 1.0),
    ],
)
def test_padding_is_not_judged_as_data(mask_value, activation, loss, low, high):
    x = RNG.uniform(low, high, (16, 5, 2)).astype("float32")
    x[:, 3:] = mask_value
    model = _masked_vae(mask_value, activation)
    model.compile(loss=loss, **HOW)
    assert np.isfinite(model.fit(x, verbose=0).history["loss"][0])
    x[0, 0] = 1e5  # data that are no padding
    if loss:
        with pytest.raises(ValueError, match="must lie in"):
            model.fit(x, verbose=0)
    else:
        with pytest.warns(UserWarning, match="is not scaled|cannot reach"):
            model.fit(x, verbose=0)


def test_a_few_examples_in_one_half_say_nothing():
    model = _autoencoder("tanh")
    for _ in range(2):
        model.train_on_batch(UNIT[:1])
    model.fit(tf.data.Dataset.from_tensor_slices(UNIT).batch(4), verbose=0)


@pytest.mark.parametrize(
    ("x", "activation", "advice"),
    [
        (np.eye(6, dtype=bool), "sigmoid", r'x.astype\("float32"\)\. '),
        (np.eye(6, dtype=bool), "tanh", r"\* 2 - 1"),
        (np.eye(6, dtype="int64"), "sigmoid", r'x.astype\("float32"\)\. '),
        (2 * np.eye(6, dtype="int64") - 1, "tanh", r'x.astype\("float32"\)\. '),
        (np.full((4, 6), 65535, "uint16"), "sigmoid", r"/ 65535\."),
        (np.full((4, 6), -700, "int32"), None, r"x.std\(axis=0\)"),
    ],
)
def test_integers_are_scaled_by_their_values(x, activation, advice):
    with pytest.raises(TypeError, match=rf"`x` must be floating-point.*{advice}"):
        _autoencoder(activation).fit(x, verbose=0)


def test_integers_before_a_rescaling_are_told_of_targets():
    encoder = _features(keras.layers.Rescaling(1 / 255, name="to_unit"))
    model = models.Autoencoder(encoder, networks.dense_decoder(4, (6,), (4,)))
    model.compile(**HOW)
    with pytest.raises(TypeError, match="'to_unit' scales, and as targets what the same layer"):
        model.fit(np.full((4, 6), 200, "uint8"), verbose=0)


def test_a_discriminator_tells_the_generators_range():
    with pytest.raises(TypeError, match=r"/ 127.5 - 1\."):
        _gan("tanh").discriminate(np.full((4, 6), 255, "uint8"))


@pytest.mark.filterwarnings("ignore:`x` is not scaled")
def test_a_nan_names_the_scale_of_the_data():
    model = _autoencoder()
    x = (1e14 * UNIT).astype("float32")  # its squares are finite, their gradients' are not
    model.compile(keras.optimizers.SGD(1.0), **HOW)
    with pytest.warns(UserWarning, match=r"became nan.*the data may be why: `x` is not scaled"):
        model.fit(x, epochs=3, batch_size=8, verbose=0)
    model = _autoencoder()
    model.compile(keras.optimizers.SGD(1e12), **HOW)
    with pytest.warns(UserWarning, match=r"became (nan|inf) in epoch"):  # the rate, not the data
        model.fit(UNIT, epochs=20, batch_size=8, verbose=0)


class Endless(keras.utils.PyDataset):
    """Has no end: its number of batches is None, as Keras has it."""

    num_batches = None

    def __getitem__(self, index):
        return (UNIT[:8],)


def _endless():
    return tf.data.Dataset.from_tensor_slices(UNIT).batch(8).repeat()


@pytest.mark.parametrize("make", [_endless, lambda: _endless().prefetch(1), Endless])
def test_endless_data_are_refused(make):
    model = _autoencoder()
    for call, name, steps in (
        (lambda: model.fit(make()), "x", "steps_per_epoch"),
        (lambda: model.evaluate(make()), "x", "steps"),
        (lambda: model.predict(make()), "x", "steps"),
        (lambda: model.fit(UNIT, validation_data=make()), "validation_data", "validation_steps"),
    ):
        with pytest.raises(ValueError, match=f"`{name}` must end, or `{steps}` must say how many"):
            call()


def test_endless_data_with_steps_are_taken():
    model = _autoencoder()
    history = model.fit(
        _endless(), steps_per_epoch=2, validation_data=_endless(), validation_steps=1, verbose=0
    )
    assert len(history.history["val_loss"]) == 1
    assert np.all(np.isfinite(model.evaluate(_endless(), steps=2, verbose=0)))
    assert model.predict(_endless(), steps=2, verbose=0).shape == (16, 6)
