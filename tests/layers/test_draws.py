"""The toolkit's draws against Squares as its paper prints it, and against their distributions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_aegan.layers import draws

DRAWS = {"normal": (draws.normal, stats.norm), "uniform": (draws.uniform, stats.uniform)}
WORD = 2**64


def splitmix64(state):
    x = (state + 0x9E3779B97F4A7C15) % WORD
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % WORD
    return x ^ (x >> 31)


def squares32(counter, key):
    """The paper's listing, in Python's integers."""
    x = y = counter * key % WORD
    z = (y + key) % WORD
    x = (x * x + y) % WORD
    x = (x >> 32) | (x << 32) % WORD
    x = (x * x + z) % WORD
    x = (x >> 32) | (x << 32) % WORD
    x = (x * x + y) % WORD
    x = (x >> 32) | (x << 32) % WORD
    return (x * x + z) % WORD >> 32


def drawn(name, shape, seed, num_calls=1, jit_compile=False):
    generator = keras.random.SeedGenerator(seed)
    draw = tf.function(lambda: DRAWS[name][0](shape, generator), jit_compile=jit_compile)
    return np.stack([draw() for _ in range(num_calls)])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("seed", [0, 7, 123_456_789])
def test_the_numbers_are_those_of_squares(seed, jit_compile):
    words = [
        [squares32((call << 32) + index, splitmix64(seed) | 1) for index in range(6)]
        for call in range(3)
    ]
    uniform = np.array(words).reshape(3, 2, 3) // 2**8 / 2.0**24
    found = drawn("uniform", (2, 3), seed, 3, jit_compile)
    np.testing.assert_array_equal(found, uniform)
    normal = stats.norm.ppf((np.array(words).reshape(3, 2, 3) // 2**9 + 0.5) / 2.0**23)
    found = drawn("normal", (2, 3), seed, 3, jit_compile)
    np.testing.assert_allclose(found, normal, atol=2e-6, rtol=2e-6)


def test_keys_are_splitmix64s():
    """Its first number of seed 1234567, as its implementations are checked by."""
    key = draws._key(tf.constant(1234567, "uint64"))
    assert int(key) == 6457827717110365317 | 1


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_they_have_their_distribution(name, seed):
    found = drawn(name, (1000, 100), seed, jit_compile=True).ravel()
    assert stats.kstest(found, DRAWS[name][1].cdf).pvalue > 1e-3
    assert len(np.unique(found)) > 0.98 * len(found)


@pytest.mark.parametrize("name", DRAWS)
def test_nothing_is_correlated(name):
    """Neither calls, nor neighbours, nor seeds that follow one another: 4 standard errors."""
    calls = np.concatenate([drawn(name, (40_000,), seed, 4) for seed in (0, 1)])
    for sequences in (calls, calls**2, np.sin(60 * calls)):
        neighbours = np.array([np.corrcoef(c[1:], c[:-1])[0, 1] for c in sequences])
        between = np.corrcoef(sequences)[np.triu_indices(len(calls), 1)]
        assert np.all(np.abs(np.concatenate([neighbours, between])) < 4 / np.sqrt(40_000))


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes_round_the_same_draws(name, dtype):
    draw = DRAWS[name][0]
    found = draw((50,), keras.random.SeedGenerator(3), dtype)
    expected = tf.cast(draw((50,), keras.random.SeedGenerator(3)), dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)
