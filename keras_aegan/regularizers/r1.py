"""The gradient penalty on real data alone."""

from collections.abc import Callable

import keras

from keras_aegan.hints import Array, Tensor
from keras_aegan.regularizers.discriminator_regularizer import (
    DiscriminatorRegularizer,
    squared_gradient_norm,
)


@keras.saving.register_keras_serializable(package="keras_aegan")
class R1(DiscriminatorRegularizer):
    """½ ‖∇D(x)‖² on real data: an undecided discriminator should be flat at the data.

    With it the game converges near its fixed point, with `"non_saturating"` and one discriminator
    step, and it costs less than `GradientPenalty`. As there, the discriminator must not have batch
    normalisation.

    Logged as `r1`, unweighted. The ½ is the paper's, so `weight` is its γ.

    Reference: [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 9.

    Args:
        weight: γ, the term's default weight. 10, as in the paper's experiments on images.

    Input shape:
        Called with a discriminator, real and fake data of `(batch_size, ...)`.

    Output shape:
        `(batch_size,)`, float32.

    Raises:
        ValueError: if `weight` is negative or infinite.

    Example:
    >>> import numpy as np, keras_aegan
    >>> x = np.zeros((2, 3), "float32")
    >>> keras_aegan.regularizers.R1()(lambda x: 2 * x[:, :1], x, x).numpy().tolist()  # ½ · 2²
    [2.0, 2.0]
    """

    name = "r1"

    def __init__(self, weight: float = 10.0):
        super().__init__(weight)

    def __call__(
        self,
        discriminator: Callable[..., Tensor],
        real: Array,
        fake: Array,
        seed: keras.random.SeedGenerator | None = None,
    ) -> Tensor:
        """½ ‖∇D(x)‖² of each real example, unweighted; `(batch_size,)`."""
        return 0.5 * squared_gradient_norm(discriminator, real)
