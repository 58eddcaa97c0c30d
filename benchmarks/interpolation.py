"""Paths between digits in a plane: how far from data do those of a VAE and an autoencoder lead?

The lecture's networks with a code of 2, on MNIST in [-1, 1]: trained on the squared error alone; as
a VAE with the lecture's α = 392, that is σ = 1; and as a VAE that finds σ, about 0.4. Between the
codes of 500 random pairs of test digits, six points are decoded. The distance of an image to data
is that to the nearest of 20,000 training digits, in pixel space. Claim: in between, the VAE's
distance is smaller, over seeds.

    python benchmarks/interpolation.py [--seeds 0 1 2] [--batch-size 256] [--epochs 20]
"""

import argparse

import keras
import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_aegan import datasets, latents, losses, models, networks

LEARNING_RATE = 1e-3  # the lecture's
NUM_PATHS, NUM_STEPS, NUM_TRAINING_DIGITS = 500, 8, 20_000


def plain():
    encoder, decoder = networks.lecture_vae(image_shape, 2)
    model = models.Autoencoder(keras.Model(encoder.input, encoder.outputs[0]), decoder)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss="mse")
    return model


def variational(sigma):
    model = models.VAE(*networks.lecture_vae(image_shape, 2))
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss=losses.GaussianNLL(sigma))
    return model


ROWS = {
    "plain autoencoder": plain,
    "VAE, optimal σ": lambda: variational("optimal"),
    "VAE, σ = 1": lambda: variational(1.0),
}


def distances(model):
    """Mean distance to data of images decoded at the ends, and in between."""
    ends = np.random.default_rng(0).choice(len(x_test), (NUM_PATHS, 2))
    start, end = (model.encode(x_test[ends[:, i]]) for i in (0, 1))
    path = latents.interpolate(start, end, num_steps=NUM_STEPS)  # (500, 8, 2)
    images = model.decode(path.reshape(-1, 2)).reshape(NUM_PATHS * NUM_STEPS, -1)
    found = neighbors.kneighbors(images)[0].reshape(NUM_PATHS, NUM_STEPS)
    return found[:, [0, -1]].mean(), found[:, 1:-1].mean()


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rows", nargs="+", choices=tuple(ROWS), default=list(ROWS))
parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
parser.add_argument("--batch-size", type=int, default=256)
parser.add_argument("--epochs", type=int, default=20)
arguments = parser.parse_args()
(x_train, _), (x_test, _) = datasets.load_images("mnist", value_range=(-1, 1))
image_shape = x_train.shape[1:]
neighbors = NearestNeighbors(n_neighbors=1).fit(
    x_train[:NUM_TRAINING_DIGITS].reshape(NUM_TRAINING_DIGITS, -1)
)

found = {name: [] for name in arguments.rows}
for seed in arguments.seeds:
    for name in arguments.rows:
        keras.utils.set_random_seed(seed)
        model = ROWS[name]()
        model.fit(x_train, batch_size=arguments.batch_size, epochs=arguments.epochs, verbose=0)
        found[name].append(distances(model))
        ends, between = found[name][-1]
        print(f"seed {seed}, {name}: at the ends {ends:.3f}, in between {between:.3f}", flush=True)

print("\n| distance to data | at the ends | in between | nearer than the first, in between |")
print("|---|---|---|---|")
first = np.array(found[arguments.rows[0]])
for name, pairs in found.items():
    pairs = np.array(pairs)
    ends, between = (f"{v.mean():.3f} ± {v.std():.3f}" for v in pairs.T)
    nearer = np.sum(pairs[:, 1] < first[:, 1])
    print(f"| {name} | {ends} | {between} | {nearer} of {len(pairs)} seeds |")
