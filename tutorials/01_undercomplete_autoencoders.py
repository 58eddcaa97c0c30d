"""
# Undercomplete autoencoders

Lecture: "Autoencoders y GANs", undercomplete autoencoders
Time: about 2 minutes on 2 cores
Makes: `figures/01_*.png`, `saved_models/undercomplete_autoencoder`

An autoencoder learns a code h = f(x) and a way back, r = g(h). If the code is as large as the
data, copying is enough. If it is smaller, the networks must choose what to keep, and the choice
says something about the data.

We shall see that

1. a *linear* autoencoder with squared error keeps exactly what PCA keeps;
2. a *nonlinear* one of the same code size keeps more than twice as much;
3. a code of two numbers draws a map of the digits;
4. capacity must be bounded: with enough of it, a code of *one* number memorises the training
   set, and has learned nothing.
"""

import pathlib

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from keras_aegan import datasets, models, networks, plotting

"""
## Hyperparameters
"""

latent_dim = 32  # 784 pixels through 32 numbers: PCA leaves a sixth of the variance
hidden_units = (512, 256)  # enough to be clearly better than PCA within minutes
batch_size = 256  # large enough to be fast, small enough for 234 steps an epoch
epochs = 8  # the curve is flat by then
learning_rate = 2e-3  # twice Adam's default, as the cosine takes it to zero
num_memorised = 20  # so few digits that one number can tell them apart

# The same digits and the same weights in every run.
keras.utils.set_random_seed(0)

figures = pathlib.Path("figures")
figures.mkdir(exist_ok=True)

"""
## The data

Real digits, scaled to [0, 1]. Only the pictures are used for training; the labels will colour
the map. Where MNIST cannot be downloaded, 5,000 embedded digits serve, and the numbers below
come out a little different.
"""

(x_train, _), (x_test, y_test) = datasets.load_images("mnist")
image_shape = x_train.shape[1:]  # (28, 28, 1)

"""
## PCA

The best *linear* way through 32 numbers, by scikit-learn. PCA works on centred data.
"""


def flat(images):
    return images.reshape(len(images), -1)  # (num_images, 784)


mean = x_train.mean(axis=0)
pca = PCA(latent_dim).fit(flat(x_train - mean))
pca_reconstructions = pca.inverse_transform(pca.transform(flat(x_test - mean)))
pca_reconstructions = pca_reconstructions.reshape(x_test.shape) + mean

"""
## A linear autoencoder

No hidden layer and no activation: `hidden_units=()`. Its optimum spans the same 32-dimensional
subspace as the first 32 principal components (Baldi & Hornik, 1989), so its error must be PCA's.
Its weights need not be the components themselves: any basis of the subspace will do.

`steps_per_execution` and `jit_compile` are Keras's: many small steps in one compiled call.
"""


def train(model, x, epochs, learning_rate, batch_size=batch_size, **options):
    num_steps = epochs * -(-len(x) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(
        keras.optimizers.Adam(schedule), loss="mse", steps_per_execution=32, jit_compile=True
    )
    return model.fit(x, batch_size=batch_size, epochs=epochs, verbose=2, **options)


linear = models.Autoencoder(
    encoder=networks.dense_encoder(image_shape, latent_dim, hidden_units=()),
    decoder=networks.dense_decoder(latent_dim, image_shape, hidden_units=()),
)
train(linear, x_train - mean, epochs=epochs, learning_rate=5e-3)
linear_reconstructions = linear.predict(x_test - mean, verbose=0) + mean

"""
## A nonlinear autoencoder

The same code, with hidden layers before and after it. The sigmoid at the end keeps the pixels
in [0, 1], where the data are.
"""

nonlinear = models.Autoencoder(
    encoder=networks.dense_encoder(image_shape, latent_dim, hidden_units),
    decoder=networks.dense_decoder(
        latent_dim, image_shape, hidden_units[::-1], output_activation="sigmoid"
    ),
)
history = train(nonlinear, x_train, epochs, learning_rate, validation_data=(x_test,))
nonlinear_reconstructions = nonlinear.predict(x_test, verbose=0)

plotting.training_curves(history).savefig(figures / "01_training.png", dpi=120)

"""
## The comparison

The mean squared error a pixel, on digits that no model has seen. The linear autoencoder equals
PCA; the nonlinear one is well below both.
"""

reconstructions = {
    "PCA": pca_reconstructions,
    "linear": linear_reconstructions,
    "nonlinear": nonlinear_reconstructions,
}
errors = {name: np.mean((x_test - r) ** 2) for name, r in reconstructions.items()}

print(f"\n{latent_dim} numbers a digit   test error   relative to PCA")
for name, error in errors.items():
    print(f"{name:<20} {error:10.5f} {error / errors['PCA']:15.3f}")

first_of_each_digit = [int(np.argmax(y_test == digit)) for digit in range(10)]
plotting.reconstruction_grid(
    {
        "original": x_test[first_of_each_digit],
        **{name: r[first_of_each_digit] for name, r in reconstructions.items()},
    }
).savefig(figures / "01_reconstructions.png", dpi=120)

"""
## A map of the digits

With a code of two numbers we can look at it. PCA lays the digits over each other; the nonlinear
autoencoder, which has never seen a label, pulls most of them apart.
"""

planar = models.Autoencoder(
    encoder=networks.dense_encoder(image_shape, 2, hidden_units),
    decoder=networks.dense_decoder(2, image_shape, hidden_units[::-1], output_activation="sigmoid"),
)
train(planar, x_train, epochs, learning_rate)

shown = slice(0, 5000)
planar_pca = PCA(2).fit(flat(x_train - mean))
plotting.latent_scatter(
    {
        "PCA, 2 components": planar_pca.transform(flat(x_test[shown] - mean)),
        "nonlinear autoencoder, 2-D code": planar.encode(x_test[shown]),
    },
    labels=y_test[shown],
).savefig(figures / "01_embeddings.png", dpi=120)

"""
## The thought experiment: one number is enough, to learn nothing

A code of one number has room for any amount of information: give each training example a number
of its own, and let the decoder look it up. Networks of high capacity come close. Here are 20
digits through *one* number: they come back nearly perfect. Unseen digits come back as one of the
20, or as a ghost between two of them. So encoder and decoder must be bounded, and the error that
counts is the one on unseen data.
"""

memorised = x_train[:num_memorised]
memoriser = models.Autoencoder(
    encoder=networks.dense_encoder(image_shape, 1, (512, 512)),
    decoder=networks.dense_decoder(1, image_shape, (512, 512), output_activation="sigmoid"),
)
memoriser.compile(
    keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, 4000)),
    steps_per_execution=100,
    jit_compile=True,
)
# The same small batch again and again: a dataset that repeats makes it one epoch of 4,000 steps.
memoriser.fit(
    tf.data.Dataset.from_tensors(memorised).repeat(), steps_per_epoch=4000, epochs=1, verbose=2
)

unseen = x_test[first_of_each_digit]
memoriser_errors = {
    f"the {num_memorised} memorised digits": memoriser.reconstruction_error(memorised).mean(),
    "unseen digits": memoriser.reconstruction_error(x_test).mean(),
    "unseen digits, if the mean digit were the answer": np.mean((x_test - mean) ** 2),
}
print("\n1 number a digit                                   error")
for name, error in memoriser_errors.items():
    print(f"{name:<50} {error:.5f}")

plotting.reconstruction_grid(
    {
        "memorised": memorised[:10],
        "rebuilt": memoriser.predict(memorised[:10], verbose=0),
        "unseen": unseen,
        "“rebuilt”": memoriser.predict(unseen, verbose=0),
    }
).savefig(figures / "01_memorised.png", dpi=120)

"""
## Save, and serve

`.keras` keeps the model to go on training; a SavedModel serves it, in a process that needs
TensorFlow only. Each thing that the model can do is an endpoint, for any number of digits.
"""

nonlinear.save("saved_models/undercomplete_autoencoder.keras")
nonlinear.export("saved_models/undercomplete_autoencoder")

served = tf.saved_model.load("saved_models/undercomplete_autoencoder")
codes = served.encode(x_test[:7])
print("\nserved codes:", codes.shape)
print("served reconstructions:", served.serve(x_test[:7]).shape)
print("decoded:", served.decode(codes).shape)
print("reconstruction errors:", np.round(served.reconstruction_error(x_test[:7]).numpy(), 4))

"""
## What to try, and what to break

- `latent_dim = 2`, 8, 128: where does the nonlinear autoencoder stop being worth its cost?
- `hidden_units = (64,)`: a bounded encoder. Is it still below PCA?
- Leave out `- mean` for the linear autoencoder. Its biases take the mean's place. Why does PCA
  need it?
- `num_memorised = 200`: how many digits can one number hold?
- Give `fit` the images as they lie on disk, from 0 to 255: `nonlinear.fit((255 *
  x_train).astype("uint8"))`, and read what it says.
"""
