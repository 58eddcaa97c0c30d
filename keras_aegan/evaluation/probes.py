"""What features are worth to a classifier with few labels, by scikit-learn.

A probe takes features of all training examples and labels of them all, but shows its classifier
only `num_labels` labels, as many of each class as the class's share asks, in several draws: with a
hundred labels it matters which. Features are standardised over all training examples, which takes
no labels; with `standardize=False` they are taken as they are, which suits a VAE's codes: units
that say nothing vary little, and would be made as loud as the others. The M1 model of
[Kingma et al., 2014](https://arxiv.org/abs/1406.5298), section 2.1, is `svm_probe` or
`neighbor_probe` on a VAE's codes.
"""

from collections.abc import Sequence

import numpy as np

from keras_aegan.checks import data_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_numpy, as_vector
from keras_aegan.hints import ArrayLike


def linear_probe(
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    num_labels: int | None = None,
    num_draws: int = 5,
    seed: int = 0,
    C: float | None = None,
    standardize: bool = True,
) -> dict:
    """The accuracy of logistic regression on features.

    Args:
        train: `(features, labels)`, `(num_examples, ...)` and integers `(num_examples,)`.
        test: the same, to measure on.
        num_labels: how many labels are shown, at least one per class; all of them, once, if `None`.
        num_draws: how often, with other labels.
        seed: of the draws.
        C: the inverse strength of the L2 penalty; chosen by cross-validation on the labels shown,
            in three folds, if `None`.
        standardize: whether features are brought to mean 0 and variance 1.

    Returns:
        Dict: `mean` and `spread`, the standard deviation over draws (0 for one), of the accuracy
        on `test`; and `accuracies`, `(num_draws,)`.

    Raises:
        ValueError: if features and labels do not go together, or there are too few of a class.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import evaluation
    >>> labels = np.arange(200) % 2
    >>> features = np.random.default_rng(0).normal(size=(200, 3)) + 5 * labels[:, None]
    >>> evaluation.linear_probe((features, labels), (features, labels), num_labels=20)["mean"] > 0.95
    True
    """  # noqa: E501
    from sklearn.linear_model import LogisticRegression

    def make(labels):
        fixed = LogisticRegression(C=1.0 if C is None else C, max_iter=1000)
        return fixed if C is not None else _choose(fixed, "C", (1e-3, 1e-2, 0.1, 1.0, 10.0), labels)

    return _probe(make, train, test, num_labels, num_draws, seed, standardize)


def svm_probe(
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    num_labels: int | None = None,
    num_draws: int = 5,
    seed: int = 0,
    C: float | None = None,
    standardize: bool = True,
) -> dict:
    """The accuracy of a support vector machine with a Gaussian kernel, as M1's authors took.

    Args:
        train: as for `linear_probe`.
        test: as for `linear_probe`.
        num_labels: as for `linear_probe`.
        num_draws: as for `linear_probe`.
        seed: as for `linear_probe`.
        C: the inverse strength of the penalty; chosen by cross-validation if `None`.
        standardize: as for `linear_probe`.

    Returns:
        As `linear_probe`.

    Raises:
        ValueError: as `linear_probe`.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import evaluation
    >>> labels = np.arange(200) % 2
    >>> rings = np.random.default_rng(0).normal(size=(200, 2)) * (1 + 9 * labels[:, None])
    >>> found = evaluation.svm_probe((rings, labels), (rings, labels), num_labels=50, C=1.0)
    >>> found["mean"] > evaluation.linear_probe((rings, labels), (rings, labels), 50)["mean"]
    True
    """
    from sklearn.svm import SVC

    def make(labels):
        fixed = SVC(C=1.0 if C is None else C)
        return fixed if C is not None else _choose(fixed, "C", (0.1, 1.0, 10.0, 100.0), labels)

    return _probe(make, train, test, num_labels, num_draws, seed, standardize)


def mlp_probe(
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    num_labels: int | None = None,
    num_draws: int = 5,
    seed: int = 0,
    hidden_units: Sequence[int] = (100,),
    alpha: float = 1e-2,
    standardize: bool = True,
) -> dict:
    """The accuracy of a small network on features.

    Args:
        train: as for `linear_probe`.
        test: as for `linear_probe`.
        num_labels: as for `linear_probe`.
        num_draws: as for `linear_probe`.
        seed: of the draws and of the network's weights.
        hidden_units: the sizes of its hidden layers.
        alpha: the strength of its L2 penalty.
        standardize: as for `linear_probe`.

    Returns:
        As `linear_probe`.

    Raises:
        ValueError: as `linear_probe`.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import evaluation
    >>> labels = np.arange(200) % 2
    >>> features = np.random.default_rng(0).normal(size=(200, 3)) + 5 * labels[:, None]
    >>> evaluation.mlp_probe((features, labels), (features, labels), num_labels=20)["mean"] > 0.95
    True
    """
    from sklearn.neural_network import MLPClassifier

    def make(labels):
        # By lbfgs: it converges on few examples, where steps of minibatches do not.
        return MLPClassifier(
            hidden_units, solver="lbfgs", alpha=alpha, max_iter=2000, random_state=seed
        )

    return _probe(make, train, test, num_labels, num_draws, seed, standardize)


def neighbor_probe(
    train: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    num_labels: int | None = None,
    num_draws: int = 5,
    seed: int = 0,
    num_neighbors: int = 1,
    standardize: bool = True,
) -> dict:
    """The accuracy of the nearest labelled neighbours' vote: it learns nothing of its own.

    Args:
        train: as for `linear_probe`.
        test: as for `linear_probe`.
        num_labels: as for `linear_probe`.
        num_draws: as for `linear_probe`.
        seed: as for `linear_probe`.
        num_neighbors: how many vote.
        standardize: as for `linear_probe`.

    Returns:
        As `linear_probe`.

    Raises:
        ValueError: as `linear_probe`.

    Example:
    >>> import numpy as np
    >>> from keras_aegan import evaluation
    >>> labels = np.arange(200) % 2
    >>> features = np.random.default_rng(0).normal(size=(200, 3)) + 9 * labels[:, None]
    >>> evaluation.neighbor_probe((features, labels), (features, labels), num_labels=20)["mean"]
    1.0
    """
    from sklearn.neighbors import KNeighborsClassifier

    check_positive_integer("num_neighbors", num_neighbors)
    return _probe(
        lambda labels: KNeighborsClassifier(num_neighbors),
        train,
        test,
        num_labels,
        num_draws,
        seed,
        standardize,
    )


def _choose(classifier, parameter, values, labels):
    """The classifier with the value that cross-validation on its own labels prefers."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    if np.bincount(labels).min() < 3:
        return classifier  # a class of one or two cannot be in every fold
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return GridSearchCV(classifier, {parameter: values}, cv=folds)


def _probe(make, train, test, num_labels, num_draws, seed, standardize):
    from sklearn.model_selection import StratifiedShuffleSplit
    from sklearn.preprocessing import StandardScaler

    check_positive_integer("num_draws", num_draws)
    x_train, y_train = _check_set("train", *train)
    x_test, y_test = _check_set("test", *test)
    if x_train.shape[1] != x_test.shape[1]:
        raise ValueError(
            f"`test` must have as many features as `train`, {x_train.shape[1]}. "
            f"Received: {x_test.shape[1]}"
        )
    classes, y_train = np.unique(y_train, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"`train` must hold at least two classes. Received: class {classes[0]} alone"
        )
    draws = [np.arange(len(x_train))]
    if num_labels is not None:
        check_positive_integer("num_labels", num_labels)
        if not len(classes) <= num_labels <= len(x_train) - len(classes):
            raise ValueError(
                f"`num_labels` must lie between the number of classes, {len(classes)}, and that of "
                f"examples less it, {len(x_train) - len(classes)}. "
                f"Received: num_labels={num_labels}"
            )
        splits = StratifiedShuffleSplit(num_draws, train_size=num_labels, random_state=seed)
        draws = [shown for shown, _ in splits.split(x_train, y_train)]
    scaler = StandardScaler(with_mean=standardize, with_std=standardize).fit(x_train)
    x_test = scaler.transform(x_test)
    accuracies = []
    for shown in draws:
        classifier = make(y_train[shown])
        classifier.fit(scaler.transform(x_train[shown]), y_train[shown])
        accuracies.append(np.mean(classes[classifier.predict(x_test)] == y_test))
    return {
        "mean": float(np.mean(accuracies)),
        "spread": float(np.std(accuracies, ddof=1)) if len(draws) > 1 else 0.0,
        "accuracies": np.array(accuracies),
    }


def _check_set(name, features, labels):
    features = as_numpy(f"{name} features", features)
    labels = np.asarray(as_vector(f"{name} labels", labels))
    data_checks.check_array(name, features, features.shape[1:])
    data_checks.check_as_many(f"{name} features", features, f"{name} labels", labels)
    data_checks.check_labels(f"{name} labels", labels, None)
    return features.reshape(len(features), -1), labels
