"""
Title: Undercomplete autoencoders
Slides: "Undercomplete autoencoders", in the lecture "Autoencoders y GANs"
What to expect: a linear autoencoder that finds what PCA finds; a nonlinear one with the same
    code size and a third of PCA's error; digits in two dimensions; an autoencoder that learns
    20 digits by heart in one dimension and understands none. Five pictures in figures/, a
    SavedModel in saved_models/undercomplete_autoencoder.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/01_undercomplete_autoencoders.py
"""

"""
## Why

An autoencoder is an encoder h = f(x) and a decoder r = g(h), trained to give x back. If h were as
large as x, both could copy. An *undercomplete* one has dim h < dim x: it must leave something
out, so it must learn what digits have in common.

With linear f and g and squared error, the best code is PCA's. What do nonlinear networks gain?
And if a small code is what forces them to learn, is the smallest code the best?
"""

import math
import os

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from keras_aegan import datasets, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

latent_dim = 32  # 784 pixels in 32 numbers: PCA still draws legible digits, so it is a fair race
hidden_units = (512,)  # one hidden layer each way is enough to leave PCA far behind
plane_units = (256, 128, 64)  # folding digits into two dimensions takes more layers
batch_size = 125  # divides 60,000: all batches have one size
num_steps = 2400  # 5 epochs of MNIST, and as many steps on a smaller set
learning_rate = 3e-3  # high, because it falls to zero along a cosine: PCA within 1 % needs both

num_memorised = 20  # two of each digit
memory_units = (256, 256, 256)  # a third of a million weights each way, for 20 digits
memory_steps = 1000  # all 20 digits in each

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning
says so: all numbers below then differ.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
print("training:", x_train.shape, "test:", x_test.shape)

"""
## PCA

The 32 directions along which the training digits vary most.
"""


def reconstruct_by_pca(pca, images):
    flat = images.reshape(len(images), -1)  # (num_examples, 784)
    return pca.inverse_transform(pca.transform(flat)).reshape(images.shape)


pca = PCA(latent_dim).fit(x_train.reshape(len(x_train), -1))
pca_error = np.mean((x_test - reconstruct_by_pca(pca, x_test)) ** 2)

"""
## Networks

The same two functions make all of them. No hidden layer: a linear map and a bias, which learns
the mean that PCA subtracts. One hidden layer, and a sigmoid because pixels lie in [0, 1]: a
nonlinear autoencoder.
"""

image_shape = x_train.shape[1:]  # (28, 28, 1)

linear = models.Autoencoder(
    networks.dense_encoder(image_shape, latent_dim, hidden_units=()),
    networks.dense_decoder(latent_dim, image_shape, hidden_units=()),
)
nonlinear = models.Autoencoder(
    networks.dense_encoder(image_shape, latent_dim, hidden_units),
    networks.dense_decoder(
        latent_dim, image_shape, hidden_units[::-1], output_activation="sigmoid"
    ),
)
nonlinear.summary()

"""
## Fit

`fit(x)`: the target is x itself. The test digits only watch; nothing is chosen by them.
"""

epochs = math.ceil(num_steps * batch_size / len(x_train))


def train(model):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="mse",
    )
    return model.fit(
        x_train, batch_size=batch_size, epochs=epochs, validation_data=x_test, verbose=2
    ).history


print("\nlinear autoencoder")
linear_history = train(linear)
print("\nnonlinear autoencoder")
nonlinear_history = train(nonlinear)

"""
## Look: errors

The linear autoencoder lands on PCA and cannot do better: no linear map can. The nonlinear one
stores the same digits in the same 32 numbers with a fraction of the error.
"""


def print_row(name, size, error, reference):
    print(f"{name:<24}{size:>10}{error:>12.5f}{error / reference:>12.1%}")


linear_error = linear.reconstruction_error(x_test).mean()
nonlinear_error = nonlinear.reconstruction_error(x_test).mean()

print(f"\n{'':<24}{'code size':>10}{'test MSE':>12}{'of PCA':>12}")
print_row("PCA", latent_dim, pca_error, pca_error)
print_row("linear autoencoder", latent_dim, linear_error, pca_error)
print_row("nonlinear autoencoder", latent_dim, nonlinear_error, pca_error)

"""
PCA's error is the dotted line: the linear autoencoder's floor, and soon the nonlinear one's
ceiling.
"""

figure = plotting.training_curves(
    {
        "linear autoencoder": linear_history["loss"],
        "val_linear autoencoder": linear_history["val_loss"],
        "nonlinear autoencoder": nonlinear_history["loss"],
        "val_nonlinear autoencoder": nonlinear_history["val_loss"],
    }
)
for axes in figure.axes:
    axes.axhline(pca_error, color="black", linestyle=":", label="PCA, test")
    axes.set(ylabel="MSE", ylim=(0, 3 * pca_error))
    axes.legend(frameon=False)
figure.savefig("figures/01_training_curves.png", dpi=150)

"""
## Look: reconstructions

PCA and the linear autoencoder blur in the same way, with grey waves in the background. The
nonlinear one draws strokes.
"""

one_of_each = [np.argmax(y_test == digit) for digit in range(10)]
originals = x_test[one_of_each]  # (10, 28, 28, 1)
figure = plotting.reconstruction_grid(
    {
        "original": originals,
        "PCA": reconstruct_by_pca(pca, originals),
        "linear": linear.decode(linear.encode(originals)),
        "nonlinear": nonlinear.decode(nonlinear.encode(originals)),
    }
)
figure.savefig("figures/01_reconstructions.png", dpi=150)

"""
## Two dimensions: linear against nonlinear

A code of two numbers can be drawn. PCA sees the shadow of the digits on a plane; the encoder
may bend. Neither has seen a label: the colours are only ours.

Batch normalisation of the hidden layers helps networks this deep through so narrow a code: the
error is smaller, and no digit runs away from the others on the map.
"""

plane = models.Autoencoder(
    networks.dense_encoder(image_shape, 2, plane_units, batch_normalization=True),
    networks.dense_decoder(
        2, image_shape, plane_units[::-1], batch_normalization=True, output_activation="sigmoid"
    ),
)
print("\nnonlinear autoencoder, 2-D code")
train(plane)

pca_plane = PCA(2).fit(x_train.reshape(len(x_train), -1))
pca_plane_error = np.mean((x_test - reconstruct_by_pca(pca_plane, x_test)) ** 2)
print(f"\n{'':<24}{'code size':>10}{'test MSE':>12}{'of PCA':>12}")
print_row("PCA", 2, pca_plane_error, pca_plane_error)
print_row("nonlinear autoencoder", 2, plane.reconstruction_error(x_test).mean(), pca_plane_error)

shown = slice(5000)  # more points would cover each other
figure = plotting.latent_scatter(
    {
        "PCA": pca_plane.transform(x_test[shown].reshape(len(x_test[shown]), -1)),
        "nonlinear autoencoder": plane.encode(x_test[shown]),
    },
    labels=y_test[shown],
)
figure.savefig("figures/01_two_dimensions.png", dpi=150)

"""
## Capacity: one dimension that memorises everything

A narrow code is no guarantee. One real number can hold the *index* of a digit, if the encoder
is strong enough to look it up and the decoder strong enough to draw what stands there. Here
are 20 digits, one dimension, and a third of a million weights each way.
"""

two_of_each = np.concatenate(
    [np.flatnonzero(y_train == digit)[: num_memorised // 10] for digit in range(10)]
)
memorised = x_train[two_of_each]  # (20, 28, 28, 1)

memoriser = models.Autoencoder(
    networks.dense_encoder(image_shape, 1, memory_units, batch_normalization=True),
    networks.dense_decoder(
        1, image_shape, memory_units[::-1], batch_normalization=True, output_activation="sigmoid"
    ),
)
memoriser.compile(
    optimizer=keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(learning_rate, memory_steps)
    ),
    loss="mse",
)
memoriser.fit(tf.data.Dataset.from_tensors(memorised).repeat(memory_steps), verbose=2)

"""
Nearly no error on what it has learned by heart. On other digits it does worse than an answer
that never looks at them: the mean of the training digits. Of two autoencoders, the one with the
*larger* code has understood more.
"""

mean_digit = x_train.mean(axis=0)

print(f"\n{'MSE':<36}{f'{num_memorised} memorised':>16}{f'{len(x_test):,} unseen':>16}")
for name, on_memorised, on_unseen in (
    (
        "memoriser, 1-D code",
        memoriser.reconstruction_error(memorised).mean(),
        memoriser.reconstruction_error(x_test).mean(),
    ),
    (
        "mean digit, no code",
        np.mean((memorised - mean_digit) ** 2),
        np.mean((x_test - mean_digit) ** 2),
    ),
    (
        f"nonlinear autoencoder, {latent_dim}-D code",
        nonlinear.reconstruction_error(memorised).mean(),
        nonlinear_error,
    ),
):
    print(f"{name:<36}{on_memorised:>16.5f}{on_unseen:>16.5f}")

"""
Whatever it is shown, it answers with one of its 20 digits, or with a mixture of two.
"""

answers = memoriser.decode(memoriser.encode(originals))
distances = np.sum((answers[:, None] - memorised[None]) ** 2, axis=(2, 3, 4))  # (10, 20)
figure = plotting.reconstruction_grid(
    {
        "memorised": memorised[::2],
        "rebuilt": memoriser.decode(memoriser.encode(memorised[::2])),
        "unseen": originals,
        "answer": answers,
        "nearest memorised": memorised[distances.argmin(axis=1)],
    }
)
figure.savefig("figures/01_memorised.png", dpi=150)

"""
The whole world of that decoder is a line. Read from end to end, it is a list of digits.
"""

codes = np.sort(memoriser.encode(memorised), axis=0)  # (20, 1)
figure = plotting.image_grid(
    memoriser.decode(codes), num_columns=10, titles=[f"h = {float(code[0]):.2f}" for code in codes]
)
figure.savefig("figures/01_memorised_line.png", dpi=150)

"""
## Save

One SavedModel, with an endpoint for each thing that the model can do. It runs where only
TensorFlow is installed, on batches of any size.
"""

nonlinear.export("saved_models/undercomplete_autoencoder")

"""
## What to try next, and what to break on purpose

- `latent_dim = 8`, then 128. How fast does PCA catch up, and why must it win at 784?
- `activation="linear"` in encoder and decoder, and no `output_activation`: a product of matrices is
  one matrix, of rank 32 at most, so PCA is the floor again.
- Leave out `output_activation="sigmoid"`. How much of the gain was the sigmoid's?
- Break it: `learning_rate = 0.3`. The nonlinear one answers black, for every digit and for ever:
  the first steps drove it to where no gradient leads back. Its test error, 0.114, is the mean of x²
  itself. The linear one blows up and comes down again, but only to three times PCA's error.
- Break it: feed `255 * x_train` to the sigmoid. A warning says that [0, 1] cannot reach 255, before
  it is trained to answer white wherever a digit may have ink.
- `num_memorised = 200`. When does one dimension stop being enough, and is it the code's fault
  or the networks'?
- Sort the test digits by `nonlinear.reconstruction_error(x_test)`. What do the worst have in
  common? (Anomaly detection begins here.)

## Use what was saved

This cell needs only `import tensorflow as tf` and some images, here `x_test`: paste it into a
program of its own.
"""

served = tf.saved_model.load("saved_models/undercomplete_autoencoder")
images = tf.constant(x_test[:3])  # (3, 28, 28, 1)
code = served.encode(images)
print("\nserve:", served.serve(images).shape)
print("encode:", code.shape)
print("decode:", served.decode(code).shape)
print("reconstruction_error:", served.reconstruction_error(images).numpy())
