"""
Title: A DCGAN on CIFAR-10
Slides: "DCGAN on CIFAR-10", in the lecture "Autoencoders y GANs"
What to expect: colour images of 32×32 from noise; a grid of samples each epoch; a training that,
    interrupted and started again, goes on exactly where it was. The grids and an animation of them
    in figures/12_dcgan_on_cifar10/, a SavedModel in saved_models/dcgan_on_cifar10.
Time: about 4 minutes on 2 CPU cores; run again with a larger `num_epochs`, it trains the last epoch
    once more, and those that are missing

Run it from the root of the repository: python tutorials/12_dcgan_on_cifar10.py
"""

"""
## Why

The DCGAN paper found how a convolutional GAN must be built to train at all: strides instead of
pooling, batch normalisation everywhere except at the generator's output and the discriminator's
input, ReLU and leaky ReLU, a slow Adam. The lecture shows it after 10 and after 200 epochs.
"""

import os

import keras

from keras_aegan import callbacks, datasets, models, networks

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_images = 20_000  # of CIFAR-10's 50,000: an epoch is then two fifths of the lecture's
num_epochs = 10  # the lecture's, which also has 200; a longer run continues this one, see "Fit"
latent_dim = 100  # as in the paper
batch_size = 64  # the paper's 128 would halve the steps of a short training
learning_rate, beta_1 = 2e-4, 0.5  # the paper's
ema_momentum = 0.99  # short, for a short training; 0.999 beyond 20 epochs
generator_filters = (128, 64, 32)  # 4×4×128, 8×8×64, 16×16×32, 32×32×3
discriminator_filters = (32, 64, 128)

"""
## Data

Colours in [-1, 1], because the generator ends in tanh. CIFAR-10 is downloaded once; the package
holds no part of it, so without a network and without it on disk this cell stops, and says what to
do.
"""

(x_train, _), _ = datasets.load_images("cifar10", value_range=(-1, 1), num_examples=num_images)
image_shape = x_train.shape[1:]  # (32, 32, 3)
print("training:", x_train.shape)

"""
## Networks and model
"""

model = models.GAN(
    generator=networks.dcgan_generator(latent_dim, image_shape, generator_filters),
    discriminator=networks.dcgan_discriminator(image_shape, discriminator_filters),
    seed=0,
)
model.compile(
    optimizer={
        "discriminator": keras.optimizers.Adam(learning_rate, beta_1=beta_1),
        "generator": keras.optimizers.Adam(
            learning_rate, beta_1=beta_1, use_ema=True, ema_momentum=ema_momentum
        ),
    },
    loss="non_saturating",
)

"""
## Fit

At the beginning of each epoch, `BackupAndRestore` saves both networks, both optimizers and the
state of the noise. Interrupt the script and start it again: it begins the interrupted epoch anew,
and ends with the weights of a training that was never interrupted. `delete_checkpoint=False` keeps
the last backup at the end too. It is from before the last epoch: a run with `num_epochs = 200`
repeats that epoch, and then trains the missing ones. Delete the folder to begin anew.

Samples are drawn each epoch, from the same noise, so one sees each of them improve.
"""

backup_folder = "logs/dcgan_on_cifar10"
model.fit(
    x_train,
    batch_size=batch_size,
    epochs=num_epochs,
    # The same order in each epoch, so that a resumed training sees the same batches. The images on
    # disk are not sorted.
    shuffle=False,
    callbacks=[
        callbacks.BackupAndRestore(backup_folder, delete_checkpoint=False),
        # Before the callbacks that should see the averaged weights.
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
        callbacks.SampleGrid("figures/12_dcgan_on_cifar10", num_samples=64),
    ],
    verbose=2,
)
if num_epochs < 200:
    print(
        "For the lecture's 200 epochs: set num_epochs = 200 and run again. With the backup in "
        f"{backup_folder}, epoch {num_epochs} is trained once more, and then the missing ones."
    )

"""
## Look

`figures/12_dcgan_on_cifar10/samples.gif` shows all epochs. The first ones draw colours and a
horizon; objects come after tens of epochs. There is no score: the usual FID needs Inception and
50,000 samples, and a distance in other features cannot be compared with it.

## Save

One SavedModel: `serve` from noise to images, `sample`, and `discriminate`.
"""

model.export("saved_models/dcgan_on_cifar10")

"""
## What to try next, and what to break on purpose

- `num_epochs = 50`, then 200: what do the later epochs add?
- A discriminator of `SpectralNormalization` layers, with `loss="hinge"`.
- Break it: forget `training=True`, the lecture's own example of a mistake. Put for `models.GAN`

      class Forgetful(models.GAN):
          def discriminator_terms(self, x, labels, training):
              return super().discriminator_terms(x, labels, training=False)

          def generator_terms(self, x, labels, training):
              return super().generator_terms(x, labels, training=False)

  and another `backup_folder`. There is no error. But batch normalisation then never looks at a
  batch: it subtracts the 0 and divides by the 1 with which its moving averages began, and nothing
  is normalised. After four epochs all samples are grey, with a woven pattern; with `training=True`
  there are skies and shadows by then. The discriminator's loss is 0.36.
- Break it: `beta_1 = 0.9`; a learning rate of 2e-3; `batch_normalization=False` in the generator.
  The paper says what it saw: losses that swing, a rate of 1e-3 already too high, and samples that
  collapse to a single point. Which of the three do you see after 10 epochs?

## Use what was saved

This cell needs nothing of the above: paste it into a program of its own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/dcgan_on_cifar10")
images = served.sample(5)
print("\nsample:", images.shape)
print("serve:", served.serve(tf.zeros((1, 100))).shape)
print("discriminate, logits:", served.discriminate(images).numpy().round(2))
