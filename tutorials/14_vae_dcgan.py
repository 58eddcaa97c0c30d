"""
Title: VAE-DCGAN
Slides: "VAE on CIFAR-10", "DC-VAE" and "VAE-DCGAN", in the lecture "Autoencoders y GANs"
What to expect: a dense VAE, a convolutional one and a VAE/GAN, on CIFAR-10, with one code size;
    their reconstructions and samples side by side; a table of squared error and of a distance seen
    by a network that took no part in the training. Three pictures in figures/, a SavedModel in
    saved_models/vae_dcgan.
Time: about 8 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/14_vae_dcgan.py
"""

"""
## Why

A VAE with a Gaussian likelihood draws the mean of all images that a code could stand for, and
the mean of sharp images is a blur. A GAN draws sharp images, but has no encoder: it cannot say from
which z a given image comes.

Larsen et al. (2016) put them together. The GAN's discriminator has learned features φ that tell
real from fake; let the VAE compare x and x̂ by these features instead of by pixels, and let the
decoder be the GAN's generator as well. That is a perceptual loss, as in tutorial 03, but with a
network that learns at the same time.
"""

import os

import keras
import numpy as np

from keras_aegan import datasets, latents, losses, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

num_images = 20_000  # of CIFAR-10's 50,000
latent_dim = 64
filters = (32, 64, 128)  # a quarter of the paper's, for two cores
hidden_units = (512, 256)  # of the dense VAE
batch_size = 100
num_epochs = 8
learning_rate = 1e-3  # of the VAEs, falling to zero along a cosine

# DCGAN's settings for the three players. Adam's β₁ = 0.5: its average of past gradients forgets
# quickly, since what the other players do now matters more than what they did ten steps ago.
adversarial_learning_rate = 5e-4  # DCGAN's 2e-4 is for many more steps than these
beta_1 = 0.5
gamma = 1.0  # the weight of the features against the adversarial loss, in the decoder's turn
beta = 0.1  # the weight of the KL against the features, in the encoder's turn

# A judge that takes no part: MobileNet with its ImageNet weights where this names their file,
# mobilenet_2_5_224_tf_no_top.h5; else a small classifier, trained below on CIFAR-10's labels.
mobilenet_weights = os.environ.get("KERAS_AEGAN_MOBILENET_WEIGHTS")
judge_epochs = 5

"""
## Data

In [-1, 1], because DCGAN's generator ends in tanh. CIFAR-10 is downloaded once; the package holds
no part of it, so without a network and without it on disk this cell stops, and says what to do.
"""

(x_train, y_train), (x_test, _) = datasets.load_images(
    "cifar10", value_range=(-1, 1), num_examples=num_images
)
print("training:", x_train.shape, "test:", x_test.shape)
image_shape = x_train.shape[1:]  # (32, 32, 3)

"""
## VAE and DC-VAE

With the likelihood's σ² left to the data, there is no weight to tune.
"""

vae = models.VAE(
    networks.gaussian_encoder(networks.dense_encoder(image_shape, None, hidden_units), latent_dim),
    networks.dense_decoder(latent_dim, image_shape, hidden_units[::-1], output_activation="tanh"),
)


def convolutional_networks():
    features = networks.convolutional_encoder(
        image_shape, None, filters, "leaky_relu", batch_normalization=True
    )
    return (
        networks.gaussian_encoder(features, latent_dim),
        networks.dcgan_generator(latent_dim, image_shape, filters[::-1]),
    )


dc_vae = models.VAE(*convolutional_networks())

num_steps = num_epochs * len(x_train) // batch_size
for name, model in (("VAE", vae), ("DC-VAE", dc_vae)):
    print(f"\n{name}")
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(schedule))
    model.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)

"""
## VAE/GAN

The DC-VAE's networks, and DCGAN's discriminator. Three players, and one forward pass for all of
them. The encoder descends β · kl_loss + feature_loss; the decoder γ · feature_loss + decoder_loss;
the discriminator its own loss, on data, reconstructions and samples from the prior. The
discriminator's verdict never reaches the encoder, and the feature loss never trains the
discriminator: its features would shrink until everything looks alike.

φ are the activations of the second convolution: 8×8 places with 64 features each.
"""

vae_gan = models.VAEGAN(
    *convolutional_networks(),
    networks.dcgan_discriminator(image_shape, filters),
    feature_layer="convolution_1_activation",
)
schedule = keras.optimizers.schedules.CosineDecay(adversarial_learning_rate, num_steps)
vae_gan.compile(
    keras.optimizers.Adam(schedule, beta_1=beta_1),
    loss_weights={"feature_loss": gamma, "kl_loss": beta},
    metrics=["mse"],
)
print("\nVAE/GAN")
vae_gan.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)

"""
`feature_loss` need not fall: its features keep changing.

## Look: reconstructions

The VAEs answer with the mean of all images that a code could stand for, the VAE/GAN with *one* such
image: look for its texture and edges, and whether they are the right ones.
"""

vaes = {"VAE": vae, "DC-VAE": dc_vae, "VAE/GAN": vae_gan}
originals = x_test[:10]
rebuilt = {name: model.predict(x_test, batch_size=500, verbose=0) for name, model in vaes.items()}
figure = plotting.reconstruction_grid(
    {"original": originals, **{name: images[:10] for name, images in rebuilt.items()}}
)
figure.savefig("figures/14_reconstructions.png", dpi=150)

"""
## Look: samples

Decoded from z ~ N(0, I), the same z for all.
"""

samples = {name: model.sample(10, seed=1) for name, model in vaes.items()}
figure = plotting.reconstruction_grid(samples, value_range=(-1, 1))
figure.savefig("figures/14_samples.png", dpi=150)

"""
## By two measures

Squared error is what the VAEs were trained for, and a VAE/GAN should lose by it. The other judge is
a network that took no part in any of the three trainings.
"""

if mobilenet_weights:
    backbone = keras.applications.MobileNet(
        alpha=0.25, include_top=False, input_shape=(64, 64, 3), weights=mobilenet_weights
    )
    judge = losses.PerceptualLoss(
        backbone,
        ["conv_pw_1_relu", "conv_pw_3_relu", "conv_pw_5_relu"],
        preprocessing="mobilenet",
        value_range=(-1, 1),
    )
else:
    print("\nthe judge")
    backbone = networks.pretrain_backbone(x_train, y_train, epochs=judge_epochs, verbose=2)
    judge = losses.PerceptualLoss(backbone, ["relu_1", "relu_2", "relu_3"], value_range=(-1, 1))


def perceptual_distance(images):
    batches = [
        judge.call(x_test[i : i + 500], images[i : i + 500]) for i in range(0, len(x_test), 500)
    ]
    return np.concatenate(batches).mean()


print(f"\n{'':<10}{'MSE':>10}{'perceptual distance':>22}")
for name, images in rebuilt.items():
    mse = np.mean((images - x_test) ** 2)
    print(f"{name:<10}{mse:>10.4f}{perceptual_distance(images):>22.4f}")

"""
With MobileNet as the judge: 0.045 and 1.86 for the VAE, 0.033 and 1.61 for the DC-VAE, 0.072 and
1.79 for the VAE/GAN. It has the largest squared error, and yet that judge finds its images nearer
to the originals than the dense VAE's: edges and texture count, and they are there. In eight epochs
with these few filters it does not catch up with the DC-VAE: the judge notices a chequered grain
most, which the discriminator has not learned to mind, and on white the car falls apart. The paper
trains longer, on faces, which are much more alike.

γ and β decide. With γ = 1e-3 and β = 1 the decoder plays against the discriminator alone and the
encoder keeps little of x: 0.162 and 2.63, crisp images of nothing. With γ = 10 the decoder hardly
opposes the discriminator, which wins for good: 0.060 and 1.86 after five epochs.

## Look: what z holds

From one image to another in eight steps along the line between their codes, decoded. Halfway
between the pixels of two images is a double exposure; between their codes, with luck, is another
image.
"""

codes = vae_gan.encode(originals[:8])  # (8, latent_dim)
between = latents.interpolate(codes[:4], codes[4:], num_steps=8)  # (4, 8, latent_dim)
figure = plotting.image_grid(
    vae_gan.decode(between.reshape(-1, latent_dim)), num_columns=8, value_range=(-1, 1)
)
figure.savefig("figures/14_interpolations.png", dpi=150)

"""
## Save

One SavedModel with all abilities of a VAE/GAN; its `reconstruction_error` is measured in the
discriminator's features.
"""

vae_gan.export("saved_models/vae_dcgan")

"""
## What to try next, and what to break on purpose

- `gamma = 1e-3`, `beta = 1.0`: a GAN that hardly looks at x. Watch `mse`.
- `feature_layer="convolution_0_activation"`: one convolution sees little more than edges, and after
  five epochs the judge's distance is 2.56. `"convolution_2_activation"`: what is kept?
- `equilibrium_margin=0.35`: the player who is too far ahead waits. Do the losses swing less?
- `loss="hinge"`, with `layers.SpectralNormalization` in a discriminator of your own.
- Break it: `loss_weights={"feature_loss": gamma, "decoder_loss": 0.0}`. Nobody plays against the
  discriminator any more: watch its loss fall. Does the decoder still draw sharp images, and whose
  features does it follow?
- `num_epochs = 50`. DCGANs go on improving long after their losses stop showing it.

## Use what was saved

Of the code above, this cell needs only some images, here `x_test`: paste it into a program of its
own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/vae_dcgan")
images = tf.constant(x_test[:3])  # (3, 32, 32, 3)
code = served.encode(images)
print("\nserve:", served.serve(images).shape)
print("encode:", code.shape)
print("decode:", served.decode(code).shape)
print("sample:", served.sample(4).shape)
print("discriminate:", served.discriminate(images).numpy())
print("reconstruction_error:", served.reconstruction_error(images).numpy())
