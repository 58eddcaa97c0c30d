"""Modes of the 8-ring and the 25-grid: configurations of this toolkit beside PacGAN's table 1.

The protocol is the paper's ([Lin et al., 2018](https://arxiv.org/abs/1712.04086), section 4.1):
ring of radius 1 and σ = 0.01, grid of step 2 and σ = 0.05; 2,500 samples; a mode is covered by
one sample within 3 σ; mean and standard error over runs.

The paper's figures depend as much on its networks as on its method, and VEEGAN prints 1 and 3.3
modes for "GAN" on the same data: so each row names its architecture.

- `r1`: the smallest networks that reach the goal. Noise of 2; generator and discriminator of
  128-128-128; the non-saturating loss with R1, whose weight is proportional to σ²; Adam 1e-3 with
  β₁ = 0, β₂ = 0.99, falling to zero along a cosine; batch 256.
- `protocol`: the paper's own networks and optimizer, plain GAN, at a smaller budget: noise of 2;
  generator 400-400-400-400 with batch normalisation and ReLU; discriminator of three layers of
  200 maxout units of 5 pieces; weights N(0, 0.02²); Adam 1e-4 with β₁ = 0.8; batch 100. The
  paper trains it for 400,000 steps.

    python benchmarks/published/pacgan_mixtures.py --budget 1h [--rows r1 protocol]
        [--sets ring grid] [--seeds 0 1 …]

Measures are kept for each run: the same command continues where it was interrupted.
"""

import argparse
import time

import keras
import numpy as np
from keras import layers, ops
from records import FOLDER, Figure, once, report

from keras_aegan import datasets, metrics, models, networks, regularizers

NAME = "pacgan_mixtures"
BUDGETS = {  # seeds, and steps of each row
    "5min": (2, {"r1": 10_000, "protocol": 5_000}),
    "1h": (10, {"r1": 20_000, "protocol": 20_000}),
    "full": (10, {"r1": 20_000, "protocol": 400_000}),
}
PAPER = {  # table 1: modes, high quality in %, reverse KL
    "ring": {"GAN": "6.3 ± 0.5; 98.2; 0.45", "PacGAN4": "7.8; 95.9; 0.07"},
    "grid": {"GAN": "17.3 ± 0.8; 94.8; 0.70", "PacGAN4": "24.8 ± 0.2; 93.6; 0.04"},
}
WANTED = {"ring": 8.0, "grid": 24.5}  # modes, at 90 % of high quality, of r1
MIXTURES = {"ring": datasets.ring(8), "grid": datasets.grid(25)}
# For γ times the squared gradient: with lengths in units of σ, both sets are the same problem.
R1_WEIGHT = {"ring": 2e-4, "grid": 3e-3}
STEPS_PER_EPOCH = 1000


def small_gan(name, num_steps):
    model = models.GAN(
        networks.dense_generator(
            2, (2,), (128, 128, 128), activation="relu", batch_normalization=False
        ),
        networks.dense_discriminator((2,), (128, 128, 128)),
        discriminator_regularizer=regularizers.R1(R1_WEIGHT[name]),
    )
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, num_steps)
    return model, keras.optimizers.Adam(schedule, beta_1=0.0, beta_2=0.99), 256


def protocol_gan(name, num_steps):
    def normal():  # one per layer: an instance draws the same numbers again
        return keras.initializers.RandomNormal(stddev=0.02)

    z = hidden = keras.Input((2,))
    for _ in range(4):
        hidden = layers.Dense(400, use_bias=False, kernel_initializer=normal())(hidden)
        hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(hidden))
    generator = keras.Model(
        z, layers.Dense(2, kernel_initializer=normal())(hidden), name="generator"
    )
    x = hidden = keras.Input((2,))
    for _ in range(3):
        pieces = layers.Reshape((200, 5))(layers.Dense(1000, kernel_initializer=normal())(hidden))
        hidden = ops.max(pieces, axis=-1)  # (batch_size, 200)
    discriminator = keras.Model(
        x, layers.Dense(1, kernel_initializer=normal())(hidden), name="discriminator"
    )
    optimizer = keras.optimizers.Adam(1e-4, beta_1=0.8)
    return models.GAN(generator, discriminator), optimizer, 100


def run(make, name, seed, num_steps):
    """Mode coverage of 2,500 samples after training."""
    keras.utils.set_random_seed(seed)
    model, optimizer, batch_size = make(name, num_steps)
    model.compile(optimizer, jit_compile=True, steps_per_execution=100)
    x = MIXTURES[name].sample(batch_size * STEPS_PER_EPOCH, seed=seed)
    model.fit(x, batch_size=batch_size, epochs=num_steps // STEPS_PER_EPOCH, verbose=0)
    return metrics.mode_coverage(MIXTURES[name], model.sample(2500, seed=seed))


def mean_and_error(values, scale=1.0):
    values = scale * np.asarray(values, "float64")
    if len(values) < 2:
        return f"{values.mean():.2f}"
    return f"{values.mean():.2f} ± {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--budget", choices=BUDGETS, default="1h")
parser.add_argument("--rows", nargs="+", choices=("r1", "protocol"), default=["r1"])
parser.add_argument("--sets", nargs="+", choices=tuple(MIXTURES), default=list(MIXTURES))
parser.add_argument("--seeds", nargs="+", type=int, help="all of the budget's by default")
arguments = parser.parse_args()

num_seeds, num_steps = BUDGETS[arguments.budget]
makers = {"r1": small_gan, "protocol": protocol_gan}
figures = []
for name in arguments.sets:
    for row in arguments.rows:
        found = []
        for seed in arguments.seeds or range(num_seeds):
            path = FOLDER / NAME / f"{arguments.budget}_{row}_{name}_{seed}.json"
            begin = time.perf_counter()
            found.append(once(path, run, makers[row], name, seed, num_steps[row]))
            values = {key: round(value, 3) for key, value in found[-1].items()}
            seconds = time.perf_counter() - begin
            print(f"{name}, {row}, seed {seed}: {values}, {seconds:.0f} s", flush=True)
        modes, quality, reverse_kl = (
            mean_and_error([v[key] for v in found], scale)
            for key, scale in (("modes", 1), ("high_quality", 100), ("reverse_kl", 1))
        )
        is_met = None
        if row == "r1" and len(found) > 1:
            is_met = bool(
                np.mean([v["modes"] for v in found]) >= WANTED[name]
                and np.mean([v["high_quality"] for v in found]) >= 0.9
            )
        figures.append(
            Figure(
                f"{name} of {MIXTURES[name].num_modes} modes, `{row}`, {num_steps[row]:,} steps, "
                f"{len(found)} runs: modes; high quality, %; reverse KL",
                f"{modes}; {quality}; {reverse_kl}",
                ", ".join(f"{title}: {values}" for title, values in PAPER[name].items()),
                f"≥ {WANTED[name]} modes, ≥ 90 %" if row == "r1" else "–",
                is_met,
            )
        )
if arguments.seeds or set(arguments.sets) != set(MIXTURES):
    raise SystemExit("Nothing kept for the table: not all sets and seeds of the budget.")
report(
    NAME,
    arguments.budget,
    figures,
    "the paper trains its network for 400,000 steps, 10 runs; `r1` is another network with another "
    "loss; `protocol` is the paper's network, with moving averages of batch statistics of 0.95.",
)
