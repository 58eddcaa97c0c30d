"""Three thousand calls with wrong arguments, data and files: each must raise a sentence, or work.

    python benchmarks/fuzz.py [--calls 3000] [--family fit] [--seed 0]

A failure is: any error except a ValueError or TypeError that this package or Keras raises with a
message; a call of more than 60 seconds; a training that ends with NaN or without an epoch. Errors
of Keras's loader about a damaged file (such as zipfile's "Bad CRC-32") are counted separately.
"""

import argparse
import collections
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.getcwd())

import hypothesis
import keras

from tests.fuzzing import ELSEWHERE, FAMILIES, verdict


def fuzz(family, num_calls, seed):
    """The failures of a family: a list of `(call, what is wrong)`."""
    failures, counted = [], 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=num_calls, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(FAMILIES[family]())
    def run(case):
        nonlocal counted
        description, call = case
        counted += 1
        wrong = verdict(call)
        if wrong:
            failures.append((description, wrong))

    run()
    return counted, failures


parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--calls", type=int, default=3000)
parser.add_argument("--family", choices=list(FAMILIES))
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()
keras.config.disable_interactive_logging()
families = [arguments.family] if arguments.family else list(FAMILIES)
total = 0
for name in families:
    counted, failures = fuzz(name, arguments.calls // len(families), arguments.seed)
    if name == "files":
        theirs = [wrong for _, wrong in failures if wrong.startswith(ELSEWHERE)]
        failures = [case for case in failures if not case[1].startswith(ELSEWHERE)]
        print(f"{name}: {len(theirs)} refused in the words of Keras, zipfile or h5py")
    print(f"{name}: {counted} calls, {len(failures)} failures", flush=True)
    kinds = collections.defaultdict(list)
    for description, wrong in failures:
        kinds[wrong].append((description, wrong))
    for cases in kinds.values():
        print(f"  {len(cases)} ×", *(part[:300] for part in cases[0]), sep="\n      ")
    total += len(failures)
raise SystemExit(1 if total else 0)
