"""Pictures, schedules and the watch over collapse, in a training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto import event_pb2

from keras_aegan import callbacks, losses, models, networks

IMAGES = np.random.default_rng(0).uniform(size=(16, 8, 8, 1)).astype("float32")
LABELS = np.arange(16) % 2


@pytest.fixture
def vae():
    encoder = networks.gaussian_encoder(networks.dense_encoder((8, 8, 1), None, (8,)), 3)
    model = models.VAE(encoder, networks.dense_decoder(3, (8, 8, 1), (8,)), seed=0)
    model.compile(loss=losses.GaussianNLL(1.0))
    return model


def tags_in(folder):
    """The names of what TensorBoard would show, in the one file of events in a folder."""
    (events,) = folder.iterdir()
    return [
        value.tag
        for record in tf.data.TFRecordDataset(str(events))
        for value in event_pb2.Event.FromString(record.numpy()).summary.value
    ]


def test_pictures_each_epoch_and_an_animation(vae, tmp_path):
    vae.fit(
        IMAGES,
        epochs=4,
        verbose=0,
        callbacks=[
            callbacks.ReconstructionGrid(IMAGES[:4], tmp_path, log_dir=tmp_path / "logs"),
            callbacks.SampleGrid(tmp_path, num_samples=6, every=2),
        ],
    )
    assert len(list(tmp_path.glob("reconstructions_*.png"))) == 4
    assert [p.name for p in sorted(tmp_path.glob("samples_*"))] == [
        "samples_0002.png",
        "samples_0004.png",
    ]
    with Image.open(tmp_path / "samples.gif") as animation:
        assert animation.n_frames == 2
    assert tags_in(tmp_path / "logs") == ["reconstructions"] * 4


def test_the_terms_reach_tensorboard_for_training_and_validation(vae, tmp_path):
    board = keras.callbacks.TensorBoard(tmp_path)
    vae.fit(IMAGES, validation_data=IMAGES[:4], verbose=0, callbacks=[board])
    for folder in ("train", "validation"):
        expected = {"epoch_loss", "epoch_reconstruction_loss", "epoch_kl_loss"}
        assert expected <= set(tags_in(tmp_path / folder))


def test_a_cyclical_schedule_is_followed(vae):
    cycle = callbacks.LossWeightSchedule("kl_loss", callbacks.cyclical_schedule(0.0, 2.0, 2))
    logs = vae.fit(IMAGES, epochs=3, verbose=0, callbacks=[cycle]).history
    for epoch, weight in enumerate([0.0, 2.0, 0.0]):
        expected = logs["reconstruction_loss"][epoch] + weight * logs["kl_loss"][epoch]
        np.testing.assert_allclose(logs["loss"][epoch], expected, rtol=1e-5)


def test_pictures_of_a_conditional_model(tmp_path):
    features = networks.dense_encoder((8, 8, 1), None, (8,), num_classes=2)
    model = models.ConditionalVAE(
        networks.gaussian_encoder(features, 3),
        networks.dense_decoder(3, (8, 8, 1), (8,), num_classes=2),
    )
    model.compile()
    pictures = [
        callbacks.ReconstructionGrid(IMAGES[:4], tmp_path, labels=LABELS[:4]),
        callbacks.SampleGrid(tmp_path, labels=[0, 0, 1, 1]),
        callbacks.ActiveUnits(IMAGES, LABELS),
    ]
    history = model.fit(IMAGES, LABELS, epochs=1, verbose=0, callbacks=pictures).history
    assert history["active_units"][0] in range(4)
    assert (tmp_path / "samples_0001.png").exists()


def test_a_schedule_sets_the_weight_of_each_epoch(vae):
    anneal = callbacks.LossWeightSchedule("kl_loss", callbacks.linear_schedule(0.0, 1.0, 2))
    logs = vae.fit(IMAGES, epochs=3, verbose=0, callbacks=[anneal]).history
    for epoch, weight in enumerate([0.0, 0.5, 1.0]):
        expected = logs["reconstruction_loss"][epoch] + weight * logs["kl_loss"][epoch]
        np.testing.assert_allclose(logs["loss"][epoch], expected, rtol=1e-5)


def test_collapse_is_counted_and_said(vae, capsys):
    vae.compile(keras.optimizers.Adam(0.05), loss=losses.GaussianNLL(10.0))
    watch = callbacks.ActiveUnits(IMAGES)
    history = vae.fit(IMAGES, epochs=60, verbose=0, callbacks=[watch]).history
    assert history["active_units"][-1] == 0
    assert "3 of 3 latent dimensions have collapsed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("callback", "sentence"),
    [
        (lambda: callbacks.LossWeightSchedule("beta", lambda e: 1.0), "`term` must be one of"),
        (lambda: callbacks.LossWeightSchedule("kl_loss", lambda e: -1.0), "finite weights"),
        (lambda: callbacks.LossWeightSchedule("kl_loss", 1.0), "`schedule` must be a function"),
        (lambda: callbacks.SampleGrid("figures", every=0), "`every` must be a positive"),
    ],
)
def test_bad_input_is_refused(vae, callback, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        vae.fit(IMAGES, verbose=0, callbacks=[callback()])
