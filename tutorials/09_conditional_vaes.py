"""
Title: Conditional variational autoencoders
Slides: "CVAE" and "DC-CVAE", in the lecture "Autoencoders y GANs"
What to expect: digits on demand; a grid whose rows are digits and whose columns are handwritings;
    and a classifier that recognises in the samples the digits that were asked for. Two pictures and
    two animations in figures/, a SavedModel in saved_models/dc_cvae.
Time: about 3 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/09_conditional_vaes.py
"""

"""
## Why

A VAE draws digits, but not the one you want. A *conditional* VAE is told the label y: both
q(z|x, y) and p(x|z, y) see it. Then z need not say which digit it is, only how it is written: class
and style are separated.

The slides show CIFAR-10. This tutorial uses digits, for which a classifier can say in minutes
whether they are the ones asked for.
"""

import os

import keras
import numpy as np

from keras_aegan import callbacks, datasets, latents, losses, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_classes = 10
latent_dim = 8  # for the handwriting alone: the label says which digit it is
sigma = 0.5  # of a pixel in [0, 1]: the lecture's σ = 1 in [-1, 1]; see "Train"
batch_size = 128
num_epochs = 6
classifier_epochs = 2  # it then reads 98 % of the test digits right
learning_rate = 1e-3
num_samples = 1000  # for the classifier to read

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning says
so: all numbers below then differ.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
image_shape = x_train.shape[1:]  # (28, 28, 1)
print("training:", x_train.shape, "test:", x_test.shape)

"""
## Networks

`num_classes` gives a network a second input, the labels as integers. A dense one appends them,
one-hot, to its input. A convolutional encoder appends them to the image, as channels that are the
same at every pixel; a convolutional decoder to z, before its first layer.
"""

cvae = models.ConditionalVAE(
    networks.gaussian_encoder(
        networks.dense_encoder(image_shape, None, (512, 256), num_classes=num_classes), latent_dim
    ),
    networks.dense_decoder(
        latent_dim, image_shape, (256, 512), output_activation="sigmoid", num_classes=num_classes
    ),
    seed=0,
)
dc_cvae = models.ConditionalVAE(
    networks.gaussian_encoder(
        networks.convolutional_encoder(image_shape, None, (32, 64), num_classes=num_classes),
        latent_dim,
    ),
    networks.convolutional_decoder(
        latent_dim, image_shape, (64, 32), output_activation="sigmoid", num_classes=num_classes
    ),
    seed=0,
)

"""
## Train

`fit(x, labels)`, as data sets of labelled images give them: the labels are the condition, and x is
its own target. `SampleGrid` draws ten samples of each class, one row per class, after each epoch.

σ is large on purpose. The σ that fits best is a quarter of it: then reconstructions are sharper,
but z says so much of a digit (27 nats) that it also says which digit it is. A draw of z and the
label then contradict each other, and the picture shows neither.
"""

labels_of_rows = np.repeat(np.arange(num_classes), 10)
cvaes = {"CVAE": cvae, "DC-CVAE": dc_cvae}
for name, model in cvaes.items():
    print(name)
    model.compile(keras.optimizers.Adam(learning_rate), loss=losses.GaussianNLL(sigma))
    model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=num_epochs,
        validation_data=(x_test, y_test),
        verbose=2,
        callbacks=[
            callbacks.SampleGrid(f"figures/09_{name}", labels=labels_of_rows, num_columns=10)
        ],
    )

"""
## Style and class

One row per class, one column per z: down a column the digit changes and the handwriting stays.
"""

z = np.random.default_rng(0).standard_normal((10, latent_dim))
images = dc_cvae.decode(*latents.class_grid(z, num_classes))
figure = plotting.image_grid(images, num_columns=10, value_range=(0, 1))
figure.savefig("figures/09_style_and_class.png", dpi=120)

"""
The same with the handwriting of a test digit: encode it with its own label, decode it with all
others.
"""

written = [int(np.flatnonzero(y_test == digit)[0]) for digit in range(num_classes)]
styles = dc_cvae.encode(x_test[written], y_test[written])  # (10, latent_dim)
images = dc_cvae.decode(*latents.class_grid(styles, num_classes))
rows = {"written": x_test[written]}
rows |= {f"as {digit}": images[10 * digit :][:10] for digit in range(num_classes)}
figure = plotting.reconstruction_grid(rows, value_range=(0, 1))
figure.savefig("figures/09_the_same_handwriting.png", dpi=120)

"""
## Is it the digit that was asked for?

A classifier that never saw a sample reads a thousand of them.
"""

classifier = keras.Sequential(
    [
        keras.Input(image_shape),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
classifier.compile(
    "adam",
    "sparse_categorical_crossentropy",
    metrics=["accuracy"],
    jit_compile=False,  # XLA would make convolutions slower on a CPU; our models know that
)
classifier.fit(x_train, y_train, batch_size=128, epochs=classifier_epochs, verbose=2)
_, accuracy = classifier.evaluate(x_test, y_test, verbose=0)
print(f"\ntest digits recognised: {accuracy:.1%}")

asked = np.arange(num_samples) % num_classes
print(f"\n{'':<10}{'recognised as asked for':>24}{'test bound, nats':>20}")
for name, model in cvaes.items():
    seen = classifier.predict(model.sample(asked, seed=0), verbose=0).argmax(axis=1)
    bound = -model.evaluate(x_test, y_test, batch_size=500, verbose=0, return_dict=True)["loss"]
    print(f"{name:<10}{np.mean(seen == asked):>24.1%}{bound:>20.1f}")

"""
With the whole MNIST, the classifier, which reads 98 % of the test digits right, finds what was
asked for in 93 % of the CVAE's samples and 97 % of the DC-CVAE's; the bounds are −219 and −217
nats.

## Save

One SavedModel. Its endpoints take labels where the networks do.
"""

dc_cvae.export("saved_models/dc_cvae")

"""
## What to try next, and what to break on purpose

- `losses.GaussianNLL("optimal")`: the bound gains hundreds of nats. And the samples?
- `latent_dim = 2`: draw `latents.quantile_grid()` for one class, then for another.
- `label_embedding_dim=4` in both networks: are similar digits embedded close to each other?
- Break it: shuffle `y_train`. The label then says nothing, and z has to say which digit it is, as
  in a VAE: every row of the grid shows all digits, and a tenth of the samples are right.
- Break it: give the label to the decoder only, by an encoder of the DC-CVAE that ignores its second
  input. q(z|x) can do without y, which it reads from x; the bound loses 1.5 nats. But now z also
  says something of the class, and contradicts the label that is asked for: 82 % of the samples are
  recognised instead of 97 %.

## Use what was saved

This cell needs nothing of the above: paste it into a program of its own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/dc_cvae")
sevens = served.sample(tf.constant([7, 7, 7]))
print("\nsevens:", sevens.shape)
print("encode:", served.encode(sevens, tf.constant([7, 7, 7])).shape)
