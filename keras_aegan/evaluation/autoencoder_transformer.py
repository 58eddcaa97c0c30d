"""An autoencoder as a scikit-learn transformer."""

import contextlib
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from typing import Self

import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from keras_aegan import models, networks
from keras_aegan.checks.arrays import as_numpy
from keras_aegan.hints import ArrayLike, LossLike


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Codes as features, in a `Pipeline` or a `GridSearchCV`: an autoencoder built when fitted.

    Its parameters are hyperparameters, so scikit-learn can clone it. A fitted one is pickled
    through Keras's own file of the model.

    `fit` leaves Python's and NumPy's global random numbers as it found them. TensorFlow's and
    Keras's global seeds it sets, by `random_state`: neither can be read, to be put back.

    Reference: [Hinton & Salakhutdinov, 2006](https://doi.org/10.1126/science.1127647).

    Args:
        latent_dim: the size of the code.
        hidden_units: of the dense encoder; the decoder mirrors them.
        build: a function `(num_features, latent_dim)` that gives an uncompiled model, in place of
            the dense `Autoencoder`: of a class of `keras_aegan.models`, or of one of your own on
            its base, that has `encode` and is fitted by `fit(x)`. To be pickled, your own class
            must be registered, as for `keras.saving`.
        loss: as in the model's `compile`; if `None`, that class's default.
        learning_rate: Adam's.
        epochs: passes over the data.
        batch_size: examples a step.
        random_state: an integer for the same model again.

    Input shape:
        `(num_examples, num_features)`.

    Output shape:
        `(num_examples, latent_dim)`.

    Raises:
        TypeError: when fitted, if `build` gives no such model.
        ValueError: if the data are no finite numbers in such an array, or the model's code is no
            vector.

    Example:
    >>> from sklearn.datasets import load_iris
    >>> from keras_aegan import evaluation
    >>> x, _ = load_iris(return_X_y=True)
    >>> transformer = evaluation.AutoencoderTransformer(2, epochs=1, random_state=0)
    >>> transformer.fit_transform(x).shape
    (150, 2)
    """

    def __init__(
        self,
        latent_dim: int = 2,
        hidden_units: Sequence[int] = (64,),
        build: Callable[[int, int], keras.Model] | None = None,
        loss: LossLike | None = None,
        learning_rate: float = 1e-3,
        epochs: int = 20,
        batch_size: int = 64,
        random_state: int | None = None,
    ):
        self.latent_dim = latent_dim
        self.hidden_units = hidden_units
        self.build = build
        self.loss = loss
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Builds and trains the autoencoder; y is ignored."""
        if self.build is not None and not callable(self.build):
            raise TypeError(
                "`build` must be a function (num_features, latent_dim) that gives a model, or "
                f"None. Received: build={self.build!r}"
            )
        X = validate_data(self, _numbers(X), dtype="float32")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with _seeded(seed):
            model = (self.build or self._build_dense)(X.shape[1], self.latent_dim)
            _check_model(model)
            optimizer = keras.optimizers.Adam(self.learning_rate)
            model.compile(optimizer, loss=self.loss, jit_compile=False)
            history = model.fit(X, batch_size=self.batch_size, epochs=self.epochs, verbose=0)
        self.model_ = model
        self._n_features_out = self._encode(X[:1]).shape[1]
        # Of several players, the first one's.
        self.loss_curve_ = history.history.get("loss") or next(iter(history.history.values()))
        self.n_iter_ = self.epochs
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The codes, `(num_examples, latent_dim)`."""
        check_is_fitted(self)
        return self._encode(validate_data(self, _numbers(X), dtype="float32", reset=False))

    def _encode(self, X):
        codes = self.model_.encode(X)
        if codes.ndim != 2:
            raise ValueError(
                "`build` must give a model whose code is a vector, of shape (latent_dim,). "
                f"Received: a {type(self.model_).__name__} with codes of shape {codes.shape[1:]}"
            )
        return codes

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """The data that codes stand for, `(num_examples, num_features)`."""
        check_is_fitted(self)
        return self.model_.decode(as_numpy("X", X).astype("float32"))

    def _build_dense(self, num_features, latent_dim):
        units = tuple(self.hidden_units)
        return models.Autoencoder(
            networks.dense_encoder((num_features,), latent_dim, units),
            networks.dense_decoder(latent_dim, (num_features,), units[::-1]),
        )

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "model.keras")
                state["model_"].save(path)
                with open(path, "rb") as file:
                    state["model_"] = file.read()
        return state

    def __setstate__(self, state):
        state = dict(state)
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "model.keras")
                with open(path, "wb") as file:
                    file.write(state["model_"])
                state["model_"] = keras.saving.load_model(path)
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _numbers(X):
    """A torch tensor or dates as by every door of this package; what scikit-learn checks, as is."""
    is_foreign = hasattr(X, "detach") or getattr(X, "dtype", np.dtype("f")).kind in "Mm"
    return as_numpy("X", X) if is_foreign else X


def _check_model(model):
    """Raises an error unless a model can be trained on x alone and gives codes."""
    is_ours = isinstance(model, models.LatentVariableModel) and hasattr(model, "encode")
    needed = getattr(model, "condition_names", ())
    if not is_ours or needed:
        raise TypeError(
            "`build` must give a model of keras_aegan.models, or of a class of your own on its "
            "base, that has `encode` and needs nothing but x. "
            f"Received: {type(model).__name__}"
            + (f", which needs {' and '.join(needed)}" if needed else "")
        )


@contextlib.contextmanager
def _seeded(seed):
    """All random numbers by the seed, and afterwards those of Python and NumPy as before."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
