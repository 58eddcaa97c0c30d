"""
Title: Contractive autoencoders
Slides: "Contractive autoencoders", in the lecture "Autoencoders y GANs"
What to expect: a penalty on the encoder's Jacobian that saturates the code and leaves it
    sensitive to a few directions at each digit, the tangents of the manifold; a cheat where
    weights are not tied; in the plane, the same field as a denoising autoencoder's, without any
    noise. Three pictures in figures/, a SavedModel in saved_models/contractive_autoencoder.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/05_contractive_autoencoders.py
"""

"""
## Why

Two images of the same digit should have nearly the same code. A *contractive* autoencoder asks
for it directly: its loss is L(x, g(f(x))) + λ ‖∂f(x)/∂x‖², the squared Frobenius norm of the
encoder's Jacobian, Σᵢⱼ (∂hⱼ/∂xᵢ)², at each training example.

The penalty alone would make the code constant. The reconstruction resists, but only where it must:
along the directions in which data vary. So the Jacobian should stay large along these, the
tangents of the manifold, and vanish along all others. Does it?
"""

import math
import os
import time

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from keras_aegan import datasets, layers, models, networks, plotting

keras.utils.set_random_seed(0)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

latent_dim = 300  # sigmoid units, one layer: the penalty has a closed form, and costs nothing
contraction = 1.0  # λ; ten times the paper's, so that a few epochs show its effect
batch_size = 125  # divides 60,000: all batches have one size
num_steps = 1440  # 3 epochs of MNIST
learning_rate = 3e-3  # falls to zero along a cosine

num_spectra = 50  # test digits whose Jacobian is decomposed: 300 × 784 numbers each

curve_noise = 0.2  # of the denoising autoencoder in the plane, on an arc of radius 1
curve_units = (128, 128, 128)  # from x to r(x)
curve_steps = 1000  # all points of the curve in each

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning
says so: all numbers below then differ.
"""

(x_train, _), (x_test, y_test) = datasets.load_images("mnist")  # in [0, 1]
print("training:", x_train.shape, "test:", x_test.shape)

"""
## Networks

One sigmoid layer, h = s(Wᵀx + b), as in the paper: then ‖J‖² = Σⱼ (hⱼ(1 − hⱼ))² Σᵢ Wᵢⱼ². A unit
has two ways to contract: to make its weights small, or to saturate, hⱼ near 0 or 1.

The decoder takes the encoder's weights, transposed (`tied_to`): r = s(W h + c). Untied, the
encoder could shrink all codes and the decoder magnify them again. The third model is free to.
"""

image_shape = x_train.shape[1:]  # (28, 28, 1)


def encoder_and_decoder(tied_to="code"):
    return (
        networks.dense_encoder(image_shape, latent_dim, (), latent_activation="sigmoid"),
        networks.dense_decoder(
            latent_dim, image_shape, (), output_activation="sigmoid", tied_to=tied_to
        ),
    )


plain = models.Autoencoder(*encoder_and_decoder())
contractive = models.ContractiveAutoencoder(*encoder_and_decoder())
untied = models.ContractiveAutoencoder(*encoder_and_decoder(tied_to=None))
contractive.summary()

"""
## Fit

The same for all three. `contraction_loss` is ‖J‖², `loss` the weighted sum.
"""

epochs = math.ceil(num_steps * batch_size / len(x_train))


def train(model, **loss_weights):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="bernoulli_nll",  # the cross-entropy, summed over pixels, in nats
        loss_weights=loss_weights or None,
    )
    model.fit(x_train, batch_size=batch_size, epochs=epochs, verbose=2)


print("\nplain autoencoder")
train(plain)
print("\ncontractive autoencoder")
train(contractive, contraction_loss=contraction)
print("\ncontractive autoencoder, not tied")
train(untied, contraction_loss=contraction)

"""
## Look: what the penalty does

Four numbers beside the error. ‖J‖²: how far the code moves. The share of saturated units: below
0.05 or above 0.95. The directions: how many singular values of J make up 90 % of ‖J‖². And the
norms of both kernels.
"""

autoencoders = {"plain": plain, "contractive": contractive, "contractive, untied": untied}


def jacobians(model, images):
    """The encoder's Jacobians, `(num_images, latent_dim, 784)`."""
    codes = model.encode(images)  # (num_images, latent_dim)
    kernel = model.encoder.get_layer("code").kernel.numpy()  # (784, latent_dim)
    return (codes * (1 - codes))[:, :, None] * kernel.T


def num_directions(singular_values, share=0.9):
    """How many of the largest make up this share of the sum of squares, on average."""
    cumulated = np.cumsum(singular_values**2, axis=1)  # (num_images, latent_dim)
    return np.mean(np.sum(cumulated < share * cumulated[:, -1:], axis=1) + 1)


codes = {name: model.encode(x_test) for name, model in autoencoders.items()}
spectra = {
    name: np.linalg.svd(jacobians(model, x_test[:num_spectra]), compute_uv=False)
    for name, model in autoencoders.items()
}  # (num_spectra, latent_dim) each

columns = ("test nats", "‖J‖²", "saturated", "directions", "‖W‖ in", "‖W‖ out")
print(f"\n{'':<20}" + "".join(f"{column:>12}" for column in columns))
for name, model in autoencoders.items():
    error = model.reconstruction_error(x_test).mean()
    squared_norm = np.mean(np.sum(spectra[name] ** 2, axis=1))
    saturated = np.mean((codes[name] < 0.05) | (codes[name] > 0.95))
    kernel_in = model.encoder.get_layer("code").kernel
    kernel_out = kernel_in if model is not untied else model.decoder.get_layer("output").kernel
    print(
        f"{name:<20}{error:>12.1f}{squared_norm:>12.3f}{saturated:>12.1%}"
        f"{num_directions(spectra[name]):>12.1f}"
        f"{np.linalg.norm(kernel_in):>12.1f}{np.linalg.norm(kernel_out):>12.1f}"
    )

"""
The penalty costs reconstruction. In return, the code moves less, in half as many directions, and
more of its units are saturated. The untied one cheats: small weights in, large weights out, and
less saturation than in the plain one.

On the left, the singular values of the Jacobian, in falling order for each digit, then averaged:
those of the contractive one are smaller and fall faster. On the right, how it does that: units
that are at 0 or at 1 and stay there when x moves a little.
"""

figure = Figure((10, 4), layout="constrained")
left, right = figure.subplots(1, 2)
for name in ("plain", "contractive"):
    left.plot(np.arange(1, latent_dim + 1), spectra[name].mean(axis=0), label=name)
    right.hist(codes[name].ravel(), bins=50, density=True, alpha=0.6, label=name)
left.set(title="singular values of the Jacobian", xlabel="direction", yscale="log", ylim=(1e-3, 5))
right.set(title="activations of the code's units", xlabel="$h_j$", ylabel="density")
for axes in (left, right):
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
figure.savefig("figures/05_spectrum.png", dpi=150)

"""
## Look: tangents

The right singular vectors of J are images: small changes of x, ordered by how far they move the
code. The first are the tangents of the manifold at this digit, as the autoencoder sees it: white
and black are ink added and ink taken away, or the other way round. Those of the contractive one are
smooth and follow the strokes, to move or to thicken them. Those of the plain one are rough, and its
first one lights or darkens the border, where no digit has ink.
"""


def tangents(model, images, num_tangents=3):
    """The leading directions, `(num_tangents, num_images, 28, 28, 1)`, the largest pixel 1."""
    _, _, directions = np.linalg.svd(jacobians(model, images), full_matrices=False)
    directions = directions[:, :num_tangents]  # (num_images, num_tangents, 784)
    directions /= np.abs(directions).max(axis=-1, keepdims=True)
    return np.moveaxis(directions, 1, 0).reshape(num_tangents, *images.shape)


digits = x_test[[np.argmax(y_test == digit) for digit in range(10)]]  # one of each
rows = {"digit": 2 * digits - 1}
for name in ("plain", "contractive"):
    for i, directions in enumerate(tangents(autoencoders[name], digits)):
        rows[f"{name}, {i + 1}"] = directions
figure = plotting.reconstruction_grid(rows, value_range=(-1, 1))
figure.savefig("figures/05_tangents.png", dpi=150)

"""
## Denoising without noise

A denoising autoencoder is trained at x + ε. For small ε of variance σ², r(x + ε) ≈ r(x) + ∂r/∂x ε,
and the mean over the noise is

    E ‖r(x + ε) − x‖² ≈ ‖r(x) − x‖² + σ² ‖∂r(x)/∂x‖²:

a contractive autoencoder's loss, with λ = σ² and the Jacobian of the whole map r instead of the
encoder's (Alain & Bengio, 2014). So let r be the encoder, and let the decoder do nothing. `"mse"`
is a mean over the two coordinates: λ = σ²/2.

The data are an arc. One model sees noise, the other never leaves the curve.
"""

angle = np.linspace(0, 1.5 * np.pi, 500)
curve = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype("float32")


def map_and_identity():
    as_it_is = keras.Input((2,))
    return (
        networks.dense_encoder((2,), 2, curve_units, activation="tanh"),
        keras.Model(as_it_is, keras.layers.Identity()(as_it_is)),
    )


on_curve = {
    "denoising": models.DenoisingAutoencoder(
        *map_and_identity(), corruption=layers.GaussianNoise(curve_noise)
    ),
    "contractive": models.ContractiveAutoencoder(*map_and_identity()),
}
weights = {"denoising": {}, "contractive": {"contraction_loss": curve_noise**2 / 2}}
for name, model in on_curve.items():
    print(f"\n{name}, on the arc")
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, curve_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="mse",
        loss_weights=weights[name] or None,
    )
    model.fit(tf.data.Dataset.from_tensors(curve).repeat(curve_steps), verbose=2)

"""
The two agree: the arrows point to the arc. On the arc both are nearly zero, so their directions
mean little.
"""

side = np.linspace(-1.5, 1.5, 24)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype("float32")  # (576, 2)
distances = np.sqrt(np.sum((grid[:, None] - curve) ** 2, axis=-1)).min(axis=1)
fields = {name: model.encode(grid) - grid for name, model in on_curve.items()}

cosines = np.sum(fields["denoising"] * fields["contractive"], axis=1) / (
    np.linalg.norm(fields["denoising"], axis=1) * np.linalg.norm(fields["contractive"], axis=1)
)
print(f"\n{'distance to the curve':<24}{'cosine of the two fields':>26}")
for near, far in ((0, 1), (1, 2), (2, 4)):
    ring = (near * curve_noise <= distances) & (distances < far * curve_noise)
    print(f"{f'{near} to {far} σ':<24}{cosines[ring].mean():>26.3f}")

figure = plotting.vector_field(
    grid[distances < 2 * curve_noise],
    {f"{name}, r(x) − x": field[distances < 2 * curve_noise] for name, field in fields.items()},
    data=curve[::2],
)
figure.savefig("figures/05_vector_fields.png", dpi=150)

"""
## A Jacobian that is too large

A deep encoder has no closed form: `"exact"` then takes a backward pass for every unit of the code.
`jacobian="hutchinson"` takes one for each random vector v of signs, since E ‖vᵀJ‖² = ‖J‖²: right
on average, and its error falls as 1/√num_probes. One probe is enough for training, where steps
average too. The encoder need not be trained: this one is not.
"""

deep = networks.dense_encoder(image_shape, latent_dim, hidden_units=(512, 512))
to_digits = networks.dense_decoder(latent_dim, image_shape)


def timed_contraction(**jacobian):
    model = models.ContractiveAutoencoder(deep, to_digits, **jacobian)
    model.compile()

    @tf.function
    def contraction_of(x):
        return model.autoencoder_terms(x, x, training=False)[0]["contraction_loss"]

    contraction_of(digits)  # traces
    start = time.perf_counter()
    values = contraction_of(digits).numpy()  # (10,)
    return values, time.perf_counter() - start


exact, seconds = timed_contraction(jacobian="exact")
print(f"\n{'':<24}{'mean ‖J‖²':>12}{'error per digit':>16}{'ms':>8}")
print(f"{'exact':<24}{exact.mean():>12.3f}{'':>16}{1000 * seconds:>8.0f}")
for num_probes in (1, 16, 256):
    values, seconds = timed_contraction(jacobian="hutchinson", num_probes=num_probes, seed=0)
    error = np.sqrt(np.mean((values / exact - 1) ** 2))
    label = f"hutchinson, {num_probes} probes"
    print(f"{label:<24}{values.mean():>12.3f}{error:>16.1%}{1000 * seconds:>8.0f}")

"""
## Save

One SavedModel, with an endpoint for each thing that the model can do. It runs where only
TensorFlow is installed, on batches of any size.
"""

contractive.export("saved_models/contractive_autoencoder")

"""
## What to try next, and what to break on purpose

- `contraction = 0.1`, the paper's, then 0.01. What becomes of error, saturation and directions?
- Decode along a tangent: `tangent = tangents(contractive, digits)[0]`, then
  `contractive.decode(contractive.encode(digits + 0.3 * tangent))`. Does the digit turn, or thicken?
- Train the untied one ten times as long. Which of its norms grows, which falls?
- `curve_noise = 0.05` and 0.4: where do the two fields part?
- Break it: `latent_activation="relu"`, and in `jacobians` put `(codes > 0)`, a ReLU's slope, for
  `codes * (1 - codes)`, a sigmoid's. A ReLU does not saturate above: only small weights are left (a
  norm of 6.5; 52.6 without the penalty), and if they are tied the error pays: 152 nats instead of
  61. Untied, they are small in the encoder (5.3) and large in the decoder (84): 77 nats.
- Break it: `contraction = 100`. The code hardly moves (standard deviation 0.01), and the decoder
  draws the same blur, near the mean digit, for all: 208 nats instead of 69 without the penalty. The
  untied one cheats best here, with 184.

## Use what was saved

This cell needs only `import tensorflow as tf` and some images, here `x_test`: paste it into a
program of its own.
"""

served = tf.saved_model.load("saved_models/contractive_autoencoder")
images = tf.constant(x_test[:3])  # (3, 28, 28, 1)
code = served.encode(images)
print("\nserve:", served.serve(images).shape)
print("encode:", code.shape)
print("decode:", served.decode(code).shape)
print("reconstruction_error:", served.reconstruction_error(images).numpy())
