"""Probes: scikit-learn's classifiers on few labels."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from keras_aegan import evaluation

X, Y = load_digits(return_X_y=True)
TRAIN, TEST = (X[:1200], Y[:1200]), (X[1200:], Y[1200:])


@pytest.mark.parametrize("name", ["linear_probe", "mlp_probe", "neighbor_probe", "svm_probe"])
def test_more_labels_are_worth_more_and_draws_repeat(name):
    probe = getattr(evaluation, name)
    few, again, many = (probe(TRAIN, TEST, n, num_draws=3) for n in (20, 20, 300))
    np.testing.assert_array_equal(few["accuracies"], again["accuracies"])
    assert few["spread"] == pytest.approx(np.std(few["accuracies"], ddof=1))
    assert 0.4 < few["mean"] < many["mean"]
    assert many["mean"] > 0.8


def test_all_labels_are_scikit_learns_own_answer():
    scaler = StandardScaler().fit(TRAIN[0])
    classifier = KNeighborsClassifier(1).fit(scaler.transform(TRAIN[0]), TRAIN[1])
    expected = classifier.score(scaler.transform(TEST[0]), TEST[1])
    assert evaluation.neighbor_probe(TRAIN, TEST)["mean"] == pytest.approx(expected)


def test_features_are_taken_as_they_are_on_request():
    (x, y), (x_test, y_test) = TRAIN, TEST
    expected = KNeighborsClassifier(1).fit(x, y).score(x_test, y_test)
    found = evaluation.neighbor_probe(TRAIN, TEST, standardize=False)["mean"]
    assert found == pytest.approx(expected)
    assert found != pytest.approx(evaluation.neighbor_probe(TRAIN, TEST)["mean"])


def test_refusals():
    with pytest.raises(ValueError, match="`num_labels` must lie between.*10.*num_labels=5"):
        evaluation.linear_probe(TRAIN, TEST, 5)
    with pytest.raises(ValueError, match="`test` must have as many features"):
        evaluation.linear_probe(TRAIN, (X[:, :3], Y))
    with pytest.raises(ValueError, match="`train` must hold at least two classes"):
        evaluation.linear_probe((X, 0 * Y), TEST)
