"""What theory says of the game, and Algorithm 1 to the letter: turns, noise, calls."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.special import expit

from keras_aegan import losses, models, networks, regularizers

X = np.random.default_rng(0).uniform(-1, 1, (64, 6)).astype("float32")


def _gan(**arguments):
    return models.GAN(
        networks.dense_generator(3, (6,), (8,), batch_normalization=False),
        networks.dense_discriminator((6,), (8,)),
        **{"seed": 1, **arguments},
    )


def _compiled(model=None, **arguments):
    model = _gan() if model is None else model
    model.compile(**{"jit_compile": False, **arguments})
    return model


@keras.saving.register_keras_serializable(package="tests")
class Recorder(keras.layers.Layer):
    """Lets data through and remembers what came, and whether in training; eagerly."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = []

    def call(self, inputs, training=False):
        self.seen.append((np.array(inputs), training))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


def _recorded(**arguments):
    """A GAN that runs eagerly, with what its generator and its discriminator see."""
    heard, judged = Recorder(), Recorder()
    generator = keras.Sequential([keras.Input((3,)), heard, keras.layers.Dense(6)])
    discriminator = keras.Sequential([keras.Input((6,)), judged, keras.layers.Dense(1)])
    model = models.GAN(generator, discriminator, seed=1, **arguments)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return model, heard.seen, judged.seen


# ---------------------------------------------------------------------------- theorems


def _trained_discriminator(loss):
    """p = N(0.5, 1) against q = N(-0.5, 0.7²), which an unmoved generator draws exactly."""
    z = keras.Input((1,))
    affine = keras.layers.Rescaling(0.7, offset=-0.5)
    model = models.GAN(
        keras.Model(z, affine(z)),
        networks.dense_discriminator((1,), (32, 32), activation="tanh"),
        seed=0,
    )
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 1500)
    model.compile(
        {"discriminator": keras.optimizers.Adam(schedule), "generator": "sgd"},
        loss=loss,
        jit_compile=True,
        steps_per_execution=100,
    )
    x = np.random.default_rng(0).normal(0.5, 1.0, (1500 * 512, 1)).astype("float32")
    model.fit(x, batch_size=512, verbose=0)
    grid = np.linspace(-4, 4, 401)
    p, q = stats.norm.pdf(grid, 0.5, 1.0), stats.norm.pdf(grid, -0.5, 0.7)
    return model.discriminate(grid[:, None].astype("float32")), p, q


@pytest.mark.parametrize("label", [1.0, 0.75])
def test_between_two_gaussians_the_discriminator_is_the_ratio_of_densities(label):
    """D* = label · p/(p+q): proposition 1 of Goodfellow et al., smoothed on one side."""
    logits, p, q = _trained_discriminator(losses.NonSaturatingLoss(1 - label))
    error = np.abs(expit(logits) - label * p / (p + q))
    assert np.average(error, weights=p + q) < 0.03


def test_least_squares_finds_the_ratio_without_a_sigmoid():
    """D* = p/(p+q) for labels 1 and 0: equation 3 of Mao et al."""
    logits, p, q = _trained_discriminator("least_squares")
    assert np.average(np.abs(logits - p / (p + q)), weights=p + q) < 0.03


def test_a_generator_finds_the_mean_and_the_spread_of_a_gaussian():
    model = models.GAN(
        networks.dense_generator(2, (1,), (), batch_normalization=False),
        networks.dense_discriminator((1,), (32, 32)),
        discriminator_regularizer=regularizers.R1(0.1),
        seed=0,
    )
    model.compile(keras.optimizers.Adam(5e-3, beta_1=0.5), jit_compile=True, steps_per_execution=50)
    x = np.random.default_rng(0).normal(3.0, 0.5, (1000 * 128, 1)).astype("float32")
    model.fit(x, batch_size=128, verbose=0)
    samples = model.sample(10_000, seed=0)
    assert abs(samples.mean() - 3.0) < 0.2
    assert abs(samples.std() - 0.5) < 0.2


# --------------------------------------------------------------------------- Algorithm 1


@pytest.mark.parametrize("k", [1, 3])
def test_turns_and_calls_are_those_of_algorithm_1(k):
    model, heard, judged = _recorded(num_discriminator_steps=k)
    model.fit(X[:8], batch_size=8, shuffle=False, verbose=0)
    assert len(heard) == k + 1
    assert all(training for _, training in heard + judged)
    noise = np.stack([z for z, _ in heard])
    assert noise.shape == (k + 1, 8, 3)
    assert len(np.unique(noise)) == noise.size  # new in each turn
    # Data and fakes in turn, k times the same data; then the generator's fakes.
    assert len(judged) == 2 * k + 1
    for turn in range(k):
        np.testing.assert_array_equal(judged[2 * turn][0], X[:8])
    kernel, bias = model.generator.get_weights()
    for z, fakes in zip(noise, [*judged[1::2], judged[-1]], strict=True):
        np.testing.assert_allclose(fakes[0], z @ kernel + bias, rtol=1e-4, atol=1e-5)
    steps = {player: int(o.iterations) for player, o in model.optimizers.items()}
    assert steps == {"discriminator": k, "generator": 1}


def test_validation_measures_at_inference_and_moves_nothing():
    model, heard, judged = _recorded()
    before = model.get_weights()
    logs = model.evaluate(X, batch_size=32, return_dict=True, verbose=0)
    assert set(logs) == {"discriminator_loss", "generator_loss"}
    assert not any(training for _, training in heard + judged)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_logged_values_are_the_losses_of_what_the_networks_saw():
    model, _, judged = _recorded()
    logs = model.fit(X[:8], batch_size=8, shuffle=False, verbose=0).history
    kernel, bias = model.discriminator.get_weights()
    real, fake, generated = ((v @ kernel + bias)[:, 0].astype("float64") for v, _ in judged)
    expected = np.mean(np.log1p(np.exp(-real)) + np.log1p(np.exp(fake)))
    np.testing.assert_allclose(logs["discriminator_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(logs["generator_loss"], np.mean(np.log1p(np.exp(-generated))), 1e-5)


def test_a_regularizer_is_a_term_of_its_own_and_its_weight_a_loss_weight():
    def logs_and_kernel(weight, **arguments):
        keras.utils.set_random_seed(0)
        model = _gan(discriminator_regularizer=regularizers.R1(weight))
        _compiled(model, optimizer=keras.optimizers.SGD(0.1), **arguments)
        logs = model.fit(X, batch_size=64, verbose=0).history
        return model, logs, model.discriminator.get_weights()[0]

    model, logs, kernel = logs_and_kernel(5.0)
    assert float(model.loss_weights["r1"]) == 5.0
    other, same_logs, same_kernel = logs_and_kernel(7.0, loss_weights={"r1": 5.0})
    np.testing.assert_array_equal(kernel, same_kernel)
    assert logs == same_logs  # unweighted
    _, _, unpenalised = logs_and_kernel(0.0)
    assert not np.allclose(kernel, unpenalised)


def test_what_regularizers_add_is_logged_for_each_player():
    def regularized(weight):
        return keras.layers.Dense(6, kernel_regularizer=keras.regularizers.L2(weight))

    generator = keras.Sequential([keras.Input((3,)), regularized(0.1)])
    discriminator = keras.Sequential([keras.Input((6,)), regularized(0.5), keras.layers.Dense(1)])
    squares = [np.sum(np.square(m.get_weights()[0])) for m in (generator, discriminator)]
    model = _compiled(
        models.GAN(generator, discriminator, num_discriminator_steps=3),
        optimizer=keras.optimizers.SGD(0.0),
    )
    logs = model.fit(X, verbose=0).history
    np.testing.assert_allclose(logs["generator_regularization_loss"], 0.1 * squares[0], rtol=1e-5)
    np.testing.assert_allclose(
        logs["discriminator_regularization_loss"], 0.5 * squares[1], rtol=1e-5
    )


def test_weights_of_examples_reweight_the_data():
    """Data of weight zero are none: only the others are told from fakes."""
    data = np.concatenate([np.full((256, 1), -1.0), np.full((256, 1), 1.0)]).astype("float32")
    z = keras.Input((1,))
    generator = keras.Model(z, keras.layers.Rescaling(0.01)(z))
    model = models.GAN(generator, networks.dense_discriminator((1,), (16,)), seed=0)
    _compiled(model, optimizer={"discriminator": keras.optimizers.Adam(0.01), "generator": "sgd"})
    weight = np.where(data[:, 0] > 0, 1.0, 0.0)
    model.fit(data, sample_weight=weight, batch_size=64, epochs=20, verbose=0)
    left, right = model.discriminate(np.array([[-1.0], [1.0]], "float32"))
    assert right > 2 > 0 > left


# ------------------------------------------------------------------------------ abilities


def test_samples_are_the_generators_and_a_seed_repeats_them():
    model = _gan()
    samples = model.sample(10, seed=3, batch_size=4)
    assert samples.shape == (10, 6)
    np.testing.assert_array_equal(samples, model.sample(10, seed=3, batch_size=4))
    np.testing.assert_allclose(samples, model.sample(10, seed=3), atol=1e-6)
    assert not np.array_equal(model.sample(10), model.sample(10))
    z = keras.random.normal((10, 3), seed=3)
    np.testing.assert_allclose(samples, model.predict(np.array(z), verbose=0), atol=1e-6)


def test_sampling_leaves_the_training_as_it_was():
    def train(sampling):
        keras.utils.set_random_seed(0)
        model = _compiled()
        look = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: sampling and model.sample(5)
        )
        model.fit(X, batch_size=16, epochs=2, shuffle=False, callbacks=[look], verbose=0)
        return model.get_weights()

    for a, b in zip(train(True), train(False), strict=True):
        np.testing.assert_array_equal(a, b)


def test_logits_are_the_discriminators():
    model = _gan()
    logits = model.discriminate(X, batch_size=10)
    assert logits.shape == (64,)
    np.testing.assert_allclose(logits, np.array(model.discriminator(X))[:, 0], atol=1e-6)


def test_fit_ends_with_the_average_of_the_generator():
    averaged = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9)
    model = _compiled(optimizer={"discriminator": "adam", "generator": averaged})
    weights = [model.generator.get_weights()[0].copy()]
    remember = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: weights.append(model.generator.get_weights()[0])
    )
    model.fit(X, batch_size=8, callbacks=[remember], verbose=0)
    average = weights[1]  # Keras starts the average where the first step ends
    for weight in weights[2:]:
        average = 0.9 * average + 0.1 * weight
    assert not np.allclose(average, weights[-1], atol=1e-4)
    np.testing.assert_allclose(model.generator.get_weights()[0], average, atol=1e-5)


def test_a_supervised_dataset_without_its_labels_trains():
    model = _compiled()
    dataset = tf.data.Dataset.from_tensor_slices((X, np.zeros(64))).batch(16)
    model.fit(dataset.map(lambda x, label: x), verbose=0)
    assert int(model.optimizer.iterations) == 4
