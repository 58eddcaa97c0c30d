"""Contestants as processes that stay alive and wait for their turns."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from workloads import WORKLOADS


class Process:
    """A script of this folder that answers each line with a line of JSON."""

    def __init__(self, script, *arguments):
        self.name = " ".join([script, *arguments])
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115, closed in `close`
        self.process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def read(self):
        """The next answer."""
        answer = self.process.stdout.readline()
        if not answer:
            self.log.seek(0)
            raise RuntimeError(f"{self.name} ended early:\n{self.log.read()[-3000:]}")
        return json.loads(answer)

    def ask(self, line=""):
        """The answer to a line."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        """Ends it."""
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


class Runner:
    """A contestant's process, and its measurements."""

    def __init__(self, workload_name, number, clock="wall"):
        contestant = WORKLOADS[workload_name].contestants[number]
        self.clock = {"wall": "seconds", "cpu": "cpu_seconds"}[clock]
        self.family, self.label = contestant.family, contestant.label
        self.process = Process("worker.py", workload_name, str(number))
        built = self.process.read()
        self.num_examples, self.num_parameters = built["num_examples"], built["num_parameters"]
        self.rates = []  # examples per second, one for each turn
        self.cores = []  # processor seconds per second, fewer if other programs run

    def warm_up(self, seconds):
        """The first epoch, then one to measure how many fill `seconds`."""
        first = self.process.ask(1)
        self.first_epoch, self.losses = first[self.clock], first["losses"]
        self.num_epochs = max(1, round(seconds / self.process.ask(1)["seconds"]))

    def take_turn(self):
        """One timed call of `fit`."""
        answer = self.process.ask(self.num_epochs)
        self.rates.append(self.num_epochs * self.num_examples / answer[self.clock])
        self.cores.append(answer["cpu_seconds"] / answer["seconds"])
        self.peak_mb = answer["peak_mb"]

    @property
    def rate(self):
        """The median over turns."""
        return statistics.median(self.rates)

    def times_as_fast_as(self, other):
        """The ratio of rates in each round: a disturbance of a round affects both."""
        return [a / b for a, b in zip(self.rates, other.rates, strict=True)]
