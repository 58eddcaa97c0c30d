"""The rate of the noises that replace values."""

import numpy as np
import pytest

from keras_aegan.layers import MaskingNoise, SaltAndPepperNoise


@pytest.mark.parametrize("make", [MaskingNoise, SaltAndPepperNoise])
def test_a_rate_may_be_any_real_number(make):
    grey = np.full((100, 100), 0.5, "float32")
    noisy = make(np.float32(0.25), seed=0)(grey, training=True)
    assert abs(np.mean(np.array(noisy) != 0.5) - 0.25) < 0.02  # 0.25 ± 4.6 standard errors


@pytest.mark.parametrize("rate", [True, -0.1, 1.5, float("nan"), "0.5", None])
def test_what_is_no_rate(rate):
    with pytest.raises(ValueError, match=r"`rate` must lie in \[0, 1\]. Received: rate="):
        MaskingNoise(rate)
