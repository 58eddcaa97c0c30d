"""
Title: Denoising autoencoders
Slides: "Denoising autoencoders", in the lecture "Autoencoders y GANs"
What to expect: noisy digits cleaned with half of PCA's error, by a code with more numbers
    than pixels, behind hidden layers with fewer; digits with holes filled and grains swept away;
    and, in the plane, what such an autoencoder learns: the way back to the data. Three pictures
    in figures/, a SavedModel in saved_models/denoising_autoencoder.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/04_denoising_autoencoders.py
"""

"""
## Why

An autoencoder with a code as large as x can copy x and learn nothing; a narrow code forbids it
(tutorial 01). A *denoising* autoencoder makes copying useless instead: it is shown a corrupted
x̃ and has to give the clean x, so it minimises L(x, g(f(x̃))). To copy is to copy the noise.

To take noise away, the networks must know what data look like without it. So the code may be
larger than x, and the noise does what narrowness did. But what do they learn?

The code for digits is wider than x, 1000 numbers for 784 pixels. The hidden layers of 512 on both
sides of it are narrower than x, but far too wide to remove noise by that alone (see the end). The
model in the plane is nowhere narrower than x.
"""

import math
import os

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from keras_aegan import datasets, layers, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

noise = 0.5  # standard deviation of the Gaussian noise: half the way from black to white
masked = 0.5  # share of pixels set to black
salted = 0.3  # share of pixels set to black or white
pca_ranks = (8, 16, 24, 32, 48, 64, 128)  # too few leave out strokes, too many let noise through

latent_dim = 1000  # more numbers than pixels
hidden_units = (512,)  # narrower than x, see "Why": 1000 here would be twice the arithmetic
batch_size = 125  # divides 60,000: all batches have one size
num_steps = 1440  # 3 epochs of MNIST, each digit with new noise every time
learning_rate = 2e-3  # falls to zero along a cosine

curve_noise = 0.1  # a fifth of the way from one turn of the spiral to the next
curve_units = (128, 128)
curve_latent_dim = 64  # for data of one dimension, in a plane of two
curve_steps = 2000  # all points of the curve in each

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning
says so: all numbers below then differ.

The test digits get their noise once, so that all methods clean the same ones. They are not clipped
to [0, 1].
"""

(x_train, _), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
print("training:", x_train.shape, "test:", x_test.shape)

generator = np.random.default_rng(0)


def with_noise(images):
    return images + noise * generator.standard_normal(images.shape, dtype="float32")


noisy_test = with_noise(x_test)

"""
## PCA

What a linear map can do: keep the directions in which clean digits vary most, and drop the others
with the noise in them. The training digits decide how many to keep.
"""


def psnr(images, originals):
    """Peak signal-to-noise ratio in dB, for a peak of 1: 10 more is a tenth of the error."""
    return -10 * np.log10(np.mean((images - originals) ** 2))


pca = PCA(max(pca_ranks)).fit(x_train.reshape(len(x_train), -1))


def clean_by_pca(images, rank):
    directions = pca.components_[:rank]  # (rank, 784)
    codes = (images.reshape(len(images), -1) - pca.mean_) @ directions.T  # (num_examples, rank)
    return (codes @ directions + pca.mean_).reshape(images.shape)


noisy_train = with_noise(x_train)
psnr_of_rank = {rank: psnr(clean_by_pca(noisy_train, rank), x_train) for rank in pca_ranks}
best_rank = max(psnr_of_rank, key=psnr_of_rank.get)
for rank, decibels in psnr_of_rank.items():
    print(f"PCA of rank {rank:>3}: {decibels:.2f} dB on training digits")

"""
## Networks

The corruption is a layer, any layer that keeps the shape. It is not a part of the networks: it
acts in training only, with new noise at every step.
"""

image_shape = x_train.shape[1:]  # (28, 28, 1)


def denoising_autoencoder(corruption):
    return models.DenoisingAutoencoder(
        networks.dense_encoder(image_shape, latent_dim, hidden_units, latent_activation="relu"),
        networks.dense_decoder(
            latent_dim, image_shape, hidden_units[::-1], output_activation="sigmoid"
        ),
        corruption,
    )


denoising = denoising_autoencoder(layers.GaussianNoise(noise))
denoising.summary()

"""
## Fit

`fit(x)` with clean digits: the model corrupts them itself, and its target is x. (Where data bring
their own noise, as old recordings do: `corruption=None` and `fit(noisy, clean)`.)
"""


def train(model, num_steps):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse")
    epochs = math.ceil(num_steps * batch_size / len(x_train))
    model.fit(x_train, batch_size=batch_size, epochs=epochs, verbose=2)


print("\nGaussian noise")
train(denoising, num_steps)

"""
## Look: how much noise is gone

At inference no noise is added: the model takes noisy digits. Its sigmoid keeps its output within
[0, 1]; the second column gives the others this advantage too, and clips all three.
"""

pca_cleaned = clean_by_pca(noisy_test, best_rank)
cleaned = denoising.decode(denoising.encode(noisy_test))

print(f"\n{'PSNR on test digits, in dB':<34}{'as is':>8}{'clipped':>10}")
for name, images in (
    ("noisy", noisy_test),
    (f"PCA of rank {best_rank}", pca_cleaned),
    ("denoising autoencoder", cleaned),
):
    clipped = np.clip(images, 0, 1)
    print(f"{name:<34}{psnr(images, x_test):>8.2f}{psnr(clipped, x_test):>10.2f}")

"""
PCA trades noise for waves and blur. The autoencoder draws strokes, and where the noise hid a
stroke, it guesses: a guess can be wrong.
"""

shown = [np.argmax(y_test == digit) for digit in range(10)]  # one of each
figure = plotting.reconstruction_grid(
    {
        "noisy": noisy_test[shown],
        f"PCA of rank {best_rank}": pca_cleaned[shown],
        "cleaned": cleaned[shown],
        "original": x_test[shown],
    },
    value_range=(0, 1),
)
figure.savefig("figures/04_denoised.png", dpi=150)

"""
## Holes and grains

Two other corruptions change only some pixels, but those entirely: masking noise makes holes to
fill, salt-and-pepper noise grains to sweep away. Only the layer changes. They are trained for one
epoch each, and the strokes are still blurred.
"""

corruptions = {
    "masked": layers.MaskingNoise(masked, seed=0),
    "salt and pepper": layers.SaltAndPepperNoise(salted, seed=0),
}
rows = {}
print()
for name, corruption in corruptions.items():
    print(name)
    model = denoising_autoencoder(corruption)
    train(model, num_steps // 3)
    corrupted = np.array(corruption(x_test, training=True))
    cleaned = model.decode(model.encode(corrupted))
    print(f"{psnr(corrupted, x_test):.2f} dB, cleaned {psnr(cleaned, x_test):.2f} dB\n")
    rows[name] = corrupted[shown]
    rows[f"{name}, cleaned"] = cleaned[shown]

figure = plotting.reconstruction_grid({**rows, "original": x_test[shown]})
figure.savefig("figures/04_holes_and_grains.png", dpi=150)

"""
## What has it learned? The way back

Digits fill a tiny part of the space of images: a manifold, of few dimensions. Noise leads off it,
and denoising leads back. In the plane this can be seen: here the data are a curve.
"""

turns = np.linspace(0, 1, 1000)
radius, angle = 0.25 + 0.75 * turns, 3 * np.pi * turns
curve = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype("float32")

on_curve = models.DenoisingAutoencoder(
    networks.dense_encoder((2,), curve_latent_dim, curve_units, latent_activation="relu"),
    networks.dense_decoder(curve_latent_dim, (2,), curve_units[::-1]),
    corruption=layers.GaussianNoise(curve_noise),
)
on_curve.compile(
    optimizer=keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(learning_rate, curve_steps)
    ),
    loss="mse",
)
print("spiral")
on_curve.fit(tf.data.Dataset.from_tensors(curve).repeat(curve_steps), verbose=2)

"""
Here the best possible answer is known. Of all functions, the posterior mean E[x | x̃] has the
smallest squared error: the mean of the curve's points, each weighted by how likely the noise leads
from it to x̃. The autoencoder has never seen this formula.
"""


def posterior_mean(x):
    distances = np.sum((x[:, None] - curve) ** 2, axis=-1)  # (num_points, 1000)
    distances -= distances.min(axis=1, keepdims=True)  # else 0/0 far from the curve
    weights = np.exp(-distances / (2 * curve_noise**2))
    return weights @ curve / weights.sum(axis=1, keepdims=True)


def distance_to_curve(x):
    return np.sqrt(np.sum((x[:, None] - curve) ** 2, axis=-1)).min(axis=1)  # (num_points,)


noisy_points = curve + curve_noise * generator.standard_normal(curve.shape, dtype="float32")
print(f"\n{'':<34}{'mean distance to the curve':>28}")
for name, points in (
    ("noisy points", noisy_points),
    ("denoising autoencoder", on_curve.decode(on_curve.encode(noisy_points))),
    ("best possible, E[x | x̃]", posterior_mean(noisy_points)),
):
    print(f"{name:<34}{distance_to_curve(points).mean():>28.4f}")

"""
The arrows r(x) − x point to the manifold, at right angles, and vanish on it; halfway between two
turns they part. For small noise of variance σ² they are σ² times the gradient of the log-density
of the data (Alain & Bengio, 2014): a denoising autoencoder knows in which direction more data are,
as far as the noise ever led. Arrows are drawn up to 4 σ from the curve.
"""

side = np.linspace(-1.2, 1.2, 24)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype("float32")  # (576, 2)
grid = grid[distance_to_curve(grid) < 4 * curve_noise]
figure = plotting.vector_field(
    grid,
    {
        "denoising autoencoder, r(x) − x": on_curve.decode(on_curve.encode(grid)) - grid,
        "best possible, E[x | x̃] − x̃": posterior_mean(grid) - grid,
    },
    data=curve[::4],
)
figure.savefig("figures/04_way_back.png", dpi=150)

"""
## Save

One SavedModel, with an endpoint for each thing that the model can do. It runs where only
TensorFlow is installed, on batches of any size.
"""

denoising.export("saved_models/denoising_autoencoder")

"""
## What to try next, and what to break on purpose

- `denoising.decode(denoising.encode(x_test))`: what becomes of digits that were clean? And of
  digits with twice the noise?
- Clean salt-and-pepper noise with the model of Gaussian noise, and the other way round.
- `latent_dim = 32`: does a narrow code still help, besides the noise?
- Apply r again and again to points of the plane, `x = on_curve(x)`. Where do they end?
- `curve_noise = 0.02`, then 0.3. What becomes of the arrows far from the curve, and of the
  curve's turns?
- Break it: `fit(noisy_train, noisy_train)` with `corruption=None`. A warning says that a sigmoid
  cannot reach noise below 0 and above 1, and the PSNR falls from 18.6 to 14.0 dB, below PCA's: now
  it is rewarded for copying the noise, and copies as much of it as 512 hidden units hold.

## Use what was saved

This cell needs only `import tensorflow as tf` and some images, here `noisy_test`: paste it into a
program of its own.
"""

served = tf.saved_model.load("saved_models/denoising_autoencoder")
images = tf.constant(noisy_test[:3])  # (3, 28, 28, 1)
code = served.encode(images)
print("\nserve, cleaned:", served.serve(images).shape)
print("encode:", code.shape)
print("decode:", served.decode(code).shape)
print("reconstruction_error:", served.reconstruction_error(images).numpy())
