"""
Title: Sparse autoencoders
Slides: "Sparse autoencoders", in the lecture "Autoencoders y GANs"
What to expect: one network trained five times, without a penalty, with L1, with L2, with Ng's KL
    divergence and with a top-k code; what each does to the activations, the filters and the
    reconstructions; how far 100 and 1,000 labels go on each code, beside raw pixels. Five
    pictures in figures/, a SavedModel in saved_models/sparse_autoencoder.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/06_sparse_autoencoders.py
"""

"""
## Why

A narrow code forces an autoencoder to choose. There is another way: many units, of which only
a few may be active for any one digit. L(x, g(f(x))) + λ Σ|hᵢ| lets the code be wide, and makes
every activation cost something. Each unit then has to be worth its cost, and should come to stand
for a part that digits have in common: a feature for a classifier with few labels. Does it?
"""

import math
import os

import keras
import numpy as np
from keras import layers, regularizers
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from keras_aegan import datasets, models, networks, plotting
from keras_aegan.layers import TopK
from keras_aegan.regularizers import KLSparsity

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_units = 400  # a dozen times the 32 numbers that drew good digits in tutorial 01
l1_weight = 1e-3  # λ, as on the slide
l2_weight = 1e-3  # the same λ, so that only the shape of the penalty differs
kl_target = 0.05  # ρ, as in Ng's notes: each unit active for one digit in twenty
# β, summed over 400 units; chosen by eye. The error below is a tenth of Ng's ½‖x − r‖²: with his
# error it would be 0.05; he takes 3.
kl_weight = 5e-3
error_weight = 0.05  # the scale of the error, see "The scale of the loss"
num_active = 25  # the k of the k-sparse paper's best features
batch_size = 125  # divides 60,000: all batches have one size
num_steps = 1440  # 3 epochs of MNIST
learning_rate = 1e-3  # at 3e-3 many units die: they become silent for every digit and stay so

zero_threshold = 0.01  # an activation of at most this size counts as zero
label_counts = (100, 1000)
num_draws = 5  # the choice of so few labels matters: several draws, mean and spread

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning
says so: all numbers below then differ.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
print("training:", x_train.shape, "test:", x_test.shape)

"""
## The penalties

Both grow with the activation. Training follows the derivative: L1 pushes a small activation as hard
as a large one, until it is zero; L2 stops pushing just before.
"""

figure = plotting.penalty_curves()
figure.savefig("figures/06_penalties.png", dpi=150)

"""
## Networks

One dense layer each way. What differs is the code: how it is activated, and what it costs.
KL reads activations as probabilities of being active, so its units end in a sigmoid. The
others are rectified: a unit that does not fire is exactly zero. A top-k code needs no penalty:
it is linear, and all activations except the 25 largest are set to zero. There the units compete.
A few that win at the start would win for ever, and the others would die; batch normalisation puts
all units on one scale, so that each wins its share.
"""

image_shape = x_train.shape[1:]  # (28, 28, 1)


def one_layer_encoder(activation, penalty):
    return networks.dense_encoder(
        image_shape,
        num_units,
        hidden_units=(),
        latent_activation=activation,
        activity_regularizer=penalty,
    )


inputs = keras.Input(image_shape, name="x")
hidden = layers.Flatten()(inputs)  # (batch_size, 784)
hidden = layers.Dense(num_units, use_bias=False, name="code")(hidden)  # (batch_size, 400)
hidden = layers.BatchNormalization(scale=False, center=False)(hidden)
code = TopK(num_active)(hidden)  # (batch_size, 400), 25 of them not zero
top_k_encoder = keras.Model(inputs, code, name="encoder")

encoders = {
    "plain": one_layer_encoder("relu", None),
    "L1": one_layer_encoder("relu", regularizers.L1(l1_weight)),
    "L2": one_layer_encoder("relu", regularizers.L2(l2_weight)),
    "KL": one_layer_encoder("sigmoid", KLSparsity(kl_target, kl_weight)),
    "top-k": top_k_encoder,
}

"""
## The scale of the loss

λ means nothing without the error that it is weighed against. Keras's `"mse"` is a *mean* over
784 pixels, about 0.005 here, while the penalty is a *sum* over 400 units: at λ = 1e-3 it would
outweigh the error many times over. Summed over the pixels, the error is about 4, and the same λ
has little effect: nine of ten activations stay. So the error is summed, with a weight in between.
"""


def squared_error(x, reconstruction):
    return keras.ops.sum(keras.ops.square(x - reconstruction), axis=(1, 2, 3))  # (batch_size,)


"""
## Fit
"""

epochs = math.ceil(num_steps * batch_size / len(x_train))
autoencoders = {}

for name, encoder in encoders.items():
    print(f"\n{name}")
    model = models.Autoencoder(
        encoder,
        networks.dense_decoder(
            num_units, image_shape, hidden_units=(), output_activation="sigmoid"
        ),
    )
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=squared_error,
        loss_weights={"reconstruction_loss": error_weight},
    )
    model.fit(x_train, batch_size=batch_size, epochs=epochs, verbose=2)
    autoencoders[name] = model

"""
## Term by term

`loss = error_weight · reconstruction_loss + regularization_loss`, and the latter is what the
formula says: λ Σ|hᵢ| over the units, averaged over the digits.
"""

l1_model = autoencoders["L1"]
logs = l1_model.evaluate(x_test, batch_size=batch_size, verbose=0, return_dict=True)
by_numpy = l1_weight * np.abs(l1_model.encode(x_test)).sum(axis=1).mean()
print("\non screen:", {name: round(value, 6) for name, value in logs.items()})
print(f"λ · mean Σ|h| by NumPy: {by_numpy:.6f}")

"""
## Look: activations

What the penalties did, on a log scale, because in a sparse code the bar at zero towers over all
others. L1 has half of its activations there, plain ReLU one in twenty. KL's are not zero, but
small on average. Top-k leaves a gap: an activation is large, or zero.
"""

codes = {name: model.encode(x_test) for name, model in autoencoders.items()}  # (10,000, 400)
figure = plotting.code_histograms(codes, threshold=zero_threshold)
figure.savefig("figures/06_codes.png", dpi=150)

"""
## Look: filters

What the first units of each network look for, the encoder's weights: white where ink excites
them, black where it silences them. At pixels that are black in all digits, the weights keep their
initial noise. Units of top-k look for strokes; those of plain, L1 and L2 for nothing recognisable.
"""

num_rows, num_columns = 2, 14  # of units per network
num_shown = num_rows * num_columns


def draw_units(kernels):
    shown = np.concatenate([kernel[:, :num_shown] for kernel in kernels], axis=1)
    row_labels = [label for name in encoders for label in (name, *[""] * (num_rows - 1))]
    return plotting.filters(shown, image_shape, shown.shape[1], num_columns, row_labels)


figure = draw_units([encoder.get_layer("code").kernel.numpy() for encoder in encoders.values()])
figure.savefig("figures/06_filters.png", dpi=100)

"""
And what the same units draw when they fire: the decoder's weights. Those of the plain code are
noise, of which only hundreds together make a digit; those of KL and top-k are pieces of digits, or
nearly whole ones, so 25 are enough.
"""

figure = draw_units(
    [model.decoder.get_layer("output").kernel.numpy().T for model in autoencoders.values()]
)
figure.savefig("figures/06_parts.png", dpi=100)

"""
## Look: reconstructions

Top-k draws with 25 units what the plain code draws with 380, a little softer.
"""

one_of_each = [np.argmax(y_test == digit) for digit in range(10)]
originals = x_test[one_of_each]  # (10, 28, 28, 1)
figure = plotting.reconstruction_grid(
    {
        "original": originals,
        **{name: model.decode(model.encode(originals)) for name, model in autoencoders.items()},
    }
)
figure.savefig("figures/06_reconstructions.png", dpi=150)

"""
## Few labels, many digits

The lecture's promise: the autoencoder learns from all 60,000 digits without labels, and a linear
classifier on its code needs only a few labelled ones. The classifier is the same for all codes
and for the raw pixels, and nothing in it is tuned: scikit-learn's logistic regression, on
features standardised over all training digits (which needs no labels either).
"""


def accuracies(features_train, features_test, num_labels):
    scaler = StandardScaler().fit(features_train)
    scores = []
    for draw in range(num_draws):
        labelled = np.random.default_rng(draw).permutation(len(features_train))[:num_labels]
        classifier = LogisticRegression(max_iter=1000)
        classifier.fit(scaler.transform(features_train[labelled]), y_train[labelled])
        scores.append(classifier.score(scaler.transform(features_test), y_test))
    return 100 * np.array(scores)  # percent


def print_row(name, features_train, features_test, error=""):
    active = np.mean(np.abs(features_test) > zero_threshold)
    dead = np.mean(np.all(np.abs(features_test) <= zero_threshold, axis=0))
    print(f"{name:<12}{error:>8}{active:>9.1%}{dead:>8.1%}", end="")
    for num_labels in label_counts:
        scores = accuracies(features_train, features_test, num_labels)
        print(f"{f'{scores.mean():.1f} ± {scores.std():.1f}':>18}", end="")
    print()


print(f"\n{'':<12}{'error':>8}{'active':>9}{'dead':>8}", end="")
print("".join(f"{f'% with {num_labels:,}':>18}" for num_labels in label_counts))
print_row("raw pixels", x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1))
for name, model in autoencoders.items():
    error = model.reconstruction_error(x_test).mean()  # squared, summed over pixels
    print_row(name, model.encode(x_train), codes[name], f"{error:.2f}")

"""
It has a price, and not every code keeps the promise. The plain code draws best and classifies as
well as raw pixels: to copy is not to understand. With 1,000 labels every sparse code is ahead of
the pixels: L1 and L2 by about two points, KL and top-k by four or five. With 100 labels only KL and
top-k are ahead, and L1 and L2 within the spread of the plain code. KL and top-k pay for it: their
error is about three times that of the plain code.

"Active" does not rank them: KL asks for a small *mean*, and a sigmoid is never quite zero. L2
too has zeros, through the ReLU, but L1 has more at about the same error.
"""

"""
## Save

One SavedModel, with an endpoint for each thing that the model can do. It runs where only
TensorFlow is installed, on batches of any size.
"""

autoencoders["top-k"].export("saved_models/sparse_autoencoder")

"""
## What to try next, and what to break on purpose

- `l1_weight = 1e-2`, then 0.1. When do the activations vanish, and when the digits with them?
- Break it: `loss="mse"`, `error_weight = 1.0`, with the same λ. L1 keeps 3 % of its activations,
  and its squared error per pixel is 0.030, seven times the plain one's; KL's is 0.046. The mean
  digit, with no code at all, has 0.067.
- L1 can be cheated: halve the encoder's weights, double the decoder's, and pay half. Print the
  norms of both kernels, plain and L1. Does tying them, `tied_to="code"`, prevent it?
- `TopK(num_active, inference_k=3 * num_active)`: the paper keeps more at inference than in
  training. Does the classifier gain?
- `num_active = 5`, then 100. Which filters look like strokes, which like whole digits?
- Leave out the batch normalisation before `TopK`. Watch the column of dead units.

## Use what was saved

Of the code above, this cell needs only some images, here `x_test`: paste it into a program of its
own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/sparse_autoencoder")
images = tf.constant(x_test[:3])  # (3, 28, 28, 1)
code = served.encode(images)
print("\nserve:", served.serve(images).shape)
print("encode:", code.shape, "of which not zero:", tf.math.count_nonzero(code, axis=1).numpy())
print("decode:", served.decode(code).shape)
print("reconstruction_error:", served.reconstruction_error(images).numpy())
