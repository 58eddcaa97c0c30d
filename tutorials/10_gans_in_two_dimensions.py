"""
Title: GANs in two dimensions
Slides: "Generative adversarial networks", in the lecture "Autoencoders y GANs"
What to expect: the lecture's six cases: one, two and three Gaussians in the plane, learned by a
    GAN, and missed by one whose generator or whose discriminator is too weak. What each case looks
    like, in samples, in the discriminator's field and in the losses; why the losses do not say
    which case it is, and what does. A picture in figures/, a SavedModel in
    saved_models/gan_in_two_dimensions.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/10_gans_in_two_dimensions.py
"""

"""
## Why

A *generator* G makes data from noise z; a *discriminator* D says how likely it is that x is real.
D learns to tell data from samples G(z); G learns to make samples that D takes for data. At the
end, if both networks are able enough, samples have the distribution of the data, and D can only
guess.

If they are able enough. In images nobody sees what a GAN misses: a picture is a picture. In the
plane everything can be seen, so here we learn what it looks like when one of the two is too weak.
"""

import os

import keras
import numpy as np

from keras_aegan import callbacks, datasets, metrics, models, networks, plotting, regularizers

os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

high = (64, 64)  # hidden units of a network with capacity to spare
low = ()  # none: a linear generator; a discriminator that draws one straight line

latent_dim = 4  # for data of 2 dimensions: with more noise than needed, density is more even
batch_size = 256
num_steps = 5000
steps_per_epoch = 500
learning_rate = 1e-3  # falls to zero along a cosine, so that the players come to rest
# No momentum: the opponent moves, and yesterday's direction is wrong today.
beta_1, beta_2 = 0.0, 0.99
# Makes the game converge: near the data, D may not be steep. Without it, modes are lost.
penalty = regularizers.R1(1.0)

"""
## Data

Three mixtures of unit Gaussians, far apart. Their density is known, so we need not guess how good
a sample is: it is of *high quality* within 3 σ of a mode, as 98.9 % of real data are.
"""

for number in (1, 2, 3):
    print(f"data set {number}: means at", datasets.lecture_mixture(number).means.tolist())

"""
## Networks, and one GAN

Two stacks of dense layers. D ends in one logit, without a sigmoid: the loss applies it, which is
numerically safer. The `"non_saturating"` loss is Goodfellow's as it is used in practice: G
maximises log D(G(z)), because the gradient of log(1 − D(G(z))) vanishes where D is sure.

The lecture's generator is larger, 100-128-256-512-1024-2 with batch normalisation, and its Adam is
slower, 2e-4 with β₁ = 0.5. With the small networks here a case takes seconds instead of minutes
(README, "Numbers").
"""


def gan(generator_units, discriminator_units):
    model = models.GAN(
        generator=networks.dense_generator(
            latent_dim, (2,), generator_units, activation="relu", batch_normalization=False
        ),
        discriminator=networks.dense_discriminator((2,), discriminator_units),
        discriminator_regularizer=penalty,
        seed=0,
    )
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule, beta_1=beta_1, beta_2=beta_2),
        loss="non_saturating",
    )
    return model


"""
## The six cases

`GANDiagnosis` measures after each epoch how often D is right about held-out data and about
samples, and how good the samples are. At the end it says what is wrong, with the numbers.
"""

axis = np.linspace(-17, 17, 69)
points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype("float32")  # (4761, 2)

# Title: data set, generator's hidden units, discriminator's.
cases = {
    "1: high G, high D": (1, high, high),
    "2: high G, high D": (2, high, high),
    "3: high G, high D": (3, high, high),
    "3: low G, high D": (3, low, high),
    "1: high G, low D": (1, high, low),
    "3: high G, low D": (3, high, low),
}
panels, rows = {}, []
for title, (number, generator_units, discriminator_units) in cases.items():
    print(f"\n{title}")
    keras.utils.set_random_seed(0)
    mixture = datasets.lecture_mixture(number)
    x_train = mixture.sample(batch_size * steps_per_epoch, seed=0)  # (128000, 2)
    x_test = mixture.sample(1000, seed=1)

    model = gan(generator_units, discriminator_units)
    diagnosis = callbacks.GANDiagnosis(x_test)
    history = model.fit(
        x_train,
        batch_size=batch_size,
        epochs=num_steps // steps_per_epoch,
        callbacks=[diagnosis],
        verbose=0,
    )

    samples = model.sample(2500, seed=2)
    found = metrics.mode_coverage(mixture, samples)
    rows.append((title, number, found, samples, diagnosis.verdict))
    if title == "3: high G, high D":
        best = model
    panels[title] = {
        "data": x_test,
        "samples": samples[:1000],
        "points": points,
        "logits": model.discriminate(points),
        "history": history,
    }

"""
## Look
"""

print(f"\n{'case':<20}{'modes':>8}{'high quality':>14}{'mean':>18}{'std':>16}  verdict")
for title, number, found, samples, verdict in rows:
    mean = " ".join(f"{value:.2f}" for value in samples.mean(axis=0))
    std = " ".join(f"{value:.2f}" for value in samples.std(axis=0))
    print(
        f"{title:<20}{found['modes']:>5}/{number}{found['high_quality']:>14.1%}"
        f"{mean:>18}{std:>16}  {verdict}"
    )

figure = plotting.gan_panels(panels)
figure.savefig("figures/10_six_cases.png", dpi=130)

"""
From the left. Where neither data nor samples ever lay, the colour of the discriminator's field
means nothing.

- **Three good ones.** Samples lie where the data lie, and D's field is almost white there: it can
  only guess. Both losses end near their dotted lines, log 4 and log 2. A few samples are strung
  between the modes: G is continuous and the noise is one cloud, which can be stretched thin but
  not torn. D knows: it is red there.
- **The generator lacks capacity.** It is linear, so it makes one Gaussian out of another, and
  stretches it over all three modes. D sees it at once, blue at the modes and red between them; its
  loss falls far below log 4, and the generator's stays high. The generator is told what is wrong,
  and cannot mend it.
- **The discriminator lacks capacity**, twice. One straight line cannot enclose a Gaussian. Such a
  D is a logistic regression, whose gradient, at weights of zero, is half the difference of the two
  *means*: once they agree, its best weights are zero, and D gives up. The generator is never told
  that its samples are too wide, or lie in the middle of nowhere. With the right mean it has won.

Now compare the losses of the last two cases with those of the first. They end the same! A blind
discriminator and perfect samples both give log 4 and log 2. So the losses do not say whether a GAN
has learned anything. The diagnosis looks at samples first: if they differ from data (precision,
recall, nearest neighbours), a good discriminator could tell; if D cannot, D is to blame, and if D
can, G is.

## Save

One SavedModel: `serve` from noise to data, `sample`, and `discriminate`, whose logits say what is
unlike the data.
"""

best.export("saved_models/gan_in_two_dimensions")

"""
## What to try next, and what to break on purpose

- `penalty = None`: which case changes most? Look at the losses, too. And `R1(30.0)`?
- `low = (2,)`, `(4,)`, `(8,)`: at how many units does a network stop being too weak? The table
  over both capacities is drawn by `benchmarks/gan_laboratory.py`.
- `beta_1 = 0.9`, as Adam has it: do the losses still come to rest?
- `latent_dim = 1`: what does the generator draw now, and what does the diagnosis say?
- `datasets.ring(8)`, `datasets.grid(25)`: modes so narrow that most GANs lose some.
- Break it: `loss="minimax"`, `penalty = None`, and `num_discriminator_steps=10` in `gan`. All three
  good cases end in *vanishing gradient*, without one sample near a mode: D is sure of everything,
  log(1 − D(G(z))) is flat, and G stays around the origin, where it began.

## Use what was saved

This cell needs nothing of the above: paste it into a program of its own.
"""

import tensorflow as tf

served = tf.saved_model.load("saved_models/gan_in_two_dimensions")
samples = served.sample(5)
print("\nsample:", samples.shape)
print("serve:", served.serve(tf.zeros((1, 4))).numpy().round(1))
print("discriminate, logits:", served.discriminate(samples).numpy().round(2))
