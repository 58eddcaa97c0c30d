"""Models compiled with odd arguments, and trained on odd data."""

import keras
import numpy as np
import scipy.sparse
import tensorflow as tf
from hypothesis import strategies as st

from keras_aegan import losses, models
from tests.fuzzing.constructors import POOL, arguments_from, floats


def _autoencoder():
    return models.Autoencoder(POOL["encoder"], POOL["decoder"])


def _vae():
    return models.VAE(POOL["gaussian encoder"], POOL["decoder"], seed=0)


def make_gan():
    return models.GAN(POOL["generator"], POOL["discriminator"], seed=0)


def _vae_gan():
    networks_of_it = (POOL["gaussian encoder"], POOL["decoder"], POOL["discriminator"])
    return models.VAEGAN(*networks_of_it, feature_layer="dense_0_activation", seed=0)


def _conditional_vae():
    return models.ConditionalVAE(POOL["conditional encoder"], POOL["conditional decoder"], seed=0)


_makers = st.sampled_from([_autoencoder, _vae, make_gan, _vae_gan, _conditional_vae])

_COMPILE = {
    "optimizer": st.sampled_from(
        ["adam", "sgd", "no such optimizer", {"autoencoder": "adam"}, {"generator": "adam"},
         {"discriminator": "adam", "generator": "sgd"}]
    ),
    "loss": st.sampled_from(
        [None, "mse", "gaussian_nll", "bernoulli_nll", "hinge", "binary_crossentropy", "no loss",
         losses.GaussianNLL(0.5), keras.losses.MeanAbsoluteError(), ["mse", "mae"],
         keras.losses.MeanSquaredError(reduction="sum")]
    ),
    "loss_weights": st.sampled_from(
        [None, {}, {"kl_loss": 0.5}, {"kl_loss": -1.0}, {"reconstruction_loss": np.nan},
         {"generator_loss": "2"}, {"no term": 1.0}, [1.0], 2.0, {"reconstruction_loss": 0.0}]
    ),
    "metrics": st.sampled_from([None, ["mae"], [], "mse", ["no metric"], {"output": "mse"}, [3]]),
    "steps_per_execution": st.sampled_from([1, 2, 0, -1, 1.5]),
    "jit_compile": st.sampled_from([False, False, "auto", "yes", 3]),
    "auto_scale_loss": st.booleans(),
}  # fmt: skip


@st.composite
def compile_calls(draw):
    """A model compiled with odd arguments, and one step where it was taken."""
    make, arguments = draw(_makers), draw(arguments_from(_COMPILE))
    # Tracing is what takes long, and is not in question here.
    arguments["run_eagerly"] = True

    def call():
        model = make()
        model.compile(**arguments)
        labels = (np.arange(4, dtype="int32") % 3,) if make is _conditional_vae else ()
        return model.fit(np.full((4, 4), 0.25, "float32"), *labels, verbose=0)

    return f"{make.__name__} compile({arguments})", call


def _poisoned(value):
    x = floats(8, 4)
    x[3, 2] = value
    return x


_x = st.sampled_from(
    [
        lambda: floats(8, 4),
        lambda: floats(8, 4),
        lambda: floats(8, 4).astype("float64"),
        lambda: floats(8, 4).astype("float16"),
        lambda: floats(8, 5),
        lambda: floats(4),
        lambda: floats(8, 4, 1),
        lambda: floats(0, 4),
        lambda: (floats(8, 4) * 255).astype("uint8"),
        lambda: _poisoned(np.nan),
        lambda: _poisoned(np.inf),
        lambda: _poisoned(3e38),
        lambda: floats(8, 4).tolist(),
        lambda: floats(8, 4).astype(object),
        lambda: floats(8, 4).astype(complex),
        lambda: floats(8, 4).astype(str),
        lambda: np.ma.masked_array(floats(8, 4), mask=floats(8, 4) > 0.5),
        lambda: scipy.sparse.csr_matrix(floats(8, 4)),
        lambda: tf.ragged.constant([[0.1, 0.2], [0.3]]),
        lambda: tf.sparse.from_dense(floats(8, 4)),
        lambda: tf.constant(floats(8, 4)),
        lambda: tf.data.Dataset.from_tensor_slices(floats(8, 4)).batch(4),
        lambda: tf.data.Dataset.from_tensor_slices(floats(8, 4)),
        lambda: tf.data.Dataset.from_tensor_slices(_poisoned(np.nan)).batch(4),
        lambda: tf.data.Dataset.from_tensor_slices({"image": floats(8, 4)}).batch(4),
        lambda: (floats(4, 4) for _ in range(2)),
        lambda: ((floats(4, 4),) for _ in range(2)),
        lambda: (floats(4, 5) for _ in range(2)),
        lambda: (None for _ in range(2)),
        lambda: iter([]),
        lambda: [floats(8, 4), floats(8, 4)],
        lambda: {"x": floats(8, 4)},
        lambda: "digits",
        lambda: 5,
        lambda: None,
        lambda: np.float32(1.0),
    ]
)
_y = st.sampled_from(
    [None, None, None, floats(8, 4), floats(7, 4), floats(8, 3), np.arange(8) % 3,
     np.arange(8), np.arange(8) % 3.0, "y", [1] * 8, _poisoned(np.nan)]
)  # fmt: skip
_weights = st.sampled_from(
    [None, None, None, np.ones(8), -np.ones(8), np.zeros(8), np.ones(7), np.full(8, np.nan),
     np.ones((8, 1)), [1.0] * 8, "heavy", 2.0]
)  # fmt: skip
_FIT = {
    "batch_size": st.sampled_from([4, 8, None, 0, -1, 2.5, "4", True]),
    "epochs": st.sampled_from([1, 2, 0, -1, 1.5, None, "1"]),
    "validation_split": st.sampled_from([0.0, 0.0, 0.5, 1.0, -0.5, 2.0, "half"]),
    "validation_data": st.sampled_from(
        [None, None, floats(4, 4), (floats(4, 4),), floats(4, 5), (floats(4, 4), 3), "x", 5]
    ),
    "callbacks": st.sampled_from([None, [], [keras.callbacks.TerminateOnNaN()], "early", [5]]),
    "shuffle": st.sampled_from([True, False]),
    "steps_per_epoch": st.sampled_from([None, None, 1, 0, -1, "2"]),
    "class_weight": st.sampled_from([None, None, {0: 1.0}]),
}


@st.composite
def fit_calls(draw):
    """A model trained on odd data, or with odd arguments."""
    make, make_x, y, weights = draw(_makers), draw(_x), draw(_y), draw(_weights)
    if make is _conditional_vae and draw(st.booleans()):
        y = (np.arange(8) % 3).astype("int32")
    options = {name: draw(_FIT[name]) for name in draw(st.lists(
        st.sampled_from(sorted(_FIT)), max_size=2, unique=True))}  # fmt: skip

    def call():
        model = make()
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        return model.fit(make_x(), y, sample_weight=weights, verbose=0, **options)

    return f"{make.__name__} fit({make_x.__code__.co_firstlineno}, {y}, {weights}, {options})", call
