"""Samples of MNIST by autoencoders of the same networks, each with its own way to a density.

How near are 10,000 samples to 10,000 test digits? By the Fréchet distance in the last hidden layer
of a small convolutional classifier (`digit_classifier.py`, trained once, its 64
features; not the FID, whose features are another network's), as mean and standard deviation over
the seeds. Beside it the squared error of reconstruction, a mean over pixels.

All have dense networks 784-500-500-16 and back, ReLU, sigmoid at the end, Adam 1e-3, batches of
128; the VQ-VAE's code is 16 vectors of 8 numbers from 64 codes. No hyperparameter was searched
for: λ of the Wasserstein autoencoder is its default, the adversarial one's discriminator is
500-500. Densities are fitted to the codes of 20,000 training digits.

    python benchmarks/sampling_mnist.py [--seeds 5] [--epochs 10]
"""

import argparse
import time

import keras
import numpy as np
from digit_classifier import IMAGE_SHAPE, train_classifier

from keras_aegan import datasets, metrics, models, networks, plotting
from keras_aegan.losses import BernoulliNLL

LATENT_DIM, HIDDEN = 16, (500, 500)
NUM_SAMPLES = 10_000


def encoder(latent_dim=LATENT_DIM):
    return networks.dense_encoder(IMAGE_SHAPE, latent_dim, HIDDEN)


def decoder(latent_dim=LATENT_DIM):
    return networks.dense_decoder(latent_dim, IMAGE_SHAPE, HIDDEN, output_activation="sigmoid")


def vector_coders(num_positions=16, dim=8):
    """An encoder to vectors at positions, and a decoder from them."""
    size = num_positions * dim
    to_vectors = keras.Sequential([encoder(size), keras.layers.Reshape((num_positions, dim))])
    flatten = [keras.Input((num_positions, dim)), keras.layers.Flatten(), decoder(size)]
    return to_vectors, keras.Sequential(flatten)


def autoencoder():
    return models.Autoencoder(encoder(), decoder()), "mse"


def vae():
    posterior = networks.gaussian_encoder(encoder(None), LATENT_DIM)
    return models.VAE(posterior, decoder()), BernoulliNLL()


def wasserstein():
    return models.WassersteinAutoencoder(encoder(), decoder()), "mse"


def adversarial():
    discriminator = networks.dense_discriminator((LATENT_DIM,), HIDDEN)
    return models.AdversarialAutoencoder(encoder(), decoder(), discriminator), "mse"


def vq_vae():
    return models.VQVAE(*vector_coders(), num_codes=64), "mse"


# How to make each, and the priors that are asked: `None` for the one that it is trained with.
ROWS = {
    "autoencoder": (autoencoder, {"ten Gaussians": "gaussian_mixture"}),
    "VAE": (vae, {"N(0, I)": None, "ten Gaussians": "gaussian_mixture"}),
    "WAE-MMD": (wasserstein, {"N(0, I)": None, "ten Gaussians": "gaussian_mixture"}),
    "adversarial": (adversarial, {"N(0, I)": None, "ten Gaussians": "gaussian_mixture"}),
    "VQ-VAE": (vq_vae, {"a category per position": "categorical"}),
}


parser = argparse.ArgumentParser()
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--epochs", type=int, default=10)
arguments = parser.parse_args()
keras.config.disable_interactive_logging()
train, test = datasets.load_images("mnist", value_range=(0, 1))
keras.utils.set_random_seed(0)
_, features = train_classifier(train, test)
real = metrics.extract_features(features, test[0])
other = metrics.extract_features(features, train[0][:NUM_SAMPLES])
print(f"train digits against test digits: {metrics.frechet_distance(real, other):.2f}", flush=True)

distances, errors, pictures = {}, {}, {}
for seed in range(arguments.seeds):
    for name, (make, densities) in ROWS.items():
        keras.utils.set_random_seed(seed)
        begin = time.perf_counter()
        model, loss = make()
        model.compile(keras.optimizers.Adam(1e-3), loss=loss)
        model.fit(train[0], batch_size=128, epochs=arguments.epochs, verbose=0)
        rebuilt = model.predict(test[0], batch_size=1000, verbose=0)
        errors.setdefault(name, []).append(np.mean(np.square(rebuilt - test[0])))
        for density, prior in densities.items():
            if prior is not None:
                model.fit_prior(train[0][:20_000], prior, num_components=10, seed=seed)
            samples = model.sample(NUM_SAMPLES, seed=seed)
            fake = metrics.extract_features(features, samples)
            row = f"{name}, {density}"
            distances.setdefault(row, []).append(metrics.frechet_distance(real, fake))
            pictures[row] = samples[:12]
            print(f"seed {seed}: {row:<34}{distances[row][-1]:>8.2f}", flush=True)
        print(f"seed {seed}: {name}, {time.perf_counter() - begin:.0f} s", flush=True)

print(f"\n{'samples by':<36}{'Fréchet distance':>20}{'squared error':>16}")
for row, values in distances.items():
    error = np.mean(errors[row.split(", ")[0]])
    print(f"{row:<36}{np.mean(values):>12.2f} ± {np.std(values):<5.2f}{error:>16.4f}")
figure = plotting.reconstruction_grid(pictures)
figure.savefig("figures/sampling_mnist.png", dpi=120)
