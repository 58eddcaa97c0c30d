"""Active units: by construction."""

import numpy as np
import pytest

from keras_aegan import metrics


def test_a_dimension_is_active_if_its_mean_moves():
    generator = np.random.default_rng(0)
    z_mean = generator.normal(size=(1000, 4)) * np.sqrt([1.0, 0.02, 0.005, 0.0])
    assert metrics.active_units(z_mean).tolist() == [True, True, False, False]
    assert metrics.active_units(z_mean, threshold=0.5).tolist() == [True, False, False, False]


def test_one_example_has_no_variance():
    with pytest.raises(ValueError, match="`z_mean` must have the shape"):
        metrics.active_units(np.zeros((1, 3)))
