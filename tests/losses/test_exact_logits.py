"""Likelihoods of probabilities are exact at any logit, whatever moves the values behind it."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_aegan import evaluation, losses, models

BIAS = np.array([20.0, -30.0, 50.0, 20.0, 0.5, -1.0], "float32")
X = np.tile(np.array([0, 1, 0, 1, 1, 0], "float32"), (4, 1))
# −log Bernoulli(x; sigmoid(l)) = log(1 + eˡ) − x l, in float64.
EXACT = float((np.logaddexp(0, BIAS.astype("float64")) - X[0] * BIAS).sum())
SLOPES = 1 / (1 + np.exp(-BIAS.astype("float64"))) - X[0]


def _dense(z, activation=None):
    bias = keras.initializers.Constant(BIAS)
    return layers.Dense(6, activation, kernel_initializer="zeros", bias_initializer=bias)(z)


def _nested(z):
    inner = keras.Input((2,))
    network = keras.Model(inner, layers.Reshape((3, 2))(_dense(inner, "sigmoid")))
    return layers.Reshape((6,))(network(z))


DECODERS = {
    "last": lambda z: _dense(z, "sigmoid"),
    "an activation": lambda z: layers.Activation("sigmoid")(_dense(z)),
    "reshaped": lambda z: layers.Reshape((6,))(_dense(z, "sigmoid")),
    "flattened": lambda z: layers.Flatten()(layers.Reshape((3, 2))(_dense(z, "sigmoid"))),
    "cast": lambda z: layers.Activation("linear", dtype="float32")(_dense(z, "sigmoid")),
    "an operation": lambda z: ops.reshape(ops.sigmoid(_dense(z)), (-1, 6)),
    "cropped": lambda z: layers.Reshape((6,))(
        layers.Cropping1D((0, 1))(
            layers.Reshape((7, 1))(layers.Concatenate()([_dense(z, "sigmoid"), _one(z)]))
        )
    ),
    "nested": _nested,
}


def _one(z):
    return layers.Dense(1, "sigmoid")(z)


def _model(make, loss="bernoulli_nll", **arguments):
    x, z = keras.Input((6,)), keras.Input((2,))
    model = models.Autoencoder(keras.Model(x, layers.Dense(2)(x)), keras.Model(z, make(z)))
    model.compile(keras.optimizers.SGD(0.1), loss, **{"jit_compile": False, **arguments})
    return model


def _bias(model):
    return next(w for w in model.decoder.weights if w.shape == (6,)).numpy()


@pytest.mark.parametrize("make", DECODERS.values(), ids=list(DECODERS))
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_value_and_gradient_are_exact(make, policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    try:
        model = _model(make)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        eager = _model(make, run_eagerly=True)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(model.reconstruction_error(X), EXACT, rtol=2e-3)
    for each in (model, loaded, eager):
        logged = each.fit(X, verbose=0).history["loss"]
        np.testing.assert_allclose(logged, EXACT, rtol=2e-3)
        np.testing.assert_allclose(_bias(each), BIAS - 0.1 * SLOPES, atol=2e-4)


def test_in_groups_under_xla_and_in_a_detector():
    model = _model(DECODERS["reshaped"], jit_compile=True, steps_per_execution=2)
    model.optimizer.learning_rate = 0.0
    logged = model.fit(np.tile(X, (2, 1)), batch_size=4, verbose=0).history["loss"]
    np.testing.assert_allclose(logged, EXACT, rtol=1e-6)
    model = _model(DECODERS["reshaped"])
    detector = evaluation.AnomalyDetector(model)
    detector.fit_threshold(np.tile(X, (3, 1)), 0.1)
    np.testing.assert_allclose(detector.anomaly_scores(X), EXACT, rtol=1e-6)


SOFTMAX = {
    "last": lambda z: layers.Softmax()(layers.Reshape((2, 3))(_dense(z))),
    "an operation": lambda z: ops.softmax(ops.reshape(_dense(z), (-1, 2, 3))),
    "over the first axis": lambda z: layers.Permute((2, 1))(
        layers.Softmax(axis=1)(layers.Permute((2, 1))(layers.Reshape((2, 3))(_dense(z))))
    ),
    "reshaped": lambda z: layers.Reshape((2, 3))(
        layers.Activation("softmax")(layers.Reshape((2, 1, 3))(_dense(z)))
    ),
}


@pytest.mark.parametrize("make", SOFTMAX.values(), ids=list(SOFTMAX))
def test_levels_are_exact_too(make):
    x, z = keras.Input((2,)), keras.Input((2,))
    model = models.Autoencoder(keras.Model(x, layers.Dense(2)(x)), keras.Model(z, make(z)))
    model.compile(loss="categorical_nll", jit_compile=False)
    logits, levels = BIAS.reshape(2, 3).astype("float64"), np.array([[1, 2]] * 3)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -(log_p[0, 1] + log_p[1, 2])
    values = model.reconstruction_error(X[:3, :2], levels)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_kerass_own_losses_keep_kerass_value():
    model = _model(DECODERS["reshaped"], "binary_crossentropy")
    expected = keras.losses.BinaryCrossentropy()(X, model.predict(X, verbose=0))
    np.testing.assert_allclose(model.evaluate(X, verbose=0, return_dict=True)["loss"], expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda z: layers.Rescaling(0.5)(_dense(z, "sigmoid")),
        lambda z: 1.0 - _dense(z, "sigmoid"),
        lambda z: _dense(z, "hard_sigmoid"),
    ],
)
def test_probabilities_alone_are_warned_of_at_compile(make):
    with pytest.warns(UserWarning, match="whose logits are not known.*from_logits=True"):
        _model(make)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _model(make, "binary_crossentropy")
        _model(make, losses.BernoulliNLL(from_logits=True))
