"""What a trained model is asked, with arrays of any kind, masks, targets, open axes and paths."""

import functools
import pathlib
import tempfile

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from hypothesis import strategies as st
from keras import layers

from keras_aegan import evaluation, losses, models
from tests.fuzzing.constructors import POOL, floats


def _steps(n, seed=0):
    """Sequences of up to five steps of two numbers, padded with zeros."""
    x = np.random.default_rng(seed).normal(3.0, 1.0, (n, 5, 2)).astype("float32")
    for i in range(n):
        x[i, 1 + i % 5 :] = 0.0
    return x


def _sequence_networks(num_steps, *heads):
    """Networks that carry a mask, or with `num_steps=None` take sequences of any length."""
    x = keras.Input((num_steps, 2))
    hidden = layers.GRU(3, return_sequences=True)(layers.Masking(0.0)(x))
    outputs = [layers.Dense(2, name=name)(hidden) for name in heads]
    z = keras.Input((num_steps, 2))
    decoder = keras.Model(z, layers.Dense(2)(layers.GRU(3, return_sequences=True)(z)))
    return keras.Model(x, outputs if len(outputs) > 1 else outputs[0]), decoder


def _rescaling():
    x = keras.Input((4,))
    encoder = keras.Model(x, layers.Dense(3)(layers.Rescaling(1 / 255)(x)))
    return models.Autoencoder(encoder, POOL["decoder"])


# name: (how it is made, compile's loss, n examples of what `fit` takes)
_MODELS = {
    "autoencoder": (lambda: models.Autoencoder(POOL["encoder"], POOL["decoder"]), None,
        lambda n: (floats(n, 4),)),
    "trained on targets": (_rescaling, None, lambda n: (255 * floats(n, 4), floats(n, 4))),
    "masked autoencoder": (lambda: models.Autoencoder(*_sequence_networks(5, "code")), None,
        lambda n: (_steps(n),)),
    "VAE": (lambda: models.VAE(POOL["gaussian encoder"], POOL["decoder"], seed=0), None,
        lambda n: (floats(n, 4),)),
    "masked VAE": (
        lambda: models.VAE(*_sequence_networks(5, "z_mean", "z_log_var"), seed=0), None,
        lambda n: (_steps(n),)),
    "open VAE": (
        lambda: models.VAE(*_sequence_networks(None, "z_mean", "z_log_var"), seed=0),
        losses.GaussianNLL(1.0), lambda n: (_steps(n)[:, : 2 + n % 3],)),
    "conditional VAE": (
        lambda: models.ConditionalVAE(
            POOL["conditional encoder"], POOL["conditional decoder"], seed=0
        ), None, lambda n: (floats(n, 4), np.arange(n) % 3)),
    "GAN": (lambda: models.GAN(POOL["generator"], POOL["discriminator"], seed=0), None,
        lambda n: (floats(n, 4),)),
}  # fmt: skip


@functools.cache
def _trained(name):
    make, loss, data = _MODELS[name]
    model = make()
    model.compile(keras.optimizers.SGD(0.0), loss=loss, jit_compile=False)
    model.fit(*data(6), verbose=0)
    return model


@functools.cache
def _detector(name, score):
    detector = evaluation.AnomalyDetector(_trained(name), score, num_samples=4)
    x, *target = _MODELS[name][2](12)
    target = {"target": target[0]} if target and score != "mahalanobis" else {}
    detector.fit_threshold(x, contamination=0.2, **target)
    return detector


def _nan(array):
    array = np.array(array, "float64")
    array.flat[-1] = np.nan
    return array


# Mostly what is alike; then what gets a sentence.
_KINDS = {
    "as it is": lambda a: a,
    "lists": lambda a: a.tolist(),
    "a tensor": tf.constant,
    "float64": lambda a: a.astype("float64") if a.dtype.kind == "f" else a.astype("int8"),
    "float16": lambda a: a.astype("float16") if a.dtype.kind == "f" else a.astype("uint16"),
    "pandas": lambda a: (pd.Series, pd.DataFrame)[a.ndim - 1](a) if a.ndim < 3 else a,
    "a column": lambda a: a[:, None] if a.ndim == 1 else a,
    "a list of rows": list,
    "read-only": lambda a: np.broadcast_to(a, a.shape),
    "strings": lambda a: a.astype(str),
    "bytes": lambda a: a.astype("S8"),
    "dates": lambda a: a.astype("int64").astype("datetime64[D]"),
    "a variable": lambda a: tf.Variable(a),
    "a dataset": lambda a: tf.data.Dataset.from_tensor_slices(a).batch(2),
    "a generator": lambda a: (row for row in a),
    "objects": lambda a: a.astype(object),
    "with a NaN": _nan,
    "negative": lambda a: -1 - a,
    "one more axis": lambda a: a[..., None, None],
    "one example": lambda a: a[0],
    "none": lambda a: a[:0],
    "fewer": lambda a: a[:1],
    "nothing": lambda a: None,
    "a number": lambda a: 3,
    "a text": lambda a: "digits",
    "a dict": lambda a: {"x": a},
}
_PATHS = ["m.keras", "m.KERAS", "m.h5", "m.hdf5", "m", "m.tf", "m.weights.h5", "m.weights.keras",
    "m.zip", "", "sub/m.keras", "m.keras/", ".keras", 5, None, b"m.keras"]  # fmt: skip


def _asked(name, n):
    """What a model can be asked: dict, a method's name to its arrays."""
    x, *others = _MODELS[name][2](n)
    asked = {"predict": (x,), "evaluate": (x, *others), "test_on_batch": (x, *others)}
    if name == "GAN":
        return {**asked, "predict": (floats(n, 3),), "discriminate": (x,), "sample": (np.int64(n),)}
    if name == "conditional VAE":
        z = floats(n, 3)
        return {"encode": (x, *others), "decode": (z, *others), "sample": tuple(others),
            "reconstruction_error": (x, *others), "log_likelihood": (x, *others)}  # fmt: skip
    z = floats(n, *x.shape[1:-1], 2) if x.ndim > 2 else floats(n, 3)
    asked.update(encode=(x,), decode=(z,), reconstruction_error=(x, *others))
    if "VAE" in name:
        asked.update(sample=(np.int64(n),), log_likelihood=(x,))
    return asked


@st.composite
def ability_calls(draw):
    """A method of a trained model, with arrays of which some are of another kind."""
    name, n = draw(st.sampled_from(list(_MODELS))), draw(st.integers(1, 5))
    asked = _asked(name, n)
    method = draw(st.sampled_from(sorted(asked)))
    kinds = [draw(st.sampled_from(list(_KINDS))) for _ in asked[method]]
    batch_size = draw(st.sampled_from([1, 2, 1024, 1024, 0, None, "4"]))
    options = {
        "log_likelihood": {"num_samples": draw(st.sampled_from([3, 3, 0, 2.5])), "verbose": 0},
        "predict": {"verbose": 0}, "evaluate": {"verbose": 0},
    }.get(method, {})  # fmt: skip
    if method == "sample" and name == "open VAE":
        options = {"latent_shape": draw(st.sampled_from([(3, 2), (3, 2), None, (2,), 3, (0, 2)]))}
    if method not in ("evaluate", "test_on_batch") and draw(st.booleans()):
        options = {**options, "batch_size": batch_size}

    def call():
        arrays = [
            array if not np.ndim(array) else _KINDS[kind](array)
            for kind, array in zip(kinds, asked[method], strict=True)
        ]
        return getattr(_trained(name), method)(*arrays, **options)

    return f"{name}.{method} of {n}: {kinds}, {options}", call


@st.composite
def detector_calls(draw):
    """A detector's method, with examples and targets of which some are of another kind."""
    name = draw(st.sampled_from([n for n in _MODELS if n not in ("GAN", "conditional VAE")]))
    scores = ["reconstruction_error"]
    if "open" not in name:
        scores += ["mahalanobis", "code_and_error"]
    if "VAE" in name:
        scores += ["negative_elbo", "log_likelihood"]
    score, n = draw(st.sampled_from(scores)), draw(st.integers(1, 5))
    method = draw(st.sampled_from(["anomaly_scores", "predict", "fit_threshold", "evaluate"]))
    x, *target = _MODELS[name][2](12 if method == "fit_threshold" else n)
    kinds = [draw(st.sampled_from(list(_KINDS))) for _ in range(2)]
    gives_target = draw(st.sampled_from([True, bool(target), bool(target)]))

    def call():
        detector = _detector(name, score)
        arguments = [_KINDS[kinds[0]](x)]
        if method == "evaluate":
            arguments.append(np.arange(len(x)) % 2)
        targets = {"target": _KINDS[kinds[1]]((target or [x])[0])} if gives_target else {}
        return getattr(detector, method)(*arguments, **targets)

    return f"{name}, {score}: {method} of {n}: {kinds}, target {gives_target}", call


@st.composite
def path_calls(draw):
    """A model or a detector saved and exported to paths of any ending."""
    name = draw(st.sampled_from(["autoencoder", "GAN", "detector"]))
    method = draw(st.sampled_from(["save", "save", "save_weights", "checkpoint", "export"]))
    path = draw(st.sampled_from(_PATHS))
    weights_only = draw(st.booleans())

    def call():
        is_detector = name == "detector"
        model = _detector("VAE", "mahalanobis") if is_detector else _trained(name)
        with tempfile.TemporaryDirectory() as folder:
            at = str(pathlib.Path(folder) / path) if isinstance(path, str) and path else path
            if method == "checkpoint":
                if is_detector or not isinstance(at, str):  # which Keras's own constructor meets
                    return None
                callback = keras.callbacks.ModelCheckpoint(at, save_weights_only=weights_only)
                return model.fit(floats(4, 4), callbacks=[callback], verbose=0)
            return getattr(model, method)(at)

    return f"{name}.{method}({path!r}), weights only {weights_only}", call
