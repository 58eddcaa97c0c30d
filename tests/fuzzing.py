"""Calls with arguments that users might give by mistake, and what may come of them.

`tests/test_fuzzing.py` tries a few dozen, `benchmarks/fuzz.py` two thousand.
"""

import io
import json
import linecache
import pathlib
import signal
import tempfile
import warnings
import zipfile

import keras
import numpy as np
import scipy.sparse
import tensorflow as tf
from hypothesis import strategies as st

from keras_aegan import callbacks, datasets, layers, losses, models, networks, regularizers

_SECONDS = 60
# Begins what is raised raw, but not by this package. Of files that are damaged or altered by hand
# Keras, zipfile and h5py say so in words of their own, before this package has its turn.
ELSEWHERE = "raised elsewhere: "
_ROOTS = tuple(str(pathlib.Path(m.__file__).parent) for m in (models, keras))
_ROOTS = (str(pathlib.Path(models.__file__).parents[1]), _ROOTS[1])


def verdict(call):
    """What is wrong with the way a call ended, or `None`.

    It may return; or raise ValueError or TypeError by a `raise` of this package or of Keras, so
    that there is a sentence. A training that returns must have finite logs and weights.
    """

    def give_up(*_):
        raise TimeoutError(f"took more than {_SECONDS} s")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_SECONDS)
    keras.config.disable_traceback_filtering()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call()
    except (ValueError, TypeError) as error:
        raw = f"{_origin(error)}raw {type(error).__name__}: {_first(error)}"
        return None if _is_a_sentence(error) else raw
    except Exception as error:
        return f"{_origin(error)}{type(error).__name__}: {_first(error)}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
        keras.config.enable_traceback_filtering()
    if isinstance(result, keras.callbacks.History):
        return _nonsense(result)
    return None


def _first(error):
    return (str(error).strip().splitlines() or ["without a message"])[0][:200]


def _is_a_sentence(error):
    trace = _last_frame(error)
    name, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
    is_raise = linecache.getline(name, line).strip().startswith("raise")
    return is_raise and name.startswith(_ROOTS) and bool(str(error))


def _origin(error):
    is_ours = _last_frame(error).tb_frame.f_code.co_filename.startswith(_ROOTS[0])
    return "" if is_ours or isinstance(error, TimeoutError) else ELSEWHERE


def _last_frame(error):
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _nonsense(history):
    if history.params["epochs"] and not history.epoch:
        return "silent: no epoch was trained"
    if not all(np.isfinite(values).all() for values in history.history.values()):
        return f"silent: logs {history.history}"
    if not all(np.isfinite(np.array(w)).all() for w in history.model.weights):
        return "silent: weights are not finite"
    return None


# ---------------------------------------------------------------------------- arguments

_odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.floats(-3, 3),
    st.sampled_from([np.nan, np.inf, 1j, "", "seven", b"x", {}, {"a": 1}, [], (), [1, "a"]]),
    st.sampled_from(
        [(0,), (3, -1), (2.5,), (None, 3), [[1]], object, len, np.zeros(2), np.int8(3)]
    ),
)
_size = st.integers(1, 6)
_shape = st.sampled_from([(4,), (4, 4), (8, 8, 1), (8, 8, 3), (9, 7, 2), (1,), [6]])
_image = st.sampled_from([(8, 8, 1), (8, 8, 3), (16, 16, 1)])
_units = st.sampled_from([(), (4,), (4, 3), [5]])
_filters = st.sampled_from([(4,), (4, 3), [2]])
_activation = st.sampled_from(["relu", "tanh", "leaky_relu", None, "no such activation"])
_classes = st.sampled_from([None, None, 3])
_rate = st.floats(0.0, 1.0)
_seed = st.sampled_from([None, 0, 7])


def _floats(*shape):
    return np.linspace(0.0, 1.0, int(np.prod(shape)), dtype="float32").reshape(shape)


def _network_pool():
    """Networks that fit each other, and some that fit nothing."""
    dense = networks.dense_encoder((4,), 3, (5,))
    images = networks.dense_encoder((8, 8, 1), None, (5,))
    return {
        "encoder": dense,
        "wide encoder": networks.dense_encoder((4,), 7, (5,)),
        "gaussian encoder": networks.gaussian_encoder(networks.dense_encoder((4,), None, (5,)), 3),
        "image encoder": networks.gaussian_encoder(images, 3),
        "decoder": networks.dense_decoder(3, (4,), (5,)),
        "image decoder": networks.dense_decoder(3, (8, 8, 1), (5,), output_activation="tanh"),
        "conditional encoder": networks.gaussian_encoder(
            networks.dense_encoder((4,), None, (5,), num_classes=3), 3
        ),
        "conditional decoder": networks.dense_decoder(3, (4,), (5,), num_classes=3),
        "other classes": networks.dense_decoder(3, (4,), (5,), num_classes=4),
        "generator": networks.dense_generator(3, (4,), (5,)),
        "discriminator": networks.dense_discriminator((4,), (5,)),
        "sigmoid": keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")]),
        "unbuilt": keras.Sequential([keras.layers.Dense(3)]),
        "subclassed": keras.Model(),
    }


_pool = _network_pool()
_any_network = st.sampled_from(list(_pool.values()))


def _one_of(*names):
    return st.sampled_from([_pool[name] for name in names])


_encoder = _one_of("encoder", "encoder", "gaussian encoder", "wide encoder")
_decoder = _one_of("decoder", "decoder", "image decoder", "conditional decoder")
_generator = _one_of("generator", "generator", "decoder", "image decoder")
_discriminator = _one_of("discriminator", "discriminator", "sigmoid", "encoder")

CONSTRUCTORS = [
    (networks.dense_encoder, {"input_shape": _shape, "latent_dim": _size, "hidden_units": _units,
        "activation": _activation, "num_classes": _classes}),
    (networks.dense_decoder, {"latent_dim": _size, "output_shape": _shape, "hidden_units": _units,
        "output_activation": _activation, "num_classes": _classes}),
    (networks.dense_generator, {"latent_dim": _size, "output_shape": _shape,
        "hidden_units": _units, "batch_normalization": st.booleans()}),
    (networks.dense_discriminator, {"input_shape": _shape, "hidden_units": _units,
        "dropout": _rate}),
    (networks.convolutional_encoder, {"input_shape": _image, "latent_dim": _size,
        "filters": _filters, "num_classes": _classes}),
    (networks.convolutional_decoder, {"latent_dim": _size, "output_shape": _image,
        "filters": _filters}),
    (networks.dcgan_generator, {"latent_dim": _size, "image_shape": _image, "filters": _filters}),
    (networks.dcgan_discriminator, {"image_shape": _image, "filters": _filters,
        "dropout": _rate}),
    (networks.alexnet, {"input_shape": _image, "num_classes": _size,
        "filters": st.sampled_from([(2, 2, 2, 2, 2), (3,)]), "dense_units": _units,
        "first_kernel_size": _size, "first_strides": _size}),
    (networks.gaussian_encoder, {"network": _any_network, "latent_dim": _size}),
    (networks.lecture_vae, {"data_shape": _shape, "latent_dim": _size}),
    (models.Autoencoder, {"encoder": _encoder, "decoder": _decoder}),
    (models.DenoisingAutoencoder, {"encoder": _encoder, "decoder": _decoder,
        "corruption": st.sampled_from([None, keras.layers.GaussianNoise(0.1)])}),
    (models.ContractiveAutoencoder, {"encoder": _encoder, "decoder": _decoder,
        "jacobian": st.sampled_from(["exact", "hutchinson"]), "num_probes": _size}),
    (models.VAE, {"encoder": _one_of("gaussian encoder", "encoder"), "decoder": _decoder,
        "num_importance_samples": _size, "seed": _seed}),
    (models.ConditionalVAE, {"encoder": _one_of("conditional encoder", "gaussian encoder"),
        "decoder": _one_of("conditional decoder", "other classes"), "seed": _seed}),
    (models.GAN, {"generator": _generator, "discriminator": _discriminator,
        "num_discriminator_steps": _size, "seed": _seed,
        "discriminator_regularizer": st.sampled_from([None, regularizers.R1(1.0)])}),
    (models.ConditionalGAN, {"generator": _generator, "discriminator": _discriminator}),
    (models.VAEGAN, {"encoder": _one_of("gaussian encoder", "gaussian encoder", "encoder"),
        "decoder": _decoder, "discriminator": _discriminator,
        "feature_layer": st.sampled_from(["dense_0_activation", "no such layer"]),
        "equilibrium_margin": st.sampled_from([None, 0.3, 2.0]), "seed": _seed}),
    (layers.MaskingNoise, {"rate": _rate, "seed": _seed}),
    (layers.SaltAndPepperNoise, {"rate": _rate, "seed": _seed}),
    (layers.TopK, {"k": _size}),
    (layers.TiedDense, {"units": _size, "tied_to": st.just("code")}),
    (layers.GaussianSampling, {"seed": _seed}),
    (layers.SpectralNormalization, {"layer": st.just(keras.layers.Dense(3))}),
    (losses.GaussianNLL, {"scale": st.sampled_from([1.0, 0.1, "optimal"])}),
    (losses.LaplaceNLL, {"scale": st.floats(0.1, 3.0)}),
    (losses.NonSaturatingLoss, {"label_smoothing": st.floats(0.0, 0.5)}),
    (losses.WeightedSum, {"losses": st.sampled_from([["mse", "mae"], ["mse"]]),
        "weights": st.sampled_from([None, [1.0, 0.5], [2.0]])}),
    (losses.PerceptualLoss, {"backbone": _any_network,
        "layer_names": st.sampled_from(["code", ["dense_0_activation", "code"], ["no layer"]]),
        "layer_weights": st.sampled_from([None, [1.0, 2.0]]),
        "distance": st.sampled_from(["mse", "mae", "no distance"]),
        "preprocessing": st.sampled_from([None, keras.layers.Rescaling(2.0), "vgg16"]),
        "value_range": st.sampled_from([(0, 1), (-1.0, 1.0), None])}),
    (regularizers.KLSparsity, {"target": st.floats(0.01, 0.9), "weight": st.floats(0.0, 3.0)}),
    (regularizers.GradientPenalty, {"weight": st.floats(0.0, 10.0)}),
    (regularizers.R1, {"weight": st.floats(0.0, 10.0)}),
    (datasets.ring, {"num_modes": _size}),
    (datasets.grid, {"num_modes": st.sampled_from([4, 9, 25])}),
    (datasets.lecture_mixture, {"number": st.sampled_from([1, 2, 3])}),
    (datasets.gaussian_mixture, {"means": st.sampled_from([[[0.0, 1.0], [2.0, 3.0]], [0.0]]),
        "covariances": st.sampled_from([1.0, [1.0, 2.0], np.eye(2)]),
        "weights": st.sampled_from([None, [0.5, 0.5]])}),
    (datasets.quantize, {"x": st.just(_floats(3, 4)), "num_levels": st.integers(2, 9)}),
    (datasets.load_images, {"name": st.just("no_such_set"), "digits": st.sampled_from([None, (7,)]),
        "value_range": st.sampled_from([(0, 1), (-1.0, 1.0)]), "num_examples": _size,
        "batch_size": _size}),
    (callbacks.LossWeightSchedule, {"term": st.just("kl_loss"), "schedule": st.just(float)}),
    (callbacks.SampleGrid, {"folder": st.just("figures"), "num_samples": _size, "every": _size}),
    (callbacks.ReconstructionGrid, {"x": st.just(_floats(4, 8, 8, 1)),
        "folder": st.just("figures"), "every": _size}),
    (callbacks.ActiveUnits, {"x": st.just(_floats(8, 4)), "threshold": _rate}),
    (callbacks.TerminateOnNonFinite, {"raise_error": st.booleans()}),
    (callbacks.GANDiagnosis, {"real": st.just(_floats(120, 2)), "every": _size,
        "batch_size": _size, "seed": st.integers(0, 5)}),
    (callbacks.SampleMetrics, {"real": st.just(_floats(20, 2)),
        "metrics": st.sampled_from([["precision_recall"], ["mode_coverage"], ["no metric"], []]),
        "num_samples": _size, "every": _size}),
    (callbacks.BackupAndRestore, {"backup_dir": st.just("backup")}),
    (callbacks.linear_schedule, {"start": _rate, "end": _rate, "num_epochs": _size}),
    (callbacks.cyclical_schedule, {"start": _rate, "end": _rate, "period": _size}),
]  # fmt: skip


@st.composite
def _arguments(draw, strategies):
    """Mostly what is meant, with one argument or two of another kind."""
    arguments = {name: draw(strategy) for name, strategy in strategies.items()}
    for name in draw(st.lists(st.sampled_from(sorted(strategies)), max_size=2, unique=True)):
        arguments[name] = draw(_odd)
    return arguments


@st.composite
def constructor_calls(draw):
    """A constructor or a function that makes something, with some arguments wrong."""
    function, strategies = draw(st.sampled_from(CONSTRUCTORS))
    arguments = draw(_arguments(strategies))
    return f"{function.__name__}({arguments})", lambda: function(**arguments)


# ------------------------------------------------------------------------------- models


def _autoencoder():
    return models.Autoencoder(_pool["encoder"], _pool["decoder"])


def _vae():
    return models.VAE(_pool["gaussian encoder"], _pool["decoder"], seed=0)


def _gan():
    return models.GAN(_pool["generator"], _pool["discriminator"], seed=0)


def _vae_gan():
    networks_of_it = (_pool["gaussian encoder"], _pool["decoder"], _pool["discriminator"])
    return models.VAEGAN(*networks_of_it, feature_layer="dense_0_activation", seed=0)


def _conditional_vae():
    return models.ConditionalVAE(_pool["conditional encoder"], _pool["conditional decoder"], seed=0)


_makers = st.sampled_from([_autoencoder, _vae, _gan, _vae_gan, _conditional_vae])

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
    make, arguments = draw(_makers), draw(_arguments(_COMPILE))
    # Tracing is what takes long, and is not in question here.
    arguments["run_eagerly"] = True

    def call():
        model = make()
        model.compile(**arguments)
        labels = (np.arange(4, dtype="int32") % 3,) if make is _conditional_vae else ()
        return model.fit(np.full((4, 4), 0.25, "float32"), *labels, verbose=0)

    return f"{make.__name__} compile({arguments})", call


# --------------------------------------------------------------------------------- data


def _poisoned(value):
    x = _floats(8, 4)
    x[3, 2] = value
    return x


_x = st.sampled_from(
    [
        lambda: _floats(8, 4),
        lambda: _floats(8, 4),
        lambda: _floats(8, 4).astype("float64"),
        lambda: _floats(8, 4).astype("float16"),
        lambda: _floats(8, 5),
        lambda: _floats(4),
        lambda: _floats(8, 4, 1),
        lambda: _floats(0, 4),
        lambda: (_floats(8, 4) * 255).astype("uint8"),
        lambda: _poisoned(np.nan),
        lambda: _poisoned(np.inf),
        lambda: _poisoned(3e38),
        lambda: _floats(8, 4).tolist(),
        lambda: _floats(8, 4).astype(object),
        lambda: _floats(8, 4).astype(complex),
        lambda: _floats(8, 4).astype(str),
        lambda: np.ma.masked_array(_floats(8, 4), mask=_floats(8, 4) > 0.5),
        lambda: scipy.sparse.csr_matrix(_floats(8, 4)),
        lambda: tf.ragged.constant([[0.1, 0.2], [0.3]]),
        lambda: tf.sparse.from_dense(_floats(8, 4)),
        lambda: tf.constant(_floats(8, 4)),
        lambda: tf.data.Dataset.from_tensor_slices(_floats(8, 4)).batch(4),
        lambda: tf.data.Dataset.from_tensor_slices(_floats(8, 4)),
        lambda: tf.data.Dataset.from_tensor_slices(_poisoned(np.nan)).batch(4),
        lambda: tf.data.Dataset.from_tensor_slices({"image": _floats(8, 4)}).batch(4),
        lambda: (_floats(4, 4) for _ in range(2)),
        lambda: ((_floats(4, 4),) for _ in range(2)),
        lambda: (_floats(4, 5) for _ in range(2)),
        lambda: (None for _ in range(2)),
        lambda: iter([]),
        lambda: [_floats(8, 4), _floats(8, 4)],
        lambda: {"x": _floats(8, 4)},
        lambda: "digits",
        lambda: 5,
        lambda: None,
        lambda: np.float32(1.0),
    ]
)
_y = st.sampled_from(
    [None, None, None, _floats(8, 4), _floats(7, 4), _floats(8, 3), np.arange(8) % 3,
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
        [None, None, _floats(4, 4), (_floats(4, 4),), _floats(4, 5), (_floats(4, 4), 3), "x", 5]
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


# -------------------------------------------------------------------------------- files


def saved(model):
    """The bytes of a model's `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _originals():
    gan, other = _gan(), keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    gan.compile("adam")
    hidden = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda v: v * 2), keras.layers.Dense(3)]
    )
    return {
        "gan": saved(gan),
        "foreign": saved(other),
        "lambda": saved(models.Autoencoder(hidden, _pool["decoder"])),
    }


ORIGINALS = _originals()


def altered_config(content, change):
    """The file with another `config.json`: a function of its text that gives text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()) if name == "config.json" else data)
    return out.getvalue()


@st.composite
def _altered_json(draw):
    """Somewhere in the config, another value, or a key less."""
    config = json.loads(zipfile.ZipFile(io.BytesIO(ORIGINALS["gan"])).read("config.json"))
    node = config
    while True:
        keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw(st.sampled_from(keys))
        child = node[key]
        if not isinstance(child, (dict, list)) or not child or draw(st.integers(0, 3)) == 0:
            break
        node = child
    if draw(st.booleans()):
        del node[key]
    else:
        node[key] = draw(st.sampled_from([None, -1, "nonsense", [], {}, 1e9, True]))
    return altered_config(ORIGINALS["gan"], lambda _: json.dumps(config))


@st.composite
def file_calls(draw):
    """A file that is loaded: truncated, altered, foreign, or with code inside."""
    kind = draw(st.sampled_from(["whole", "cut", "flipped", "json", "json", "foreign", "noise"]))
    content = ORIGINALS[draw(st.sampled_from(["gan", "gan", "foreign", "lambda"]))]
    if kind == "cut":
        content = content[: draw(st.integers(0, len(content) - 1))]
    elif kind == "flipped":
        data = bytearray(content)
        for place in draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=8)):
            data[place] ^= draw(st.integers(1, 255))
        content = bytes(data)
    elif kind == "json":
        content = draw(_altered_json())
    elif kind == "noise":
        content = draw(st.binary(max_size=200))

    def call():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.keras"
            path.write_bytes(content)
            return keras.models.load_model(path)

    return f"load a {kind} file of {len(content)} bytes", call


FAMILIES = {
    "constructors": constructor_calls,
    "compile": compile_calls,
    "fit": fit_calls,
    "files": file_calls,
}
