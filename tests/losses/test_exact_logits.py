"""Likelihoods of probabilities are exact at any logit, whatever moves the values behind it."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
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


@keras.saving.register_keras_serializable("tests")
class _FunctionalSubclass(keras.Model):
    def __init__(self, **kwargs):
        z = keras.Input((2,))
        outputs = layers.Reshape((6,))(_dense(z, "sigmoid"))
        super().__init__(inputs=z, outputs=outputs, **kwargs)

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _of_steps(layer, inner):
    """A layer wrapped for three steps, whose output is the six values in order."""
    return lambda z: layers.Reshape((6,))(
        layers.TimeDistributed(inner)(layers.Reshape((3, 2))(layer(z)))
    )


def _identity(activation=None):
    """Not trained: in float16 the derivative with respect to its weights overflows."""
    return layers.Dense(2, activation, kernel_initializer="identity", trainable=False)


def _two_layers():
    # The identity, and a sigmoid behind it.
    x = keras.Input((2,))
    first = _identity()(x)
    return keras.Model(x, _identity("sigmoid")(first))


def _of_any_number_of_steps(z):
    steps, inner = keras.Input((None, 2)), _identity("sigmoid")
    network = keras.Model(steps, layers.TimeDistributed(inner)(steps))
    return layers.Reshape((6,))(network(layers.Reshape((3, 2))(_dense(z))))


def _upsampled(rank):
    """Every value twice along each axis, and each second one cut off again."""
    layer = [layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D][rank - 1](2)
    cut = (slice(None), *[slice(None, None, 2)] * rank)
    shape = (6, *[1] * rank)
    return lambda z: layers.Reshape((6,))(layer(layers.Reshape(shape)(_dense(z, "sigmoid")))[cut])


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
    "a subclass of functional models": lambda z: _FunctionalSubclass()(z),
    "of steps": lambda z: _of_steps(_dense, layers.Activation("sigmoid"))(z),
    "of steps with weights": lambda z: _of_steps(_dense, _identity("sigmoid"))(z),
    "of any number of steps": _of_any_number_of_steps,
    "of steps of a network": lambda z: _of_steps(_dense, _two_layers())(z),
    "of steps of steps": lambda z: layers.Reshape((6,))(
        layers.TimeDistributed(layers.TimeDistributed(layers.Activation("sigmoid")))(
            layers.Reshape((3, 2, 1))(_dense(z))
        )
    ),
    "moved in steps": lambda z: _of_steps(lambda z: _dense(z, "sigmoid"), layers.Reshape((2, 1)))(
        z
    ),
    "upsampled": _upsampled(1),
    "upsampled images": _upsampled(2),
    "upsampled volumes": _upsampled(3),
    "split": lambda z: ops.concatenate(ops.split(_dense(z, "sigmoid"), 3, axis=-1), axis=-1),
    "unstacked": lambda z: ops.stack(ops.unstack(_dense(z, "sigmoid"), 6, axis=-1), axis=-1),
    "masked": lambda z: layers.Masking(5.0)(layers.Reshape((6, 1))(_dense(z, "sigmoid")))[..., 0],
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
    "of steps": lambda z: layers.TimeDistributed(layers.Softmax())(
        layers.Reshape((2, 3))(_dense(z))
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


class _CallOfItsOwn(keras.Model):
    def __init__(self):
        super().__init__()
        bias = keras.initializers.Constant(BIAS)
        self.last = layers.Dense(6, "sigmoid", kernel_initializer="zeros", bias_initializer=bias)

    def call(self, z):
        return self.last(z)


def test_what_keras_notes_of_a_model_with_a_call_of_its_own_is_read():
    decoder = _CallOfItsOwn()
    model = _model(decoder)
    np.testing.assert_allclose(model.reconstruction_error(X), EXACT, rtol=1e-6)
    outer = keras.Sequential([keras.Input((2,)), decoder])
    x = keras.Input((6,))
    model = models.Autoencoder(keras.Model(x, layers.Dense(2)(x)), outer)
    model.compile(loss="bernoulli_nll", jit_compile=False)  # no warning
    np.testing.assert_allclose(model.reconstruction_error(X), EXACT, rtol=1e-6)


def test_a_sigmoid_that_keras_does_not_know_is_the_same_in_a_graph_and_eagerly():
    def make(z):
        return layers.Lambda(lambda logits: tf.nn.sigmoid(logits))(_dense(z))

    logged = []
    for run_eagerly in (False, True):
        with pytest.warns(UserWarning, match="whose logits are not known"):
            model = _model(make, run_eagerly=run_eagerly)
        logged.append(model.evaluate(X, verbose=0, return_dict=True)["loss"])
    p = np.clip(1 / (1 + np.exp(-BIAS)), np.float32(1e-7), np.float32(1) - np.float32(1e-7))
    expected = -(X[0] * np.log(p) + (1 - X[0]) * np.log(1 - p)).sum()
    np.testing.assert_allclose(logged, expected, rtol=1e-4)


def test_a_head_of_steps_with_statistics_runs_once():
    def make(z):
        inner = keras.Sequential(
            [keras.Input((2,)), layers.BatchNormalization(), layers.Activation("sigmoid")]
        )
        return layers.Reshape((6,))(
            layers.TimeDistributed(inner)(layers.Reshape((3, 2))(_dense(z)))
        )

    with pytest.warns(UserWarning, match="whose logits are not known"):
        model = _model(make)
    before = model.decoder(np.zeros((4, 2))).numpy()
    assert np.isfinite(before).all()
