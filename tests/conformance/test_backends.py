"""The same training in groups of steps, under XLA and in half precision."""

import keras
import numpy as np
import pytest

from tests.conformance.table import compiled, every_row

# What a model says that cannot be compiled; it then trains without XLA.
without_xla = pytest.mark.filterwarnings("ignore:Model doesn't support `jit_compile=True`")


@without_xla
@every_row
def test_groups_of_steps_in_one_program_train_as_single_steps(row):
    arrays = row.data(40)
    grouped = compiled(row, jit_compile=True, steps_per_execution=4)
    # Keras's normal noise is another under XLA: noisy rows are compared within XLA.
    single = compiled(row, jit_compile=row.noisy, steps_per_execution=1)
    histories = [
        model.fit(*arrays, batch_size=8, epochs=10, shuffle=False, verbose=0).history
        for model in (grouped, single)
    ]
    for a, b in zip(grouped.weights, single.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)  # sums in another order
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], values, rtol=1e-4, err_msg=name)


@every_row
def test_half_precision_trains_close_to_float32(row):
    # Noise in half precision is another draw: enough examples for the means to agree.
    arrays = row.data(1280)

    def train():
        model = compiled(row)
        return model, model.fit(*arrays, batch_size=64, epochs=10, shuffle=False, verbose=0).history

    _, exact = train()
    for policy in ("mixed_float16", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            model, half = train()
        finally:
            keras.config.set_dtype_policy("float32")
        for optimizer in model.optimizers.values():
            is_scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            assert is_scaled == (policy == "mixed_float16")
        for name, values in exact.items():
            assert len(values) == 10
            np.testing.assert_allclose(half[name], values, rtol=0.05, err_msg=f"{policy} {name}")
