"""Labels condition both networks, in every turn; samples are of the class that is asked for."""

import keras
import numpy as np
import pytest

from keras_aegan import models, networks

X = np.random.default_rng(0).uniform(-1, 1, (16, 6)).astype("float32")
LABELS = np.arange(16) % 3


def conditional(num_classes=3, **arguments):
    return models.ConditionalGAN(
        networks.dense_generator(4, (6,), (8,), num_classes=num_classes),
        networks.dense_discriminator((6,), (8,), num_classes=num_classes),
        **arguments,
    )


def compiled(**arguments):
    model = conditional(**arguments)
    model.compile(jit_compile=False)
    return model


@keras.saving.register_keras_serializable(package="tests")
class LabelRecorder(keras.layers.Layer):
    """Turns labels into one number and remembers them; eagerly."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = []

    def call(self, labels):
        self.seen.append(np.array(labels))
        return keras.ops.cast(labels, "float32")[:, None]

    def compute_output_shape(self, input_shape):
        return (*input_shape, 1)


def _recorded():
    recorders = LabelRecorder(), LabelRecorder()
    nets = []
    for recorder, size, units in zip(recorders, (4, 6), (6, 1), strict=True):
        v, labels = keras.Input((size,)), keras.Input((), dtype="int32")
        both = keras.layers.Concatenate()([v, recorder(labels)])
        nets.append(keras.Model([v, labels], keras.layers.Dense(units)(both)))
    model = models.ConditionalGAN(*nets, seed=1)
    model.compile("sgd", run_eagerly=True)
    return model, *(recorder.seen for recorder in recorders)


def test_both_players_see_the_labels_of_the_batch_in_every_call():
    model, of_generator, of_discriminator = _recorded()
    model.fit(X, LABELS, batch_size=16, shuffle=False, verbose=0)
    assert (len(of_generator), len(of_discriminator)) == (2, 3)
    for seen in of_generator + of_discriminator:
        np.testing.assert_array_equal(seen, LABELS)


def test_samples_are_of_the_class_that_is_asked_for():
    """Three Gaussians at 120° from each other, one a class."""
    angles = 2 * np.pi * np.arange(3) / 3
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 64 * 1500)
    x = (centres[labels] + 0.2 * rng.normal(size=(len(labels), 2))).astype("float32")
    model = models.ConditionalGAN(
        networks.dense_generator(2, (2,), (32,), batch_normalization=False, num_classes=3),
        networks.dense_discriminator((2,), (32, 32), num_classes=3),
        seed=0,
    )
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), jit_compile=True, steps_per_execution=50)
    model.fit(x, labels, batch_size=64, verbose=0)
    asked = np.repeat(np.arange(3), 300)
    samples = model.sample(asked, seed=0)
    distances = np.linalg.norm(samples[:, None] - centres, axis=-1)
    assert np.mean(distances.argmin(axis=1) == asked) > 0.95
    right, wrong = (model.discriminate(samples, (asked + shift) % 3).mean() for shift in (0, 1))
    assert right > wrong  # the discriminator knows whether the class was kept


def test_sample_and_discriminate_are_the_networks():
    model = conditional()
    z = np.array(keras.random.normal((16, 4), seed=3))
    samples = model.sample(LABELS, seed=3, batch_size=5)
    np.testing.assert_allclose(samples, model.predict([z, LABELS], verbose=0), atol=1e-6)
    logits = np.array(model.discriminator([X, LABELS]))[:, 0]
    np.testing.assert_allclose(model.discriminate(X, LABELS, batch_size=5), logits, atol=1e-6)


def networks_of(generator_classes, discriminator_classes):
    return models.ConditionalGAN(
        networks.dense_generator(4, (6,), (8,), num_classes=generator_classes),
        networks.dense_discriminator((6,), (8,), num_classes=discriminator_classes),
    )


def one_hot_network(size, units):
    v, classes = keras.Input((size,)), keras.Input((3,))
    return keras.Model(
        [v, classes], keras.layers.Dense(units)(keras.layers.Concatenate()([v, classes]))
    )


CASES = {
    "a generator without labels": (
        lambda: models.ConditionalGAN(
            networks.dense_generator(4, (6,), (8,)),
            networks.dense_discriminator((6,), (8,), num_classes=3),
        ),
        ValueError,
        "`generator` must have 2 inputs, z and labels.*Received: 1 input",
    ),
    "a discriminator without labels": (
        lambda: models.ConditionalGAN(
            networks.dense_generator(4, (6,), (8,), num_classes=3),
            networks.dense_discriminator((6,), (8,)),
        ),
        ValueError,
        "`discriminator` must have 2 inputs, x and labels.*Received: 1 input",
    ),
    "networks with labels in a GAN": (
        lambda: models.GAN(conditional().generator, conditional().discriminator),
        ValueError,
        "`generator` must have 1 input.*Received: 2 inputs",
    ),
    "other classes": (
        lambda: networks_of(3, 4),
        ValueError,
        "must know the same classes.*`generator` with num_classes=3, `discriminator`.*=4",
    ),
    "one-hot labels": (
        lambda: models.ConditionalGAN(one_hot_network(4, 6), one_hot_network(6, 1)),
        ValueError,
        r"`generator` must take as its second input one integer label per example.*\(3,\)",
    ),
    "no labels": (lambda: compiled().fit(X), ValueError, "`y` must hold the labels.*y=None"),
    "float labels": (
        lambda: compiled().fit(X, LABELS.astype("float32"), verbose=0),
        TypeError,
        "`y` must hold integers.*float32",
    ),
    "one-hot targets": (
        lambda: compiled().fit(X, np.eye(3, dtype="int32")[LABELS], verbose=0),
        ValueError,
        r"`y` must have the shape \(num_examples\).*\(16, 3\)",
    ),
    "a class too many": (
        lambda: compiled().fit(X, LABELS + 1, verbose=0),
        ValueError,
        "`y` must hold classes from 0 to 2.*from 1 to 3",
    ),
    "a negative class": (
        lambda: compiled().fit(X, LABELS - 1, verbose=0),
        ValueError,
        "`y` must hold classes from 0 to 2.*from -1 to 1",
    ),
    "fewer labels than examples": (
        lambda: compiled().fit(X, LABELS[:8], verbose=0),
        ValueError,
        r"must hold the same number of examples.*\(16, 6\).*\(8,\)",
    ),
    "samples of an unknown class": (
        lambda: conditional().sample(np.array([3])),
        ValueError,
        "`labels` must hold classes from 0 to 2.*3",
    ),
    "a number of samples instead of labels": (
        lambda: conditional().sample(5),
        TypeError,
        "`labels` must be an array.*int",
    ),
    "labels for other data": (
        lambda: conditional().discriminate(X, LABELS[:3]),
        ValueError,
        "`x` and `labels` must hold the same number of examples",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), list(CASES.values()), ids=list(CASES))
def test_refused_with_a_sentence(call, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        call()
