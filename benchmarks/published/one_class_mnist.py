"""One-class MNIST after Ruff et al. (2018), "Deep One-Class Classification", table 1.

For each digit, an autoencoder learns that digit's training images alone, and has to tell the test
images of that digit from those of the nine others; the score is the area under the ROC curve, in
percent. Data and network are the paper's: global contrast normalisation by the L1 norm, scaled to
[0, 1] by the least and the largest value of the digit's training images; a LeNet of 8 and 4 filters
of 5×5, batch normalisation, leaky ReLU, a code of 32, and its mirror image; batches of 200.

A thousand training images of each digit are not trained on: the threshold for false alarms of 1 %
and the statistics of normal codes are fitted to them. The script also prints how many test images
of the digit then raise an alarm.

    python benchmarks/published/one_class_mnist.py --budget 30min [--peers] [--digits 0 1 …]

`--peers` adds PyOD's AutoEncoder with its defaults, on the same images (`pip install pyod torch`).
Measures are kept for each digit: the same command continues where it was interrupted.
"""

import argparse
import time

import keras
import numpy as np
from keras import layers
from records import FOLDER, Figure, once, report
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from keras_aegan import datasets, models
from keras_aegan.evaluation import AnomalyDetector

NAME = "one_class_mnist"
EPOCHS = {"5min": 8, "30min": 50, "1h": 120, "full": 350}
PAPER_DECAY = 250  # the epoch at which the paper's rate falls from 1e-4 to 1e-5
BATCH_SIZE = 200
NUM_HELD_OUT = 1000  # thresholds are fitted to them
CONTAMINATION = 0.01
SCORES = {
    "reconstruction_error": "error",
    "mahalanobis": "Mahalanobis",
    "code_and_error": "code and error",
}
METHODS = ("quantile", "tail")
PAPER = {
    "isolation forest": (98.0, 97.3, 88.6, 89.9, 92.7, 85.5, 95.6, 92.0, 89.9, 93.5),
    "DCAE": (97.6, 98.3, 85.4, 86.7, 86.5, 78.2, 94.6, 92.3, 86.5, 90.4),
    "Deep SVDD": (98.0, 99.7, 91.7, 91.9, 94.9, 88.5, 98.3, 94.6, 93.9, 96.5),
}


def normalise(images):
    """Each image minus its mean, divided by its mean absolute value."""
    images = images - images.mean(axis=(1, 2, 3), keepdims=True)
    return images / np.abs(images).mean(axis=(1, 2, 3), keepdims=True)


def select(digit):
    """Training, held-out and test images, and which of the last are anomalies."""
    x_normal = normalise(x_train[y_train == digit])
    least, largest = x_normal.min(), x_normal.max()
    x_normal, x_all = ((x - least) / (largest - least) for x in (x_normal, normalise(x_test)))
    x_normal = np.random.default_rng(digit).permutation(x_normal)
    return x_normal[NUM_HELD_OUT:], x_normal[:NUM_HELD_OUT], x_all, y_test != digit


def activate(x):
    x = layers.BatchNormalization(epsilon=1e-4, center=False, scale=False)(x)
    return layers.LeakyReLU(0.01)(x)


def make_model():
    """The paper's network."""
    x = inputs = keras.Input((28, 28, 1), name="x")
    for filters in (8, 4):
        x = activate(layers.Conv2D(filters, 5, padding="same", use_bias=False)(x))
        x = layers.MaxPooling2D()(x)
    code = layers.Dense(32, use_bias=False, name="code")(layers.Flatten()(x))
    encoder = keras.Model(inputs, code, name="encoder")

    z = keras.Input((32,), name="z")
    x = layers.LeakyReLU(0.01)(layers.Reshape((4, 4, 2))(z))
    x = layers.UpSampling2D()(x)
    x = activate(layers.Conv2DTranspose(4, 5, padding="same", use_bias=False)(x))
    x = layers.UpSampling2D()(x)
    x = layers.Conv2DTranspose(8, 5, use_bias=False)(x)  # (batch_size, 20, 20, 8)
    x = layers.UpSampling2D()(activate(layers.Cropping2D(3)(x)))  # (batch_size, 28, 28, 8)
    x = layers.Conv2DTranspose(1, 5, padding="same", use_bias=False, activation="sigmoid")(x)
    return models.Autoencoder(encoder, keras.Model(z, x, name="decoder"))


def learning_rate(num_steps, num_epochs):
    """The paper's two rates, if the budget has the time for them."""
    if arguments.budget == "full":
        boundary = num_steps * PAPER_DECAY // num_epochs
        return keras.optimizers.schedules.PiecewiseConstantDecay([boundary], [1e-4, 1e-5])
    return keras.optimizers.schedules.CosineDecay(2e-3, num_steps)


def measure(digit):
    """AUC and false alarms of one digit's detectors, in percent."""
    x_learned, x_held_out, x_judged, is_anomaly = select(digit)
    keras.utils.set_random_seed(digit)
    model, num_epochs = make_model(), EPOCHS[arguments.budget]
    num_steps = num_epochs * -(-len(x_learned) // BATCH_SIZE)
    model.compile(
        keras.optimizers.Adam(learning_rate(num_steps, num_epochs), weight_decay=1e-6), loss="mse"
    )
    start = time.perf_counter()
    model.fit(x_learned, batch_size=BATCH_SIZE, epochs=num_epochs, verbose=0)
    found = {"seconds": time.perf_counter() - start, "auc": {}, "alarms": {}}
    for score, title in SCORES.items():
        detector = AnomalyDetector(model, score)
        for method in METHODS:
            detector.fit_threshold(x_held_out, CONTAMINATION, method)
            seen = detector.evaluate(x_judged, is_anomaly)
            found["alarms"][f"{title}, {method}"] = 100 * seen["false_alarm_rate"]
        found["auc"][title] = 100 * seen["auc"]
    return found


def measure_forest(digit):
    """The same for scikit-learn's isolation forest, on the same images."""
    x_learned, _, x_judged, is_anomaly = select(digit)
    forest = IsolationForest(random_state=digit).fit(x_learned.reshape(len(x_learned), -1))
    scores = -forest.score_samples(x_judged.reshape(len(x_judged), -1))
    return {"auc": 100 * roc_auc_score(is_anomaly, scores)}


def measure_pyod(digit):
    """The same for PyOD's autoencoder."""
    from pyod.models.auto_encoder import AutoEncoder

    x_learned, _, x_judged, is_anomaly = select(digit)
    detector = AutoEncoder(random_state=digit, verbose=0).fit(x_learned.reshape(len(x_learned), -1))
    scores = detector.decision_function(x_judged.reshape(len(x_judged), -1))
    return {"auc": 100 * roc_auc_score(is_anomaly, scores)}


def line(title, values, decimals=1):
    cells = [f"{value:.{decimals}f}" for value in (*values, np.mean(values))]
    return f"| {title} | {' | '.join(cells)} |"


def main():
    """Measures each digit, and prints the table."""
    digits, folder = arguments.digits, FOLDER / NAME
    ours = [once(folder / f"{arguments.budget}_{digit}.json", measure, digit) for digit in digits]
    others = {"isolation forest": measure_forest}
    if arguments.peers:
        others["PyOD AutoEncoder"] = measure_pyod
    others = {
        title: [once(folder / f"{title}_{d}.json", function, d)["auc"] for d in digits]
        for title, function in others.items()
    }
    print(f"| AUC, % | {' | '.join(str(digit) for digit in digits)} | mean |")
    print("|---" * (len(digits) + 2) + "|")
    aucs = {title: [found["auc"][title] for found in ours] for title in SCORES.values()}
    for title, values in aucs.items():
        print(line(title, values))
    for title, values in others.items():
        print(line(f"{title}, here", values))
    for title, values in PAPER.items():
        print(line(f"paper, {title}", [values[digit] for digit in digits]))
    for title in ours[0]["alarms"]:
        print(line(f"false alarms: {title}", [found["alarms"][title] for found in ours], 2))
    print(f"\ntraining: {sum(found['seconds'] for found in ours) / 60:.1f} minutes in all")
    if digits != list(range(10)):
        return

    best = "code and error"
    plain, highest = np.mean(aucs["error"]), np.mean(aucs[best])
    paper = {title: f"{np.mean(values):.1f}*" for title, values in PAPER.items()}
    report(
        NAME,
        arguments.budget,
        [
            Figure(
                "one-class MNIST, mean AUC of the reconstruction error, %",
                f"{plain:.1f}",
                f"{paper['DCAE']} (DCAE)",
                "≥ 88",
                bool(plain >= 88),
            ),
            Figure(
                f"the same, {best}",
                f"{highest:.1f}",
                f"{paper['Deep SVDD']} (Deep SVDD)",
                "≥ 93",
                bool(highest >= 93),
            ),
            *(
                Figure(
                    f"false alarms of a threshold for 1 %, {title}, least–most of ten digits, %",
                    f"{min(alarms):.1f}–{max(alarms):.1f}",
                    "–",
                    "0.5–2",
                    bool(min(alarms) >= 0.5 and max(alarms) <= 2),
                )
                for title in ("error", best)
                for alarms in [[found["alarms"][f"{title}, tail"] for found in ours]]
            ),
        ],
        f"{EPOCHS[arguments.budget]} epochs"
        + (
            ""
            if arguments.budget == "full"
            else " at a rate that falls from 2e-3 to zero, for the paper's 250 at 1e-4 and 100 at "
            "1e-5"
        )
        + f"; {NUM_HELD_OUT:,} training images of each digit kept for the threshold; one run, for "
        "the paper's ten; the upper figures of the paper are of its DCAE and Deep SVDD.",
    )


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--budget", choices=EPOCHS, default="30min")
parser.add_argument("--digits", nargs="+", type=int, default=list(range(10)))
parser.add_argument("--peers", action="store_true")
arguments = parser.parse_args()
(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")
main()
