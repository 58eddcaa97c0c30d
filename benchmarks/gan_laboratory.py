"""The capacity that a GAN's two networks need, against each other, on the lecture's data.

1. The lecture's six cases, over several seeds: the verdict of `GANDiagnosis` on each, beside the
   right one by construction. The panels of the first seed go to `figures/gan_six_cases.png`.
2. Data sets 1 and 3 with capacity to spare, over more seeds: moments, modes, quality.
3. A grid of discriminator's × generator's hidden units, on each data set: modes and quality,
   drawn as heat maps in `figures/gan_laboratory.png`.

    python benchmarks/gan_laboratory.py [--seeds 3] [--more-seeds 10] [--grid-seeds 2]
"""

import argparse
import os
import time

import keras
import numpy as np

from keras_aegan import callbacks, datasets, metrics, models, networks, plotting, regularizers

HIGH, LOW = (64, 64), ()
GRID = [(), (4,), (16,), (64, 64)]
BATCH_SIZE = 256
NUM_STEPS = 5000
GRID_STEPS = 3000
STEPS_PER_EPOCH = 500

# Data set, generator's hidden units, discriminator's, and the verdict that is right.
CASES = {
    "1: high G, high D": (1, HIGH, HIGH, "fine"),
    "2: high G, high D": (2, HIGH, HIGH, "fine"),
    "3: high G, high D": (3, HIGH, HIGH, "fine"),
    "3: low G, high D": (3, LOW, HIGH, "the generator lacks capacity"),
    "1: high G, low D": (1, HIGH, LOW, "the discriminator lacks capacity"),
    "3: high G, low D": (3, HIGH, LOW, "the discriminator lacks capacity"),
}


def train(number, generator_units, discriminator_units, seed, num_steps=NUM_STEPS, watch=()):
    """A GAN on the lecture's data set of that number, trained; and its history."""
    keras.utils.set_random_seed(seed)
    x = datasets.lecture_mixture(number).sample(BATCH_SIZE * STEPS_PER_EPOCH, seed=seed)
    model = models.GAN(
        networks.dense_generator(
            4, (2,), generator_units, activation="relu", batch_normalization=False
        ),
        networks.dense_discriminator((2,), discriminator_units),
        discriminator_regularizer=regularizers.R1(1.0),
        seed=seed,
    )
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, num_steps)
    model.compile(
        keras.optimizers.Adam(schedule, beta_1=0.0, beta_2=0.99),
        jit_compile=True,
        steps_per_execution=100,
    )
    history = model.fit(
        x,
        batch_size=BATCH_SIZE,
        epochs=num_steps // STEPS_PER_EPOCH,
        callbacks=list(watch),
        verbose=0,
    )
    return model, history


def measure(model, number):
    """Mode coverage of 2,500 samples, and the samples."""
    samples = model.sample(2500, seed=0)
    return metrics.mode_coverage(datasets.lecture_mixture(number), samples), samples


def six_cases(num_seeds):
    axis = np.linspace(-17, 17, 69)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype("float32")
    panels = {}
    print(f"{'case':<20}{'seed':>5}{'modes':>7}{'high quality':>14}  verdict")
    for title, (number, generator_units, discriminator_units, expected) in CASES.items():
        held_out = datasets.lecture_mixture(number).sample(1000, seed=1000)
        right = 0
        for seed in range(num_seeds):
            diagnosis = callbacks.GANDiagnosis(held_out, verbose=False)
            model, history = train(
                number, generator_units, discriminator_units, seed, watch=[diagnosis]
            )
            found, samples = measure(model, number)
            right += diagnosis.verdict == expected
            print(
                f"{title:<20}{seed:>5}{found['modes']:>5}/{number}{found['high_quality']:>14.1%}"
                f"  {diagnosis.verdict}",
                flush=True,
            )
            if seed == 0:
                panels[title] = {
                    "data": held_out,
                    "samples": samples[:1000],
                    "points": points,
                    "logits": model.discriminate(points),
                    "history": history,
                }
        print(f"{'':<20}{right} of {num_seeds} right\n", flush=True)
    plotting.gan_panels(panels).savefig("figures/gan_six_cases.png", dpi=130)


def many_seeds(num_seeds):
    print(f"{'set':>3}{'seed':>6}{'modes':>7}{'high quality':>14}{'mean':>18}{'std':>14}")
    for number in (1, 3):
        good = 0
        for seed in range(num_seeds):
            model, _ = train(number, HIGH, HIGH, seed)
            found, samples = measure(model, number)
            mean, std = samples.mean(axis=0), samples.std(axis=0)
            if number == 1:
                good += max(*abs(mean + 10), *abs(std - 1)) <= 0.2
            else:
                good += found["modes"] == 3 and found["high_quality"] >= 0.9
            numbers = (" ".join(f"{v:.2f}" for v in values) for values in (mean, std))
            print(
                f"{number:>3}{seed:>6}{found['modes']:>5}/{number}{found['high_quality']:>14.1%}"
                "{:>18}{:>14}".format(*numbers),
                flush=True,
            )
        wanted = "mean and std within 0.2" if number == 1 else "3 modes, at least 90 % of quality"
        print(f"{wanted}: {good} of {num_seeds} seeds\n", flush=True)


def grid(num_seeds):
    modes_panels, quality_panels = {}, {}
    print(f"{'set':>3}  {'discriminator':<14}{'generator':<12}{'modes':>8}{'high quality':>14}")
    for number in (1, 2, 3):
        share, quality = np.zeros((2, len(GRID), len(GRID)))
        for i, discriminator_units in enumerate(GRID):
            for j, generator_units in enumerate(GRID):
                found = [
                    measure(
                        train(number, generator_units, discriminator_units, seed, GRID_STEPS)[0],
                        number,
                    )[0]
                    for seed in range(num_seeds)
                ]
                # A mode hit by fewer than 20 of 2,500 samples is hit by chance.
                modes = np.mean([f["well_covered_modes"] for f in found])
                share[i, j] = modes / number
                quality[i, j] = np.mean([f["high_quality"] for f in found])
                print(
                    f"{number:>3}  {discriminator_units!s:<14}{generator_units!s:<12}"
                    f"{modes:>6.1f}/{number}{quality[i, j]:>14.1%}",
                    flush=True,
                )
        modes_panels[f"data set {number}: modes"] = share
        quality_panels[f"data set {number}: quality"] = quality
    names = ["none" if not units else "-".join(map(str, units)) for units in GRID]
    figure = plotting.heat_maps(
        {**modes_panels, **quality_panels},
        names,
        names,
        "discriminator's hidden units",
        "generator's hidden units",
    )
    figure.savefig("figures/gan_laboratory.png", dpi=130)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seeds", type=int, default=3, help="of the six cases")
parser.add_argument("--more-seeds", type=int, default=10, help="of data sets 1 and 3")
parser.add_argument("--grid-seeds", type=int, default=2, help="of the grid")
arguments = parser.parse_args()
os.makedirs("figures", exist_ok=True)
begin = time.perf_counter()
if arguments.seeds:
    six_cases(arguments.seeds)
if arguments.more_seeds:
    many_seeds(arguments.more_seeds)
if arguments.grid_seeds:
    grid(arguments.grid_seeds)
print(f"{time.perf_counter() - begin:.0f} s")
