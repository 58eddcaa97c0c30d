"""What is measured of samples stands in the logs, for every callback that reads them."""

import csv

import keras
import numpy as np
import pytest

from keras_aegan import callbacks, datasets, metrics, models, networks

MIXTURE = datasets.lecture_mixture(2)
X = MIXTURE.sample(64, seed=5)


class Sampler(keras.Model):
    """Trains a bias that it adds to the mixture's samples."""

    def __init__(self):
        super().__init__()
        self.bias = self.add_weight(shape=(2,), initializer="zeros")
        self.built = True

    def call(self, x):
        return x + self.bias

    def sample(self, num_samples, seed=None):
        return MIXTURE.sample(num_samples, seed) + self.bias.numpy()


@pytest.fixture
def model():
    model = Sampler()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def test_values_are_the_functions_own(model):
    callback = callbacks.SampleMetrics(
        MIXTURE, ["mode_coverage", "precision_recall", metrics.frechet_distance], 200, seed=3
    )
    history = model.fit(X, X + 1.0, epochs=2, callbacks=[callback], verbose=0).history
    fake = MIXTURE.sample(200, 3) + model.bias.numpy()
    real = MIXTURE.sample(200, 4)
    expected = {
        **metrics.mode_coverage(MIXTURE, fake),
        **metrics.precision_recall(real, fake),
        "frechet_distance": metrics.frechet_distance(real, fake),
    }
    assert {name: history[name][-1] for name in expected} == pytest.approx(expected)


def test_every_other_epoch_in_history_and_csv(model, tmp_path):
    measure = callbacks.SampleMetrics(X, ["kernel_distance"], 50, every=2)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(X, X + 1.0, epochs=5, callbacks=[measure, log], verbose=0).history
    values = history["kernel_distance"]
    # Measured after epochs 1, 2 and 4; in between the last value stands.
    assert values[1] == values[2]
    assert values[3] == values[4]
    assert len({values[0], values[1], values[3]}) == 3
    with open(tmp_path / "log.csv") as file:
        column = [float(row["kernel_distance"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(column, history["kernel_distance"])


def test_a_checkpoint_can_monitor_it(model, tmp_path):
    measure = callbacks.SampleMetrics(X, ["frechet_distance"], 50, every=2)
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5", "frechet_distance", save_best_only=True,
        save_weights_only=True, mode="min",
    )  # fmt: skip
    model.fit(X, X, epochs=3, callbacks=[measure, best], verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["1.weights.h5"]  # and no NaN, no warning


def test_features_of_an_extractor(model):
    extractor = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    callback = callbacks.SampleMetrics(X, ["frechet_distance"], 50, extractor=extractor)
    real = extractor.predict(X, verbose=0)
    fake = extractor.predict(model.sample(50, 0), verbose=0)
    expected = metrics.frechet_distance(real, fake)
    assert callback.measure(model)["frechet_distance"] == pytest.approx(expected, rel=1e-5)


def test_a_function_of_ones_own(model):
    def mean_gap(real, fake):
        return np.abs(real.mean(axis=0) - fake.mean(axis=0)).max()

    callback = callbacks.SampleMetrics(X, [mean_gap], 50)
    assert list(callback.measure(model)) == ["mean_gap"]


def test_it_refuses(model):
    with pytest.raises(ValueError, match=r"`metrics` must be names among .* Received: 'fid'"):
        callbacks.SampleMetrics(X, ["fid"])
    with pytest.raises(ValueError, match=r"`real` must be a .*GaussianMixture.* Received: ndarray"):
        callbacks.SampleMetrics(X, ["mode_coverage"])
    with pytest.raises(ValueError, match="`every` must be a positive integer. Received: every=0"):
        callbacks.SampleMetrics(X, ["precision_recall"], every=0)
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    plain.compile("sgd", "mse")
    measure = callbacks.SampleMetrics(X, ["precision_recall"])
    with pytest.raises(ValueError, match=r"needs a model with `sample.* Received: a Sequential"):
        plain.fit(X, X, callbacks=[measure], verbose=0)


def test_it_refuses_a_model_that_samples_by_labels():
    model = models.ConditionalGAN(
        networks.dense_generator(2, (2,), (4,), num_classes=2),
        networks.dense_discriminator((2,), (4,), num_classes=2),
    )
    model.compile()
    measure = callbacks.SampleMetrics(X, ["precision_recall"], 50)
    with pytest.raises(ValueError, match="without labels. Received: a ConditionalGAN"):
        model.fit(X, np.arange(len(X)) % 2, callbacks=[measure], verbose=0)
    assert all(int(optimizer.iterations) == 0 for optimizer in model.optimizers.values())
