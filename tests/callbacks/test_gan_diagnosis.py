"""The verdict on games whose state is known, because it is written down."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan import callbacks, datasets, losses, models, networks

MIXTURE = datasets.lecture_mixture(3)
REAL = MIXTURE.sample(600, seed=10)
# Another three, as far apart and none of them at the same place.
ELSEWHERE = datasets.gaussian_mixture([[-10, 10], [0, 0], [10, 3]])
ONE_MODE = datasets.lecture_mixture(1)


class Scripted(keras.Layer):
    """A discriminator of known logits."""

    def __init__(self, logit):
        super().__init__()
        self.logit = logit
        self.built = True

    def call(self, x, training=None):
        return self.logit(tf.cast(x, "float32"))[:, None]


def scripted(samples_of, logit, loss=None):
    """What GANDiagnosis asks of a GAN: samples of a known distribution, known logits."""
    discriminator = Scripted(logit)
    return types.SimpleNamespace(
        sample=samples_of.sample,
        discriminate=lambda x: discriminator(x).numpy()[:, 0],
        discriminator=discriminator,
        loss_function=loss or losses.NonSaturatingLoss(),
        loss_weights={"discriminator_loss": 1.0, "generator_loss": 1.0},
    )


def log_ratio(real, fake):
    """The best discriminator's logit, log p(x) − log q(x)."""

    def log_density(mixture, x):
        squares = tf.reduce_sum((x[:, None] - tf.constant(mixture.means, "float32")) ** 2, -1)
        return tf.reduce_logsumexp(-0.5 * squares + np.log(mixture.weights), axis=1)

    return lambda x: log_density(real, x) - log_density(fake, x)


def undecided(x):
    """Answers that have nothing to do with x."""
    return tf.sin(1e3 * x[:, 0])


def diagnose(model, num_epochs=1, **arguments):
    diagnosis = callbacks.GANDiagnosis(REAL, **arguments)
    diagnosis.set_model(model)
    diagnosis.on_train_begin()
    logs = [{"discriminator_loss": 1.0, "generator_loss": 2.0} for _ in range(num_epochs)]
    for epoch in range(num_epochs):
        diagnosis.on_epoch_end(epoch, logs[epoch])
    diagnosis.on_train_end()
    return diagnosis, logs


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        (scripted(MIXTURE, undecided), "fine"),
        # However well told apart by rote: the samples are what was asked for.
        (scripted(MIXTURE, lambda x: 9 * undecided(x)), "fine"),
        (scripted(ELSEWHERE, undecided), "the discriminator lacks capacity"),
        (scripted(ONE_MODE, undecided), "the discriminator lacks capacity"),
        (scripted(ELSEWHERE, log_ratio(MIXTURE, ELSEWHERE)), "the generator lacks capacity"),
        (scripted(ONE_MODE, log_ratio(MIXTURE, ONE_MODE)), "mode collapse"),
        (
            scripted(ELSEWHERE, log_ratio(MIXTURE, ELSEWHERE), losses.MinimaxLoss()),
            "vanishing gradient",
        ),
    ],
)
def test_verdicts(model, verdict):
    assert diagnose(model)[0].verdict == verdict


@pytest.mark.parametrize("offset", [-100.0, 0.0, 100.0])
def test_a_critics_zero_means_nothing(offset):
    logit = log_ratio(MIXTURE, ELSEWHERE)
    critic = scripted(ELSEWHERE, lambda x: logit(x) + offset, losses.WassersteinLoss())
    diagnosis, logs = diagnose(critic)
    assert diagnosis.verdict == "the generator lacks capacity"
    assert logs[0]["real_accuracy"] > 0.99
    assert logs[0]["fake_accuracy"] > 0.95


def test_least_squares_is_undecided_at_one_half():
    def logit(x):
        return 0.4 + 0.2 * tf.sigmoid(log_ratio(MIXTURE, ELSEWHERE)(x))

    _, logs = diagnose(scripted(ELSEWHERE, logit, losses.LeastSquaresLoss()))
    assert logs[0]["real_accuracy"] > 0.99


def test_accuracies_and_the_slope_are_their_definitions():
    """A linear logit: half of N(−10, 1) lies on either side, and −log σ has slope σ(−w x)."""
    model = scripted(ONE_MODE, lambda x: 0.5 * (x[:, 0] + 10.0))
    _, logs = diagnose(model)
    assert logs[0]["real_accuracy"] == pytest.approx(np.mean(REAL[:, 0] > -10))
    fakes = ONE_MODE.sample(len(REAL), seed=0)
    assert logs[0]["fake_accuracy"] == pytest.approx(np.mean(fakes[:, 0] < -10))
    slopes = 0.5 / (1 + np.exp(0.5 * (fakes[:, 0] + 10.0)))
    expected = slopes.mean() * REAL.std(axis=0).mean()
    assert logs[0]["generator_slope"] == pytest.approx(expected, rel=1e-4)


def test_logs_every_epoch_and_the_report_on_the_last_third(capsys):
    diagnosis, logs = diagnose(scripted(MIXTURE, undecided), num_epochs=7, every=2)
    assert len(diagnosis.measurements) == 4  # after epochs 1, 2, 4 and 6
    assert all({"precision", "recall", "real_accuracy", "fake_accuracy"} <= set(e) for e in logs)
    assert capsys.readouterr().out.strip() == diagnosis.report
    assert diagnosis.report.startswith("GANDiagnosis: fine. Right about ")
    assert "discriminator_loss 1, generator_loss 2." in diagnosis.report


def test_it_reads_a_gan_in_fit():
    model = models.GAN(
        networks.dense_generator(2, (2,), (8,), batch_normalization=False),
        networks.dense_discriminator((2,), (8,)),
    )
    model.compile("adam", loss="hinge")
    diagnosis = callbacks.GANDiagnosis(REAL, verbose=False)
    history = model.fit(REAL, epochs=2, callbacks=[diagnosis], verbose=0).history
    assert np.all(np.isfinite([history[name] for name in diagnosis.measurements[0]]))
    assert diagnosis.verdict is not None
    model.fit(REAL, callbacks=[diagnosis], verbose=0)
    assert len(diagnosis.measurements) == 1  # an earlier training is forgotten


def test_it_refuses():
    with pytest.raises(ValueError, match=r"`real` must hold at least 100 .* Received: .*\(99, 2\)"):
        callbacks.GANDiagnosis(REAL[:99])
    with pytest.raises(ValueError, match="`every` must be a positive integer. Received: every=0"):
        callbacks.GANDiagnosis(REAL, every=0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="needs an unconditional GAN.* Received: a Sequential"):
        model.fit(REAL, REAL, callbacks=[callbacks.GANDiagnosis(REAL)], verbose=0)


def test_a_real_gradient_vanishes():
    """Goodfellow's warning: the minimax loss, against a discriminator that moves ten times."""
    model = models.GAN(
        networks.dense_generator(2, (2,), (16,), batch_normalization=False),
        networks.dense_discriminator((2,), (32,)),
        num_discriminator_steps=10,
        seed=0,
    )
    model.compile(keras.optimizers.Adam(1e-2), loss="minimax", jit_compile=True)
    diagnosis = callbacks.GANDiagnosis(REAL, verbose=False)
    model.fit(MIXTURE.sample(6400, seed=0), batch_size=64, callbacks=[diagnosis], verbose=0)
    assert diagnosis.verdict == "vanishing gradient"


def test_a_normalised_discriminator_is_asked_by_batches_of_its_own():
    """As in training; its moving averages, of data and samples, are neither used nor moved."""
    x = keras.Input((2,))
    normalisation = keras.layers.BatchNormalization()
    discriminator = keras.Model(x, keras.layers.Dense(1)(normalisation(x)))
    model = scripted(ELSEWHERE, undecided)
    model.discriminator = discriminator
    before = [value.numpy() for value in discriminator.variables]
    measured = callbacks.GANDiagnosis(REAL, batch_size=300).measure(model)
    kernel = discriminator.layers[-1].kernel.numpy()
    logits = [(b - b.mean(0)) / np.sqrt(b.var(0) + 1e-3) @ kernel for b in (REAL[:300], REAL[300:])]
    assert measured["real_accuracy"] == pytest.approx(np.mean(np.concatenate(logits) > 0), abs=0.01)
    for variable, value in zip(discriminator.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
