"""How the time of a step grows with the batch, the width, the latent size and the number of steps.

    python benchmarks/speed/growth.py [--rounds 3]

A dense VAE, 784-width-latent and back, as `fit` trains it by default. One size at a time is
doubled; the others stay. Nothing should grow faster than its arithmetic: the last column is the
growth of the time over that of the matrix products' operations, from each size to the next. It is
at most 1, except for noise and where data outgrow the caches. Draws `figures/speed_growth.png`.
"""

import argparse
import os
import time

import keras
from matplotlib.figure import Figure
from workloads import ALPHA, digits

from keras_aegan import models, networks

BASE = {"batch size": 128, "width": 512, "latent size": 32, "number of steps": 64}
SIZES = {
    "batch size": (16, 32, 64, 128, 256, 512),
    "width": (64, 128, 256, 512, 1024),
    "latent size": (2, 8, 32, 128, 512),
    "number of steps": (64, 128, 256, 512, 1024),
}
TOLERANCE = 1.15  # for noise in a ratio of two times


def operations(sizes):
    """The operations of the matrix products in all steps: forward, and twice that backward."""
    width, latent = sizes["width"], sizes["latent size"]
    weights = 2 * 784 * width + width * 2 * latent + latent * width
    # Data need no gradient.
    per_example = 6 * weights - 2 * 784 * width
    return sizes["number of steps"] * sizes["batch size"] * per_example


def seconds(sizes, num_rounds):
    """The fastest warm call of `fit`: other programs can only slow it."""
    features = networks.dense_encoder((784,), None, (sizes["width"],))
    model = models.VAE(
        networks.gaussian_encoder(features, sizes["latent size"]),
        networks.dense_decoder(sizes["latent size"], (784,), (sizes["width"],)),
    )
    model.compile(
        keras.optimizers.Adam(1e-3), loss="mse", loss_weights={"reconstruction_loss": ALPHA}
    )
    x = digits(sizes["batch size"] * sizes["number of steps"])
    times = []
    for round_number in range(num_rounds + 1):
        begin = time.perf_counter()
        model.fit(x, batch_size=sizes["batch size"], verbose=0)
        if round_number:  # the first one compiles
            times.append(time.perf_counter() - begin)
    return min(times)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=3)
arguments = parser.parse_args()

keras.utils.set_random_seed(0)
figure = Figure(figsize=(14, 3.8), layout="constrained")
axes = figure.subplots(1, len(SIZES))
print("| | size | ms per step | ms in all | growth of time | of operations | ratio |")
print("|---|---|---|---|---|---|---|")
for ax, (name, values) in zip(axes, SIZES.items(), strict=True):
    points = [{**BASE, name: value} for value in values]
    times = [seconds(point, arguments.rounds) for point in points]
    work = [operations(point) for point in points]
    for i, (point, total) in enumerate(zip(points, times, strict=True)):
        row = f"| {name} | {values[i]:,} | {1e3 * total / point['number of steps']:.2f} "
        row += f"| {1e3 * total:,.0f} |"
        if i:
            time_growth, work_growth = total / times[i - 1], work[i] / work[i - 1]
            ratio = time_growth / work_growth
            row += f" {time_growth:.2f} | {work_growth:.2f} | {ratio:.2f}"
            row += " **faster than its arithmetic** |" if ratio > TOLERANCE else " |"
        else:
            row += " – | – | – |"
        print(row, flush=True)
    is_total = name == "number of steps"
    scales = [1 if is_total else 1 / p["number of steps"] for p in points]
    measured = [1e3 * t * s for t, s in zip(times, scales, strict=True)]
    # Through the last point: there, arithmetic is most of the time.
    ideal = [measured[-1] * w / work[-1] for w in work]
    ax.loglog(values, measured, "o-", label="measured")
    ax.loglog(values, ideal, "--", color="0.6", label="its arithmetic, from the last point")
    ax.set(xlabel=name, ylabel="ms in all" if is_total else "ms a step")
    ax.set_xticks(values, [f"{value:,}" for value in values], rotation=45)
    ax.minorticks_off()
axes[0].legend(fontsize="small")
figure.suptitle(
    f"A dense VAE, 784-{BASE['width']}-{BASE['latent size']}, batch {BASE['batch size']}"
)
os.makedirs("figures", exist_ok=True)
figure.savefig("figures/speed_growth.png", dpi=120)
