"""Adversarial losses equal their closed forms, on any logits, and have the gradients they claim."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit, log_expit

from keras_aegan import losses

LOGITS = np.array([-100.0, -3.0, -0.5, 0.0, 0.7, 2.0, 100.0])
NAMES = ("minimax", "non_saturating", "least_squares", "hinge", "wasserstein")

# (real logits, fake logits) -> discriminator's loss; fake logits -> generator's. log_expit is
# SciPy's stable log of the sigmoid: log D = log_expit(l), log(1 − D) = log_expit(−l).
CLOSED_FORMS = {
    "minimax": (lambda r, f: -log_expit(r) - log_expit(-f), lambda f: log_expit(-f)),
    "non_saturating": (lambda r, f: -log_expit(r) - log_expit(-f), lambda f: -log_expit(f)),
    "least_squares": (
        lambda r, f: ((r - 1) ** 2 + f**2) / 2,
        lambda f: (f - 1) ** 2 / 2,
    ),
    "hinge": (lambda r, f: np.maximum(0, 1 - r) + np.maximum(0, 1 + f), lambda f: -f),
    "wasserstein": (lambda r, f: f - r, lambda f: -f),
}


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_closed_forms(name):
    loss = losses.get_adversarial(name)
    of_discriminator, of_generator = CLOSED_FORMS[name]
    for real in LOGITS:
        r = np.full_like(LOGITS, real)
        value = loss.discriminator_loss(r, LOGITS)
        np.testing.assert_allclose(value, of_discriminator(r, LOGITS), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(
        loss.generator_loss(LOGITS), of_generator(LOGITS), rtol=1e-6, atol=1e-30
    )


@pytest.mark.parametrize("name", NAMES)
def test_columns_and_half_precision_give_one_float32_per_example(name):
    loss = losses.get_adversarial(name)
    half = LOGITS.astype("float16")
    for real, fake in ((half[:, None], half[:, None]), (half, half[:, None])):
        value = loss.discriminator_loss(real, fake)
        assert value.shape == (7,)
        assert value.dtype == "float32"
    np.testing.assert_allclose(
        loss.generator_loss(half[:, None]), loss.generator_loss(half.astype("float32")), rtol=1e-6
    )


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_at_the_extremes(name):
    loss = losses.get_adversarial(name)
    logits = tf.Variable(LOGITS, dtype="float32")
    with tf.GradientTape(persistent=True) as tape:
        values = loss.discriminator_loss(logits, logits), loss.generator_loss(logits)
    for value in values:
        assert np.isfinite(tape.gradient(value, logits)).all()


def test_minimax_saturates_where_the_other_does_not():
    logits = tf.Variable([-20.0])  # the discriminator sees through the fake
    with tf.GradientTape(persistent=True) as tape:
        minimax = losses.MinimaxLoss().generator_loss(logits)
        non_saturating = losses.NonSaturatingLoss().generator_loss(logits)
    np.testing.assert_allclose(tape.gradient(minimax, logits), -expit(-20.0), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(non_saturating, logits), -expit(20.0), rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.1, 0.25])
def test_smoothing_moves_the_label_of_real_data_alone(smoothing):
    label = 1 - smoothing
    zeros = np.zeros_like(LOGITS)
    for loss in (losses.MinimaxLoss(smoothing), losses.NonSaturatingLoss(smoothing)):
        expected = -label * log_expit(LOGITS) - smoothing * log_expit(-LOGITS) + np.log(2)
        np.testing.assert_allclose(loss.discriminator_loss(LOGITS, zeros), expected, rtol=1e-6)
        plain = type(loss)()
        np.testing.assert_array_equal(loss.generator_loss(LOGITS), plain.generator_loss(LOGITS))
        np.testing.assert_allclose(
            loss.discriminator_loss(zeros, LOGITS), np.log(2) - log_expit(-LOGITS), rtol=1e-6
        )
    squares = losses.LeastSquaresLoss(smoothing).discriminator_loss(LOGITS, zeros)
    np.testing.assert_allclose(squares, (LOGITS - label) ** 2 / 2, rtol=1e-6)


def test_names_instances_and_configs_resolve():
    loss = losses.NonSaturatingLoss(label_smoothing=0.1)
    assert losses.get_adversarial(loss) is loss
    config = keras.saving.serialize_keras_object(loss)
    assert losses.get_adversarial(config).label_smoothing == 0.1
    for name in NAMES:
        config = keras.saving.serialize_keras_object(losses.get_adversarial(name))
        assert type(losses.get_adversarial(config)) is type(losses.get_adversarial(name))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: losses.get_adversarial("vanilla"), r"`loss` must be one of \['hinge'.*'vanilla'"),
        (lambda: losses.get_adversarial("mse"), "`loss` must be one of.*'mse'"),
        (lambda: losses.get_adversarial(keras.losses.Hinge()), '`loss` must be one of.*"hinge"'),
        (lambda: losses.get_adversarial("binary_crossentropy"), 'logits.* is "non_saturating"'),
        (lambda: losses.get_adversarial("bce"), "is \"non_saturating\".*'bce'"),
        (
            lambda: losses.get_adversarial(keras.losses.BinaryCrossentropy(from_logits=True)),
            'is "non_saturating"',
        ),
        (
            lambda: losses.get_adversarial(keras.losses.binary_crossentropy),
            'is "non_saturating"',
        ),
        (lambda: losses.get_adversarial("mean_squared_error"), 'is "least_squares"'),
        (lambda: losses.NonSaturatingLoss(0.5), r"`label_smoothing` must lie in \[0, 0.5\).*0.5"),
        (lambda: losses.LeastSquaresLoss(-0.1), "`label_smoothing` must lie.*-0.1"),
        (
            lambda: losses.HingeLoss().generator_loss(np.zeros((4, 2))),
            r"`fake_logits` must have the shape \(batch_size, 1\).*\(4, 2\)",
        ),
        (
            lambda: losses.HingeLoss().discriminator_loss(np.zeros((4, 1)), np.zeros((1, 1))),
            r"`real_logits` and `fake_logits` must have the same shape.*\(4,\).*\(1,\)",
        ),
    ],
)
def test_refused_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        call()
