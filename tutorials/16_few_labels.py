"""
Title: Few labels
Slides: "Applications: dimensionality reduction, semi-supervised learning", in the lecture
    "Autoencoders y GANs"
What to expect: four codes learned from all digits without a label, then a classifier on each with
    30 to 1,000 labels, beside raw pixels and beside a network trained from scratch on the labelled
    digits alone; which codes save labels, and what saves more than a code. Two pictures in
    figures/, a SavedModel in saved_models/few_labels.
Time: about 4 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/16_few_labels.py
"""

"""
## Why

Images cost nothing, labels cost somebody's time. An autoencoder learns from all images to describe
a digit in few numbers. A classifier that reads these numbers instead of 784 pixels should need
fewer labels. Kingma et al. (2014) call it M1: a VAE without labels, then a support vector machine
on its codes.
"""

import os

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedShuffleSplit

from keras_aegan import datasets, evaluation, models, networks, plotting
from keras_aegan.layers import MaskingNoise, TopK

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

latent_dim = 50
hidden_units = (500, 250)
num_sparse_units, num_active = 500, 25
batch_size = 125  # divides 60,000: all batches have one size
num_epochs = 12
learning_rate = 1e-3  # falls to zero along a cosine
label_counts = (30, 100, 300, 1000)
num_draws = 3  # the choice of labelled digits matters: several draws, mean and spread
scratch_steps = 600  # of the network from scratch, for any number of examples

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning says
so: all numbers below then differ, and no draw labels more than half of the digits.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
image_shape = x_train.shape[1:]  # (28, 28, 1)
label_counts = [count for count in label_counts if count <= len(x_train) // 2]
print("training:", x_train.shape, "test:", x_test.shape)

"""
## Codes without labels

PCA, the best linear code. A wide sparse code with 25 active units. A denoising autoencoder, which
fills in a third of the pixels. And a VAE, whose code is the mean of q(z|x).
"""

sparse_inputs = keras.Input(image_shape, name="x")
hidden = keras.layers.Flatten()(sparse_inputs)
hidden = keras.layers.Dense(num_sparse_units, use_bias=False, name="code")(hidden)
hidden = keras.layers.BatchNormalization(scale=False, center=False)(hidden)
sparse_encoder = keras.Model(sparse_inputs, TopK(num_active)(hidden), name="encoder")


def decoder():
    return networks.dense_decoder(
        latent_dim, image_shape, hidden_units[::-1], output_activation="sigmoid"
    )


autoencoders = {
    "sparse": models.Autoencoder(
        sparse_encoder,
        networks.dense_decoder(num_sparse_units, image_shape, (), output_activation="sigmoid"),
    ),
    "denoising": models.DenoisingAutoencoder(
        networks.dense_encoder(image_shape, latent_dim, hidden_units),
        decoder(),
        corruption=MaskingNoise(1 / 3, seed=0),
    ),
    "VAE": models.VAE(
        networks.gaussian_encoder(
            networks.dense_encoder(image_shape, None, hidden_units), latent_dim
        ),
        decoder(),
        seed=0,
    ),
}
num_steps = num_epochs * len(x_train) // batch_size
for name, model in autoencoders.items():
    print(f"\n{name}")
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(schedule), loss="bernoulli_nll")
    model.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)

pixels_train, pixels_test = (x.reshape(len(x), -1) for x in (x_train, x_test))
pca = PCA(latent_dim, random_state=0).fit(pixels_train)
codes = {
    "raw pixels": (pixels_train, pixels_test),
    "PCA": (pca.transform(pixels_train), pca.transform(pixels_test)),
}
codes |= {
    name: (model.encode(x_train), model.encode(x_test)) for name, model in autoencoders.items()
}

"""
## A classifier on each

`evaluation.svm_probe` shows a support vector machine the labels of some digits, in proportion to
the classes, and chooses its penalty by cross-validation on these; it does so `num_draws` times with
different digits. The test digits are used only to measure. Features are standardised, except those
of PCA and the VAE: it would make components that explain little, and units that say nothing, as
loud as the others.
"""

errors = {name: [] for name in (*codes, "from scratch")}  # one array (num_draws,) per count
for name, (train, test) in codes.items():
    for count in label_counts:
        found = evaluation.svm_probe(
            (train, y_train),
            (test, y_test),
            count,
            num_draws,
            standardize=name not in ("PCA", "VAE"),
        )
        errors[name].append(100 * (1 - found["accuracies"]))

"""
## From scratch

The other way: a convolutional network that never sees an unlabelled digit. It knows what no dense
code knows, that neighbouring pixels belong together, and with enough labels it needs nothing else.
"""


def train_from_scratch(labelled):
    network = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(
        keras.optimizers.Adam(2e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # XLA would make convolutions slower on a CPU; our models know that
    )
    batches = tf.data.Dataset.from_tensor_slices((x_train[labelled], y_train[labelled]))
    batches = batches.cache().shuffle(len(labelled), seed=0).repeat().batch(50)
    network.fit(batches.take(scratch_steps), shuffle=False, verbose=0)
    return 100 * (1 - network.evaluate(x_test, y_test, batch_size=500, verbose=0)[1])


for count in label_counts:
    draws = StratifiedShuffleSplit(num_draws, train_size=count, random_state=0)  # the probe's own
    scratch = [train_from_scratch(labelled) for labelled, _ in draws.split(y_train, y_train)]
    errors["from scratch"].append(np.array(scratch))

print(f"\n{'test error, %':<14}" + "".join(f"{f'{count:,} labels':>16}" for count in label_counts))
for name, columns in errors.items():
    cells = [f"{values.mean():.1f} ± {values.std(ddof=1):.1f}" for values in columns]
    print(f"{name:<14}" + "".join(f"{cell:>16}" for cell in cells))

"""
A code saves labels: with a hundred labels pixels have an error of 26 % and the denoising code one
of 18 %, for which pixels need nearly three hundred labels. The network from scratch saves more
here, 13 % with a hundred labels and 4 % with a thousand: it begins with a convolution, whose prior
knowledge of images outweighs what the dense codes have learned. Codes help where nothing is known
of the data beforehand.

## Look: labels saved

Both axes are logarithmic: read across. How many labels do raw pixels need to reach what the VAE's
code reaches with a hundred?
"""

figure, axes = plt.subplots(figsize=(7, 4.5))
for name, columns in errors.items():
    means = [values.mean() for values in columns]
    axes.plot(label_counts, means, "o--" if name == "from scratch" else "o-", label=name)
axes.set(xscale="log", yscale="log", xlabel="labels", ylabel="test error, %")
axes.set_xticks(label_counts, label_counts)
axes.set_yticks([5, 10, 20, 50], [5, 10, 20, 50])
axes.minorticks_off()
axes.grid(alpha=0.3)
axes.legend()
figure.savefig("figures/16_labels_and_errors.png", dpi=150)

"""
## Look: why

The codes of the test digits, drawn in the plane of their first two principal components, one colour
per digit; for the pixels themselves that is PCA. Where clouds are apart, one labelled digit speaks
for its whole cloud.
"""

planes = {
    name: PCA(2, random_state=0).fit_transform(test)
    for name, (_, test) in codes.items()
    if name != "raw pixels"
}
figure = plotting.latent_scatter(planes, y_test)
figure.savefig("figures/16_codes.png", dpi=150)

"""
## Save
"""

autoencoders["VAE"].export("saved_models/few_labels")

"""
## What to try next, and what to break on purpose

- `evaluation.linear_probe`, `neighbor_probe` and `mlp_probe` for `svm_probe`: which code needs a
  classifier that bends, and which does not?
- `latent_dim = 2`, then 10. How much of the error comes from the code, how much from the labels?
- `standardize=True` for the VAE's codes too: with 100 labels their error doubled here.
- `num_epochs = 60` for the VAE. Does a better bound mean a better classifier?
- Convolutional encoders: does the code catch up with the network from scratch?
- Break it: shuffle `y_train` among the labelled digits. Then every code should reach 90 % error:
  if it does not, labels have leaked.

## Use what was saved

This cell needs only `import tensorflow as tf` and some images, here `x_test`: paste it into a
program of its own.
"""

served = tf.saved_model.load("saved_models/few_labels")
print("\ncodes:", served.encode(tf.constant(x_test[:3])).shape)
