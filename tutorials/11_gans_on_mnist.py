"""
Title: GANs on MNIST
Slides: "GAN on MNIST", in the lecture "Autoencoders y GANs"
What to expect: sevens first, then all digits, by networks that are too weak, one after the other;
    after each training a diagnosis says which network to enlarge, until a DCGAN is reached. Five
    pictures in figures/, one per training, a SavedModel in saved_models/gan_on_mnist.
Time: about 4 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/11_gans_on_mnist.py
"""

"""
## Why

In the plane (tutorial 10) we saw what a GAN misses. With images we see only samples, and the losses
say nothing. The lecture's recipe is to raise capacity step by step: "the discriminator lacks
capacity", then "the discriminator is fine, the generator lacks it". `GANDiagnosis` says which.
"""

import os

import keras

from keras_aegan import callbacks, datasets, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

latent_dim = 64
batch_size = 64
learning_rate = 5e-4
beta_1 = 0.5  # as in the DCGAN paper: with 0.9 the two players swing
ema_momentum = 0.99  # samples are those of the generator's moving average: far less noisy
sevens_epochs = 20  # of 6,265 sevens
digits_epochs = 4  # of 60,000 digits
num_held_out = 1000  # images with which the diagnosis compares samples

"""
## Data

Grey levels in [-1, 1], because the generator ends in tanh. Without a network and without MNIST on
disk, these are 4,000 and 1,000 digits, and a warning says so: all numbers below then differ.
"""

(sevens, _), (test_sevens, _) = datasets.load_images("mnist", digits=(7,), value_range=(-1, 1))
(digits, _), (test_digits, _) = datasets.load_images("mnist", value_range=(-1, 1))
image_shape = digits.shape[1:]  # (28, 28, 1)
print("sevens:", sevens.shape, "digits:", digits.shape)

"""
## Networks, from weak to able

A discriminator without hidden units draws one plane through the space of images; a generator
without any makes one Gaussian, squashed by tanh. What the diagnosis blames is enlarged.
"""


def dense_generator(*hidden_units):
    return networks.dense_generator(latent_dim, image_shape, hidden_units, output_activation="tanh")


def dense_discriminator(*hidden_units):
    return networks.dense_discriminator(image_shape, hidden_units, dropout=0.3)


def train(title, x_train, x_test, generator, discriminator, num_epochs, file_name):
    """Trains one pair, draws 64 samples, and tells the verdict."""
    print(f"\n{title}")
    model = models.GAN(generator, discriminator, seed=0)
    model.compile(
        optimizer={
            "discriminator": keras.optimizers.Adam(learning_rate, beta_1=beta_1),
            "generator": keras.optimizers.Adam(
                learning_rate, beta_1=beta_1, use_ema=True, ema_momentum=ema_momentum
            ),
        },
    )
    diagnosis = callbacks.GANDiagnosis(x_test[:num_held_out])
    model.fit(
        x_train,
        batch_size=batch_size,
        epochs=num_epochs,
        # The diagnosis first: it looks at the generator that the discriminator plays against, not
        # at its moving average, which the samples are drawn from.
        callbacks=[diagnosis, keras.callbacks.SwapEMAWeights(swap_on_epoch=True)],
        verbose=2,
    )
    samples = model.sample(64, seed=0)
    plotting.image_grid(samples).savefig(f"figures/11_{file_name}.png", dpi=100)
    verdicts[title] = diagnosis.verdict
    return model


verdicts = {}

"""
## Sevens

One digit is one mode, more or less: the easiest set of real images.
"""

train(
    "sevens: no hidden layer in D",
    sevens, test_sevens, dense_generator(128), dense_discriminator(),
    sevens_epochs, "sevens_1_weak_discriminator",
)  # fmt: skip
train(
    "sevens: D enlarged; no hidden layer in G",
    sevens, test_sevens, dense_generator(), dense_discriminator(256, 128),
    sevens_epochs, "sevens_2_weak_generator",
)  # fmt: skip
train(
    "sevens: G enlarged too",
    sevens, test_sevens, dense_generator(128, 256), dense_discriminator(256, 128),
    sevens_epochs, "sevens_3_both",
)  # fmt: skip

"""
## All digits

What was enough for one digit need not be enough for ten.
"""

train(
    "digits: the same networks",
    digits, test_digits, dense_generator(128, 256), dense_discriminator(256, 128),
    digits_epochs, "digits_1_dense",
)  # fmt: skip

"""
## A DCGAN

Convolutions know that neighbouring pixels belong together. The generator grows 7×7×64 into
14×14×32 and 28×28×1; the discriminator goes back the same way.
"""

best = train(
    "digits: DCGAN",
    digits,
    test_digits,
    networks.dcgan_generator(latent_dim, image_shape, filters=(64, 32)),
    networks.dcgan_discriminator(image_shape, filters=(32, 64)),
    digits_epochs,
    "digits_2_dcgan",
)

"""
## Look

Open the pictures in order, beside the verdicts. The diagnosis compares pixels: two sevens shifted
by a pixel are far apart to it, so its precision and recall are stricter than the eye.
"""

for title, verdict in verdicts.items():
    print(f"{title:<52}{verdict}")

"""
Here the first verdict is *the discriminator lacks capacity*, the second *the generator lacks
capacity*, as on the slides. The third pair draws sevens, of which 6 in 10 are near to data, but it
is on an edge, and the verdict changes from run to run: *mode collapse*, or a discriminator that
does not see enough of what is missing (recall 0.05). On all digits the same networks collapse. The
DCGAN covers them (recall 0.7), and the verdict is that its generator is still too weak: every
second sample is not a digit (precision 0.5).

## Save

One SavedModel: `serve` from noise to images, `sample`, and `discriminate`.
"""

best.export("saved_models/gan_on_mnist")

"""
## What to try next, and what to break on purpose

- `digits_epochs = 10`: the DCGAN's strokes close, and its ten digits come about equally often;
  `benchmarks/gan_mnist.py` measures both by a classifier.
- `GANDiagnosis(..., extractor=...)`: a classifier without its last layer sees digits, not pixels.
- Break it: `use_ema=False`. `SwapEMAWeights` then refuses to begin, since there is no average to
  swap in. Take it out too, and look at the samples of two neighbouring epochs: each is one moment
  of a game that goes back and forth.
- Break it: `beta_1 = 0.9`. Of the third pair's sevens, precision falls from 0.6 to nothing:
  momentum carries each player on to where the other was.
- Break it: let that pair's discriminator learn ten times faster than its generator. It does not
  run away, it overshoots: right about 66 % of the data and 53 % of the samples. The verdict is that
  it lacks capacity: the diagnosis cannot tell a discriminator that is too weak from one that is
  behind.

## Use what was saved

This cell needs nothing of the above: paste it into a program of its own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/gan_on_mnist")
images = served.sample(5)
print("\nsample:", images.shape)
print("serve:", served.serve(tf.zeros((1, 64))).shape)
print("discriminate, logits:", served.discriminate(images).numpy().round(2))
