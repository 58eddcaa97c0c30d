"""`tf.config.experimental.enable_op_determinism()`: no warning, and the same weights twice."""

import subprocess
import sys

# In a process of its own, since TensorFlow has no public way to leave that mode.
_SCRIPT = """
import warnings
import numpy as np, tensorflow as tf
tf.config.experimental.enable_op_determinism()
from tests.conformance.table import ROWS, compiled, state

warnings.simplefilter("error")
warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy keyword")
for name, row in ROWS.items():
    states = []
    for _ in range(2):
        model = compiled(row, jit_compile="auto")
        model.fit(*row.data(16), batch_size=8, verbose=0)
        states.append(state(model))
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
    print("reproduced", name)
"""


def test_every_row_is_reproduced_without_a_warning():
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "reproduced conditional_gan" in ran.stdout
