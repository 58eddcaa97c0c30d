"""A figure of one example is its own: alone, in a batch, in the SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_aegan.evaluation import AnomalyDetector
from keras_aegan.evaluation.anomaly_scores import SCORES
from tests.conformance.table import ROWS, compiled

_SCORED = {n: r for n, r in ROWS.items() if "reconstruction_error" in r.endpoints}
_DETECTED = {n: r for n, r in _SCORED.items() if len(r.endpoints["reconstruction_error"](1)) == 1}
every_scored_row = pytest.mark.parametrize("row", list(_SCORED.values()), ids=list(_SCORED))


def _fitted(row):
    model = compiled(row)
    model.fit(*row.data(16), verbose=0)
    return model


def _one_by_one(function, arrays):
    return np.concatenate([function(*(a[i : i + 1] for a in arrays)) for i in range(5)])


@every_scored_row
def test_a_reconstruction_error_alone_in_a_batch_and_exported(row, tmp_path):
    model, arrays = _fitted(row), row.endpoints["reconstruction_error"](24)
    together = model.reconstruction_error(*arrays)
    alone = _one_by_one(model.reconstruction_error, arrays)
    np.testing.assert_allclose(together[:5], alone, rtol=1e-4, atol=1e-6)
    in_sevens = model.reconstruction_error(*arrays, batch_size=7)
    np.testing.assert_allclose(together, in_sevens, rtol=1e-4, atol=1e-6)
    model.export(tmp_path / "served")
    served = tf.saved_model.load(str(tmp_path / "served"))
    answer = served.reconstruction_error(*map(tf.constant, arrays))
    np.testing.assert_allclose(together, answer, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("row", list(_SCORED.values()), ids=list(_SCORED))
def test_a_log_likelihood_alone_and_in_a_batch(row):
    model = _fitted(row)
    if not hasattr(model, "log_likelihood"):
        return
    arrays = row.endpoints["reconstruction_error"](6)
    together = model.log_likelihood(*arrays, 60, seed=3, verbose=0)
    assert len(set(together)) == 6

    def estimate(*one):
        return model.log_likelihood(*one, 60, seed=3, verbose=0)

    np.testing.assert_allclose(together[:5], _one_by_one(estimate, arrays), rtol=1e-4)


@pytest.mark.parametrize("score", list(SCORES))
@pytest.mark.parametrize("row", list(_DETECTED.values()), ids=list(_DETECTED))
def test_a_score_alone_in_a_batch_in_a_file_and_exported(row, score, tmp_path):
    model, (x,) = _fitted(row), row.endpoints["reconstruction_error"](24)
    try:
        detector = AnomalyDetector(model, score, num_samples=4)
    except (ValueError, TypeError) as refused:
        assert "Received" in str(refused)  # noqa: PT017
        return
    detector.fit_threshold(x, 0.1)
    together = detector.anomaly_scores(x)
    assert np.isfinite(together).all()
    alone = _one_by_one(detector.anomaly_scores, [x])
    np.testing.assert_allclose(together[:5], alone, rtol=1e-3, atol=1e-4)
    detector.save(tmp_path / "detector.keras")
    loaded = keras.models.load_model(tmp_path / "detector.keras")
    np.testing.assert_allclose(together, loaded.anomaly_scores(x), rtol=1e-3, atol=1e-4)
    detector.export(tmp_path / "served")
    served = tf.saved_model.load(str(tmp_path / "served"))
    answer = served.score(tf.constant(x))
    np.testing.assert_allclose(together, answer, rtol=1e-3, atol=1e-4)
