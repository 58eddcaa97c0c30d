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


@pytest.mark.parametrize("open_axes", [(1,), (2,), (1, 2), (1, 2, 3)])
def test_along_an_open_axis_the_draws_go_on(open_axes):
    longer = tuple(4 + (axis in open_axes) * axis for axis in range(4))
    kept = tuple(slice(0, 4) for _ in longer)
    at = [draws.normal_at(shape, 3, open_axes).numpy() for shape in ((4,) * 4, longer)]
    np.testing.assert_array_equal(at[1][kept], at[0])
    assert len(np.unique(at[1])) == at[1].size
    x, seed = tf.constant([[1.0, 2.0], [2.0, 1.0]]), tf.constant(5, "int64")
    of = [draws.normal_of(x, s, seed, open_axes=open_axes).numpy() for s in ((4,) * 4, longer)]
    np.testing.assert_array_equal(of[1][(slice(None), *kept)], of[0])
    assert len(np.unique(of[1])) == of[1].size
    # Those of a second group are others, and go on from the first.
    num_closed = 4 ** (4 - len(open_axes))
    second = draws.normal_of(x, longer, seed, num_closed, open_axes=open_axes).numpy()
    both = draws.normal_of(x, (8, *longer[1:]), seed, open_axes=open_axes).numpy()
    np.testing.assert_array_equal(np.concatenate([of[1], second], axis=1), both)


def test_along_open_axes_they_have_their_distribution():
    found = draws.normal_at((20, 50, 50, 2), 0, (1, 2)).numpy()
    assert stats.kstest(found.ravel(), stats.norm.cdf).pvalue > 1e-3
    for axis in range(4):
        one, other = np.split(np.moveaxis(found, axis, 0)[: 2 * (found.shape[axis] // 2)], 2)
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)


def test_what_a_mask_hides_draws_nothing():
    seed = tf.constant(5, "int64")
    short = tf.constant([[[1.0], [2.0]]])
    padded, mask = tf.constant([[[1.0], [2.0], [7.0]]]), tf.constant([[True, True, False]])
    alone = draws.normal_of(short, (3,), seed, mask=tf.constant([[True, True]]))
    np.testing.assert_array_equal(draws.normal_of(padded, (3,), seed, mask=mask), alone)
    other = draws.normal_of(padded, (3,), seed, mask=tf.constant([[True, True, True]]))
    assert not np.any(np.isclose(other, alone))
    of_codes = tf.constant([[True]])  # a mask of other axes than the examples'
    draws.normal_of(padded, (3,), seed, mask=of_codes)
