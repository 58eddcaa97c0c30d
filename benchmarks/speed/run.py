"""keras_aegan against plain Keras, PyTorch Lightning and a PyTorch loop written by hand.

    pip install -e ".[benchmarks]"
    python benchmarks/speed/run.py [--workloads vae_64 dcgan] [--rounds 5] [--seconds 5]

Each contestant runs in a process of its own, with the same network, optimizer, batch and data as
the others, written as its own users would write it. It is called once for its first epoch, which
compiles, and once more to see how many epochs fill `--seconds`. Then come the rounds: in each,
every contestant in turn makes one call of `fit`, input included, while the others wait.

Prints one Markdown table per workload: examples per second, the median of the rounds (least–most);
how many times as fast keras_aegan is, the median of the rounds' ratios; how many cores a contestant
had, which shows whether the machine was idle; the first epoch, from `fit` to its end; the peak
resident size; and the first epoch's mean losses, which show that all compute the same thing. Then
it compares these numbers with the targets.

On a machine that is not idle, `taskset -c 0 python benchmarks/speed/run.py --clock cpu` counts
processor seconds instead, on one core.
"""

import argparse
import contextlib
import sys

from processes import Process, Runner
from report import check_sameness, machine, table, verdicts
from workloads import WORKLOADS

SGEMM_KERNELS = ("numpy", "torch")  # the faster one is the machine's rate


def measure(name, num_rounds, seconds, clock):
    """The runners after all rounds, and the machine's sgemm rate in each, in GFLOP/s."""
    with contextlib.ExitStack() as stack:
        runners = []
        for number in range(len(WORKLOADS[name].contestants)):
            runner = Runner(name, number, clock)
            stack.callback(runner.process.close)
            runner.warm_up(seconds)
            runners.append(runner)
            print(f"{name}: {runner.label}, {runner.first_epoch:.1f} s", file=sys.stderr)
        check_sameness(runners)
        kernels = [Process("sgemm.py", kernel) for kernel in SGEMM_KERNELS]
        gflops = []
        for kernel in kernels:
            stack.callback(kernel.close)
        for _ in range(num_rounds):
            gflops.append(max(kernel.ask() for kernel in kernels))
            for runner in runners:
                runner.take_turn()
        return runners, gflops


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--workloads", nargs="+", choices=tuple(WORKLOADS), default=list(WORKLOADS))
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=5.0, help="of a contestant's turn")
parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
arguments = parser.parse_args()

print(machine(), f"Seconds of the {arguments.clock} clock.")
for name in arguments.workloads:
    measured = measure(name, arguments.rounds, arguments.seconds, arguments.clock)
    print(f"\n{table(WORKLOADS[name], *measured)}\n\n{verdicts(WORKLOADS[name], *measured)}")
    sys.stdout.flush()
