"""
Title: Conditional GANs
Slides: "CGAN" and "DC-CGAN", in the lecture "Autoencoders y GANs"
What to expect: digits on demand, first by dense networks, then by convolutional ones; a grid whose
    rows are the digits asked for; and a classifier that says how often they are. Two pictures
    and two animations in figures/, a SavedModel in saved_models/dc_cgan.
Time: about 6 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/13_conditional_gans.py
"""

"""
## Why

A GAN draws digits, but not the one you want. A *conditional* GAN tells both players the label y:
the generator makes x from z and y, and the discriminator sees x *and* y, so a good seven under the
label 3 is a fake. Data and fakes have the same labels, so a label alone gives nothing away.

The slides show CIFAR-10. This tutorial uses digits, for which a classifier can say in minutes
whether they are the ones asked for.
"""

import os

import keras
import numpy as np
from keras import layers

from keras_aegan import callbacks, datasets, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_classes = 10
latent_dim = 64
batch_size = 64
learning_rate, beta_1 = 5e-4, 0.5
ema_momentum = 0.999  # samples are those of the generator's moving average
dense_epochs = 10
convolutional_epochs = 4
judge_epochs = 2
num_samples = 1000  # for the classifier to read

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning says
so: all numbers below then differ.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist", value_range=(-1, 1))
image_shape = x_train.shape[1:]  # (28, 28, 1)
print("training:", x_train.shape, "test:", x_test.shape)

"""
## A judge

A classifier of digits that has never seen a sample: it reads what a sample shows.
"""

classifier = keras.Sequential(
    [
        keras.Input(image_shape),
        layers.Conv2D(16, 3, strides=2, activation="relu"),
        layers.Conv2D(32, 3, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(num_classes),
    ]
)
classifier.compile(
    "adam",
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    jit_compile=False,  # XLA slows convolutions on a CPU
)
classifier.fit(x_train, y_train, batch_size=128, epochs=judge_epochs, verbose=2)
print(f"the judge is right about {classifier.evaluate(x_test, y_test, verbose=0)[1]:.1%} of data")

"""
## Train

`num_classes` gives a network a second input, integer labels. They are appended, one-hot, to a
vector, or to an image as channels that are the same at every pixel.
"""

rows = np.repeat(np.arange(num_classes), 10)  # 0 ten times, then 1 ten times, ...
wanted = np.arange(num_samples) % num_classes


def train(title, generator, discriminator, num_epochs, file_name):
    print(f"\n{title}")
    model = models.ConditionalGAN(generator, discriminator, seed=0)
    model.compile(
        optimizer={
            "discriminator": keras.optimizers.Adam(learning_rate, beta_1=beta_1),
            "generator": keras.optimizers.Adam(
                learning_rate, beta_1=beta_1, use_ema=True, ema_momentum=ema_momentum
            ),
        },
    )
    model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=num_epochs,
        callbacks=[
            # So that the callbacks after it see the moving average, too.
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            callbacks.SampleGrid(f"figures/13_{file_name}", labels=rows, num_columns=10),
        ],
        verbose=2,
    )
    samples = model.sample(wanted, seed=1)
    read = classifier.predict(samples, verbose=0).argmax(axis=-1)
    print(f"{title}: the requested digit in {np.mean(read == wanted):.1%} of {num_samples:,}")
    picture = plotting.image_grid(model.sample(rows, seed=0), num_columns=10)
    picture.savefig(f"figures/13_{file_name}.png", dpi=100)
    return model


train(
    "CGAN",
    networks.dense_generator(
        latent_dim, image_shape, (128, 256), output_activation="tanh", num_classes=num_classes
    ),
    networks.dense_discriminator(image_shape, (256, 128), dropout=0.3, num_classes=num_classes),
    dense_epochs,
    "cgan",
)
dc_cgan = train(
    "DC-CGAN",
    networks.dcgan_generator(latent_dim, image_shape, (64, 32), num_classes=num_classes),
    networks.dcgan_discriminator(image_shape, (32, 64), num_classes=num_classes),
    convolutional_epochs,
    "dc_cgan",
)

"""
## Look

Each row is one label. Within a row the noise differs, and with it the handwriting. In a thousand
samples each, the judge finds the digit that was asked for in 90 % of the CGAN's and 98 % of the
DC-CGAN's.

## Save

One SavedModel: `serve` from noise and labels to images, `sample` from labels, and `discriminate`.
"""

dc_cgan.export("saved_models/dc_cgan")

"""
## What to try next, and what to break on purpose

- `label_embedding_dim=8` in the networks: a learned embedding instead of one-hot labels.
- One noise for all labels: does a column then show one handwriting?
- Break it: shuffle `y_train` before the models' `fit`. Real digits then have any label, so neither
  the discriminator nor the generator has a reason to look at it: the judge finds a tenth by chance.
- Break it: `dc_cgan.sample(np.array([10]))`. An error says: "`labels` must hold classes from 0 to
  9". Unchecked, its one-hot code would be all zeros, and something would be drawn.

## Use what was saved

This cell needs nothing of the above: paste it into a program of its own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/dc_cgan")
images = served.sample(tf.constant([3, 1, 4, 1, 5]))
print("\nsample:", images.shape)
print("discriminate, logits:", served.discriminate(images, tf.constant([3, 1, 4, 1, 5])).numpy())
