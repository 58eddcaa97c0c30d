"""Exact results: a linear autoencoder is PCA, a linear VAE is probabilistic PCA.

On scikit-learn's digits, 64 pixels, codes of 8. For the autoencoder: its squared error over PCA's,
and the largest angle between the two subspaces. For the VAE with the optimal σ: its bound, and its
likelihood by 1,000 importance samples, against the likelihood of probabilistic PCA (Tipping &
Bishop, 1999), as scikit-learn gives it.

    python benchmarks/published/linear_pca.py
"""

import argparse

import keras
import numpy as np
import scipy.linalg
from records import Figure, report
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from keras_aegan import losses, models, networks

EPOCHS = {"5min": 60, "1h": 600, "full": 2000}
LATENT_DIM = 8
COPIES = 50  # of the data per epoch: 50 steps of the whole data


def fit(model, learning_rate, loss):
    """Steps on the whole data, at a rate that falls to zero."""
    num_steps = COPIES * EPOCHS[arguments.budget]
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(schedule), loss=loss)
    batches = np.tile(x, (COPIES, 1))
    num_epochs = EPOCHS[arguments.budget]
    model.fit(batches, batch_size=len(x), epochs=num_epochs, shuffle=False, verbose=0)
    return model


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--budget", choices=EPOCHS, default="5min")
arguments = parser.parse_args()
keras.utils.set_random_seed(0)
x = load_digits().data.astype("float32") / 16
x -= x.mean(axis=0)
pca = PCA(LATENT_DIM).fit(x)

autoencoder = models.Autoencoder(
    networks.dense_encoder((64,), LATENT_DIM, ()), networks.dense_decoder(LATENT_DIM, (64,), ())
)
fit(autoencoder, 1e-2, "mse")
error = np.square(x - autoencoder.predict(x, verbose=0)).mean()
best = np.square(x - pca.inverse_transform(pca.transform(x))).mean()
decoded = autoencoder.decoder.get_layer("output").kernel.numpy().T  # (64, 8)
angle = np.degrees(scipy.linalg.subspace_angles(decoded, pca.components_.T)).max()

inputs = keras.Input((64,))
# The true posterior's variance does not depend on x.
z_log_var = keras.layers.Dense(LATENT_DIM, kernel_initializer="zeros")(inputs)
encoder = keras.Model(inputs, [keras.layers.Dense(LATENT_DIM)(inputs), z_log_var])
vae = models.VAE(encoder, networks.dense_decoder(LATENT_DIM, (64,), ()), seed=0)
fit(vae, 1e-2, losses.GaussianNLL("optimal"))
bounds = [vae.evaluate(x, batch_size=len(x), verbose=0, return_dict=True) for _ in range(10)]
bound = -np.mean([logs["loss"] for logs in bounds])
likelihood = vae.log_likelihood(x, 1000, seed=0, verbose=0).mean()
exact = pca.score(x)

report(
    "linear_pca",
    arguments.budget,
    [
        Figure(
            "linear autoencoder, squared error over PCA's",
            f"{error / best:.5f}",
            "1 (exact)",
            "≤ 1.001",
            bool(error / best <= 1.001),
        ),
        Figure(
            "the same, largest angle to PCA's subspace",
            f"{angle:.2f}°",
            "0° (exact)",
            "≤ 2°",
            bool(angle <= 2),
        ),
        Figure(
            "linear VAE, bound, nats per example",
            f"{bound:.3f}",
            f"{exact:.3f} (exact)",
            "within 0.1",
            bool(abs(bound - exact) <= 0.1),
        ),
        Figure(
            "the same, likelihood",
            f"{likelihood:.3f}",
            f"{exact:.3f} (exact)",
            "within 0.05",
            bool(abs(likelihood - exact) <= 0.05),
        ),
    ],
    "none: the closed form is computed here, by scikit-learn.",
)
