"""What a callback cannot do with a model is said before training, not after an epoch."""

import keras
import numpy as np
import pytest

from keras_aegan import callbacks, losses, models, networks

IMAGES = np.random.default_rng(0).uniform(size=(16, 8, 8, 1)).astype("float32")
LABELS = np.arange(16) % 2


def _vae(data_shape=(8, 8, 1)):
    encoder = networks.gaussian_encoder(networks.dense_encoder(data_shape, None, (8,)), 3)
    return models.VAE(encoder, networks.dense_decoder(3, data_shape, (8,)))


def _vae_of_maps():
    x, z = keras.Input((8, 8, 1)), keras.Input((8, 8, 2))
    moments = [keras.layers.Conv2D(2, 1, name=name)(x) for name in ("z_mean", "z_log_var")]
    return models.VAE(keras.Model(x, moments), keras.Model(z, keras.layers.Conv2D(1, 1)(z)))


def _conditional_vae():
    features = networks.dense_encoder((8, 8, 1), None, (8,), num_classes=2)
    return models.ConditionalVAE(
        networks.gaussian_encoder(features, 3),
        networks.dense_decoder(3, (8, 8, 1), (8,), num_classes=2),
    )


def _autoencoder():
    return models.Autoencoder(
        networks.dense_encoder((8, 8, 1), 3, (8,)), networks.dense_decoder(3, (8, 8, 1), (8,))
    )


def _gan():
    return models.GAN(
        networks.dense_generator(2, (4,), (8,)), networks.dense_discriminator((4,), (8,))
    )


REFUSED = {
    "a sample grid without labels": (
        _conditional_vae,
        lambda: callbacks.SampleGrid("figures"),
        "`labels` must be given to SampleGrid.*a ConditionalVAE is conditional",
    ),
    "a sample grid with labels": (
        _vae,
        lambda: callbacks.SampleGrid("figures", labels=[0, 1]),
        "`labels` must not be given to SampleGrid: a VAE takes none. Received: 2 labels",
    ),
    "labels of no class": (
        _conditional_vae,
        lambda: callbacks.SampleGrid("figures", labels=[0, 2]),
        "`labels` must hold classes from 0 to 1",
    ),
    "a sample grid of a model that does not sample": (
        _autoencoder,
        lambda: callbacks.SampleGrid("figures"),
        "SampleGrid needs a model with `sample` and a prior. Received: a Autoencoder",
    ),
    "a sample grid of vectors": (
        _gan,
        lambda: callbacks.SampleGrid("figures", num_samples=4),
        r"must have the shape \(num_images, height, width\).*Received: shape \(4, 4\)",
    ),
    "a reconstruction grid without labels": (
        _conditional_vae,
        lambda: callbacks.ReconstructionGrid(IMAGES[:4], "figures"),
        "`labels` must be given to ReconstructionGrid",
    ),
    "a reconstruction grid with labels": (
        _vae,
        lambda: callbacks.ReconstructionGrid(IMAGES[:4], "figures", labels=LABELS[:4]),
        "`labels` must not be given to ReconstructionGrid",
    ),
    "a reconstruction grid of vectors": (
        _vae,
        lambda: callbacks.ReconstructionGrid(IMAGES.reshape(16, 64), "figures"),
        r"`x` must have the shape \(num_images, height, width\).*Received: shape \(16, 64\)",
    ),
    "active units of no VAE": (
        _autoencoder,
        lambda: callbacks.ActiveUnits(IMAGES),
        "ActiveUnits needs a model whose encoder gives `z_mean`.*Received: a Autoencoder",
    ),
    "active units of a GAN": (
        _gan,
        lambda: callbacks.ActiveUnits(IMAGES),
        "ActiveUnits needs a model whose encoder gives `z_mean`.*Received: a GAN",
    ),
    "active units of maps": (
        _vae_of_maps,
        lambda: callbacks.ActiveUnits(IMAGES),
        r"ActiveUnits needs .*Received: a VAE with codes of shape \(8, 8, 2\)",
    ),
    "active units without labels": (
        _conditional_vae,
        lambda: callbacks.ActiveUnits(IMAGES),
        "`labels` must be given to ActiveUnits",
    ),
    "active units of one example": (
        _vae,
        lambda: callbacks.ActiveUnits(IMAGES[:1]),
        "`z_mean` must have the shape.*two examples or more",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_a_step(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, callback, sentence = REFUSED[name]
    model = make()
    if isinstance(model, (models.VAE, models.ConditionalVAE)):
        model.compile(loss=losses.GaussianNLL(1.0))
    else:
        model.compile()
    arrays = {
        models.ConditionalVAE: (IMAGES, LABELS),
        models.GAN: (IMAGES[:, :4, 0, 0],),
    }.get(type(model), (IMAGES,))
    with pytest.raises(ValueError, match=sentence):
        model.fit(*arrays, callbacks=[callback()], verbose=0)
    assert all(int(optimizer.iterations) == 0 for optimizer in model.optimizers.values())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: callbacks.linear_schedule(0.0, 1.0, 0),
            "`num_epochs` must be a positive integer. Received: num_epochs=0",
        ),
        (
            lambda: callbacks.linear_schedule(0.0, -1.0, 3),
            "`end` must be a finite number, zero or more. Received: end=-1.0",
        ),
        (
            lambda: callbacks.cyclical_schedule(0.0, 1.0, 4, rising=0),
            r"`rising` must lie in \(0, 1\]. Received: rising=0",
        ),
        (
            lambda: callbacks.cyclical_schedule(0.0, 1.0, 0),
            "`period` must be a positive integer. Received: period=0",
        ),
        (
            lambda: callbacks.SampleGrid("figures", num_samples=0),
            "`num_samples` must be a positive integer. Received: num_samples=0",
        ),
    ],
)
def test_refused_at_the_call(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
