"""The cost of an exact contraction: plain, contractive and naive steps of 784-1000, in ratios.

The three fit the same data with the same networks, in turns, for several rounds; their medians
are compared, without XLA and with it. The naive one is written as a user of plain Keras would
write it: `batch_jacobian` of the whole encoder in a `train_step` of their own.
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


def make(kind, jit_compile):
    """A compiled model, all on the same networks."""
    keras.utils.set_random_seed(0)
    encoder = networks.dense_encoder((784,), 1000, (), latent_activation="sigmoid")
    decoder = networks.dense_decoder(1000, (784,), (), output_activation="sigmoid")
    model = {
        "plain": models.Autoencoder,
        "contractive": models.ContractiveAutoencoder,
        "naive": NaiveContractiveAutoencoder,
    }[kind](encoder, decoder)
    model.compile("adam", jit_compile=jit_compile)
    return model


def milliseconds(jit_compile):
    """A step's median time, by kind."""
    models_by_kind = {kind: make(kind, jit_compile) for kind in STEPS}
    times = {kind: [] for kind in STEPS}
    for round_number in range(ROUNDS + 1):
        for kind, model in models_by_kind.items():
            data = x[: BATCH_SIZE * STEPS[kind]]
            start = time.perf_counter()
            model.fit(data, batch_size=BATCH_SIZE, verbose=0)
            if round_number:  # the first round compiles
                times[kind].append(1e3 * (time.perf_counter() - start) / STEPS[kind])
    return {kind: statistics.median(values) for kind, values in times.items()}


x = np.random.default_rng(0).uniform(size=(BATCH_SIZE * 200, 784)).astype("float32")
for jit_compile in (False, True):
    medians = milliseconds(jit_compile)
    heading = f"784-1000, {'with' if jit_compile else 'without'} XLA"
    print(f"{heading:<24}{'ms per step':>12}{'of plain':>12}{'of naive':>12}")
    for kind, median in medians.items():
        print(
            f"{kind:<24}{median:>12.2f}{median / medians['plain']:>12.2f}"
            f"{median / medians['naive']:>12.4f}",
            flush=True,
        )
