"""Pretraining by autoencoders, after Rifai et al. (2011), "Contractive Auto-Encoders", table 1.

784-1000-784, sigmoid units, tied weights, cross-entropy: plain, with weight decay, denoising and
contractive. The encoder then initialises a classifier, 784-1000-10, all of whose weights are
trained on 50,000 labelled digits until 10,000 others are classified best. The script prints the
test error, and the percentage of the pretrained code's activations that are saturated, below 0.05
or above 0.95.

    python benchmarks/published/contractive_mnist.py --budget 1h

Small differences of the error depend on the seed. The claim is the order: contractive and denoising
before the other two, and contractive the most saturated.
"""

import argparse
import time

import keras
import numpy as np
from keras import layers, regularizers
from records import FOLDER, Figure, once, report

from keras_aegan import datasets, models, networks

NAME = "contractive_mnist"
EPOCHS = {"5min": (6, 10), "1h": (40, 30), "full": (200, 100)}  # without and with labels
NUM_UNITS = 1000
BATCH_SIZE = 125  # divides 60,000 and 50,000
NUM_FIT = 50_000
LEARNING_RATE = 1e-3  # falls to zero along a cosine
NOISE = 0.3  # standard deviation
CONTRACTION = 0.1  # λ, beside a cross-entropy summed over pixels
WEIGHT_DECAY = 1e-3  # the same
PAPER = {  # error, saturation, in percent
    "contractive": (1.14, 86.4),
    "denoising": (1.18, 17.8),
    "weight decay": (1.68, 13.0),
    "plain": (1.78, 49.9),
}


def encoder(weight_decay=None):
    """One dense layer of sigmoid units."""
    inputs = keras.Input((784,), name="x")
    regularizer = weight_decay and regularizers.L2(weight_decay)
    code = layers.Dense(
        NUM_UNITS, activation="sigmoid", kernel_regularizer=regularizer, name="code"
    )
    return keras.Model(inputs, code(inputs), name="encoder")


def decoder():
    """The same weights, transposed."""
    return networks.dense_decoder(
        NUM_UNITS, (784,), hidden_units=(), output_activation="sigmoid", tied_to="code"
    )


ROWS = {
    "contractive": lambda: models.ContractiveAutoencoder(encoder(), decoder()),
    "denoising": lambda: models.DenoisingAutoencoder(
        encoder(), decoder(), corruption=layers.GaussianNoise(NOISE, seed=0)
    ),
    "weight decay": lambda: models.Autoencoder(encoder(WEIGHT_DECAY), decoder()),
    "plain": lambda: models.Autoencoder(encoder(), decoder()),
}


def adam(num_epochs, num_examples):
    num_steps = num_epochs * num_examples // BATCH_SIZE
    return keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(LEARNING_RATE, num_steps, alpha=0.02)
    )


def classify(weights, num_epochs):
    """Validation and test error in percent of a classifier that begins with the code's weights."""
    first = encoder()  # without a penalty: all rows learn labels alike
    if weights is not None:
        first.set_weights(weights)
    classifier = keras.Sequential([first, layers.Dense(10, activation="softmax")])
    classifier.compile(
        adam(num_epochs, NUM_FIT),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=True,
        steps_per_execution=40,
    )
    best = keras.callbacks.EarlyStopping(
        "val_accuracy", mode="max", patience=num_epochs, restore_best_weights=True
    )
    fitted, validated = np.split(np.random.default_rng(0).permutation(len(x_train)), [NUM_FIT])
    classifier.fit(
        x_train[fitted],
        y_train[fitted],
        batch_size=BATCH_SIZE,
        epochs=num_epochs,
        validation_data=(x_train[validated], y_train[validated]),
        callbacks=[best],
        verbose=0,
    )
    return {
        "validation error": 100 * (1 - best.best),
        "error": 100 * (1 - classifier.evaluate(x_test, y_test, verbose=0)[1]),
    }


def measure(name):
    """A row: pretraining, saturation, and the classifier."""
    start = time.perf_counter()
    keras.utils.set_random_seed(0)
    num_epochs, num_labelled_epochs = EPOCHS[arguments.budget]
    model = ROWS[name]()
    model.compile(
        adam(num_epochs, len(x_train)),
        loss="bernoulli_nll",  # the cross-entropy, summed over pixels
        loss_weights={"contraction_loss": CONTRACTION} if name == "contractive" else None,
    )
    model.fit(x_train, batch_size=BATCH_SIZE, epochs=num_epochs, verbose=0)
    code = model.encode(x_test)
    found = {"saturated": 100 * float(np.mean((code < 0.05) | (code > 0.95)))}
    found.update(classify(model.encoder.get_weights(), num_labelled_epochs))
    found["seconds"] = time.perf_counter() - start
    return found


def untrained():
    """The same classifier from random weights."""
    keras.utils.set_random_seed(0)
    return classify(None, EPOCHS[arguments.budget][1])


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--budget", choices=EPOCHS, default="5min")
arguments = parser.parse_args()
(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")
x_train, x_test = x_train.reshape(-1, 784), x_test.reshape(-1, 784)

folder = FOLDER / NAME
rows = {}
for name in ROWS:
    path = folder / f"{arguments.budget}_{name}.json"
    rows[name] = once(path, measure, name)
    print(name, rows[name], flush=True)
print("from random weights", once(folder / f"{arguments.budget}_untrained.json", untrained))

errors = {name: row["error"] for name, row in rows.items()}
saturations = {name: row["saturated"] for name, row in rows.items()}
is_ordered = max(errors["contractive"], errors["denoising"]) < min(
    errors["weight decay"], errors["plain"]
)
figures = [
    Figure(
        f"MNIST, {name} pretraining: test error, %; saturated, %",
        f"{errors[name]:.2f}; {saturations[name]:.1f}",
        f"{PAPER[name][0]:.2f}*; {PAPER[name][1]:.1f}*",
    )
    for name in ROWS
]
figures += [
    Figure(
        "the same, order of errors",
        " < ".join(sorted(errors, key=errors.get)),
        "contractive < denoising < weight decay < plain*",
        "both regularised codes first",
        is_ordered,
    ),
    Figure(
        "the same, most saturated",
        max(saturations, key=saturations.get),
        "contractive*",
        "contractive",
        max(saturations, key=saturations.get) == "contractive",
    ),
]
num_epochs, num_labelled_epochs = EPOCHS[arguments.budget]
report(
    NAME,
    arguments.budget,
    figures,
    f"{num_epochs} epochs without and {num_labelled_epochs} with labels, by Adam, instead of the "
    "paper's stochastic gradient descent until the validation error rises; hyperparameters fixed, "
    "instead of the paper's chosen on the validation error; one run.",
)
