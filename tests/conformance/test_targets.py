"""After `fit(x, target)` nothing compares with x unless it is told to."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan import evaluation, losses, models, networks

RAW = (255 * np.random.default_rng(0).uniform(size=(40, 6))).astype("float32")
TARGETS = RAW / np.float32(255)
HOW = {"jit_compile": False}


def _rescaling_encoder(*heads):
    """Grey levels in, rescaled inside: what is rebuilt lies in [0, 1]."""
    x = keras.Input((6,))
    scaled = keras.layers.Rescaling(1 / 255, name="to_unit")(x)
    outputs = [keras.layers.Dense(2, name=name)(scaled) for name in heads or ("code",)]
    return keras.Model(x, outputs if heads else outputs[0])


def _decoder():
    return networks.dense_decoder(2, (6,), (4,), output_activation="sigmoid")


def _vae(**arguments):
    return models.VAE(_rescaling_encoder("z_mean", "z_log_var"), _decoder(), seed=0, **arguments)


MAKERS = {
    "autoencoder": (lambda: models.Autoencoder(_rescaling_encoder(), _decoder()), "mse"),
    "denoising": (
        lambda: models.DenoisingAutoencoder(_rescaling_encoder(), _decoder(), corruption=None),
        "mse",
    ),
    "contractive": (
        lambda: models.ContractiveAutoencoder(_rescaling_encoder(), _decoder()),
        "binary_crossentropy",
    ),
    "vae": (_vae, losses.GaussianNLL(0.5)),
    "vae with a Keras loss": (_vae, "mse"),
}


def _trained(name):
    make, loss = MAKERS[name]
    model = make()
    model.compile(loss=loss, loss_weights={"reconstruction_loss": 9.0}, **HOW)
    model.fit(RAW, TARGETS, verbose=0)
    return model


def _plain(model, x, target):
    """The loss by Keras or in NumPy."""
    rebuilt = model.predict(x, verbose=0)
    if isinstance(model.loss_function, losses.GaussianNLL):
        squares = (target - rebuilt) ** 2 / (2 * 0.5**2) + 0.5 * np.log(2 * np.pi * 0.5**2)
        return squares.sum(axis=1)
    return np.array(keras.losses.get(model.loss_function)(target, rebuilt))


@pytest.mark.filterwarnings("ignore:The posterior will collapse")
@pytest.mark.parametrize("name", MAKERS)
def test_without_a_target_a_sentence_and_with_it_the_loss(name, tmp_path):
    model = _trained(name)
    sentence = r"must hold targets: this model was trained by fit\(x, target\).*'to_unit'"
    error = model.reconstruction_error(RAW, TARGETS)
    np.testing.assert_allclose(error, _plain(model, RAW, TARGETS), rtol=1e-5)
    for call in (
        lambda: model.reconstruction_error(RAW),
        lambda: model.evaluate(RAW),
        lambda: model.test_on_batch(RAW),
        lambda: model.evaluate(tf.data.Dataset.from_tensor_slices(RAW).batch(8)),
        lambda: model.fit(RAW, TARGETS, validation_data=RAW, verbose=0),
        lambda: evaluation.AnomalyDetector(model).fit_threshold(RAW),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=sentence):
        loaded.reconstruction_error(RAW)
    np.testing.assert_allclose(loaded.reconstruction_error(RAW, TARGETS), error, rtol=1e-6)

    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.reconstruction_error(RAW, TARGETS), error, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:The posterior will collapse")
@pytest.mark.parametrize("name", MAKERS)
def test_a_detector_compares_with_the_targets(name, tmp_path):
    detector = evaluation.AnomalyDetector(_trained(name))
    detector.fit_threshold(RAW, contamination=0.1, target=TARGETS)
    expected = _plain(detector.model, RAW, TARGETS)
    np.testing.assert_allclose(detector.anomaly_scores(RAW, target=TARGETS), expected, rtol=1e-5)
    is_anomaly = expected > detector.threshold * (1 + 1e-6)
    assert 2 <= is_anomaly.sum() <= 4  # a tenth of forty
    np.testing.assert_array_equal(detector.predict(RAW, target=TARGETS) == -1, is_anomaly)
    truth = np.arange(40) % 2
    assert set(detector.evaluate(RAW, truth, target=TARGETS)) >= {"auc"}
    rebuilt, errors = detector.error_maps(RAW, target=TARGETS)
    np.testing.assert_allclose(errors, (TARGETS - rebuilt) ** 2)
    for call in (
        lambda: detector.anomaly_scores(RAW),
        lambda: detector.score_samples(RAW),
        lambda: detector.decision_function(RAW),
        lambda: detector.predict(RAW),
        lambda: detector.evaluate(RAW, truth),
        lambda: detector.error_maps(RAW),
    ):
        with pytest.raises(ValueError, match="`target` must hold targets"):
            call()

    detector.save(tmp_path / "detector.keras")
    loaded = keras.models.load_model(tmp_path / "detector.keras")
    np.testing.assert_allclose(loaded.anomaly_scores(RAW, target=TARGETS), expected, rtol=1e-5)
    detector.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.score(RAW, TARGETS), expected, rtol=1e-5)
    np.testing.assert_array_equal(served.is_anomaly(RAW, TARGETS), is_anomaly)


@pytest.mark.parametrize("score", ["negative_elbo", "log_likelihood", "code_and_error"])
def test_every_score_that_compares_takes_the_target(score):
    """The same model without its Rescaling, asked about rescaled examples."""
    model = _trained("vae")
    z = model.encoder(RAW)
    x = keras.Input((6,))
    heads = [keras.layers.Dense(2) for _ in z]
    plain = models.VAE(keras.Model(x, [head(x) for head in heads]), model.decoder)
    for head, layer in zip(heads, ("z_mean", "z_log_var"), strict=True):
        head.set_weights(model.encoder.get_layer(layer).get_weights())
    plain.compile(loss=losses.GaussianNLL(0.5), **HOW)
    scores = []
    for each, data, target in ((plain, TARGETS, None), (model, RAW, TARGETS)):
        detector = evaluation.AnomalyDetector(each, score)
        detector.fit_threshold(data, contamination=0.1, target=target)
        scores.append(detector.anomaly_scores(data, target=target))
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-4)
    if score == "log_likelihood":
        arguments = {"num_samples": 20_000, "seed": 3, "verbose": 0}
        estimates = (
            model.log_likelihood(RAW, target=TARGETS, **arguments),
            plain.log_likelihood(TARGETS, **arguments),
        )
        # Of other draws: a few examples' estimates are of a few draws that weigh much.
        assert np.median(np.abs(estimates[0] - estimates[1])) < 0.05
        with pytest.raises(ValueError, match="`target` must hold targets"):
            model.log_likelihood(RAW, **arguments)


def test_codes_alone_need_no_target():
    detector = evaluation.AnomalyDetector(_trained("contractive"), "mahalanobis")
    detector.fit_threshold(RAW, contamination=0.1)
    assert detector.anomaly_scores(RAW).shape == (40,)
    with pytest.raises(ValueError, match="`target` must be None"):
        detector.anomaly_scores(RAW, target=TARGETS)


def _dense():
    return models.Autoencoder(networks.dense_encoder((6,), 2, (4,)), _decoder())


@pytest.mark.parametrize(
    "fit",
    [
        lambda model, x: model.fit(x, verbose=0),
        lambda model, x: model.fit(x, x, verbose=0),
        lambda model, x: model.fit(x, x.copy(), verbose=0),
        lambda model, x: model.fit(x, x.tolist(), verbose=0),
        lambda model, x: model.fit(tf.data.Dataset.from_tensors((x, x)), verbose=0),
        lambda model, x: model.fit(x, sample_weight=np.ones(len(x)), verbose=0),
        lambda model, x: model.train_on_batch(x, x),
    ],
    ids=["x", "the same object", "a copy", "lists", "a dataset", "weights", "a batch"],
)
def test_x_as_its_own_target_is_no_other_target(fit):
    model = _dense()
    model.compile(**HOW)
    fit(model, TARGETS)
    assert not model.needs_target
    assert model.reconstruction_error(TARGETS).shape == (40,)


def test_the_last_training_decides():
    model = _dense()
    model.compile(**HOW)
    model.fit(TARGETS, TARGETS[::-1], verbose=0)
    assert model.needs_target
    with pytest.raises(ValueError, match="`x` must have the shape"):
        model.fit(TARGETS[:, :3], verbose=0)
    assert model.needs_target  # a refused call changes nothing
    model.fit(TARGETS, verbose=0)
    assert not model.needs_target


def test_x_may_be_meant_and_is_said():
    model = _dense()
    model.compile(**HOW)
    model.fit(TARGETS, TARGETS[::-1], verbose=0)
    with pytest.raises(ValueError, match="Where x is meant itself, say so: target=x"):
        model.reconstruction_error(TARGETS)
    expected = _plain(model, TARGETS, TARGETS)
    np.testing.assert_allclose(model.reconstruction_error(TARGETS, TARGETS), expected, rtol=1e-5)


def test_integers_in_and_numbers_out_are_served_with_a_target(tmp_path):
    x = keras.Input((6,), dtype="int32")
    encoder = keras.Model(x, keras.layers.Dense(2)(keras.layers.Rescaling(1 / 255)(x)))
    model = models.Autoencoder(encoder, _decoder())
    model.compile(**HOW)
    model.export(tmp_path / "served")  # before any training
    served = tf.saved_model.load(tmp_path / "served")
    levels = RAW.astype("int32")
    np.testing.assert_allclose(
        served.reconstruction_error(levels, TARGETS),
        model.reconstruction_error(levels, TARGETS),
        rtol=1e-5,
    )
