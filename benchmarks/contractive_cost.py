"""What an exact contraction costs: plain, contractive and naive steps of 784-1000, in ratios.

The three fit the same data with the same networks, in turns, for several rounds; the medians
are compared. The naive one is written as a user of plain Keras would: `batch_jacobian` of the
whole encoder in a `train_step` of his own.
"""

import statistics
import time

import keras
import numpy as np
from speed.naive_contractive import NaiveContractiveAutoencoder

from keras_aegan import models, networks

BATCH_SIZE = 64
STEPS = {"plain": 200, "contractive": 200, "naive": 2}  # a naive step takes seconds
ROUNDS = 3


def make(kind):
    """A compiled model, all on the same networks."""
    keras.utils.set_random_seed(0)
    encoder = networks.dense_encoder((784,), 1000, (), latent_activation="sigmoid")
    decoder = networks.dense_decoder(1000, (784,), (), output_activation="sigmoid")
    model = {
        "plain": models.Autoencoder,
        "contractive": models.ContractiveAutoencoder,
        "naive": NaiveContractiveAutoencoder,
    }[kind](encoder, decoder)
    model.compile("adam")
    return model


x = np.random.default_rng(0).uniform(size=(BATCH_SIZE * 200, 784)).astype("float32")
kinds = {kind: make(kind) for kind in STEPS}
seconds = {kind: [] for kind in STEPS}
for round_number in range(ROUNDS + 1):
    for kind, model in kinds.items():
        data = x[: BATCH_SIZE * STEPS[kind]]
        start = time.perf_counter()
        model.fit(data, batch_size=BATCH_SIZE, verbose=0)
        if round_number:  # the first round compiles
            seconds[kind].append((time.perf_counter() - start) / STEPS[kind])

medians = {kind: statistics.median(times) for kind, times in seconds.items()}
heading = f"784-1000, batch {BATCH_SIZE}"
print(f"{heading:<24}{'ms a step':>12}{'of plain':>12}{'of naive':>12}")
for kind, median in medians.items():
    print(
        f"{kind:<24}{1e3 * median:>12.2f}{median / medians['plain']:>12.2f}"
        f"{median / medians['naive']:>12.4f}"
    )
