"""The scikit-learn face: scikit-learn's own checks, pipelines, searches, pickles."""

import pickle
import random

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from keras_aegan.evaluation import AutoencoderTransformer

TINY = AutoencoderTransformer(1, hidden_units=(4,), epochs=1, random_state=0)


@parametrize_with_checks([TINY])
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)


def test_a_seed_gives_the_model_again_and_leaves_global_random_numbers_alone():
    x, _ = load_iris(return_X_y=True)
    random.seed(7)
    np.random.seed(7)
    python_state, numpy_state = random.getstate(), np.random.get_state()
    first = clone(TINY).fit_transform(x)
    assert random.getstate() == python_state
    for now, before in zip(np.random.get_state(), numpy_state, strict=True):
        np.testing.assert_array_equal(now, before)
    random.seed(8)
    np.testing.assert_array_equal(clone(TINY).fit_transform(x), first)


def test_search_over_a_pipeline():
    x, y = load_iris(return_X_y=True)
    transformer = AutoencoderTransformer(2, hidden_units=(8,), epochs=20, random_state=0)
    pipeline = make_pipeline(StandardScaler(), transformer, LogisticRegression())
    search = GridSearchCV(pipeline, {"autoencodertransformer__latent_dim": [1, 2]}, cv=2)
    search.fit(x, y)
    assert search.best_score_ > 0.6  # a third by chance
    assert search.best_estimator_[:-1].get_feature_names_out()[0] == "autoencodertransformer0"


def test_a_fitted_one_is_pickled_through_keras_and_cloned_without_its_model():
    x, _ = load_iris(return_X_y=True)
    fitted = clone(TINY).fit(x)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(x), fitted.transform(x))
    assert fitted.inverse_transform(fitted.transform(x)).shape == x.shape
    assert not hasattr(clone(fitted), "model_")
