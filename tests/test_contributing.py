"""CONTRIBUTING.md's example of adding a model is the one that `tests/conformance/` tests."""

import pathlib
import re

import keras
import numpy as np
from scipy.spatial.distance import cdist

from keras_aegan import networks
from keras_aegan.metrics import kernel_distance
from keras_aegan.models.wasserstein_autoencoder import WassersteinAutoencoder, squared_mmd

_ROOT = pathlib.Path(__file__).parents[1]
_MODEL = _ROOT / "keras_aegan" / "models" / "wasserstein_autoencoder.py"


def test_what_is_quoted_stands_in_the_files():
    guide = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = guide.split("### An example")[1].split("\n## ")[0]
    quoted = re.findall(r"```python\n(.*?)```", example, flags=re.DOTALL)
    files = [_MODEL, _ROOT / "tests" / "conformance" / "table.py"]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert len(quoted) == 2
    for block in quoted:
        for line in filter(None, (line.strip() for line in block.splitlines())):
            assert line in sources, line


def test_the_example_takes_less_than_120_lines_and_nothing_private():
    source = _MODEL.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 120
    assert "_objective" not in source
    assert "_optimizers" not in source


def test_the_mmd_is_the_papers_u_statistic():
    generator = np.random.default_rng(0)
    codes, draws = generator.normal(size=(2, 7, 3)).astype("float32")

    def kernel(a, b):
        return 6 / (6 + cdist(a, b, "sqeuclidean"))  # C = 2 · 3

    off_diagonal = ~np.eye(7, dtype=bool)
    expected = kernel(codes, codes)[off_diagonal].mean() + kernel(draws, draws)[off_diagonal].mean()
    expected -= 2 * kernel(codes, draws).mean()
    np.testing.assert_allclose(squared_mmd(codes, draws), expected, atol=1e-5)


def test_codes_come_to_be_distributed_as_the_prior():
    x = np.random.default_rng(0).normal(size=(2_000, 2)).astype("float32") * [3.0, 1.0]
    model = WassersteinAutoencoder(
        networks.dense_encoder((2,), 2, (16,)), networks.dense_decoder(2, (2,), (16,)), seed=0
    )
    model.compile(keras.optimizers.Adam(1e-2), loss_weights={"mmd_loss": 10.0}, jit_compile=False)
    prior = np.random.default_rng(1).normal(size=(2_000, 2))
    before = kernel_distance(model.encode(x), prior)
    model.fit(x, batch_size=100, epochs=15, verbose=0)
    assert kernel_distance(model.encode(x), prior) < 0.05 < before
