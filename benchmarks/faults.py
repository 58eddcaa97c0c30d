"""Kills trainings at random moments, runs the same command again, and compares bit for bit.

    python benchmarks/faults.py                 20 kills of a GAN, 20 of a VAE, one worker of two
    python benchmarks/faults.py --kills 3       fewer
    python benchmarks/faults.py --parts vae     the VAE alone

It compares the weights, every optimizer's state with its moving averages, the noise, the weights
of the terms and the history of the logs.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

EPOCHS = 12


def train(name, folder):
    """The command that is killed: data in one order, one backup, and the state at the end."""
    import keras
    import numpy as np

    import keras_aegan
    from keras_aegan import callbacks, datasets, models, networks

    strategy = keras_aegan.distribution_strategy()
    keras.utils.set_random_seed(0)
    x = datasets.ring(8).sample(2000, seed=0)
    shapes = {"hidden_units": (64, 64)}
    with strategy.scope():
        optimizer = keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.99)
        if name == "gan":
            model = models.GAN(
                networks.dense_generator(8, (2,), **shapes),
                networks.dense_discriminator((2,), dropout=0.1, **shapes),
                seed=1,
            )
            term = "discriminator_loss"
        else:
            features = networks.dense_encoder((2,), None, **shapes)
            model = models.VAE(
                networks.gaussian_encoder(features, 2),
                networks.dense_decoder(2, (2,), **shapes),
                seed=1,
            )
            term = "kl_loss"
        model.compile(optimizer, jit_compile=False)
    others = [
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        callbacks.LossWeightSchedule(term, callbacks.linear_schedule(0.1, 1.0, 8)),
        callbacks.BackupAndRestore(folder / "backup"),
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: print("epoch", flush=True)),
    ]
    history = model.fit(
        x, batch_size=50, epochs=EPOCHS, shuffle=False, validation_data=x[:200], verbose=0,
        callbacks=others,
    )  # fmt: skip
    optimizers = [v for o in model.optimizers.values() for v in o.variables]
    variables = [*model.variables, *optimizers, *model.loss_weights.values()]
    rank = json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {}).get("index", 0)
    np.savez(folder / f"state_{rank}.npz", *[np.array(v) for v in variables])
    (folder / f"history_{rank}.json").write_text(json.dumps([history.epoch, history.history]))


def start(name, folder, rank=None, addresses=()):
    """The command in a process of its own, as one of several workers if there are addresses."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if addresses:
        task = {"type": "worker", "index": rank}
        environment["TF_CONFIG"] = json.dumps({"cluster": {"worker": addresses}, "task": task})
    command = [sys.executable, __file__, "--train", name, "--folder", str(folder)]
    errors = (folder / f"errors_{rank or 0}.log").open("w")
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
    )


def wait_for_training(process):
    """Returns when the first epoch begins."""
    for line in process.stdout:
        if line.startswith("epoch"):
            return
    raise SystemExit("The training did not begin.")


def left(folder, rank=0):
    """What a training left, as bytes to compare."""
    import numpy as np

    path = folder / f"state_{rank}.npz"
    if not path.exists():
        raise SystemExit((folder / f"errors_{rank}.log").read_text()[-2000:])
    states = np.load(path)
    return [states[n].tobytes() for n in states.files], (
        folder / f"history_{rank}.json"
    ).read_text()


def kill_and_resume(name, kills, seed):
    """Prints how many of the killed and resumed trainings equal the uninterrupted one."""
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder)
        process = start(name, whole)
        wait_for_training(process)
        began = time.monotonic()
        process.communicate()
        duration, expected = time.monotonic() - began, left(whole)
    moments, equal, hit = random.Random(seed), 0, 0
    for _ in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            broken = pathlib.Path(folder)
            process = start(name, broken)
            wait_for_training(process)
            time.sleep(moments.uniform(0, duration))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            hit += process.returncode == -signal.SIGKILL
            start(name, broken).communicate()
            equal += left(broken) == expected
    print(f"{name}: {kills} kills, {hit} of them in time; {equal} of {kills} resumed runs equal")
    return equal == kills


def kill_a_worker():
    """Prints what the other worker says, how soon, and whether the rerun ends the same."""
    sockets = [socket.socket() for _ in range(2)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    results, message, seconds = [], "", 0.0
    for victim in (None, 1):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            workers = [start("gan", folder, rank, addresses) for rank in range(2)]
            if victim is not None:
                for worker in workers:
                    wait_for_training(worker)
                time.sleep(1.0)
                workers[victim].send_signal(signal.SIGKILL)
                killed = time.monotonic()
                workers[0].communicate()
                seconds = time.monotonic() - killed
                workers[1].communicate()
                print(f"workers: worker 1 killed; worker 0 ended {seconds:.0f} s later and said:")
                message = (folder / "errors_0.log").read_text().strip().splitlines()[-1]
                print("   ", message)
                workers = [start("gan", folder, rank, addresses) for rank in range(2)]
            for worker in workers:
                worker.communicate()
            results.append([left(folder, rank) for rank in range(2)])
    is_equal = results[0] == results[1]
    print(f"workers: the rerun {'equals' if is_equal else 'differs from'} an uninterrupted one")
    return is_equal and f"worker 1 ({addresses[1]})" in message and seconds < 60


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parts = ["gan", "vae", "workers"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--train", choices=["gan", "vae"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments.train, arguments.folder)
        return
    passed = [
        kill_a_worker()
        if part == "workers"
        else kill_and_resume(part, arguments.kills, arguments.seed)
        for part in arguments.parts
    ]
    raise SystemExit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
