"""A prior of classes: codes that are one-hot."""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.hints import Array, ArrayLike, Tensor
from keras_aegan.layers import draws
from keras_aegan.priors.choices import as_probabilities, chosen
from keras_aegan.priors.codes import as_codes, sum_of_code
from keras_aegan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="keras_aegan")
class Categorical(Prior):
    """One-hot codes, independent at each position: InfoGAN's classes, a VQ-VAE's codes.

    It gives probabilities to one-hot codes and no density to others: it is no prior for a VAE,
    whose posterior is Gaussian.

    Reference: [Chen et al., 2016](https://arxiv.org/abs/1606.03657) (InfoGAN), section 7.2, whose
    code on MNIST is `priors.Categorical(10)`.

    Args:
        probabilities: `(*event, num_categories)`, zero or more, of sum 1 at each position; or an
            integer, for one of so many categories, all alike.

    Raises:
        TypeError: if `probabilities` holds anything but numbers.
        ValueError: if a probability is negative or not finite, or they do not sum to 1; or if the
            integer is not positive.

    Example:
    >>> import keras, keras_aegan
    >>> prior = keras_aegan.priors.Categorical([0.5, 0.5, 0.0])
    >>> z = prior.draw(100, keras.random.SeedGenerator(0))
    >>> z.shape, bool((z[:, :2].numpy().sum(axis=1) == 1).all())
    (TensorShape([100, 3]), True)
    >>> print(prior.log_prob([[1, 0, 0], [0, 0, 1]]).numpy().round(4))
    [-0.6931    -inf]
    """

    has_full_support = False
    is_one_hot = True

    def __init__(self, probabilities: ArrayLike | int):
        if isinstance(probabilities, numbers.Number):
            check_positive_integer("probabilities", probabilities, " or an array of numbers")
            probabilities = np.full(probabilities, 1 / probabilities)
        self.probabilities = as_probabilities("probabilities", probabilities)
        super().__init__(self.probabilities.shape)

    @property
    def num_categories(self) -> int:
        """How many categories there are at each position."""
        return self.shape[-1]

    def draw(
        self,
        num: int | Tensor,
        seed_generator: keras.random.SeedGenerator,
        shape: Sequence[int | Tensor] | None = None,
    ) -> Tensor:
        """Draws one-hot codes, `(num, *event, num_categories)`, as `priors.Prior.draw` says."""
        event = self.full_shape(shape)[:-1]
        category = chosen(draws.uniform((num, *event), seed_generator), self.probabilities)
        return ops.one_hot(category, self.num_categories, dtype="float32")

    def log_prob(self, z: Array) -> Tensor:
        """The log of the probability of one-hot codes, in nats, `(...)`; −∞ of impossible ones.

        Positions that a mask hides count for nothing.
        """
        z, mask = as_codes("z", z, self.shape)
        with np.errstate(divide="ignore"):
            log_probabilities = np.log(self.probabilities).astype("float32")
        # 0 · log 0 = 0: the category was not drawn.
        return sum_of_code(tf.math.multiply_no_nan(log_probabilities, z), self.shape, mask)

    def kl(self, z_mean: Array, z_log_var: Array, z: Array | None = None) -> Tensor:
        """There is no divergence between a density and probabilities.

        Args:
            z_mean: not read.
            z_log_var: not read.
            z: not read.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "`prior` must have a density where a Gaussian posterior is compared with it, as in a "
            "VAE: StandardNormal or GaussianMixture. Received: a Categorical of shape "
            f"{self.shape}, which has probabilities of one-hot codes"
        )

    def get_config(self) -> dict[str, Any]:
        """The probabilities, as lists."""
        return {"probabilities": self.probabilities.tolist()}
