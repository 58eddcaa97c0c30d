"""Data of any size, and codes of any size: each ability works, or says in a sentence why not."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_aegan import callbacks, models
from keras_aegan.evaluation import AnomalyDetector
from tests.conformance.table import ROWS, compiled

IMAGES = np.random.default_rng(0).uniform(size=(12, 4, 6, 1)).astype("float32")
SEQUENCES = IMAGES[:, :, :2, 0]


@pytest.fixture(scope="module")
def image_vae():
    model = compiled(ROWS["open_image_vae"])
    model.fit(IMAGES, verbose=0)
    return model


def test_a_sample_has_the_size_that_is_asked_for(image_vae):
    samples = image_vae.sample(3, seed=0, latent_shape=(2, 3, 2))
    assert samples.shape == (3, 4, 6, 1)
    np.testing.assert_array_equal(samples, image_vae.sample(3, seed=0, latent_shape=(2, 3, 2)))
    assert image_vae.sample(2, latent_shape=(5, 1, 2)).shape == (2, 10, 2, 1)


@pytest.mark.parametrize("shape", [None, (2, 3), (2, 3, 4), (2, 0, 2), 3, (2.0, 3, 2)])
def test_a_sample_without_a_size_is_refused(image_vae, shape):
    with pytest.raises(ValueError, match=r"`latent_shape` must be the sizes of one code, \(any, a"):
        image_vae.sample(3, latent_shape=shape)


def test_a_closed_code_has_its_own_size():
    model = compiled(ROWS["vae"])
    assert model.sample(2, latent_shape=(3,)).shape == (2, 12)
    with pytest.raises(ValueError, match=r"`latent_shape` must be the sizes of one code, \(3\)"):
        model.sample(2, latent_shape=(4,))


@pytest.mark.parametrize("score", ["mahalanobis", "code_and_error"])
def test_a_distance_of_codes_of_any_size_is_refused(image_vae, score):
    with pytest.raises(ValueError, match="`score` must be.*where codes are of any size"):
        AnomalyDetector(image_vae, score)


def test_scores_are_of_the_batchs_own_size(image_vae):
    detector = AnomalyDetector(image_vae, "negative_elbo", num_samples=4)
    detector.fit_threshold(IMAGES, 0.1)
    wide = np.tile(IMAGES, (1, 1, 2, 1))
    assert detector.anomaly_scores(wide).shape == (12,)
    assert image_vae.log_likelihood(wide, 4, verbose=0).shape == (12,)
    assert image_vae.reconstruction_error(wide).shape == (12,)


def test_a_size_that_does_not_come_back_is_refused(image_vae):
    for x in (IMAGES[:, :3], IMAGES[:, :, :5]):
        with pytest.raises(ValueError, match="`x` must hold examples whose size the networks"):
            image_vae.fit(x, verbose=0)
        with pytest.raises(ValueError, match="`x` must hold examples whose size the networks"):
            image_vae.reconstruction_error(x)


@pytest.mark.parametrize("loss", ["mse", None])
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_later_batch_that_does_not_come_back_is_named(loss, run_eagerly):
    model = compiled(ROWS["open_image_vae"])
    model.compile(loss=loss, run_eagerly=run_eagerly, jit_compile=False)
    for wrong in (IMAGES[:, :3], IMAGES[:, :1, :1]):  # and one that would broadcast
        batches = tf.data.Dataset.from_generator(
            lambda wrong=wrong: iter([IMAGES, wrong]),
            output_signature=tf.TensorSpec((None, None, None, 1)),
        )
        with pytest.raises(tf.errors.InvalidArgumentError, match="size the networks give back"):
            model.fit(batches, verbose=0)


def test_callbacks_sample_codes_of_the_size_that_they_are_told(image_vae, tmp_path):
    grid = callbacks.SampleGrid(tmp_path, 4, latent_shape=(2, 3, 2))
    sizes = []
    of_samples = callbacks.SampleMetrics(
        IMAGES,
        [lambda real, fake: sizes.append(fake.shape) or 0.0],
        num_samples=5,
        latent_shape=(2, 3, 2),
    )
    image_vae.fit(IMAGES, verbose=0, callbacks=[grid, of_samples])
    assert (tmp_path / "samples_0001.png").exists()
    assert sizes == [(5, 24)]
    with pytest.raises(ValueError, match="`latent_shape` must be the sizes of one code"):
        image_vae.fit(IMAGES, verbose=0, callbacks=[callbacks.SampleGrid(tmp_path)])
    with pytest.raises(ValueError, match="`latent_shape` must be the sizes of one code"):
        image_vae.fit(IMAGES, callbacks=[callbacks.SampleMetrics(IMAGES, ["frechet_distance"])])
    gan = compiled(ROWS["gan"])
    callback = callbacks.SampleMetrics(np.ones((4, 12)), ["frechet_distance"], latent_shape=(3,))
    callback.set_model(gan)
    with pytest.raises(
        ValueError, match="`latent_shape` must not be given to SampleMetrics: a GAN"
    ):
        callback.on_train_begin()


def test_an_autoencoder_contracts_sequences_of_any_length():
    x, z = keras.Input((None, 2)), keras.Input((None, 3))
    encoder = keras.Model(x, layers.Dense(3, "tanh")(layers.GRU(4, return_sequences=True)(x)))
    model = models.ContractiveAutoencoder(encoder, keras.Model(z, layers.Dense(2)(z)))
    model.compile(jit_compile=False)
    model.fit(SEQUENCES, verbose=0)
    assert model.encode(SEQUENCES).shape == (12, 4, 3)


@pytest.fixture(scope="module")
def masked_vae():
    x = keras.Input((None, 2))
    h = layers.GRU(4, return_sequences=True)(layers.Masking()(x))
    encoder = keras.Model(x, [layers.Dense(3)(h), layers.Dense(3)(h)])
    z = keras.Input((None, 3))
    decoder = keras.Model(z, layers.Dense(2)(layers.GRU(4, return_sequences=True)(z)))
    model = models.VAE(encoder, decoder, seed=0)
    model.compile(jit_compile=False)
    model.fit(SEQUENCES, verbose=0)
    return model


def _padded(x, length):
    return np.pad(x, ((0, 0), (0, length - x.shape[1]), (0, 0)))


def _other_padding(x):
    """The same zeros, of the other sign: what is masked is not read."""
    x = _padded(x, 9)
    x[:, 4:] = -0.0
    return x


PADDINGS = [lambda x: _padded(x, 5), lambda x: _padded(x, 9), _other_padding]


@pytest.mark.parametrize("pad", PADDINGS)
def test_scores_do_not_depend_on_the_length_of_the_padding(masked_vae, pad):
    for score in ("reconstruction_error", "negative_elbo", "log_likelihood"):
        detector = AnomalyDetector(masked_vae, score, num_samples=4)
        detector.fit_threshold(SEQUENCES, 0.1)
        alone = detector.anomaly_scores(SEQUENCES[:3])
        np.testing.assert_allclose(
            detector.anomaly_scores(pad(SEQUENCES[:3])), alone, rtol=1e-5, err_msg=score
        )
    alone = masked_vae.log_likelihood(SEQUENCES[:3], 120, seed=1, verbose=0)
    padded = masked_vae.log_likelihood(pad(SEQUENCES[:3]), 120, seed=1, verbose=0)
    np.testing.assert_allclose(padded, alone, rtol=1e-5)
    assert not np.allclose(alone, masked_vae.log_likelihood(SEQUENCES[:3], 120, seed=2, verbose=0))
