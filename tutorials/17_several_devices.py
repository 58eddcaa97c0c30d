"""
Title: Several devices
Slides: none; for training sets too large for one device
What to expect: one autoencoder trained on one device and on two replicas of this machine's CPU,
    and the same training both times; the three lines that change for GPUs and for several hosts;
    how many bytes each model sends in a step, and what that means for n GPUs. Two tables, a
    picture in figures/, a SavedModel in saved_models/several_devices.
Time: about 1 minute on 2 CPU cores

Run it from the root of the repository: python tutorials/17_several_devices.py
"""

"""
## Why

A batch can be shared: each of N devices takes its part and computes its gradients, and all of them
add up their gradients before they step. Done right, the weights do not show it. Done with one
factor wrong, each step is N times too long, and the loss on screen still looks fine: optimizers
*sum* over devices, and a mean written by hand divides by the part instead of the whole. So first
look not at how fast it is, but at whether it is still the same model.
"""

import os
import time

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

import keras_aegan
from keras_aegan import datasets, models, networks, regularizers

"""
One CPU can play two devices. TensorFlow must be told before it computes anything; on a machine
with GPUs, leave this cell out.
"""

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
os.makedirs("figures", exist_ok=True)

"""
## Hyperparameters
"""

batch_size = 128  # of all devices together: two of them take 64 each
num_epochs = 2
num_steps_compared = 20
latent_dim = 32

"""
## Data

Without a network and without MNIST on disk, these are 4,000 and 1,000 digits, and a warning says
so: all numbers below then differ.
"""

(x_train, _), (x_test, _) = datasets.load_images("mnist")
print("training:", x_train.shape, "test:", x_test.shape)

"""
## The three lines

    strategy = keras_aegan.distribution_strategy(["CPU:0", "CPU:1"])    # 1
    with strategy.scope():                                              # 2
        model = ...; model.compile(...)
    model.fit(x, batch_size=128 * strategy.num_replicas_in_sync)        # 3

**For the GPUs of one machine** the first line becomes `keras_aegan.distribution_strategy()`. It
finds them, and says how many. The third line is a choice: the batch grows with the devices, so
that each is as busy as before (and the learning rate may have to grow as well). With an unchanged
`batch_size=128`, N devices do the same training as one, in smaller parts.

**For several hosts** nothing more changes in the script. Start it on each host with another index:

    TF_CONFIG='{"cluster": {"worker": ["host0:5000", "host1:5000"]},
                "task": {"type": "worker", "index": 0}}' python train.py

Worker 0 is the chief: only it writes files, to a folder that all hosts see. With
`callbacks.BackupAndRestore("backups/run")`, a worker that dies costs at most an epoch: the others
name it and stop, and the same command on every host goes on from the last backup.

Here, the same training twice: on one device, and on two.
"""


def train(strategy):
    keras.utils.set_random_seed(0)  # the same weights, and the same order of the data
    with strategy.scope():
        model = models.Autoencoder(
            networks.dense_encoder((28, 28, 1), latent_dim),
            networks.dense_decoder(latent_dim, (28, 28, 1), output_activation="sigmoid"),
        )
        model.compile(keras.optimizers.SGD(0.5, momentum=0.9), loss="mse", jit_compile=False)
    few = x_train[: num_steps_compared * batch_size]
    model.fit(few, batch_size=batch_size, shuffle=False, verbose=0)
    weights = model.get_weights()
    start = time.perf_counter()
    history = model.fit(x_train, batch_size=batch_size, epochs=num_epochs, shuffle=False, verbose=0)
    seconds = (time.perf_counter() - start) / num_epochs / np.ceil(len(x_train) / batch_size)
    return model, weights, history.history["loss"][-1], seconds


def largest_difference(weights, others):
    return max(np.abs(a - b).max() for a, b in zip(weights, others, strict=True))


one, weights_of_one, loss_of_one, seconds_of_one = train(keras_aegan.distribution_strategy())
two, weights_of_two, loss_of_two, seconds_of_two = train(
    keras_aegan.distribution_strategy(["CPU:0", "CPU:1"])
)
print(f"\n{'':<16}{'loss':>12}{'a step':>12}")
print(f"{'one device':<16}{loss_of_one:>12.6f}{seconds_of_one * 1000:>9.1f} ms")
print(f"{'two replicas':<16}{loss_of_two:>12.6f}{seconds_of_two * 1000:>9.1f} ms")
gap = largest_difference(weights_of_one, weights_of_two)
gap_later = largest_difference(one.get_weights(), two.get_weights())
print(f"largest gap of a weight: {gap:.1e} after {num_steps_compared} steps, {gap_later:.1e} later")

"""
After a few steps all weights agree, up to the rounding of sums that are added in another order; a
step of twice the length would show here at once. Rounding then grows, as it does between any two
machines: a unit that is just on in one training is just off in the other. The loss hardly changes.
That holds for every model of this package, uneven last batches included.

And the time? Both replicas share this machine's cores, which one device had for itself: nothing
can be gained here, and the bookkeeping costs much. Logical CPUs are for trying a script, not for
speed.

## What a step sends

When are n GPUs worth it, then? In each step a device computes its gradients and sends them: as many
numbers as the player has weights, 4 bytes each, for each of the players' turns. Summed in a ring,
every device sends and receives 2 (n − 1)/n times that. So a model's number of weights says how much
it sends.
"""


def bytes_a_step(model, turns):
    """What is summed over all devices in one training step, by player."""
    by_player = {}
    for player, its_networks in model.players.items():
        weights = [weight for network in its_networks for weight in network.trainable_weights]
        num_values = sum(np.prod(weight.shape) for weight in weights)
        by_player[player] = 4 * turns.get(player, 1) * num_values
    return by_player


cifar10 = (32, 32, 3)
plane = networks.dense_generator(100, (2,))
convolutions = networks.convolutional_encoder(cifar10, None, num_classes=10)
zoo = {
    "autoencoder 784-512-256-32": (one, {}),
    "the lecture's VAE": (models.VAE(*networks.lecture_vae((28, 28, 1), 28)), {}),
    "DC-CVAE, CIFAR-10": (
        models.ConditionalVAE(
            networks.gaussian_encoder(convolutions, 128),
            networks.convolutional_decoder(128, cifar10, num_classes=10),
        ),
        {},
    ),
    "the lecture's GAN, 2-D": (models.GAN(plane, networks.dense_discriminator((2,))), {}),
    "DCGAN, CIFAR-10": (
        models.GAN(networks.dcgan_generator(100, cifar10), networks.dcgan_discriminator(cifar10)),
        {},
    ),
    "WGAN-GP, 5 turns": (
        models.GAN(
            networks.dcgan_generator(100, cifar10),
            networks.dcgan_discriminator(cifar10, batch_normalization=False),
            num_discriminator_steps=5,
            discriminator_regularizer=regularizers.GradientPenalty(10.0),
        ),
        {"discriminator": 5},
    ),
}

wires = {"10 Gbit/s": 1.25e9, "PCIe 4": 25e9, "NVLink": 250e9}  # bytes per second, one way
num_gpus = 8
print(f"\n{'a step sends':<28}{'MB':>7}", *(f"{wire:>12}" for wire in wires), "  by player, MB")
sent = {}
for name, (model, turns) in zoo.items():
    by_player = bytes_a_step(model, turns)
    sent[name] = sum(by_player.values())
    ring = 2 * (num_gpus - 1) / num_gpus * sent[name]
    times = (f"{1000 * ring / speed:>9.2f} ms" for speed in wires.values())
    players = ", ".join(f"{player} {size / 1e6:.2f}" for player, size in by_player.items())
    print(f"{name:<28}{sent[name] / 1e6:>7.2f}", *times, f"  {players}")

"""
The milliseconds are for 8 GPUs. Compare them with your own step: n devices compute n times as fast,
but do not send faster. On paper, with nothing overlapped, n devices do

    n · t / (t + s),    t: a step's computation on one device, s: the time to send

times the work of one. So small networks, whose step takes a millisecond, do not get faster over a
slow wire; take larger batches, or stay on one GPU. Two things are added: synchronised batch
normalisation (which `networks` uses under several devices) sends three numbers per channel forward
and two back, and waits for all devices in the middle of the network; and each message costs some
tens of microseconds, however short it is.
"""

figure = Figure(figsize=(8, 4.5), layout="constrained")
axes = figure.add_subplot()
styles = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
step = np.geomspace(1e-3, 1.0, 100)  # seconds
for (name, size), style in zip(sent.items(), styles, strict=True):
    ring = 2 * (num_gpus - 1) / num_gpus * size
    axes.plot(
        step * 1000, num_gpus * step / (step + ring / wires["10 Gbit/s"]), ls=style, label=name
    )
axes.axhline(1, color="black", lw=0.8)
axes.set(
    xscale="log",
    ylim=(0, num_gpus),
    xlabel="computation of a step on one GPU, in ms",
    ylabel="as much as how many GPUs",
    title=f"{num_gpus} GPUs on hosts of their own, 10 Gbit/s, on paper",
)
axes.legend(loc="lower right", fontsize=8)
figure.savefig("figures/17_scaling.png", dpi=130)

"""
Below the black line, eight GPUs would be slower than one.

## Save

A model that was trained on several devices is saved like any other, and its file does not mention
them.
"""

two.export("saved_models/several_devices")

"""
## What to try next, and what to break on purpose

- `batch_size = 125`: 63 and 62 examples, and a last batch of what is left. Are the weights still
  the same?
- `models.VAE` in `train`: each replica draws noise of its own, so the weights must differ. How much
  do the losses?
- Two workers on this machine: two shells, `TF_CONFIG` as above with `127.0.0.1:5000` and
  `127.0.0.1:5001`. Then kill one of them, and read what the other says.
- Break it: take `strategy.scope()` away. There is no error: a model belongs to the strategy in
  whose scope it is made, so this one trains on one device, and both rows agree to the last digit.
  `model.distribute_strategy.num_replicas_in_sync` says which it is.

## Use what was saved

This cell needs only `import tensorflow as tf`: paste it into a program of its own.
"""

served = tf.saved_model.load("saved_models/several_devices")
digits = tf.zeros((3, 28, 28, 1))
print("\nencode:", served.encode(digits).shape)
print("reconstruction_error:", served.reconstruction_error(digits).numpy().round(4))
