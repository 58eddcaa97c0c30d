"""Masks and weights of steps mean what they mean in plain Keras, or are an example's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import losses, models, networks
from keras_aegan.engine.tensor_notes import mask_of

GENERATOR = np.random.default_rng(0)
SHOWN = np.arange(6) < GENERATOR.integers(1, 7, 37)[:, None]  # (num_examples, steps)
X = (GENERATOR.uniform(0.5, 1.5, (37, 6, 2)) * SHOWN[..., None]).astype("float32")


def encoder(num_outputs=1, masks=True, latent_dim=3):
    keras.utils.set_random_seed(1)
    x = keras.Input((6, 2))
    hidden = layers.GRU(4, return_sequences=True)(layers.Masking()(x) if masks else x)
    outputs = [layers.Dense(latent_dim)(hidden) for _ in range(num_outputs)]
    return keras.Model(x, outputs if num_outputs > 1 else outputs[0])


def decoder(activation=None):
    z = keras.Input((6, 3))
    return keras.Model(z, layers.Dense(2, activation)(layers.GRU(4, return_sequences=True)(z)))


WEIGHTS = {
    "none": None,
    "of examples": GENERATOR.uniform(0, 2, (37, 1)),
    "of steps": np.where(np.arange(37)[:, None] == 3, 0.0, GENERATOR.uniform(0, 2, (37, 6))),
}


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=list(WEIGHTS))
@pytest.mark.parametrize("masks", [True, False])
# Of a nested network, wrongly: its layers carry the mask on.
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_training_is_plain_kerass(masks, weights):
    """An uneven last batch, masked and weighted; then the measures."""
    networks_of = {}
    for name in ("ours", "keras"):
        networks_of[name] = encoder(masks=masks), decoder()
    encode, decode = networks_of["keras"]
    plain = keras.Model(encode.inputs, decode(encode.outputs[0]))
    plain.compile(keras.optimizers.SGD(0.1), "mse", weighted_metrics=["mae"], jit_compile=False)
    ours = models.Autoencoder(*networks_of["ours"])
    ours.compile(keras.optimizers.SGD(0.1), "mse", weighted_metrics=["mae"], jit_compile=False)
    options = {"sample_weight": weights, "batch_size": 16, "verbose": 0}
    expected = plain.fit(X, X, epochs=2, shuffle=False, **options).history
    measured = plain.evaluate(X, X, return_dict=True, **options)
    history = ours.fit(X, epochs=2, shuffle=False, **options).history
    again = ours.evaluate(X, return_dict=True, **options)
    for name in ("loss", "mae"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5, err_msg=name)
        np.testing.assert_allclose(again[name], measured[name], rtol=1e-5, err_msg=name)
    for a, b in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_one_weight_per_example_may_stand_in_a_column():
    weights, logs = GENERATOR.uniform(size=37), []
    for w in (weights, weights[:, None]):
        model = models.Autoencoder(encoder(), decoder())
        model.compile("sgd", jit_compile=False)
        logs.append(model.fit(X, sample_weight=w, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*logs, rtol=1e-6)


def test_a_vaes_terms_leave_out_what_is_masked():
    model = models.VAE(encoder(2), decoder(), seed=0)
    model.compile(loss=losses.GaussianNLL(0.5), jit_compile=False)
    terms, reconstruction = model.autoencoder_terms(tf.constant(X), tf.constant(X), False)
    z_mean, z_log_var = (np.array(output, "float64") for output in model.encoder(X))
    kl = 0.5 * (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var) * SHOWN[..., None]
    np.testing.assert_allclose(terms["kl_loss"], kl.sum(axis=(1, 2)), rtol=1e-4)
    squares = np.square(X - np.array(reconstruction, "float64"))
    nll = (squares * 2 + 0.5 * np.log(2 * np.pi * 0.25)) * SHOWN[..., None]
    np.testing.assert_allclose(terms["reconstruction_loss"], nll.sum(axis=(1, 2)), rtol=1e-4)


def test_weights_of_steps_weigh_the_reconstruction_and_their_largest_the_kl():
    weights = WEIGHTS["of steps"]
    model = models.VAE(encoder(2), decoder(), seed=0)
    model.compile(keras.optimizers.SGD(0.0), loss="mse", jit_compile=False)
    logs = model.evaluate(X, sample_weight=weights, batch_size=37, verbose=0, return_dict=True)
    z_mean, z_log_var = (np.array(output, "float64") for output in model.encoder(X))
    kl = 0.5 * (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var) * SHOWN[..., None]
    expected = np.mean(weights.max(axis=1) * kl.sum(axis=(1, 2)))
    np.testing.assert_allclose(logs["kl_loss"], expected, rtol=1e-4)


def test_the_importance_weighted_bound_leaves_out_what_is_masked():
    model = models.VAE(encoder(2), decoder(), num_importance_samples=3, seed=0)
    model.compile(loss=losses.GaussianNLL(0.5), jit_compile=False)
    noise = GENERATOR.normal(size=(37, 3, 6, 3)).astype("float32")
    outputs = model.encoder(X)
    log_weights, _ = model._log_weights(X, X, *outputs, noise)
    noise *= SHOWN[:, None, :, None]
    x_alone, row = X[:1, : SHOWN[0].sum()], slice(0, 1)
    z_mean, z_log_var = (np.array(o, "float64")[row, : SHOWN[0].sum()] for o in outputs)
    e = noise[0, :, : SHOWN[0].sum()]
    z = z_mean + np.exp(z_log_var / 2) * e
    ratio = 0.5 * (e**2 + z_log_var - z**2).sum(axis=(1, 2))
    padded = np.zeros((3, 6, 3), "float32")
    padded[:, : z.shape[1]] = z
    means = np.array(model.decoder(padded))[:, : z.shape[1]]
    squares = np.square(x_alone - means).sum(axis=(1, 2))
    nll = squares * 2 + 0.5 * np.log(2 * np.pi * 0.25) * x_alone.size
    np.testing.assert_allclose(log_weights[0], ratio - nll, rtol=1e-4)


class Spoil(layers.Layer):
    """Blanks the first step, and fills the padding."""

    def call(self, x, training=False):
        if not training:
            return x
        return tf.concat([tf.zeros_like(x[:, :1]), tf.ones_like(x[:, 1:])], axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape


def test_padding_is_what_the_clean_data_say():
    model = models.DenoisingAutoencoder(encoder(), decoder(), Spoil())
    model.compile(jit_compile=False)
    terms, reconstruction = model.autoencoder_terms(tf.constant(X), tf.constant(X), True)
    np.testing.assert_array_equal(mask_of(reconstruction), SHOWN)
    errors = np.square(X - np.array(reconstruction)).mean(axis=2) * SHOWN
    expected = errors.sum(axis=1) / SHOWN.sum(axis=1)
    np.testing.assert_allclose(terms["reconstruction_loss"], expected, rtol=1e-5)
    model.fit(X, verbose=0)


def test_a_masked_embedding_counts_words_alone():
    words = GENERATOR.integers(1, 9, (37, 6)) * SHOWN
    x, z = keras.Input((6,), dtype="int32"), keras.Input((6, 3))
    hidden = layers.LSTM(4, return_sequences=True)(layers.Embedding(9, 4, mask_zero=True)(x))
    model = models.Autoencoder(
        keras.Model(x, layers.Dense(3)(hidden)), keras.Model(z, layers.Dense(9, "softmax")(z))
    )
    for loss in ("sparse_categorical_crossentropy", "categorical_nll"):
        model.compile("sgd", loss, jit_compile=False)
        model.fit(words, words, verbose=0)
        p = np.take_along_axis(model.predict(words, verbose=0), words[..., None], -1)[..., 0]
        own, counts = (-np.log(p) * SHOWN).sum(axis=1), SHOWN.sum(axis=1)
        is_mean = loss != "categorical_nll"
        np.testing.assert_allclose(
            model.reconstruction_error(words, words), own / counts if is_mean else own, rtol=1e-4
        )
        expected = own.sum() / counts.sum() if is_mean else own.mean()
        logged = model.evaluate(words, words, batch_size=37, verbose=0, return_dict=True)["loss"]
        np.testing.assert_allclose(logged, expected, rtol=1e-4)


def test_the_contraction_of_masked_codes_counts_nothing():
    model = models.ContractiveAutoencoder(encoder(latent_dim=3), decoder())
    model.compile(jit_compile=False)
    terms, _ = model.autoencoder_terms(tf.constant(X), tf.constant(X), False)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        code = model.encoder(x)
    squares = np.square(tape.batch_jacobian(code, x)).sum(axis=(2, 3, 4)) * SHOWN
    np.testing.assert_allclose(terms["contraction_loss"], squares.sum(axis=1), rtol=1e-4)


def test_a_vaegan_compares_the_features_of_data_alone():
    x = keras.Input((6, 2))
    features = layers.GRU(5, return_sequences=True, name="features")(layers.Masking()(x))
    discriminator = keras.Model(x, layers.Dense(1)(layers.GRU(3)(features)))
    model = models.VAEGAN(encoder(2), decoder(), discriminator, "features")
    model.compile(jit_compile=False)
    model.fit(X, verbose=0)
    together = model.reconstruction_error(X)
    alone = [model.reconstruction_error(X[i : i + 1])[0] for i in range(3)]
    np.testing.assert_allclose(together[:3], alone, rtol=1e-4)


def _fit(model, weights, **compile_arguments):
    model.compile(jit_compile=False, **compile_arguments)
    return model.fit(X, sample_weight=weights, verbose=0)


def _gan():
    generator = networks.dense_generator(3, (6, 2), (8,))
    return models.GAN(generator, networks.dense_discriminator((6, 2), (8,)))


def _summed(x, r):
    return keras.ops.sum(keras.ops.abs(x - r), axis=(1, 2))


REFUSALS = {
    "a GAN": (lambda: _fit(_gan(), np.ones((37, 6))), "must hold one weight per example"),
    "a summed loss": (
        lambda: _fit(models.Autoencoder(encoder(masks=False), decoder()), np.ones((37, 6)),
            loss=_summed),
        "`loss` must leave the axes that `sample_weight` is of",
    ),
    "a summed mask": (
        lambda: _fit(models.Autoencoder(encoder(), decoder()), None, loss=_summed),
        "`loss` must leave the axes that a Keras mask is of",
    ),
    "other steps": (
        lambda: _fit(models.Autoencoder(encoder(masks=False), decoder()), np.ones((37, 5))),
        "`sample_weight` must have the shape (37,), or that followed by leading axes",
    ),
    "other examples": (
        lambda: _fit(models.Autoencoder(encoder(), decoder()), np.ones((36, 6))),
        "`sample_weight` must have the shape (37,): one weight per example; or (37, steps)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "sentence"), REFUSALS.values(), ids=list(REFUSALS))
def test_refused_with_a_sentence(call, sentence):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        call()
    assert sentence in str(refused.value)
