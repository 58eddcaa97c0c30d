"""
Title: Variational autoencoders
Slides: "Variational autoencoders", in the lecture "Autoencoders y GANs"
What to expect: three latent planes: of reconstruction alone, of the KL alone, of both; the KL as
    the lecture prints it, and where it goes wrong; a model that collapses, and says so before it
    is trained; a plane of digits, paths between digits, and new digits. Eight pictures and
    two animations in figures/, a SavedModel in saved_models/vae.
Time: about 2 minutes on 2 CPU cores

Run it from the root of the repository: python tutorials/07_variational_autoencoders.py
"""

"""
## Why

An autoencoder's codes lie wherever training left them. Take a point between two of them and
decode it: nothing guarantees a digit. A *variational* autoencoder is a model of the data,
p(x) = ∫ p(x|z) p(z) dz with z ~ N(0, I): one can draw z and decode it. Its encoder gives not a
code but a distribution of codes, q(z|x) = N(μ(x), σ²(x)), and training maximises

    log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)):

the data must be likely given their codes, and the codes must look like draws from N(0, I).
"""

import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_aegan import callbacks, datasets, latents, losses, metrics, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters

The lecture's network, 784-196-49 and back, its data in [-1, 1], its batches of 64 and its Adam.
"""

batch_size = 64
num_epochs = 5  # enough to see where the codes go
collapse_epochs = 2  # enough to see that they go nowhere
# One run each. Over seeds the two models' paths are equally near to the data, to within one
# percent: see benchmarks/interpolation.py.
num_path_epochs = 15
learning_rate = 1e-3
wide_latent_dim = 28  # the lecture's other size, beside 2
num_paths = 500

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning says
so: all numbers below then differ.
"""

(x_train, y_train), (x_test, y_test) = datasets.load_images("mnist", value_range=(-1, 1))
image_shape = x_train.shape[1:]  # (28, 28, 1)
num_pixels = x_train[0].size  # 784
print("training:", x_train.shape, "test:", x_test.shape)

"""
## The KL, right and as printed

Between N(μ, σ²) and N(0, 1) it is ½(σ² + μ² − 1 − log σ²): zero where the two are the same, and
positive elsewhere. The slide prints Σ(σ² + μ² − log σ − 1), without the half, and with log σ for
log σ². That has its minimum at σ = 0.707, and is negative there: training with it asks for codes
that are too narrow, and shows a "KL" below zero on the screen. It is the KL to another prior: the
printed formula equals KL(q ‖ N(0, ½)) − 0.153 nats per dimension (−½ + ½ log 2). So a model that
is trained with it must also be sampled from N(0, ½).
"""

sigma = np.linspace(0.2, 2.0, 1801).astype("float32")  # in steps of 0.001
kl = losses.gaussian_kl(np.zeros((1801, 1), "float32"), np.log(sigma**2)[:, None]).numpy()
printed = sigma**2 - np.log(sigma) - 1
print(f"KL:         smallest {kl.min():.3f} at σ = {sigma[kl.argmin()]:.3f}")
print(f"as printed: smallest {printed.min():.3f} at σ = {sigma[printed.argmin()]:.3f}")

figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
axes.plot(sigma, kl, label="½(σ² − 1 − log σ²)")
axes.plot(sigma, printed, "--", label="σ² − log σ − 1, as printed")
axes.axhline(0, color="grey", linewidth=0.5)
axes.set(xlabel="σ (μ = 0)", ylabel="nats")
axes.legend()
figure.savefig("figures/07_kl.png", dpi=150)

"""
## α, β and σ²

The lecture minimises α · mean squared error + KL. Over D pixels that is, up to a constant, the
negative of the bound above for a Gaussian p(x|z) with σ² = D/(2α): α = 392 means σ = 1 on MNIST. At
α = 1, σ² = 392: a pixel's error costs so little that no code is worth its KL. `compile` says so,
before anything is trained.
"""


def lecture_vae(latent_dim, alpha, beta=1.0):
    vae = models.VAE(*networks.lecture_vae(image_shape, latent_dim), seed=0)
    vae.compile(
        keras.optimizers.Adam(learning_rate),
        loss="mse",
        loss_weights={"reconstruction_loss": alpha, "kl_loss": beta},
    )
    return vae


collapsed = lecture_vae(2, alpha=1.0)  # here the warning comes

"""
And so it happens. A unit is active where its mean moves with x: Var(E[z|x]) > 0.01.
"""

watch = callbacks.ActiveUnits(x_test[:1000])
collapsed.fit(x_train, batch_size=batch_size, epochs=collapse_epochs, verbose=2, callbacks=[watch])

"""
## Three latent planes

With the reconstruction alone (β = 0) the codes spread over the plane with gaps between the
digits. With the KL alone (α = 0) every digit has the same distribution, N(0, I), and the code says
nothing: note the scale of its axes, on which all digits lie within hundredths of zero. With both,
the digits share the plane around zero, side by side and without gaps.
"""

planes = {}
for title, alpha, beta in (
    ("reconstruction alone", 392.0, 0.0),
    ("KL alone", 0.0, 1.0),
    ("both", 392.0, 1.0),
):
    print(title)
    plane = lecture_vae(2, alpha, beta)
    plane.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)
    planes[title] = plane

codes = {title: plane.encode(x_test) for title, plane in planes.items()}
figure = plotting.latent_scatter(codes, y_test)
figure.savefig("figures/07_latent_planes.png", dpi=150)

"""
## σ² found by itself

σ = 1 is large for pixels in [-1, 1]: the decoder comes much closer than that. The default loss,
`losses.GaussianNLL("optimal")`, takes for σ² the mean squared error of each batch, which is its
likeliest value. No α is left to choose, and the loss is the negative bound in nats: the distortion,
`reconstruction_loss`, plus the rate, `kl_loss`. (A density may exceed 1, so nats below zero are no
mistake.)
"""

vae = models.VAE(*networks.lecture_vae(image_shape, 2), seed=0)
vae.compile(keras.optimizers.Adam(learning_rate))
vae.fit(x_train, batch_size=batch_size, epochs=num_path_epochs, verbose=2)

"""
## The plane, decoded

A grid over the plane at the normal's quantiles: each image stands for an equal share of p(z).
"""

grid = latents.quantile_grid(num_per_side=20)
figure = plotting.image_grid(vae.decode(grid), num_columns=20, value_range=(-1, 1))
figure.savefig("figures/07_manifold.png", dpi=100)

"""
## Between two digits

Paths between random pairs of test digits, by this autoencoder and by a plain one of the same
networks. How far are the decoded images from the nearest training digit? Where there are gaps, the
path leads through images that are not digits.
"""

encoder, decoder = networks.lecture_vae(image_shape, 2)
plain = models.Autoencoder(keras.Model(encoder.input, encoder.outputs[0]), decoder)
plain.compile(keras.optimizers.Adam(learning_rate), loss="mse")
plain.fit(x_train, batch_size=batch_size, epochs=num_path_epochs, verbose=2)

neighbors = NearestNeighbors(n_neighbors=1).fit(x_train[:20_000].reshape(-1, num_pixels))


def distance_to_data(images):
    return neighbors.kneighbors(images.reshape(-1, num_pixels))[0].mean()


generator = np.random.default_rng(0)
ends = generator.choice(len(x_test), (num_paths, 2))
paths = {}
print("\nmean distance to the nearest training digit, in pixel space")
print(f"{'':<26}{'at both ends':>14}{'in between':>14}")
print(f"{'test digits themselves':<26}{distance_to_data(x_test[ends]):>14.2f}{'':>14}")
for name, model in (("plain autoencoder", plain), ("variational autoencoder", vae)):
    start, end = model.encode(x_test[ends[:, 0]]), model.encode(x_test[ends[:, 1]])
    steps = latents.interpolate(start, end, num_steps=8)  # (num_paths, 8, 2)
    path = model.decode(steps.reshape(-1, 2)).reshape(num_paths, 8, *image_shape)
    at_ends, between = (distance_to_data(path[:, i]) for i in ([0, -1], slice(1, -1)))
    print(f"{name:<26}{at_ends:>14.2f}{between:>14.2f}")
    paths[name.split()[0]] = np.concatenate(
        [x_test[ends[:, :1]], path, x_test[ends[:, 1:]]], axis=1
    )

"""
The first and the last image of each row are the test digits themselves. The numbers hardly differ,
and which is smaller changes with the seed: in two dimensions the plain code is so crowded that it
has few gaps either, and a digit's neighbours in pixel space may be a blur away.
"""

rows = {f"{name} {i + 1}": path[i] for i in range(4) for name, path in paths.items()}
figure = plotting.reconstruction_grid(rows, value_range=(-1, 1))
figure.savefig("figures/07_paths.png", dpi=120)

"""
## What is in the gaps

Draw codes, decode them, and look. A VAE is asked by its own prior, N(0, I). For the plain
autoencoder there is no p(z): its codes may lie anywhere, so drawing them from N(0, I) asks its
decoder for points that no digit was ever sent to. `fit_prior` fits a density to the codes it has,
here a mixture of ten Gaussians, and gives it a `sample` too. A VAE can be given one in the same
way: its codes, all together, are only nearly N(0, I).
"""

num_samples = 1000
unfitted = np.random.default_rng(0).normal(size=(num_samples, 2))
drawn = {
    "plain, codes from N(0, I)": plain.decode(unfitted),
    "VAE, its prior N(0, I)": vae.sample(num_samples, seed=0),
}
plain.fit_prior(x_train, num_components=10)
vae.fit_prior(x_train, num_components=10)
drawn["plain, ten Gaussians"] = plain.sample(num_samples, seed=0)
drawn["VAE, ten Gaussians"] = vae.sample(num_samples, seed=0)

print(f"\n{'samples':<28}{'to the nearest digit':>22}{'Fréchet distance, pixels':>26}")
for name, samples in drawn.items():
    flat = samples.reshape(num_samples, -1)
    frechet = metrics.frechet_distance(x_test.reshape(len(x_test), -1), flat)
    print(f"{name:<28}{distance_to_data(samples):>22.2f}{frechet:>26.1f}")

rows = {name: samples[:12] for name, samples in drawn.items()}
figure = plotting.reconstruction_grid(rows, value_range=(-1, 1))
figure.savefig("figures/07_densities.png", dpi=120)

"""
## 28 dimensions

More dimensions hold more of a digit: first with the lecture's objective and σ = 1, then with the σ
that fits.

`SampleGrid` draws the same sixty-four z each epoch, and animates them. All terms, for training and
validation, and the pictures can be watched meanwhile: `tensorboard --logdir logs/07_vae`.
"""

unit = lecture_vae(wide_latent_dim, alpha=392.0)
unit.fit(x_train, batch_size=batch_size, epochs=num_epochs, verbose=2)

wide = models.VAE(*networks.lecture_vae(image_shape, wide_latent_dim), seed=0)
wide.compile(keras.optimizers.Adam(learning_rate))
history = wide.fit(
    x_train,
    batch_size=batch_size,
    epochs=num_epochs,
    validation_data=x_test,
    verbose=2,
    callbacks=[
        callbacks.SampleGrid("figures/07_vae", value_range=(-1, 1)),
        callbacks.ReconstructionGrid(
            x_test[:10], "figures/07_vae", log_dir="logs/07_vae/images", value_range=(-1, 1)
        ),
        keras.callbacks.TensorBoard("logs/07_vae"),
    ],
)
figure = plotting.training_curves(history)
figure.savefig("figures/07_curves.png", dpi=120)

"""
A small σ makes a pixel's error expensive: more nats go through z, more of its dimensions are
active, and reconstructions are sharper. The samples show the price: digits that use z so finely
leave gaps between them, and draws from N(0, I) fall into the gaps as well.
"""

rows = {"test digits": x_test[:12]}
print(f"\n{'28 dimensions':<18}{'squared error':>15}{'rate, nats':>12}{'active units':>14}")
for name, model in (("σ = 1", unit), ("σ² = the error", wide)):
    rate = model.evaluate(x_test, verbose=0, return_dict=True)["kl_loss"]
    error = np.mean((model.predict(x_test, verbose=0) - x_test) ** 2)
    active = metrics.active_units(model.encode(x_test)).sum()
    print(f"{name:<18}{error:>15.3f}{rate:>12.1f}{active:>14}")
    rows[f"{name}: rebuilt"] = model.predict(x_test[:12], verbose=0)
    samples = model.sample(24, seed=1)
    rows |= {f"samples {name}": samples[:12], f"more {name}": samples[12:]}

figure = plotting.reconstruction_grid(rows, value_range=(-1, 1))
figure.savefig("figures/07_samples.png", dpi=120)

"""
What do the dimensions say? One digit, and the five whose means move most over the test digits, each
walked from -3 to 3 while the others stay. (A collapsed one would change nothing.)
"""

means = wide.encode(x_test)
widest = np.argsort(-means.var(axis=0))[:5]
walks = latents.traverse(means[0], widest, np.linspace(-3, 3, 9))  # (5, 9, 28)
rows = {f"z{dimension}": wide.decode(walk) for dimension, walk in zip(widest, walks, strict=True)}
figure = plotting.reconstruction_grid(rows, value_range=(-1, 1))
figure.savefig("figures/07_traversal.png", dpi=120)

"""
The bound lies below log p(x) by the distance of q(z|x) from the true posterior. Importance sampling
closes most of that gap: log (1/k) Σ p(x, z)/q(z|x) over k draws of z.
"""

shown = x_test[:500]
bound = -wide.evaluate(shown, verbose=0, return_dict=True)["loss"]
likelihood = wide.log_likelihood(shown, num_samples=200, seed=0, verbose=0).mean()
print(f"\nof {len(shown)} test digits: bound {bound:.1f} nats, log p(x) about {likelihood:.1f}")

"""
## Save

One SavedModel that reconstructs, encodes, decodes and draws samples, where only TensorFlow is
installed.
"""

wide.export("saved_models/vae")

"""
## What to try next, and what to break on purpose

- `latents.interpolate(..., spherical=True)` in 28 dimensions, beside the straight line.
- `models.VAE(..., num_importance_samples=10)`: the importance-weighted bound as the objective.
- `callbacks.LossWeightSchedule("kl_loss", callbacks.linear_schedule(0, 1, 5))`: more active units?
- Break it: train with the KL as printed, in 28 dimensions and at α = 392, with this class in the
  place of `models.VAE` in `lecture_vae`:

      class PrintedKL(models.VAE):
          def autoencoder_terms(self, x, target, training):
              terms, reconstruction = super().autoencoder_terms(x, target, training)
              mean, log_var = self.encoder(x, training=training)
              printed = keras.ops.exp(log_var) + mean**2 - log_var / 2 - 1
              return {**terms, "kl_loss": keras.ops.sum(printed, axis=-1)}, reconstruction

  Nothing looks wrong: after two epochs its squared error is 0.072, with the right KL 0.071. But a
  dimension that is not used settles at q(z|x) = N(0, ½) and adds −0.153 nats; and over all digits
  each z spreads by 0.7 to 0.8 instead of 1, so draws from N(0, I) fall outside the codes. Draws
  from N(0, ½), the prior that it was trained for, do not: `unit.decode(np.sqrt(0.5) * z)`.
- Break it: data in [0, 1] with the same α = 392. σ = 1 is then the whole way from black to white
  instead of half of it, an error costs a quarter, and fewer dimensions are worth their nats: the
  same model needs an α four times as large.

## Use what was saved

Of the code above, this cell needs only some images, here `x_test`: paste it into a program of its
own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/vae")
images = tf.constant(x_test[:5])
served_codes = served.encode(images)
print("codes:", served_codes.shape, "decoded:", served.decode(served_codes).shape)
print("new digits:", served.sample(3).shape)
