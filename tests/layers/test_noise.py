"""What the noises of the toolkit add and replace."""

import numpy as np
import pytest
from scipy import stats

from keras_aegan.layers import GaussianNoise, MaskingNoise, SaltAndPepperNoise


def test_gaussian_noise_is_added_in_training_only():
    x = np.random.default_rng(0).uniform(0, 10, (200, 100)).astype("float32")
    layer = GaussianNoise(2.0, seed=1)
    noise = np.array(layer(x, training=True)) - x
    assert stats.kstest(noise.ravel(), stats.norm(scale=2.0).cdf).pvalue > 1e-3
    np.testing.assert_array_equal(layer(x), x)
    assert not np.allclose(layer(x, training=True), x + noise, atol=1e-3)
    copy = GaussianNoise.from_config(layer.get_config())
    np.testing.assert_allclose(copy(x, training=True), x + noise, atol=1e-5)
    np.testing.assert_array_equal(GaussianNoise(0)(x, training=True), x)


@pytest.mark.parametrize("stddev", [True, -0.1, float("inf"), float("nan"), "0.5", None])
def test_what_is_no_standard_deviation(stddev):
    with pytest.raises(ValueError, match="`stddev` must be a finite number, zero or more. Rec"):
        GaussianNoise(stddev)


@pytest.mark.parametrize("make", [MaskingNoise, SaltAndPepperNoise])
def test_a_rate_may_be_any_real_number(make):
    grey = np.full((100, 100), 0.5, "float32")
    noisy = make(np.float32(0.25), seed=0)(grey, training=True)
    assert abs(np.mean(np.array(noisy) != 0.5) - 0.25) < 0.02  # 0.25 ± 4.6 standard errors


@pytest.mark.parametrize("rate", [True, -0.1, 1.5, float("nan"), "0.5", None])
def test_what_is_no_rate(rate):
    with pytest.raises(ValueError, match=r"`rate` must lie in \[0, 1\]. Received: rate="):
        MaskingNoise(rate)
