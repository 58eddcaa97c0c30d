"""The table of models that every property is tested on: a new model is a row here."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

from keras_aegan import models, networks
from keras_aegan.layers import GaussianNoise, MaskingNoise, SaltAndPepperNoise, TopK
from keras_aegan.regularizers import R1, GradientPenalty, KLSparsity
from tests.conformance.user_model import TwoPlayers


@dataclasses.dataclass(frozen=True)
class Row:
    """How to make a model tiny, what to feed it, and what it is expected to offer."""

    make: Callable  # () -> model, uncompiled, its noise seeded
    data: Callable  # (num_examples) -> the positional arguments of fit
    endpoints: dict  # name -> the arguments of a call for a batch of n: (n) -> tuple
    samples: Callable | None = None  # (n) -> the arguments of `sample` for n draws
    compile: dict = dataclasses.field(default_factory=dict)
    noisy: bool = False  # whether a training step draws random numbers
    has_batch_statistic: bool = False  # whether a term is of a replica's batch as a whole
    masked: bool = False  # whether the data are padded, and the encoder masks what is padding


def call_input(arguments):
    """What `call` and `predict` take, of the arguments of the endpoint `serve`."""
    return arguments[0] if len(arguments) == 1 else list(arguments)


def _floats(*shape, seed=0, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype("float32")


def _autoencoder_endpoints(data_shape, latent_dim):
    return _endpoints_of(lambda n: (_floats(n, *data_shape),), (latent_dim,))


def _endpoints_of(data, latent_shape):
    return {
        "serve": data,
        "encode": data,
        "decode": lambda n: (_floats(n, *latent_shape),),
        "reconstruction_error": data,
    }


def _vq_vae_endpoints():
    endpoints = _autoencoder_endpoints((4, 4, 1), None)
    decode = {"decode": lambda n: (_floats(n, 2, 2, 3),)}
    return {**endpoints, **decode, "encode_indices": endpoints["encode"]}


def _dense_autoencoder():
    return models.Autoencoder(
        networks.dense_encoder((12,), 3, (8,)), networks.dense_decoder(3, (12,), (8,))
    )


def _regularized_convolutional_autoencoder():
    """Convolutions, an activity regularizer on the code and a weight regularizer."""
    encoder = networks.convolutional_encoder(
        (8, 8, 1), 3, (4, 4), activity_regularizer=keras.regularizers.L1(1e-2)
    )
    z = keras.Input((3,))
    hidden = layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.L2(1e-2))(z)
    x = layers.Reshape((8, 8, 1))(layers.Dense(64, "sigmoid")(hidden))
    return models.Autoencoder(encoder, keras.Model(z, x, name="decoder"))


def _noisy_autoencoder():
    """Keras's own noise layers inside a user's network, which draw from seeds of their own."""
    x = keras.Input((12,))
    hidden = layers.Dropout(0.2, seed=2)(layers.GaussianNoise(0.5, seed=1)(x))
    encoder = keras.Model(x, layers.Dense(3)(layers.Dense(8, "relu")(hidden)), name="encoder")
    return models.Autoencoder(encoder, networks.dense_decoder(3, (12,), (8,)))


def _categorical_autoencoder():
    return models.Autoencoder(
        networks.dense_encoder((4, 4), 3, (8,)),
        networks.dense_decoder(3, (4, 4, 5), (8,), output_activation="softmax"),
    )


def _sparse_autoencoder():
    """Ng's penalty on sigmoid units, of which only the largest few pass."""
    x = keras.Input((12,))
    units = layers.Dense(6, "sigmoid", activity_regularizer=KLSparsity(0.2, 0.1))(x)
    encoder = keras.Model(x, TopK(2, inference_k=4)(units), name="encoder")
    return models.Autoencoder(encoder, networks.dense_decoder(6, (12,), ()))


def _denoising_autoencoder():
    return models.DenoisingAutoencoder(
        networks.dense_encoder((12,), 16, (8,)),
        networks.dense_decoder(16, (12,), (8,)),
        keras.Sequential(
            [
                keras.Input((12,)),
                GaussianNoise(0.1, seed=0),
                MaskingNoise(0.2, seed=1),
                SaltAndPepperNoise(0.1, seed=2),
            ]
        ),
    )


def _tied_contractive_autoencoder():
    return models.ContractiveAutoencoder(
        networks.dense_encoder((12,), 16, (), latent_activation="sigmoid"),
        networks.dense_decoder(16, (12,), (), tied_to="code"),
    )


def _deep_contractive_autoencoder():
    return models.ContractiveAutoencoder(
        networks.dense_encoder((12,), 3, (8,), activation="tanh"),
        networks.dense_decoder(3, (12,), (8,)),
    )


def _hutchinson_autoencoder():
    return models.ContractiveAutoencoder(
        networks.convolutional_encoder((8, 8, 1), 3, (4,), activation="elu"),
        networks.dense_decoder(3, (8, 8, 1), (8,)),
        jacobian="hutchinson",
        num_probes=2,
        seed=1,
    )


def _levels(n, seed=1):
    return np.random.default_rng(seed).integers(0, 5, (n, 4, 4)).astype("int32")


def _classes(n, seed=2):
    return np.random.default_rng(seed).integers(0, 4, n).astype("int32")


def _partly_known(n):
    """Every second label, and -1 for the others."""
    return np.where(np.arange(n) % 2, -1, _classes(n)).astype("int32")


def _vae():
    encoder = networks.gaussian_encoder(networks.dense_encoder((12,), None, (8,), "tanh"), 3)
    return models.VAE(encoder, networks.dense_decoder(3, (12,), (8,), "tanh"), seed=1)


def _conditional_vae():
    """Convolutions, one-hot and embedded labels, and an importance-weighted bound."""
    features = networks.convolutional_encoder((8, 8, 1), None, (4,), "elu", num_classes=4)
    return models.ConditionalVAE(
        networks.gaussian_encoder(features, 3),
        networks.convolutional_decoder(
            3,
            (8, 8, 1),
            (4,),
            "elu",
            num_classes=4,
            label_embedding_dim=2,
            output_activation="sigmoid",
        ),
        num_importance_samples=3,
        seed=1,
    )


def padded(n, num_steps=6, size=2, seed=0):
    """Sequences of one to `num_steps` steps, and zeros after their end."""
    lengths = np.random.default_rng(seed).integers(1, num_steps + 1, n)
    x = _floats(n, num_steps, size, seed=seed, low=0.5, high=1.5)
    return x * (np.arange(num_steps) < lengths[:, None])[..., None]


def _masking_layers(shape):
    """A recurrent encoder's input and features, which skip what is padding."""
    x = keras.Input(shape)
    return x, layers.GRU(4, return_sequences=True)(layers.Masking()(x))


def _masked_autoencoder():
    x, features = _masking_layers((6, 2))
    z = keras.Input((6, 3))
    hidden = layers.GRU(4, return_sequences=True)(z)
    return models.Autoencoder(
        keras.Model(x, layers.Dense(3)(features), name="encoder"),
        keras.Model(z, layers.Dense(2)(hidden), name="decoder"),
    )


def _masked_vae():
    """Of sequences of any length, padded in a batch."""
    x, features = _masking_layers((None, 2))
    z = keras.Input((None, 3))
    hidden = layers.Dense(4, "tanh")(z)
    return models.VAE(
        keras.Model(x, [layers.Dense(3)(features), layers.Dense(3)(features)], name="encoder"),
        keras.Model(z, layers.Dense(2)(hidden), name="decoder"),
        seed=1,
    )


def _open_image_vae():
    """Of images of any size."""
    x, z = keras.Input((None, None, 1)), keras.Input((None, None, 2))
    hidden = layers.Conv2D(4, 3, 2, padding="same", activation="elu")(x)
    image = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="sigmoid")(z)
    return models.VAE(
        keras.Model(x, [layers.Conv2D(2, 1)(hidden), layers.Conv2D(2, 1)(hidden)], name="encoder"),
        keras.Model(z, image, name="decoder"),
        seed=1,
    )


def _open_sequence_vae():
    """Of sequences of any length, with an importance-weighted bound."""
    x, z = keras.Input((None, 2)), keras.Input((None, 3))
    features = layers.GRU(4, return_sequences=True)(x)
    hidden = layers.GRU(4, return_sequences=True)(z)
    return models.VAE(
        keras.Model(x, [layers.Dense(3)(features), layers.Dense(3)(features)], name="encoder"),
        keras.Model(z, layers.Dense(2)(hidden), name="decoder"),
        num_importance_samples=2,
        seed=1,
    )


def _wasserstein_autoencoder():
    """The example of CONTRIBUTING.md."""
    return models.WassersteinAutoencoder(
        networks.dense_encoder((12,), 3, (8,)), networks.dense_decoder(3, (12,), (8,)), seed=1
    )


def _semi_supervised_vae():
    """The encoder's labels are one-hot, the decoder's embedded; half of the data have none."""
    features = networks.dense_encoder((12,), None, (8,), "tanh", num_classes=4)
    return models.SemiSupervisedVAE(
        networks.gaussian_encoder(features, 3),
        networks.dense_encoder((12,), 4, (8,), "tanh", name="classifier"),
        networks.dense_decoder(3, (12,), (8,), "tanh", num_classes=4, label_embedding_dim=2),
        seed=1,
    )


def _adversarial_autoencoder():
    """The discriminator drops units by seeds of its own."""
    return models.AdversarialAutoencoder(
        networks.dense_encoder((12,), 3, (8,), "tanh"),
        networks.dense_decoder(3, (12,), (8,), "tanh"),
        networks.dense_discriminator((3,), (8,), dropout=0.1),
        seed=1,
    )


def _vq_vae(ema_decay=None):
    """A code at each of four places of an image."""
    x, z = keras.Input((4, 4, 1)), keras.Input((2, 2, 3))
    hidden = layers.Conv2D(4, 2, 2, activation="elu")(x)
    image = layers.Conv2DTranspose(1, 2, 2)(layers.Dense(4, "elu")(z))
    return models.VQVAE(
        keras.Model(x, layers.Dense(3)(hidden), name="encoder"),
        keras.Model(z, image, name="decoder"),
        num_codes=5,
        ema_decay=ema_decay,
    )


def _two_players():
    return TwoPlayers(
        networks.dense_decoder(3, (12,), (8,), name="generator"),
        networks.dense_encoder((12,), 1, (8,), name="critic"),
    )


def _gan():
    """The generator is normalised; the discriminator drops units by seeds of its own."""
    return models.GAN(
        networks.dense_generator(3, (12,), (8,)),
        networks.dense_discriminator((12,), (8,), dropout=0.1),
        seed=1,
    )


def _penalised_gan():
    return models.GAN(
        networks.dense_generator(3, (12,), (8,), batch_normalization=False),
        networks.dense_discriminator((12,), (8,)),
        discriminator_regularizer=GradientPenalty(10.0),
        seed=1,
    )


def _conditional_gan():
    """Images; the generator's labels are one-hot, the discriminator's embedded."""
    return models.ConditionalGAN(
        networks.dense_generator(3, (8, 8, 1), (8,), output_activation="tanh", num_classes=4),
        networks.dense_discriminator((8, 8, 1), (8,), num_classes=4, label_embedding_dim=2),
        discriminator_regularizer=R1(1.0),
        seed=1,
    )


def _vae_gan():
    """The decoder is normalised, the discriminator drops units; pauses while one is ahead."""
    return models.VAEGAN(
        networks.gaussian_encoder(networks.dense_encoder((12,), None, (8,), "tanh"), 3),
        networks.dense_generator(3, (12,), (8,)),
        networks.dense_discriminator((12,), (8,), dropout=0.1),
        feature_layer="dense_0_activation",
        equilibrium_margin=0.6,
        seed=1,
    )


_GAN_ENDPOINTS = {
    "serve": lambda n: (_floats(n, 3),),
    "discriminate": lambda n: (_floats(n, 12),),
}


ROWS = {
    "dense_autoencoder": Row(
        make=_dense_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 3),
        compile={"metrics": ["mae"]},
    ),
    "regularized_convolutional_autoencoder": Row(
        make=_regularized_convolutional_autoencoder,
        data=lambda n: (_floats(n, 8, 8, 1),),
        endpoints=_autoencoder_endpoints((8, 8, 1), 3),
        compile={"loss": "binary_crossentropy", "loss_weights": {"reconstruction_loss": 3.0}},
    ),
    "likelihood_autoencoder": Row(
        make=_dense_autoencoder,
        data=lambda n: (_floats(n, 12), _floats(n, 12, seed=1)),
        endpoints={
            **_autoencoder_endpoints((12,), 3),
            "reconstruction_error": lambda n: (_floats(n, 12), _floats(n, 12, seed=1)),
        },
        compile={"loss": "gaussian_nll", "optimizer": {"autoencoder": "sgd"}},
    ),
    "noisy_autoencoder": Row(
        make=_noisy_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 3),
        noisy=True,
    ),
    "categorical_autoencoder": Row(
        make=_categorical_autoencoder,
        data=lambda n: (_floats(n, 4, 4), _levels(n)),
        endpoints={
            **_autoencoder_endpoints((4, 4), 3),
            "reconstruction_error": lambda n: (_floats(n, 4, 4), _levels(n)),
        },
        compile={"loss": "categorical_nll"},
    ),
    "sparse_autoencoder": Row(
        make=_sparse_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 6),
        has_batch_statistic=True,
    ),
    "denoising_autoencoder": Row(
        make=_denoising_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 16),
        noisy=True,
    ),
    "tied_contractive_autoencoder": Row(
        make=_tied_contractive_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 16),
    ),
    "deep_contractive_autoencoder": Row(
        make=_deep_contractive_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 3),
        compile={"loss_weights": {"contraction_loss": 0.5}},
    ),
    "hutchinson_contractive_autoencoder": Row(
        make=_hutchinson_autoencoder,
        data=lambda n: (_floats(n, 8, 8, 1),),
        endpoints=_autoencoder_endpoints((8, 8, 1), 3),
        noisy=True,
    ),
    "vae": Row(
        make=_vae,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 3),
        samples=lambda n: (np.int32(n),),
        noisy=True,
    ),
    "conditional_vae": Row(
        make=_conditional_vae,
        data=lambda n: (_floats(n, 8, 8, 1), _classes(n)),
        endpoints={
            name: lambda n, arguments=arguments: (*arguments(n), _classes(n))
            for name, arguments in _autoencoder_endpoints((8, 8, 1), 3).items()
        },
        samples=lambda n: (_classes(n),),
        compile={"loss": "bernoulli_nll", "metrics": ["mae"]},
        noisy=True,
    ),
    "masked_autoencoder": Row(
        make=_masked_autoencoder,
        data=lambda n: (padded(n),),
        endpoints=_endpoints_of(lambda n: (padded(n),), (6, 3)),
        compile={"weighted_metrics": ["mae"]},
        masked=True,
    ),
    "masked_vae": Row(
        make=_masked_vae,
        data=lambda n: (padded(n),),
        endpoints=_endpoints_of(lambda n: (padded(n),), (6, 3)),
        noisy=True,
        masked=True,
    ),
    "open_image_vae": Row(
        make=_open_image_vae,
        data=lambda n: (_floats(n, 4, 6, 1),),
        endpoints=_endpoints_of(lambda n: (_floats(n, 4, 6, 1),), (2, 3, 2)),
        compile={"loss": "bernoulli_nll"},
        noisy=True,
    ),
    "open_sequence_vae": Row(
        make=_open_sequence_vae,
        data=lambda n: (_floats(n, 5, 2),),
        endpoints=_endpoints_of(lambda n: (_floats(n, 5, 2),), (5, 3)),
        noisy=True,
    ),
    "wasserstein_autoencoder": Row(
        make=_wasserstein_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints=_autoencoder_endpoints((12,), 3),
        samples=lambda n: (np.int32(n),),
        compile={"loss_weights": {"mmd_loss": 2.0}},
        noisy=True,
        has_batch_statistic=True,
    ),
    "semi_supervised_vae": Row(
        make=_semi_supervised_vae,
        data=lambda n: (_floats(n, 12), _partly_known(n)),
        endpoints={
            **_autoencoder_endpoints((12,), 3),
            "decode": lambda n: (_floats(n, 3), _classes(n)),
            "predict_labels": lambda n: (_floats(n, 12),),
        },
        samples=lambda n: (_classes(n),),
        compile={"loss_weights": {"classification_loss": 2.0}, "metrics": ["mae"]},
        noisy=True,
    ),
    "adversarial_autoencoder": Row(
        make=_adversarial_autoencoder,
        data=lambda n: (_floats(n, 12),),
        endpoints={
            **_autoencoder_endpoints((12,), 3),
            "discriminate": lambda n: (_floats(n, 3),),
        },
        samples=lambda n: (np.int32(n),),
        compile={"metrics": ["mae"], "loss_weights": {"encoder_loss": 0.5}},
        noisy=True,
    ),
    "vq_vae": Row(
        make=_vq_vae,
        data=lambda n: (_floats(n, 4, 4, 1, low=-1.0),),  # codes lie around zero, as their vectors
        endpoints=_vq_vae_endpoints(),
        samples=lambda n: (np.int32(n),),
        compile={"metrics": ["mae"], "loss_weights": {"commitment_loss": 0.5}},
    ),
    "vq_vae_of_averages": Row(
        make=lambda: _vq_vae(ema_decay=0.9),
        data=lambda n: (_floats(n, 4, 4, 1, low=-1.0),),  # codes lie around zero, as their vectors
        endpoints=_vq_vae_endpoints(),
        samples=lambda n: (np.int32(n),),
    ),
    "two_players": Row(
        make=_two_players,
        data=lambda n: (_floats(n, 12),),
        endpoints={"serve": lambda n: (_floats(n, 3),)},
        compile={"optimizer": {"critic": "adam", "generator": keras.optimizers.SGD(0.01)}},
        noisy=True,
    ),
    "gan": Row(
        make=_gan,
        data=lambda n: (_floats(n, 12),),
        endpoints=_GAN_ENDPOINTS,
        samples=lambda n: (np.int32(n),),
        noisy=True,
    ),
    "gan_with_gradient_penalty": Row(
        make=_penalised_gan,
        data=lambda n: (_floats(n, 12),),
        endpoints=_GAN_ENDPOINTS,
        samples=lambda n: (np.int32(n),),
        compile={
            "optimizer": {"discriminator": "adam", "generator": keras.optimizers.SGD(0.01)},
            "loss": "least_squares",
            "loss_weights": {"gradient_penalty": 2.0},
        },
        noisy=True,
    ),
    "vae_gan": Row(
        make=_vae_gan,
        data=lambda n: (_floats(n, 12),),
        endpoints={
            **_autoencoder_endpoints((12,), 3),
            "discriminate": lambda n: (_floats(n, 12),),
        },
        samples=lambda n: (np.int32(n),),
        compile={"loss_weights": {"feature_loss": 0.1}, "metrics": ["mae"]},
        noisy=True,
    ),
    "conditional_gan": Row(
        make=_conditional_gan,
        data=lambda n: (_floats(n, 8, 8, 1, low=-1.0), _classes(n)),
        endpoints={
            "serve": lambda n: (_floats(n, 3), _classes(n)),
            "discriminate": lambda n: (_floats(n, 8, 8, 1), _classes(n)),
        },
        samples=lambda n: (_classes(n),),
        noisy=True,
    ),
}

every_row = pytest.mark.parametrize("row", list(ROWS.values()), ids=list(ROWS))
every_noiseless_row = pytest.mark.parametrize(
    "row",
    [r for r in ROWS.values() if not r.noisy],
    ids=[n for n, r in ROWS.items() if not r.noisy],
)
every_noisy_row = pytest.mark.parametrize(
    "row", [r for r in ROWS.values() if r.noisy], ids=[n for n, r in ROWS.items() if r.noisy]
)


def compiled(row, **changes):
    """The row's model, compiled; the same weights every time.

    Without XLA, which takes seconds to compile what these tests run for milliseconds; that it
    changes nothing is a property of its own, in `test_backends.py`.
    """
    keras.utils.set_random_seed(1)
    model = row.make()
    arguments = {"jit_compile": False, **row.compile, **changes}
    optimizer = arguments.get("optimizer")
    if isinstance(optimizer, dict):  # an instance belongs to one model: make another of its kind
        arguments["optimizer"] = {
            player: o if isinstance(o, str) else o.from_config(o.get_config())
            for player, o in optimizer.items()
        }
    model.compile(**arguments)
    return model


def state(model):
    """All that training changes: weights, noise, and every player's optimizer."""
    variables = [*model.variables, *(v for o in model.optimizers.values() for v in o.variables)]
    return [np.array(v) for v in variables]


def assert_same_state(model, other, **tolerance):
    """Exactly equal, or within the tolerance that is given."""
    for a, b in zip(state(model), state(other), strict=True):
        if tolerance:
            np.testing.assert_allclose(a, b, **tolerance)
        else:
            np.testing.assert_array_equal(a, b)
