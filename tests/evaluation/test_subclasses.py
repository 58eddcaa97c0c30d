"""`evaluation` takes the models of users: subclasses of the package's, and of its base."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_aegan import evaluation, models, networks
from keras_aegan.layers import MaskingNoise

_X = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
_registered = keras.saving.register_keras_serializable("tests")


@_registered
class ScaledAutoencoder(models.Autoencoder):
    """A constructor's argument, a term, a `call` and endpoints of its own."""

    default_loss_weights = {"reconstruction_loss": 1.0, "code_size": 0.1}

    def __init__(self, encoder, decoder, scale=0.5, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.scale = scale

    def call(self, inputs, training=False):
        return self.scale * super().call(inputs, training=training)

    def autoencoder_terms(self, x, target, training):
        terms, reconstruction = super().autoencoder_terms(x, target, training)
        return {**terms, "code_size": ops.mean(ops.square(self.encoder(x)), -1)}, reconstruction

    def endpoints(self):
        return {"serve": super().endpoints()["serve"]}

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@_registered
class MyVAE(models.VAE):
    pass


@_registered
class MyDenoisingAutoencoder(models.DenoisingAutoencoder):
    pass


@_registered
class MyContractiveAutoencoder(models.ContractiveAutoencoder):
    pass


@_registered
class MyVAEGAN(models.VAEGAN):
    pass


@_registered
class OnTheBase(models.LatentVariableModel):
    """What the public base alone gives, and the two methods that a transformer calls."""

    default_loss_weights = {"error": 1.0}
    players = property(lambda self: {"autoencoder": [self.encoder, self.decoder]})

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.built = True

    def train_step(self, data):
        x, _, sample_weight = self.unpack(data)

        def terms():
            return {"error": ops.mean(ops.square(x - self.decoder(self.encoder(x))), -1)}, None

        self.minimize("autoencoder", terms, sample_weight)
        return self.logs()

    def encode(self, x):
        return self.encoder.predict_on_batch(x)

    def decode(self, z):
        return self.decoder.predict_on_batch(z)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        networks_of_it = {"encoder": serialize(self.encoder), "decoder": serialize(self.decoder)}
        return {**super().get_config(), **networks_of_it}


def _networks():
    return networks.dense_encoder((6,), 2, (4,)), networks.dense_decoder(2, (6,), (4,))


def _gaussian_networks():
    features = networks.dense_encoder((6,), None, (4,))
    return networks.gaussian_encoder(features, 2), networks.dense_decoder(2, (6,), (4,))


MODELS = {
    "autoencoder": lambda: ScaledAutoencoder(*_networks(), scale=0.7),
    "vae": lambda: MyVAE(*_gaussian_networks()),
    "denoising": lambda: MyDenoisingAutoencoder(*_networks(), MaskingNoise(0.2)),
    "contractive": lambda: MyContractiveAutoencoder(*_networks()),
    "vae_gan": lambda: MyVAEGAN(
        *_gaussian_networks(),
        networks.dense_discriminator((6,), (4,)),
        feature_layer="dense_0_activation",
    ),
    "wasserstein": lambda: models.WassersteinAutoencoder(*_networks()),
    "on_the_base": lambda: OnTheBase(*_networks()),
}


@pytest.mark.parametrize(
    ("name", "score"),
    [
        *((n, s) for n in MODELS if n != "on_the_base" for s in ("reconstruction_error",)),
        ("autoencoder", "mahalanobis"),
        ("autoencoder", "code_and_error"),
        ("vae", "negative_elbo"),
        ("vae", "log_likelihood"),
    ],
)
def test_a_detector_of_a_subclass_scores_is_saved_and_exported(name, score, tmp_path):
    model = MODELS[name]()
    model.compile(jit_compile=False)
    model.fit(_X, verbose=0)
    detector = evaluation.AnomalyDetector(model, score, num_samples=4)
    detector.fit_threshold(_X, contamination=0.1)
    scores = detector.anomaly_scores(_X[:7])
    detector.save(tmp_path / "detector.keras")
    loaded = keras.saving.load_model(tmp_path / "detector.keras")
    assert type(loaded.model) is type(model)
    np.testing.assert_allclose(loaded.anomaly_scores(_X[:7]), scores, rtol=1e-4)
    detector.export(tmp_path / "detector")
    served = tf.saved_model.load(tmp_path / "detector")
    np.testing.assert_allclose(served.score(_X[:7]), scores, rtol=1e-4)
    if (name, score) == ("autoencoder", "reconstruction_error"):  # by its own `call`
        rebuilt = 0.7 * model.decoder.predict_on_batch(model.encoder.predict_on_batch(_X[:7]))
        expected = keras.losses.mean_squared_error(_X[:7], rebuilt)
        np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_a_detector_says_which_models_it_takes():
    model = OnTheBase(*_networks())
    model.compile(jit_compile=False)
    with pytest.raises(TypeError, match="of keras_aegan.models, or of a subclass of one"):
        evaluation.AnomalyDetector(model)


@pytest.mark.parametrize("name", list(MODELS))
def test_a_transformer_trains_and_is_pickled_with_any_of_them(name):
    transformer = evaluation.AutoencoderTransformer(
        2, build=lambda *sizes: MODELS[name](), epochs=2, random_state=0
    )
    codes = transformer.fit_transform(_X)
    np.testing.assert_allclose(codes, transformer.model_.encode(_X), rtol=1e-5)
    assert transformer.inverse_transform(codes).shape == _X.shape
    assert len(transformer.loss_curve_) == 2
    transformer.build = None  # a lambda, which pickle does not take
    again = pickle.loads(pickle.dumps(transformer))
    np.testing.assert_allclose(again.transform(_X), codes, rtol=1e-5)


def _conditional_vae(*sizes):
    features = networks.dense_encoder((6,), None, (4,), num_classes=3)
    return models.ConditionalVAE(
        networks.gaussian_encoder(features, 2),
        networks.dense_decoder(2, (6,), (4,), num_classes=3),
    )


@pytest.mark.parametrize(
    ("build", "received"),
    [
        ("dense", "build='dense'"),
        (lambda *sizes: None, "NoneType"),
        (lambda *sizes: keras.Sequential([keras.Input((6,))]), "Sequential"),
        (_conditional_vae, "ConditionalVAE, which needs labels"),
    ],
)
def test_other_models_are_refused(build, received):
    with pytest.raises(TypeError, match=f"`build` must .* Received: {received}"):
        evaluation.AutoencoderTransformer(build=build).fit(_X)


def test_codes_that_are_no_vectors_are_refused():
    def build(*sizes):
        encoder = keras.Sequential([keras.Input((6,)), keras.layers.Reshape((2, 3))])
        decoder = keras.Sequential([keras.Input((2, 3)), keras.layers.Flatten()])
        return models.Autoencoder(encoder, keras.Sequential([decoder, keras.layers.Dense(6)]))

    with pytest.raises(ValueError, match=r"code is a vector, .* codes of shape \(2, 3\)"):
        evaluation.AutoencoderTransformer(build=build, epochs=1).fit(_X)


def test_features_are_counted_by_the_model():
    transformer = evaluation.AutoencoderTransformer(5, build=lambda *sizes: MODELS["vae"]())
    assert len(transformer.fit(_X).get_feature_names_out()) == 2
