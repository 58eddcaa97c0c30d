"""
Title: Cost functions
Slides: "Cost functions", in the lecture "Autoencoders y GANs"
What to expect: one small autoencoder trained with four costs (MSE, MAE, binary and categorical
    cross-entropy), each measured by all of them; what each answers when it cannot know; the
    same costs as likelihoods, in nats; and what the toolkit refuses. Two pictures in figures/, a
    SavedModel in saved_models/cost_functions.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/02_cost_functions.py
"""

"""
## Why

"Close to x" has to be a number. If reconstructions were perfect, every cost would agree on them.
They are not: a narrow code loses something, and where the network cannot know a pixel it has to
hedge. The cost decides how. Which one suits images?
"""

import math
import os

import keras
import numpy as np

from keras_aegan import datasets, losses, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

latent_dim = 16  # half of tutorial 01's: there is more to hedge about
hidden_units = (256,)
num_levels = 8  # of grey, for the categorical cross-entropy: a softmax of 8 at each pixel
batch_size = 125  # divides 60,000: all batches have one size
num_steps = 1440  # 3 epochs of MNIST
learning_rate = 1e-3  # higher, and MAE may answer black for ever: see the end

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning
says so: all numbers below then differ.

A categorical cross-entropy needs classes: the grey level of each pixel.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
levels_train = datasets.quantize(x_train, num_levels)  # integers from 0 to 7
levels_test = datasets.quantize(x_test, num_levels)
print("training:", x_train.shape, "levels:", np.unique(levels_train))

"""
## One pixel, no information

Take a single pixel and no code at all: one answer for all digits. Which is the best?

- MSE: the *mean*, a grey that hardly any digit has there.
- MAE: the *median*, here black, because more than half of the digits are black there.
- Binary cross-entropy: the mean again, read as a *probability* that the pixel is white.
- Categorical cross-entropy: the *whole distribution*, from which mean, median and mode can be
  read.
"""

pixel = x_train[:, 14, 9, 0]  # (60,000,), to the left of the middle
answers = np.linspace(0.001, 0.999, 200)
costs = {
    "MSE": [np.mean((pixel - a) ** 2) for a in answers],
    "MAE": [np.mean(np.abs(pixel - a)) for a in answers],
    "BCE": [-np.mean(pixel * np.log(a) + (1 - pixel) * np.log(1 - a)) for a in answers],
}
print(f"\none pixel: mean {pixel.mean():.3f}, median {np.median(pixel):.3f}")
for name, values in costs.items():
    print(f"best answer by {name}: {answers[np.argmin(values)]:.3f}")
shares = np.bincount(levels_train[:, 14, 9, 0], minlength=num_levels) / len(levels_train)
print("best answer by CCE:", " ".join(f"{share:.3f}" for share in shares))

"""
The same for every pixel of a seven: the mean that MSE and binary cross-entropy ask for, the
median of MAE, and of the categorical distribution the most frequent level.
"""

sevens = y_train == 7
shares = np.mean(levels_train[sevens][..., None] == np.arange(num_levels), axis=0)
figure = plotting.image_grid(
    [
        x_train[sevens].mean(axis=0),
        np.median(x_train[sevens], axis=0),
        datasets.dequantize(shares.argmax(axis=-1), num_levels),
    ],
    num_columns=3,
    titles=["mean", "median", "mode"],
    value_range=(0, 1),
)
figure.savefig("figures/02_hedging.png", dpi=200)

"""
## Networks

The same encoder and the same hidden layer for all. The output is a sigmoid, or for the
categorical cross-entropy a softmax over the levels of each pixel: one more axis. Batch
normalisation is for MAE, which without it tends to answer black everywhere.
"""

image_shape = x_train.shape[1:]  # (28, 28, 1)


def autoencoder(output_shape, output_activation):
    return models.Autoencoder(
        networks.dense_encoder(image_shape, latent_dim, hidden_units, batch_normalization=True),
        networks.dense_decoder(
            latent_dim,
            output_shape,
            hidden_units[::-1],
            batch_normalization=True,
            output_activation=output_activation,
        ),
    )


"""
## Fit

`fit(x)` where the target is x itself, `fit(x, levels)` where it is one class per pixel.
"""

epochs = math.ceil(num_steps * batch_size / len(x_train))


def train(model, loss, targets=None):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=loss,
    )
    model.fit(x_train, targets, batch_size=batch_size, epochs=epochs, verbose=2)
    return model


trained = {}
for name, loss in (("MSE", "mse"), ("MAE", "mae"), ("BCE", "binary_crossentropy")):
    print(f"\n{name}")
    trained[name] = train(autoencoder(image_shape, "sigmoid"), loss)

print("\nCCE")
categorical = train(
    autoencoder((*image_shape, num_levels), "softmax"),
    "sparse_categorical_crossentropy",  # "sparse" in Keras: targets are integers, not one-hot
    levels_train,
)

"""
A picture has to be made of each distribution: its mean, or its most probable level.
"""

middles = datasets.dequantize(np.arange(num_levels), num_levels)  # what each level looks like


def mean_of(probabilities):
    return probabilities @ middles


def mode_of(probabilities):
    return datasets.dequantize(probabilities.argmax(axis=-1), num_levels)


probabilities = categorical.decode(categorical.encode(x_test))  # (10,000, 28, 28, 1, 8)
reconstructions = {
    **{name: model.decode(model.encode(x_test)) for name, model in trained.items()},
    "CCE, mean": mean_of(probabilities),
    "CCE, mode": mode_of(probabilities),
}

"""
## Look: every model by every criterion

`grey` is the share of pixels that are neither nearly black nor nearly white: how much a picture
hedges. The last row is x itself, rounded to its eight levels and back.
"""


def mean_cross_entropy(x, r):
    r = np.clip(r, 1e-7, 1 - 1e-7)  # as Keras does
    return -np.mean(x * np.log(r) + (1 - x) * np.log(1 - r))


def print_row(name, r):
    grey = np.mean((r > 0.1) & (r < 0.9))
    print(
        f"{name:<16}{np.mean((x_test - r) ** 2):>10.5f}{np.mean(np.abs(x_test - r)):>10.5f}"
        f"{mean_cross_entropy(x_test, r):>10.5f}{grey:>10.1%}"
    )


print(f"\n{'trained by':<16}{'MSE':>10}{'MAE':>10}{'BCE':>10}{'grey':>10}")
for name, r in reconstructions.items():
    print_row(name, r)
print_row("x itself", x_test)
print_row("x in 8 levels", datasets.dequantize(levels_test, num_levels))

"""
MAE wins its own column, with half of MSE's greys, and loses the other two: where it is wrong, it
is sure. Binary cross-entropy wins its own column, and MSE's too: both ask for the mean, and its
gradient gets there faster. Rounding explains much of the categorical rows: black is drawn as the
middle of its level, 1/16, and that alone costs what the last row says.

In the pictures: MSE and BCE blur, MAE has clean edges, and loses strokes where it was not sure.
"""

one_of_each = [np.argmax(y_test == digit) for digit in range(10)]
figure = plotting.reconstruction_grid(
    {"original": x_test[one_of_each], **{n: r[one_of_each] for n, r in reconstructions.items()}}
)
figure.savefig("figures/02_reconstructions.png", dpi=150)

"""
## Likelihoods, in nats

A cost is a likelihood with its constants left out. Squared error is a Gaussian's, absolute
error a Laplace distribution's, cross-entropy a Bernoulli's. `keras_aegan.losses` has them
whole: summed over the D = 784 pixels, in nats (log₂ would give bits). Only then can they be
added to another term in nats, such as a variational autoencoder's KL.

For the Gaussian, −log p(x | r) = α · MSE + (D/2) log 2πσ², with α = D/(2σ²). So MSE alone is a
Gaussian whose σ was never said, and to weigh MSE by α is to choose σ. The most likely σ² is the
MSE itself: that is `GaussianNLL("optimal")`.
"""

num_pixels = math.prod(image_shape)  # D
r = reconstructions["MSE"]
mse = np.mean((x_test - r) ** 2)
print(f"\n{'Gaussian':<12}{'σ':>10}{'α':>10}{'by hand':>12}{'GaussianNLL':>14}")
for scale, sigma in ((1.0, 1.0), (0.1, 0.1), ("optimal", np.sqrt(mse))):
    alpha = num_pixels / (2 * sigma**2)
    by_hand = alpha * mse + num_pixels / 2 * np.log(2 * np.pi * sigma**2)
    nll = float(losses.GaussianNLL(scale)(x_test, r))
    print(f"{scale:<12}{sigma:>10.3f}{alpha:>10.0f}{by_hand:>12.2f}{nll:>14.2f}")

"""
Below zero is no mistake: the density of a continuous x may exceed 1. The categorical one is a
probability, not a density; spread evenly over the width of its level it becomes one, by
subtracting log 8 for each pixel, and can stand in the same table.

Bernoulli on grey levels is the exception: a cross-entropy, but not a likelihood. A perfect
reconstruction does not get zero, but the entropy of the greys.
"""

categorical_nll = float(losses.CategoricalNLL()(levels_test, probabilities))
log_width = -math.log(num_levels)  # of a level

print(f"\n{'in nats per digit':<36}{'trained by':>12}{'NLL':>10}")
for name, nll, trained_by in (
    ("GaussianNLL(1.0)", losses.GaussianNLL(1.0), "MSE"),
    ('GaussianNLL("optimal")', losses.GaussianNLL("optimal"), "MSE"),
    ("LaplaceNLL(1.0)", losses.LaplaceNLL(1.0), "MAE"),
    ('LaplaceNLL("optimal")', losses.LaplaceNLL("optimal"), "MAE"),
    ("BernoulliNLL()", losses.BernoulliNLL(), "BCE"),
):
    print(f"{name:<36}{trained_by:>12}{nll(x_test, reconstructions[trained_by]):>10.1f}")
print(f"{'BernoulliNLL() of x itself':<36}{'':>12}{losses.BernoulliNLL()(x_test, x_test):>10.1f}")
print(f"{'CategoricalNLL()':<36}{'CCE':>12}{categorical_nll:>10.1f}")
print(f"{'the same, as a density':<36}{'CCE':>12}{categorical_nll + num_pixels * log_width:>10.1f}")

"""
## Which for images?

- MSE: the default. Its mean is what a Gaussian decoder means, and it blurs where it is unsure.
- MAE: decided, so sharper, and it drops what is improbable. On MNIST, mostly black, that is
  thin strokes.
- Binary cross-entropy: for x in {0, 1}, or as a good cost for nearly binary images: with a
  sigmoid its gradient with respect to the logit, r − x, does not vanish where the answer is
  confidently wrong.
- Categorical: knows several answers at once, which a mean cannot say. It pays with one output per
  level and pixel, and it does not know that level 3 is near level 4.

All four compare pixel with pixel, and none sees that a stroke is only moved by one. The
perceptual loss does.

## What the toolkit refuses

A cross-entropy on data in [−1, 1] gives numbers and trains, but to nonsense. Here each of these
mistakes ends in one sentence, before the first step.
"""


def refusal(function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except (TypeError, ValueError) as error:
        print(f"\n{type(error).__name__}: {error}")


refusal(trained["BCE"].fit, 2 * x_train - 1)  # made for tanh
refusal(autoencoder(image_shape, "tanh").compile, loss="binary_crossentropy")
refusal(trained["MSE"].fit, (255 * x_train).astype("uint8"))  # as they come from disk
refusal(trained["BCE"].fit, 255 * x_train)
refusal(categorical.fit, x_train)  # where are the levels?
refusal(categorical.fit, x_train, datasets.quantize(x_train, 16))  # more than the softmax has
refusal(losses.GaussianNLL, scale=0.0)

"""
## Save

One SavedModel, with an endpoint for each thing that the model can do. It runs where only
TensorFlow is installed, on batches of any size.
"""

trained["BCE"].export("saved_models/cost_functions")

"""
## What to try next, and what to break on purpose

- `latent_dim = 2`, then 64. If there is more to hedge about, do the pictures differ more?
- `num_levels = 2`, then 32. What does the categorical model gain, and what does it cost?
- Draw a level at random at each pixel from `probabilities`. Why is it not a digit's picture?
- Train with `losses.GaussianNLL("optimal")`, then `losses.LaplaceNLL("optimal")`. Are the
  pictures those of MSE and MAE? Why do they get there by another path?
- `datasets.load_images("fashion_mnist")`: many greys. Which cost gains, which loses?
- Break it: `batch_normalization=False` and `learning_rate = 3e-3`. MAE then answers black,
  everywhere, for ever: the median of most pixels, where the sigmoid's gradient is zero.
- Break it: `loss="mse"` with `output_activation="relu"`. A pixel whose ReLU is below zero for every
  digit stays black for ever, ink or not: its gradient is zero, and squared error cannot reach it.

## Use what was saved

Of the code above, this cell needs only some images, here `x_test`: paste it into a program of its
own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/cost_functions")
images = tf.constant(x_test[:3])  # (3, 28, 28, 1)
code = served.encode(images)
print("\nserve:", served.serve(images).shape)
print("encode:", code.shape)
print("decode:", served.decode(code).shape)
print("reconstruction_error:", served.reconstruction_error(images).numpy())
