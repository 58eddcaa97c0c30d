"""MNIST by a DCGAN and a DC-CGAN, judged by a classifier of digits.

A small convolutional classifier is trained first, to at least 99 % on the test digits. Then:

1. DCGAN, unconditional, all digits: the histogram of the classifier's labels over 10,000 samples,
   as its total variation from uniform (at most 0.15), and precision (at least 0.7) and recall (at
   least 0.5) against 10,000 test digits in the features of the classifier's last hidden layer. The
   same for noise of a smaller deviation than in training, which trades recall for precision (for
   which [Brock et al., 2019](https://arxiv.org/abs/1809.11096), section 3.1, truncate it).
2. DC-CGAN: the share of 10,000 samples in which the classifier sees the digit asked for (at
   least 95 %), and for each digit.

Both are small (one minute per epoch on one core): the generator goes 7×7×64, 14×14×32, 28×28×1, the
discriminator back; with `--filters 64` both are twice as wide. Adam 5e-4, β₁ = 0.5, falling to zero
along a cosine; batch 64. Samples are those of the generator's moving average (0.999). They are
drawn in `figures/gan_mnist.png` and `figures/dc_cgan_mnist.png`.

    python benchmarks/gan_mnist.py [--rows gan dc_cgan] [--epochs 6] [--filters 32] [--r1 0.1]
"""

import argparse
import os
import time

import keras
import numpy as np
from digit_classifier import IMAGE_SHAPE, NUM_CLASSES, train_classifier

from keras_aegan import datasets, metrics, models, networks, plotting, regularizers

LATENT_DIM = 64
BATCH_SIZE, NUM_SAMPLES = 64, 10_000
NOISE_SCALES = (1.0, 0.8, 0.6)


def fit(model, *data, num_epochs):
    """Trains, and says how long it took."""
    schedule = keras.optimizers.schedules.CosineDecay(
        5e-4, num_epochs * int(np.ceil(len(data[0]) / BATCH_SIZE))
    )
    model.compile(
        optimizer={
            "discriminator": keras.optimizers.Adam(schedule, beta_1=0.5),
            "generator": keras.optimizers.Adam(
                schedule, beta_1=0.5, use_ema=True, ema_momentum=0.999
            ),
        },
    )
    begin = time.perf_counter()
    model.fit(*data, batch_size=BATCH_SIZE, epochs=num_epochs, verbose=2)
    seconds = time.perf_counter() - begin
    print(f"{num_epochs} epochs of {len(data[0]):,}: {seconds:.0f} s", flush=True)


def labels_of(classifier, images):
    return classifier.predict(images, batch_size=500, verbose=0).argmax(axis=-1)


def gan(x_train, x_test, classifier, features, num_epochs, r1):
    model = models.GAN(
        networks.dcgan_generator(LATENT_DIM, IMAGE_SHAPE, filters=filters[::-1]),
        networks.dcgan_discriminator(IMAGE_SHAPE, filters=filters, batch_normalization=r1 == 0),
        discriminator_regularizer=regularizers.R1(r1) if r1 else None,
        seed=0,
    )
    fit(model, x_train, num_epochs=num_epochs)
    samples = model.sample(100, seed=1)
    plotting.image_grid(samples, num_columns=10).savefig("figures/gan_mnist.png", dpi=100)
    real = metrics.extract_features(features, x_test)
    halves = metrics.precision_recall(real[::2], real[1::2])
    print("data against data:", {name: round(value, 3) for name, value in halves.items()})
    noise = np.random.default_rng(1).normal(size=(NUM_SAMPLES, LATENT_DIM)).astype("float32")
    for scale in NOISE_SCALES:
        samples = model.predict(scale * noise, batch_size=500, verbose=0)
        shares = np.bincount(labels_of(classifier, samples), minlength=NUM_CLASSES) / NUM_SAMPLES
        distance = np.abs(shares - 1 / NUM_CLASSES).sum() / 2
        found = metrics.precision_recall(real, metrics.extract_features(features, samples))
        print(
            f"z of standard deviation {scale}: total variation of labels from uniform "
            f"{distance:.3f} (at most 0.15), precision {found['precision']:.3f} (at least 0.7), "
            f"recall {found['recall']:.3f} (at least 0.5)"
        )
        print("  labels:", " ".join(f"{digit}: {s:.1%}" for digit, s in enumerate(shares)))


def dc_cgan(x_train, y_train, classifier, num_epochs):
    model = models.ConditionalGAN(
        networks.dcgan_generator(
            LATENT_DIM, IMAGE_SHAPE, filters=filters[::-1], num_classes=NUM_CLASSES
        ),
        networks.dcgan_discriminator(IMAGE_SHAPE, filters=filters, num_classes=NUM_CLASSES),
        seed=0,
    )
    fit(model, x_train, y_train, num_epochs=num_epochs)
    wanted = np.arange(NUM_SAMPLES) % NUM_CLASSES
    samples = model.sample(wanted, seed=1)
    rows = samples[:100].reshape(10, 10, *IMAGE_SHAPE).swapaxes(0, 1)  # one row per digit
    figure = plotting.image_grid(rows.reshape(100, *IMAGE_SHAPE), num_columns=10)
    figure.savefig("figures/dc_cgan_mnist.png", dpi=100)
    right = labels_of(classifier, samples) == wanted
    for digit in range(NUM_CLASSES):
        print(f"  {digit}: {right[wanted == digit].mean():.1%}")
    print(f"the requested digit: {right.mean():.2%} (at least 95 %)", flush=True)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rows", nargs="+", choices=("gan", "dc_cgan"), default=["gan", "dc_cgan"])
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--r1", type=float, default=0.0, help="weight of R1, without normalisation")
parser.add_argument("--filters", type=int, default=32, help="of the images' side")
arguments = parser.parse_args()
filters = (arguments.filters, 2 * arguments.filters)
os.makedirs("figures", exist_ok=True)
keras.utils.set_random_seed(0)
(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist", value_range=(-1, 1))
classifier, features = train_classifier((x_train, y_train), (x_test, y_test))
if "gan" in arguments.rows:
    print("\nDCGAN")
    gan(x_train, x_test, classifier, features, arguments.epochs, arguments.r1)
if "dc_cgan" in arguments.rows:
    print("\nDC-CGAN")
    dc_cgan(x_train, y_train, classifier, arguments.epochs)
