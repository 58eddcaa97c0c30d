"""The machine's rate of float32 matrix products, with PyTorch's kernels or NumPy's.

It runs in a process of its own, like a contestant, and answers each line with the best rate of one
second's products of 2048×2048, in GFLOP/s.
"""

import sys
import time

import numpy as np

SIZE = 2048
generator = np.random.default_rng(0)
a, b = (generator.standard_normal((SIZE, SIZE), dtype="float32") for _ in range(2))
if sys.argv[1] == "torch":
    import torch

    a, b = torch.from_numpy(a), torch.from_numpy(b)

for _ in sys.stdin:
    fastest, end = float("inf"), time.perf_counter() + 1
    while time.perf_counter() < end:
        begin = time.perf_counter()
        a @ b
        fastest = min(fastest, time.perf_counter() - begin)
    print(2 * SIZE**3 / fastest / 1e9, flush=True)
