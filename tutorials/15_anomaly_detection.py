"""
Title: Anomaly detection
Slides: "Applications: anomaly detection", in the lecture "Autoencoders y GANs"
What to expect: an autoencoder that has seen only eights; how well three scores tell an eight from
    the other digits, beside two that need no network; a threshold for one false alarm in a
    hundred, which holds on digits that were never seen; heat maps of what is wrong with an image.
    Two pictures in figures/, a SavedModel in saved_models/anomaly_detector.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/15_anomaly_detection.py
"""

"""
## Why

Faults are rare, and the next one is unlike the last: there is nothing to train a classifier on.
But there are plenty of normal examples. An autoencoder that has learned to rebuild those has a code
for what they have in common, and for nothing else. An image that it cannot rebuild, or that has an
unusual code, is not like them.
"""

import math
import os

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from keras_aegan import datasets, models, networks, plotting
from keras_aegan.evaluation import AnomalyDetector

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

normal_digit = 8  # the ring of a six, the top of a nine, the bends of a three: all are in an eight
latent_dim = 32
filters = (16, 32)
batch_size = 100
num_epochs = 50  # of some 3,000 images
learning_rate = 2e-3
contamination = 0.01  # the desired share of false alarms
num_drawn = 10

"""
## Data

Three sets of eights. The autoencoder learns half of the training images. The threshold is fitted to
the other half: images that were learned are rebuilt better than new ones, and a threshold fitted to
them would be too low. The test images then say whether the threshold holds.

Without a network and without MNIST on disk, these are 400 eights, and a warning says so: all
numbers below then differ.
"""

(eights, _), _ = datasets.load_images("mnist", digits=(normal_digit,))  # in [0, 1]
_, (x_test, y_test) = datasets.load_images("mnist")
image_shape = eights.shape[1:]  # (28, 28, 1)
num_learned = len(eights) // 2
x_learned, x_held_out = eights[:num_learned], eights[num_learned:]
is_anomaly = y_test != normal_digit
print("learned:", x_learned.shape, "for the threshold:", x_held_out.shape)
print("test:", x_test.shape, f"of which anomalies: {is_anomaly.mean():.0%}")

"""
## Fit

A convolutional autoencoder as usual, on eights.
"""

model = models.Autoencoder(
    networks.convolutional_encoder(image_shape, latent_dim, filters, batch_normalization=True),
    networks.convolutional_decoder(
        latent_dim,
        image_shape,
        filters[::-1],
        batch_normalization=True,
        output_activation="sigmoid",
    ),
)
num_steps = num_epochs * math.ceil(len(x_learned) / batch_size)
schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
model.compile(keras.optimizers.Adam(schedule), loss="mse")
model.fit(x_learned, batch_size=batch_size, epochs=num_epochs, verbose=2)

"""
## Scores

Three questions about an image. Is it badly rebuilt? `"reconstruction_error"`. Is its code far from
normal codes, in units of their spread? `"mahalanobis"`. Are both together unusual?
`"code_and_error"`. The first alone is fooled by a one: it has so little ink that any autoencoder
rebuilds it well.

The area under the ROC curve is the chance that a random anomaly scores higher than a random eight:
0.5 for a coin, 1 for a perfect detector. It needs no threshold, but it needs anomalies: here it
judges, and chooses nothing.
"""

detectors = {
    "reconstruction error": AnomalyDetector(model, "reconstruction_error"),
    "Mahalanobis": AnomalyDetector(model, "mahalanobis"),
    "code and error": AnomalyDetector(model, "code_and_error"),
}
for detector in detectors.values():
    detector.fit_threshold(x_held_out, contamination)
scores = {name: detector.anomaly_scores(x_test) for name, detector in detectors.items()}

pixels_learned, pixels_test = (x.reshape(len(x), -1) for x in (x_learned, x_test))
pca = PCA(latent_dim).fit(pixels_learned)
rebuilt = pca.inverse_transform(pca.transform(pixels_test))
scores["PCA's error"] = np.square(rebuilt - pixels_test).mean(axis=1)
forest = IsolationForest(random_state=0).fit(pixels_learned)
scores["isolation forest"] = -forest.score_samples(pixels_test)

digits = [digit for digit in range(10) if digit != normal_digit]
print(f"\n{'AUC against':<22}{'all':>6}" + "".join(f"{digit:>7}" for digit in digits))
for name, values in scores.items():
    print(f"{name:<22}{roc_auc_score(is_anomaly, values):>6.3f}", end="")
    for digit in digits:
        chosen = np.isin(y_test, (normal_digit, digit))
        print(f"{roc_auc_score(is_anomaly[chosen], values[chosen]):>7.3f}", end="")
    print()

"""
## A threshold

`fit_threshold` takes normal images only, and the desired share of false alarms. `"quantile"`
counts: it is the score that one in a hundred held-out eights exceeds. `"tail"` fits an
extreme-value distribution to the largest tenth, and can estimate from the same images the score
that one in a thousand exceeds. Then the test images: how many eights raise an alarm, and how many
of the other digits?
"""

print(f"\n{'':<22}{'wanted':>8}{'method':>10}{'false alarms':>14}{'detected':>10}")
for name, detector in detectors.items():
    for rate, method in ((contamination, "quantile"), (contamination, "tail"), (0.1, "quantile")):
        detector.fit_threshold(x_held_out, rate, method)
        seen = detector.evaluate(x_test, is_anomaly)
        print(
            f"{name:<22}{rate:>8.1%}{method:>10}{seen['false_alarm_rate']:>14.1%}"
            f"{seen['detection_rate']:>10.1%}"
        )

"""
## Look: which digits does it take for eights?

The test images that the best detector finds most normal and most abnormal: eights above, the others
below. A person too would look twice at the abnormal eights.
"""

order = np.argsort(scores["code and error"])
eights_in_order = order[~is_anomaly[order]]
others_in_order = order[is_anomaly[order]]
figure = plotting.reconstruction_grid(
    {
        "most normal eights": x_test[eights_in_order[:num_drawn]],
        "least normal eights": x_test[eights_in_order[-num_drawn:]],
        "others, most normal": x_test[others_in_order[:num_drawn]],
        "others, least normal": x_test[others_in_order[-num_drawn:]],
    },
    value_range=(0, 1),
)
figure.savefig("figures/15_most_and_least_normal.png", dpi=150)

"""
## Look: what is wrong with it?

An alarm alone does not help. The error of each pixel shows where: here for one test image of each
digit, and for an eight that was scratched. All maps share one scale. Above each is its
reconstruction error divided by the threshold for one false alarm in a hundred: from 1 on it is an
anomaly. By this score most of the other digits pass for eights, the one and the nine by far: an
autoencoder of eights knows enough of strokes to rebuild them. The printed table shows what the code
adds.

The error finds the scratch, and the code does not: an eight with a scratch still has nearly an
eight's code, and the error is only one of 33 numbers. Which score is best depends on the anomalies
that you expect; if you do not know, take two detectors.
"""

shown = np.array([np.argmax(y_test == digit) for digit in range(10)])
scratched = x_test[shown[normal_digit]].copy()
scratched[13:15, 2:26] = 1.0  # two rows of ink
images = np.concatenate([x_test[shown], scratched[None]])

print(f"\n{'score over threshold':<22}" + "".join(f"{d:>6}" for d in range(10)) + "  scratched")
for name, detector in detectors.items():
    threshold = detector.fit_threshold(x_held_out, contamination, method="tail")
    shares = detector.anomaly_scores(images) / threshold
    print(f"{name:<22}" + "".join(f"{share:>6.2f}" for share in shares))

detector = detectors["reconstruction error"]
rebuilt, errors = detector.error_maps(images)
titles = [f"{score / detector.threshold:.2f}" for score in detector.anomaly_scores(images)]
figure = plotting.error_maps(images, rebuilt, errors, titles, value_range=(0, 1))
figure.savefig("figures/15_heat_maps.png", dpi=150)

"""
## Save

One file with model, score and threshold, for Keras to load; and a SavedModel with the endpoints
`score` and `is_anomaly`, threshold included, for machines without the package.
"""

detector = detectors["code and error"]
os.makedirs("saved_models", exist_ok=True)
detector.save("saved_models/anomaly_detector.keras")
detector.export("saved_models/anomaly_detector")
restored = keras.saving.load_model("saved_models/anomaly_detector.keras")
print(f"\nthreshold: {detector.threshold:.2f}, after loading: {restored.threshold:.2f}")

"""
## What to try next, and what to break on purpose

- `normal_digit = 1`, then 2. Which is the easiest digit to be normal, which the hardest?
- A scratch of one row instead of two, or of half the ink: when is it no longer seen?
- A VAE, `score="negative_elbo"`: it weighs error and code by the model's own σ.
- Put the same number of sevens among the eights that are learned: how many go unseen now?
- Break it: fit the threshold to `x_learned`. Images that were learned have smaller errors than
  others of their kind, so the threshold is too low: 15 false alarms in a hundred by the error,
  instead of one. By the code's distance it is still one.
- Break it: `latent_dim = 400`. The areas fall: the error's from 0.83 to 0.76, since it now rebuilds
  other digits too, and the code's from 0.92 to 0.88.

## Use what was saved

Of the code above, this cell needs only some images, here `images`: paste it into a program of its
own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/anomaly_detector")
images = tf.constant(images)  # (11, 28, 28, 1)
print("\nscore:", served.score(images).numpy().round(1))
print("is_anomaly:", served.is_anomaly(images).numpy())
