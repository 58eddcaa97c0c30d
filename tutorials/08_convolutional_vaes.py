"""
Title: Convolutional variational autoencoders
Slides: "VAE on CIFAR-10" and "DC-VAE", in the lecture "Autoencoders y GANs"
What to expect: photographs through 28 numbers, blurred, as on the slides; a table in which
    convolutions explain the test images better than dense layers, in nats; samples that are
    clouds of colour more than things. Three pictures in figures/, a SavedModel in
    saved_models/dc_vae.
Time: about 3 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/08_convolutional_vaes.py
"""

"""
## Why

The networks of tutorial 07 see 784 numbers and do not know which are neighbours. For centred
digits that is enough. Photographs are shifted, turned and scaled, and a convolution uses at every
place what it has learned at one. Here both see CIFAR-10, with the same likelihood and the same 28
latent dimensions, so that their bounds can be compared.
"""

import os

import keras
import numpy as np

from keras_aegan import callbacks, datasets, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_images = 20_000  # of CIFAR-10's 50,000: enough for the comparison, in minutes
num_tested = 5000  # of 10,000
latent_dim = 28  # as in the lecture, and the same for both
batch_size = 64
num_epochs = 6
learning_rate = 1e-3
filters = (32, 64, 128)  # of the convolutions, each at half the height and width of the one before

"""
## Data

In [-1, 1], as in the lecture. CIFAR-10 is downloaded once; the package holds no part of it, so
without a network and without it on disk this cell stops, and says what to do.
"""

(x_train, _), (x_test, _) = datasets.load_images("cifar10", value_range=(-1, 1))
x_train, x_test = x_train[:num_images], x_test[:num_tested]
image_shape = x_train.shape[1:]  # (32, 32, 3)
print("training:", x_train.shape, "test:", x_test.shape)

"""
## Dense: the lecture's VAE

3072-768-192 and back. `compile` without a loss takes a Gaussian whose σ² is the mean squared error
of each batch: the negative bound comes in nats, and there is no α to choose. (With
`loss="mse"`, σ = 1 would be α = 1,536 here.) These are nats of a density: pixels are numbers, not
events, so the bound may well be negative. Only the difference between two models counts.
"""

encoder, decoder = networks.lecture_vae(image_shape, latent_dim)
dense = models.VAE(encoder, decoder, seed=0)

"""
## Convolutional: DC-VAE

Convolutions of stride 2 halve the image three times on the way to z, transposed ones double it on
the way back. `latent_dim=None` leaves the encoder's last features as they are, and
`gaussian_encoder` ends them in μ and log σ².
"""

features = networks.convolutional_encoder(
    image_shape, None, filters, "leaky_relu", batch_normalization=True
)
dc_vae = models.VAE(
    networks.gaussian_encoder(features, latent_dim),
    networks.convolutional_decoder(
        latent_dim,
        image_shape,
        filters[::-1],
        "leaky_relu",
        batch_normalization=True,
        output_activation="tanh",
    ),
    seed=0,
)

"""
## Train both
"""

vaes = {"dense VAE": dense, "DC-VAE": dc_vae}
for name, vae in vaes.items():
    print(name)
    vae.compile(keras.optimizers.Adam(learning_rate))
    vae.fit(
        x_train,
        batch_size=batch_size,
        epochs=num_epochs,
        validation_data=x_test,
        verbose=2,
        callbacks=[callbacks.ActiveUnits(x_test[:1000])],
    )

"""
## Which one explains the test images better?

Distortion, −E[log p(x|z)], and rate, KL, add up to the negative bound. The convolutions spend as
many nats on z, with a tenth of the weights, and get more of the image for them.
"""

print("\n              parameters   distortion     rate   negative bound   squared error")
for name, vae in vaes.items():
    logs = vae.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)
    error = np.mean((vae.predict(x_test, batch_size=500, verbose=0) - x_test) ** 2)
    print(
        f"{name:<12} {vae.count_params():>12,} {logs['reconstruction_loss']:>12.1f} "
        f"{logs['kl_loss']:>8.1f} {logs['loss']:>16.1f} {error:>15.4f}"
    )

shown = x_test[:12]
rows = {"original": shown, **{name: vae.predict(shown, verbose=0) for name, vae in vaes.items()}}
figure = plotting.reconstruction_grid(rows, value_range=(-1, 1))
figure.savefig("figures/08_reconstructions.png", dpi=120)

"""
## Samples

z from N(0, I), decoded. The picture is the mean of p(x|z): a pixel-wise Gaussian knows nothing of
edges, so whatever z does not say is averaged. Tutorials 12 and 14 do something about that.
"""

for name, vae in vaes.items():
    samples = vae.sample(64, seed=0)
    figure = plotting.image_grid(samples, num_columns=8, value_range=(-1, 1))
    figure.savefig(f"figures/08_samples_{name.replace(' ', '_')}.png", dpi=120)

"""
## Save

One SavedModel that reconstructs, encodes, decodes and draws samples, where only TensorFlow is
installed.
"""

dc_vae.export("saved_models/dc_vae")

"""
## What to try next, and what to break on purpose

- `losses.LaplaceNLL("optimal")`: sharper or not?
- `latent_dim = 128`: which of distortion and rate pays?
- `latents.interpolate(..., spherical=True)` between two test images.
- Break it: `compile(loss="mse")`, α = 1. `compile` says σ² = 1,536 and warns that the posterior
  will collapse: all images are then answered with the same blur.
- Break it: kernels of 3 in the transposed convolutions (write the decoder yourself). At stride 2
  they overlap only at every other pixel, which gets more colour, and a checkerboard lies over the
  images. The kernels here are divisible by the stride.

## Use what was saved

Of the code above, this cell needs only some images, here `x_test`: paste it into a program of its
own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/dc_vae")
images = tf.constant(x_test[:5])
codes = served.encode(images)
print("\nencode:", codes.shape, "decode:", served.decode(codes).shape)
print("sample:", served.sample(3).shape)
