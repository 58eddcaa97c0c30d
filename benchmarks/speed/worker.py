"""One contestant in a process of its own, which stays alive between its turns.

Started by `run.py`, with the workload's and the contestant's name. Writes one JSON line when it is
built; then, for each line with a number of epochs, trains and answers with the seconds of that
call.
"""

import importlib
import json
import os
import resource
import sys
import time

import workloads

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what frameworks print goes to the log


def answer(**values):
    values["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(values), file=answers, flush=True)


name, number = sys.argv[1], int(sys.argv[2])
workload = workloads.WORKLOADS[name]
contestant = workload.contestants[number]
num_examples = contestant.num_examples or workload.num_examples
x = workload.make_data(num_examples)
build = getattr(importlib.import_module(contestant.module), workload.task)
fit, num_parameters = build(workload, x, **contestant.options)
answer(num_examples=num_examples, num_parameters=num_parameters)
for line in sys.stdin:
    begin, cpu_begin = time.perf_counter(), time.process_time()
    losses = fit(int(line))
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu_begin
    answer(
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        losses={k: float(v) for k, v in (losses or {}).items()},
    )
