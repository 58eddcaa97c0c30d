"""What `dir` shows of a model: Keras's methods, the toolkit's abilities, and hooks."""

import keras
import pytest

from keras_aegan import evaluation, models

# What a subclass defines or calls, documented on the bases.
_HOOKS = {
    "players",
    "default_loss",
    "default_loss_weights",
    "resolve_loss",
    "term_weight",
    "unpack",
    "check_data",
    "minimize",
    "measure",
    "logs",
    "endpoints",
    "run_in_batches",
    "logged_means",
    "prior",
    "log_mean",
}
_OBJECTIVE = {"optimizers", "loss_weights"}
_FAMILY = {"condition_names", "data_shape", "latent_shape"}
_AUTOENCODER_HOOKS = _FAMILY | {
    "encoder_outputs",
    "default_prior",
    "fitted_prior",
    "input_names",
    "autoencoder_terms",
    "reconstruction_loss",
    "decode_for_loss",
}
# What `evaluation` asks of a model.
_EVALUATION = {
    "check_examples",
    "check_pair",
    "error_of",
    "input_specs",
    "needs_target",
    "rebuilds_data",
    "target_spec",
    "uses_backbone",
}
_AUTOENCODER = {"encode", "decode", "reconstruction_error", "sample", "fit_prior"}
_AUTOENCODER |= _AUTOENCODER_HOOKS | _EVALUATION
_GAN = _FAMILY | {"discriminator_terms", "generator_terms", "sample", "discriminate"}
_OWN = {
    "LatentVariableModel": set(),
    "Autoencoder": _AUTOENCODER,
    "DenoisingAutoencoder": _AUTOENCODER,
    "ContractiveAutoencoder": _AUTOENCODER,
    "WassersteinAutoencoder": _AUTOENCODER,
    "VAE": _AUTOENCODER | {"log_likelihood"},
    "ConditionalVAE": _AUTOENCODER | {"log_likelihood", "num_classes"},
    "VAEGAN": _AUTOENCODER | {"discriminate", "players_terms"},
    "AdversarialAutoencoder": _AUTOENCODER
    | {"discriminate", "adversarial_loss", "discriminator_terms", "encoder_terms"},
    "VQVAE": _AUTOENCODER | {"encode_indices", "decode_indices"},
    "SemiSupervisedVAE": _AUTOENCODER | {"num_classes", "predict_labels"},
    "GAN": _GAN,
    "ConditionalGAN": _GAN | {"num_classes"},
}


def _public(cls, base):
    return {n for n in set(dir(cls)) - set(dir(base)) if not n.startswith("_")}


@pytest.mark.parametrize("name", sorted(_OWN))
def test_nothing_of_the_machinery_is_public(name):
    own = _public(getattr(models, name), keras.Model)
    assert own == _HOOKS | _OBJECTIVE | _OWN[name]


def test_a_detector_has_the_methods_of_an_outlier_detector_and_a_file():
    abilities = {"fit_threshold", "threshold", "offset_", "anomaly_scores", "score_samples"}
    abilities |= {"decision_function", "predict", "error_maps", "evaluate"}
    own = _public(evaluation.AnomalyDetector, keras.layers.Layer)
    files = {"save", "save_weights", "load_weights", "export"}
    assert own == abilities | files | {"endpoints", "layers"}
    assert not hasattr(evaluation.AnomalyDetector, "fit")
