"""As a user of keras_aegan writes it: `compile(optimizer)`, `fit(x)`, and no setting for speed."""

import keras
import keras_networks
from workloads import ALPHA

from keras_aegan import models


def _by_fit(model, workload, x):
    def fit(num_epochs):
        history = model.fit(x, batch_size=workload.batch_size, epochs=num_epochs, verbose=0)
        return {name: values[-1] for name, values in history.history.items()}

    return fit, keras_networks.num_parameters(model)


def vae(workload, x):
    model = models.VAE(*keras_networks.vae())
    model.compile(
        keras.optimizers.Adam(workload.learning_rate, *workload.betas),
        loss="mse",
        loss_weights={"reconstruction_loss": ALPHA},
    )
    return _by_fit(model, workload, x)


def gan(workload, x):
    model = models.GAN(*getattr(keras_networks, workload.networks)())
    model.compile(keras.optimizers.Adam(workload.learning_rate, *workload.betas))
    return _by_fit(model, workload, x)


def contractive(workload, x):
    model = models.ContractiveAutoencoder(*keras_networks.contractive())
    model.compile(keras.optimizers.Adam(workload.learning_rate, *workload.betas))
    return _by_fit(model, workload, x)


def _by_call(call, network):
    def run(times):
        for _ in range(times):
            call()

    return run, keras_networks.num_parameters(network)


def sample(workload, x):
    model = models.VAE(*keras_networks.vae())
    return _by_call(lambda: model.sample(len(x)), model.decoder)


def encode(workload, x):
    model = models.VAE(*keras_networks.vae())
    return _by_call(lambda: model.encode(x), model.encoder)
