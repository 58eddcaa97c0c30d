"""Networks, models, losses and the rest, made with arguments of which some are wrong."""

import keras
import numpy as np
from hypothesis import strategies as st

from keras_aegan import (
    callbacks,
    datasets,
    layers,
    losses,
    models,
    networks,
    priors,
    regularizers,
)

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


def floats(*shape):
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


POOL = _network_pool()
_any_network = st.sampled_from(list(POOL.values()))


def _one_of(*names):
    return st.sampled_from([POOL[name] for name in names])


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
    (layers.GaussianNoise, {"stddev": st.sampled_from([0.0, 0.5, 3.0]), "seed": _seed}),
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
    (priors.StandardNormal, {"shape": _shape}),
    (priors.Uniform, {"shape": _shape, "low": st.floats(-2, 0), "high": st.floats(0.1, 2)}),
    (priors.GaussianMixture, {"means": st.sampled_from([[[0.0, 1.0], [2.0, 3.0]], [0.0]]),
        "scales": st.sampled_from([[1.0, 2.0], np.ones((2, 2)), np.stack([np.eye(2)] * 2)]),
        "weights": st.sampled_from([None, [0.5, 0.5]])}),
    (priors.Categorical, {
        "probabilities": st.sampled_from([3, [0.5, 0.5], np.full((2, 4), 0.25)])}),
    (priors.Product, {
        "parts": st.sampled_from([[priors.Categorical(2)], [priors.Uniform((2, 2))]])}),
    (priors.get, {"identifier": st.sampled_from([None, "uniform", priors.Categorical(4)]),
        "shape": _shape}),
    (priors.fit, {"prior": st.sampled_from(["gaussian_mixture", "gaussian", "categorical"]),
        "codes": st.sampled_from([floats(9, 2), floats(9, 2, 2), np.eye(3)]),
        "num_components": st.sampled_from([1, 2]), "seed": _seed}),
    (datasets.ring, {"num_modes": _size}),
    (datasets.grid, {"num_modes": st.sampled_from([4, 9, 25])}),
    (datasets.lecture_mixture, {"number": st.sampled_from([1, 2, 3])}),
    (datasets.gaussian_mixture, {"means": st.sampled_from([[[0.0, 1.0], [2.0, 3.0]], [0.0]]),
        "covariances": st.sampled_from([1.0, [1.0, 2.0], np.eye(2)]),
        "weights": st.sampled_from([None, [0.5, 0.5]])}),
    (datasets.quantize, {"x": st.just(floats(3, 4)), "num_levels": st.integers(2, 9)}),
    (datasets.load_images, {"name": st.just("no_such_set"), "digits": st.sampled_from([None, (7,)]),
        "value_range": st.sampled_from([(0, 1), (-1.0, 1.0)]), "num_examples": _size,
        "batch_size": _size}),
    (callbacks.LossWeightSchedule, {"term": st.just("kl_loss"), "schedule": st.just(float)}),
    (callbacks.SampleGrid, {"folder": st.just("figures"), "num_samples": _size, "every": _size}),
    (callbacks.ReconstructionGrid, {"x": st.just(floats(4, 8, 8, 1)),
        "folder": st.just("figures"), "every": _size}),
    (callbacks.ActiveUnits, {"x": st.just(floats(8, 4)), "threshold": _rate}),
    (callbacks.TerminateOnNonFinite, {"raise_error": st.booleans()}),
    (callbacks.GANDiagnosis, {"real": st.just(floats(120, 2)), "every": _size,
        "batch_size": _size, "seed": st.integers(0, 5)}),
    (callbacks.SampleMetrics, {"real": st.just(floats(20, 2)),
        "metrics": st.sampled_from([["precision_recall"], ["mode_coverage"], ["no metric"], []]),
        "num_samples": _size, "every": _size}),
    (callbacks.BackupAndRestore, {"backup_dir": st.just("backup")}),
    (callbacks.linear_schedule, {"start": _rate, "end": _rate, "num_epochs": _size}),
    (callbacks.cyclical_schedule, {"start": _rate, "end": _rate, "period": _size}),
]  # fmt: skip


@st.composite
def arguments_from(draw, strategies):
    """Mostly what is meant, with one argument or two of another kind."""
    arguments = {name: draw(strategy) for name, strategy in strategies.items()}
    for name in draw(st.lists(st.sampled_from(sorted(strategies)), max_size=2, unique=True)):
        arguments[name] = draw(_odd)
    return arguments


@st.composite
def constructor_calls(draw):
    """A constructor or a function that makes something, with some arguments wrong."""
    function, strategies = draw(st.sampled_from(CONSTRUCTORS))
    arguments = draw(arguments_from(strategies))
    return f"{function.__name__}({arguments})", lambda: function(**arguments)
