"""A denoising autoencoder's residual is the score: (r(x) − x)/σ² → ∇ log p(x) as σ → 0.

Alain & Bengio, 2014, theorem 1, on a mixture of three Gaussians in the plane, whose score is
known. Prints the cosine similarity of the two fields where the density is at least 1 % of its
maximum, for several σ, and draws the smallest into `figures/denoising_score.png`.
"""

import os

import keras
import numpy as np

from keras_aegan import layers, models, networks, plotting

MEANS = 1.5 * np.array([[np.cos(a), np.sin(a)] for a in 2 * np.pi * np.arange(3) / 3 + np.pi / 2])
STD = 0.6
NUM_SAMPLES = 400_000
EPOCHS = 30


def sample(generator, num_samples):
    """Draws from the mixture, `(num_samples, 2)`."""
    means = MEANS[generator.integers(0, 3, num_samples)]
    return (means + STD * generator.normal(size=(num_samples, 2))).astype("float32")


def density_and_score(x):
    """P(x) and ∇ log p(x) in closed form: `(num_points,)`, `(num_points, 2)`."""
    gaps = MEANS[None] - x[:, None]  # (num_points, 3, 2)
    components = np.exp(-0.5 * (gaps**2).sum(-1) / STD**2) / (2 * np.pi * STD**2) / 3
    density = components.sum(axis=1)
    return density, (components[..., None] * gaps).sum(axis=1) / STD**2 / density[:, None]


def train(sigma):
    """A denoising autoencoder on Gaussian noise of that size."""
    keras.utils.set_random_seed(0)
    model = models.DenoisingAutoencoder(
        networks.dense_encoder((2,), 64, (128,), activation="silu", latent_activation="silu"),
        networks.dense_decoder(64, (2,), (128,), activation="silu"),
        corruption=layers.GaussianNoise(sigma, seed=1),
    )
    batch_size = 2000  # large, since the signal, σ² times the score, is far below the noise, σ
    schedule = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * NUM_SAMPLES // batch_size)
    model.compile(keras.optimizers.Adam(schedule), steps_per_execution=100)
    model.fit(x_train, batch_size=batch_size, epochs=EPOCHS, verbose=0)
    return model


x_train = sample(np.random.default_rng(0), NUM_SAMPLES)
axis = np.linspace(-3.5, 3.5, 29, dtype="float32")
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)  # (841, 2)
density, score = density_and_score(grid)
dense_enough = density >= 0.01 * density.max()

print(f"{'sigma':>8}{'mean cosine':>14}{'worst tenth':>14}{'length ratio':>14}")
for sigma in (0.4, 0.2):
    estimate = (train(sigma).predict(grid, verbose=0) - grid) / sigma**2
    lengths = np.linalg.norm(estimate, axis=1), np.linalg.norm(score, axis=1)
    cosine = ((estimate * score).sum(axis=1) / lengths[0] / lengths[1])[dense_enough]
    ratio = np.median((lengths[0] / lengths[1])[dense_enough])
    print(f"{sigma:>8}{cosine.mean():>14.4f}{np.quantile(cosine, 0.1):>14.4f}{ratio:>14.3f}")

scale = 0.06  # arrows of the score's own length would cover each other
fields = {"score of the mixture": score, f"denoising residual / σ², σ = {sigma}": estimate}
figure = plotting.vector_field(
    grid[dense_enough],
    {title: scale * field[dense_enough] for title, field in fields.items()},
    data=x_train[:1000],
)
os.makedirs("figures", exist_ok=True)
figure.savefig("figures/denoising_score.png", dpi=120)
