"""Perceptual against pixel-wise training: what the codes tell of the classes, and what it costs.

One convolutional autoencoder, trained on CIFAR-10 pixel by pixel and through a frozen MobileNet
with its ImageNet weights, with the same code size and epochs, three seeds each. On the frozen
codes a linear and an MLP predictor learn the classes, as in the prediction pathway of
[Pihlgren et al., 2020](https://arxiv.org/abs/2001.03444). Claims: both predictors are at least 5
points better on the perceptual codes, and the pixel-wise images have the lower MSE.

With `--cost`, instead: a perceptual step costs at most 1.15 times the sum of a plain step and the
cut backbone's own work, forward for x and forward and backward for the reconstruction.

Keras downloads the weights (1 MB); `KERAS_AEGAN_MOBILENET_WEIGHTS` may name the file
`mobilenet_2_5_224_tf_no_top.h5` instead. Finished runs are kept: the same command continues after
them.

    python benchmarks/published/perceptual_cifar10.py --budget 1h | --cost
"""

import argparse
import os
import statistics
import time

import keras
import numpy as np
import tensorflow as tf
from records import FOLDER, Figure, once, report
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from keras_aegan import datasets, losses, models, networks

NAME = "perceptual_cifar10"
BUDGETS = {"5min": (1, 2), "1h": (3, 8), "full": (5, 50)}  # seeds, epochs
IMAGE_SHAPE = (32, 32, 3)
FILTERS = (16, 32, 64)
LATENT_DIM = 64
BATCH_SIZE = 100
LEARNING_RATE = 2e-3
ALPHA = 0.25
BACKBONE_SIZE = 64  # to which images are enlarged
LAYERS = ("conv_pw_5_relu", "conv_pw_11_relu")
REGULARIZATION = (0.01, 0.1, 1.0)  # scikit-learn's C


def mobilenet():
    """MobileNet of a quarter of the width, with its ImageNet weights."""
    return keras.applications.MobileNet(
        alpha=ALPHA,
        include_top=False,
        input_shape=(BACKBONE_SIZE, BACKBONE_SIZE, 3),
        weights=os.environ.get("KERAS_AEGAN_MOBILENET_WEIGHTS", "imagenet"),
    )


def perceptual_loss():
    """The loss of the comparison."""
    return losses.PerceptualLoss(mobilenet(), LAYERS, preprocessing="mobilenet")


def autoencoder():
    """The autoencoder of both rows."""
    return models.Autoencoder(
        networks.convolutional_encoder(IMAGE_SHAPE, LATENT_DIM, FILTERS, batch_normalization=True),
        networks.convolutional_decoder(
            LATENT_DIM,
            IMAGE_SHAPE,
            FILTERS[::-1],
            batch_normalization=True,
            output_activation="sigmoid",
        ),
    )


def train(loss, seed, num_epochs):
    """An autoencoder, fitted to the training images without their labels."""
    keras.utils.set_random_seed(seed)
    model = autoencoder()
    num_steps = num_epochs * len(x_train) // BATCH_SIZE
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, num_steps)
    model.compile(keras.optimizers.Adam(schedule), loss)
    model.fit(x_train, batch_size=BATCH_SIZE, epochs=num_epochs, verbose=0)
    return model


def predict_classes(codes_train, codes_test):
    """Test accuracy in percent of a linear and an MLP predictor on frozen codes.

    Both are chosen on a tenth of the training images: the linear one's C, and when the MLP stops.
    """
    scaler = StandardScaler().fit(codes_train)
    codes_train, codes_test = scaler.transform(codes_train), scaler.transform(codes_test)
    x_fit, x_validation, y_fit, y_validation = train_test_split(
        codes_train, y_train, test_size=0.1, stratify=y_train, random_state=0
    )
    candidates = [LogisticRegression(C=c, max_iter=500).fit(x_fit, y_fit) for c in REGULARIZATION]
    linear = max(candidates, key=lambda c: c.score(x_validation, y_validation))
    mlp = MLPClassifier((256,), early_stopping=True, n_iter_no_change=5, random_state=0)
    mlp.fit(codes_train, y_train)
    return {
        "linear": 100 * linear.score(codes_test, y_test),
        "MLP": 100 * mlp.score(codes_test, y_test),
    }


def measure(name, seed):
    """The numbers of one run."""
    start = time.perf_counter()
    loss = "mse" if name == "pixel-wise" else perceptual_loss()
    model = train(loss, seed, BUDGETS[arguments.budget][1])
    seconds = time.perf_counter() - start
    rebuilt = model.predict(x_test, batch_size=500, verbose=0)
    eye = perceptual_loss()
    distances = [
        eye.call(x_test[i : i + 500], rebuilt[i : i + 500]) for i in range(0, len(x_test), 500)
    ]
    return {
        "MSE": float(np.mean((rebuilt - x_test) ** 2)),
        "perceptual": float(np.mean(np.concatenate(distances))),
        **predict_classes(model.encode(x_train), model.encode(x_test)),
        "seconds": seconds,
    }


def compare():
    """The table of both rows, over seeds."""
    num_seeds, num_epochs = BUDGETS[arguments.budget]
    rows = {"pixel-wise": [], "perceptual": []}
    for seed in range(num_seeds):
        for name, runs in rows.items():
            path = FOLDER / NAME / f"{arguments.budget}_{name}_{seed}.json"
            runs.append(once(path, measure, name, seed))
            print(name, seed, runs[-1], flush=True)
    print("\n| trained | linear, % | MLP, % | MSE | perceptual distance | seconds |")
    print("|---|---|---|---|---|---|")
    for name, runs in rows.items():
        columns = {key: [run[key] for run in runs] for key in runs[0]}
        means = {k: f"{np.mean(v):.4f} ± {np.std(v):.4f}" for k, v in columns.items()}
        for key in ("linear", "MLP"):
            means[key] = f"{np.mean(columns[key]):.1f} ± {np.std(columns[key]):.1f}"
        cells = [means[key] for key in ("linear", "MLP", "MSE", "perceptual")]
        print(f"| {name} | {' | '.join(cells)} | {np.mean(columns['seconds']):.0f} |")
    pixel_wise, perceptual = rows.values()
    figures = []
    for key in ("linear", "MLP"):
        gains = [b[key] - a[key] for a, b in zip(pixel_wise, perceptual, strict=True)]
        figures.append(
            Figure(
                f"CIFAR-10's classes, perceptual codes less pixel-wise ones, {key}, points",
                ", ".join(f"{gain:+.1f}" for gain in gains),
                "better (the order)",
                "≥ 5 in each seed",
                bool(min(gains) >= 5),
            )
        )
    is_sharper = all(a["MSE"] < b["MSE"] for a, b in zip(pixel_wise, perceptual, strict=True))
    means = [np.mean([run["MSE"] for run in runs]) for runs in rows.values()]
    figures.append(
        Figure(
            "the same, squared error per pixel, pixel-wise; perceptual",
            "; ".join(f"{mean:.4f}" for mean in means),
            "–",
            "the pixel-wise one lower in each seed",
            is_sharper,
        )
    )
    report(
        NAME,
        arguments.budget,
        figures,
        f"{num_epochs} epochs of {len(x_train):,} images of CIFAR-10 and a MobileNet of a quarter "
        "of the width, for the paper's AlexNet on its own data sets; a plain autoencoder, for the "
        "paper's VAE too.",
    )


def cost():
    """The time of a step beside that of its parts; medians of alternating runs."""
    x = tf.constant(x_train[:BATCH_SIZE])
    loss = perceptual_loss()
    plain, perceptual = autoencoder(), autoencoder()
    plain.compile(loss="mse")
    perceptual.compile(loss=loss)

    @tf.function
    def backbone_alone(x, rebuilt):
        wanted = loss.features(x)
        with tf.GradientTape() as tape:
            tape.watch(rebuilt)
            seen = loss.features(rebuilt)
        return wanted, tape.gradient(seen, rebuilt)

    rebuilt = tf.constant(x_train[BATCH_SIZE : 2 * BATCH_SIZE])
    dataset = tf.data.Dataset.from_tensors(x).repeat(arguments.steps)
    works = {
        "plain step": lambda: plain.fit(dataset, verbose=0),
        "perceptual step": lambda: perceptual.fit(dataset, verbose=0),
        "backbone alone": lambda: [backbone_alone(x, rebuilt) for _ in range(arguments.steps)],
    }
    times = {name: [] for name in works}
    for run in range(8):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if run:  # the first one traces
                times[name].append((time.perf_counter() - start) / arguments.steps)
    medians = {name: 1000 * statistics.median(values) for name, values in times.items()}
    for name, milliseconds in medians.items():
        print(f"{name:<18}{milliseconds:8.2f} ms")
    ratio = medians["perceptual step"] / (medians["plain step"] + medians["backbone alone"])
    print(f"perceptual step over the sum of its parts: {ratio:.3f}")


parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--budget", choices=BUDGETS, default="1h")
parser.add_argument("--steps", type=int, default=40, help="steps of a timing")
parser.add_argument("--cost", action="store_true")
arguments = parser.parse_args()

(x_train, y_train), (x_test, y_test) = datasets.load_images("cifar10")
if arguments.cost:
    cost()
else:
    compare()
