"""The semi-supervised VAE against its equations in NumPy and SciPy, and on data of two classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from keras_aegan import callbacks, losses, models, networks, priors

K = 3
X = np.random.default_rng(0).uniform(size=(40, 6)).astype("float32")
LABELS = np.arange(40) % (K + 1) - 1  # each fourth is not known


def semi_supervised_vae(num_classes=K, dim=6, latent_dim=2):
    features = networks.dense_encoder((dim,), None, (16,), "tanh", num_classes=num_classes)
    return models.SemiSupervisedVAE(
        networks.gaussian_encoder(features, latent_dim),
        networks.dense_encoder((dim,), num_classes, (16,), name="classifier"),
        networks.dense_decoder(latent_dim, (dim,), (16,), "tanh", num_classes=num_classes),
        seed=0,
    )


def without_noise(model):
    """The model, whose draws of z are its means."""
    model.sampling = lambda inputs: inputs[0]
    return model


def bounds_of_classes(model, x, scale):
    """−log p(x|y, z) and KL(q(z|x, y) ‖ p(z)) at z = μ for each class, `(num_examples, K)`."""
    distortions, rates = [], []
    for y in range(K):
        labels = np.full(len(x), y)
        z_mean, z_log_var = (np.array(v, "float64") for v in model.encoder([x, labels]))
        rates.append(0.5 * (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var).sum(axis=1))
        rebuilt = np.array(model.decoder([z_mean, labels]))
        distortions.append(-stats.norm(rebuilt, scale).logpdf(x).sum(axis=1))
    return np.stack(distortions, axis=1), np.stack(rates, axis=1)


def test_the_terms_are_equations_6_to_9():
    model = without_noise(semi_supervised_vae())
    model.compile(loss=losses.GaussianNLL(0.5))
    terms, _ = model.autoencoder_terms([X, LABELS], X, training=False)
    distortion, rate = bounds_of_classes(model, X, 0.5)
    log_q = special.log_softmax(np.array(model.classifier(X), "float64"), axis=1)
    q, rows, log_prior = np.exp(log_q), np.arange(40), -np.log(K)
    is_known = LABELS >= 0

    # Equations 6 and 7, as the paper prints them.
    bound = -distortion - rate + log_prior  # −L(x, y)
    labelled = bound[rows, LABELS]
    unlabelled = (q * bound).sum(axis=1) + stats.entropy(q, axis=1)  # −U(x)
    total = sum(np.array(terms[n]) for n in ("reconstruction_loss", "kl_loss", "label_loss"))
    np.testing.assert_allclose(total, -np.where(is_known, labelled, unlabelled), rtol=1e-5)

    weights = np.where(is_known[:, None], np.eye(K)[LABELS], q)
    expected = {
        "reconstruction_loss": (weights * distortion).sum(axis=1),
        "kl_loss": (weights * rate).sum(axis=1),
        "classification_loss": np.where(is_known, -log_q[rows, LABELS], 0.0),  # equation 9
    }
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-4, atol=1e-6, err_msg=name)


def test_classes_share_the_draw_of_an_example():
    """Of encoders and decoders that do not look at the class, all classes have the same loss."""
    model = semi_supervised_vae()
    for network in (model.encoder, model.decoder):
        first = next(layer for layer in network.layers if layer.weights)
        kernel = np.array(first.kernel)
        kernel[-K:] = 0.0  # what the one-hot label is multiplied with
        first.kernel.assign(kernel)
    model.compile(loss=losses.GaussianNLL(0.5))
    drawn = []
    model.decode_for_loss = lambda inputs, training: (
        drawn.append(inputs[0]) or model.decoder(inputs)
    )
    model.autoencoder_terms([X, np.full(40, -1)], X, training=True)
    z = np.array(drawn[0]).reshape(40, K, 2)
    np.testing.assert_allclose(z, np.repeat(z[:, :1], K, axis=1), atol=1e-6)
    assert len(np.unique(z[:, 0, 0])) == 40


def test_known_examples_alone_are_a_conditional_vae():
    model = without_noise(semi_supervised_vae())
    conditional = without_noise(models.ConditionalVAE(model.encoder, model.decoder))
    x, labels = map(tf.constant, (X[LABELS >= 0], LABELS[LABELS >= 0]))
    for each in (model, conditional):
        each.compile(loss=losses.GaussianNLL(0.5))
    terms, rebuilt = model.autoencoder_terms([x, labels], x, training=False)
    expected, expected_rebuilt = conditional.autoencoder_terms([x, labels], x, training=False)
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-5)
    assert np.any(model.predict_labels(x) != labels)  # under the known class, there too
    np.testing.assert_allclose(rebuilt, expected_rebuilt, atol=1e-6)


def test_the_optimal_scale_is_of_the_expected_squared_error():
    """σ² = Σᵢ eᵢ E_q[‖xᵢ − x̂ᵢ‖²] / Σᵢ eᵢ D, with sample weights eᵢ: the bound's maximum."""
    model = without_noise(semi_supervised_vae())
    model.compile(keras.optimizers.SGD(0.0))
    weights = np.linspace(0.5, 2.0, 40)
    logs = model.train_on_batch(X, LABELS, sample_weight=weights, return_dict=True)
    distortion, _ = bounds_of_classes(model, X, 1.0)
    squares = 2 * (distortion - 3 * np.log(2 * np.pi))
    q = special.softmax(np.array(model.classifier(X), "float64"), axis=1)
    expected = (np.where(LABELS[:, None] >= 0, np.eye(K)[LABELS], q) * squares).sum(axis=1)
    variance = (weights * expected).sum() / (6 * weights.sum())
    nll = expected / (2 * variance) + 3 * np.log(2 * np.pi * variance)
    np.testing.assert_allclose(logs["reconstruction_loss"], (weights * nll).mean(), rtol=1e-5)


def test_the_accuracy_is_over_all_known_labels_of_an_epoch():
    model = semi_supervised_vae()
    model.compile(jit_compile=False)
    labels = np.where(np.arange(40) < 16, -1, LABELS)  # whole batches without any
    logs = model.evaluate(X, labels, batch_size=8, verbose=0, return_dict=True)
    is_known = labels >= 0
    right = model.predict_labels(X)[is_known] == labels[is_known]
    np.testing.assert_allclose(logs["accuracy"], right.mean(), rtol=1e-6)
    none = model.evaluate(X, np.full(40, -1), verbose=0, return_dict=True)
    assert none["accuracy"] == none["classification_loss"] == 0.0
    assert np.isfinite(list(none.values())).all()


def two_classes(num_examples=1000, seed=0):
    """The class shifts half of the values; one number of style moves all of them."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 2, num_examples)
    style = generator.normal(size=(num_examples, 1))
    noise = 0.3 * generator.normal(size=(num_examples, 8))
    shift = np.where(y[:, None] == 1, 1.0, -1.0) * np.repeat([1.0, 0.0], 4)
    return (shift + 0.5 * style * np.tile([1.0, -1.0], 4) + noise).astype("float32"), y


def test_a_few_labels_name_the_classes_that_the_rest_shows():
    x, y = two_classes()
    known = np.concatenate([np.flatnonzero(y == c)[:3] for c in range(2)])
    labels = np.full(len(y), -1)
    labels[known] = y[known]
    keras.utils.set_random_seed(0)
    model = semi_supervised_vae(2, dim=8, latent_dim=1)
    model.compile(
        keras.optimizers.Adam(5e-3), losses.GaussianNLL(0.3), {"classification_loss": 100.0}
    )
    model.fit(x, labels, batch_size=100, epochs=60, verbose=0)
    test_x, test_y = two_classes(seed=1)
    assert np.mean(model.predict_labels(test_x) == test_y) > 0.95
    # Samples of a class have its shift: the first four values lie around ±1.
    for c, shift in ((0, -1.0), (1, 1.0)):
        samples = model.sample(np.full(500, c), seed=0)
        assert abs(samples[:, :4].mean() - shift) < 0.35


def test_what_is_given_no_label_has_the_most_probable_one():
    model = semi_supervised_vae()
    model.compile(loss="mse", jit_compile=False)
    labels = np.argmax(model.classifier(X), axis=1)
    np.testing.assert_array_equal(model.predict_labels(X), labels)
    z_mean, _ = model.encoder([X, labels])
    np.testing.assert_allclose(model.encode(X), z_mean, atol=1e-6)
    rebuilt = np.array(model.decoder([np.array(z_mean), labels]))
    np.testing.assert_allclose(model.predict(X, verbose=0), rebuilt, atol=1e-6)
    error = np.mean((X - rebuilt) ** 2, axis=1)
    np.testing.assert_allclose(model.reconstruction_error(X), error, rtol=1e-5)
    np.testing.assert_allclose(model.decode(z_mean, labels), rebuilt, atol=1e-6)


@pytest.mark.skipif(not hasattr(priors, "fit"), reason="densities cannot be fitted yet")
def test_a_density_can_be_fitted_to_its_codes():
    model = semi_supervised_vae()
    model.compile(jit_compile=False)
    model.fit_prior(X, num_components=2)
    assert type(model.prior).__name__ == "GaussianMixture"
    assert model.sample(np.array([0, 2]), seed=0).shape == (2, 6)


def test_datasets_and_callbacks_see_labels_where_they_are_needed(tmp_path):
    model = semi_supervised_vae()
    model.compile(jit_compile=False)
    dataset = tf.data.Dataset.from_tensor_slices((X, LABELS.astype("int64"))).batch(8)
    active = callbacks.ActiveUnits(X)  # encodes, which needs none
    history = model.fit(dataset, validation_data=dataset, callbacks=[active], verbose=0).history
    assert {"accuracy", "val_accuracy", "active_units"} <= set(history)
    with pytest.raises(ValueError, match="`labels` must not be given to ActiveUnits"):
        model.fit(dataset, callbacks=[callbacks.ActiveUnits(X, LABELS)], verbose=0)


def _network(outputs, activation=None, dim=6):
    x = keras.Input((dim,))
    return keras.Model(x, keras.layers.Dense(outputs, activation)(x))


@pytest.mark.parametrize(
    "classifier", [_network(K, "softmax"), _network(K + 1), _network(K, dim=5)]
)
def test_a_classifier_of_no_logits_or_other_classes_is_refused(classifier):
    model = semi_supervised_vae()
    with pytest.raises(ValueError, match="^`classifier` must take x, of shape .6,., and end in"):
        models.SemiSupervisedVAE(model.encoder, classifier, model.decoder)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (None, "^`y` must hold labels, -1 for an unknown one. Received: y=None"),
        (LABELS - 1, "^`y` must hold classes from 0 to 2, or -1 for .* Received: labels from -2"),
        (LABELS + 1, "^`y` must hold classes from 0 to 2, or -1 for .* to 3"),
        (np.eye(4)[LABELS].astype("int32"), r"argmax\(axis=1\)"),
    ],
)
def test_labels_of_no_class_are_refused(labels, sentence):
    model = semi_supervised_vae()
    model.compile()
    for method in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match=sentence):
            method(X, labels)


def test_an_unknown_label_cannot_be_decoded():
    model = semi_supervised_vae()
    with pytest.raises(ValueError, match="^`labels` must hold classes from 0 to 2, which"):
        model.sample(LABELS)
    with pytest.raises(ValueError, match="^`labels` must hold classes from 0 to 2, which"):
        model.decode(np.zeros((40, 2), "float32"), LABELS)


def test_a_metric_of_this_name_and_one_size_of_batch_are_refused():
    with pytest.raises(ValueError, match="must not be named like .*'accuracy'"):
        semi_supervised_vae().compile(metrics=[keras.metrics.MeanSquaredError("accuracy")])
