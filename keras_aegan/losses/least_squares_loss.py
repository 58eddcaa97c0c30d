"""Least squares instead of a cross-entropy."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.losses.adversarial_loss import LabelledAdversarialLoss


@keras.saving.register_keras_serializable(package="keras_aegan")
class LeastSquaresLoss(LabelledAdversarialLoss):
    """½(D(x) − 1)² + ½D(x̃)² for the discriminator, ½(D(x̃) − 1)² for the generator.

    Fakes that are far on the right side of the boundary are still drawn to the data. Both ½ are
    the paper's. The output D is not a probability, and nothing keeps it in [0, 1].

    Reference: [Mao et al., 2017](https://arxiv.org/abs/1611.04076), equation 9.

    Args:
        label_smoothing: real data are labelled `1 - label_smoothing`; the paper's is 0.

    Input shape:
        Logits of `(batch_size, 1)` or `(batch_size,)`.

    Output shape:
        `(batch_size,)`.

    Raises:
        ValueError: if `label_smoothing` does not lie in [0, 0.5).

    Example:
    >>> import numpy as np, keras_aegan
    >>> loss = keras_aegan.losses.LeastSquaresLoss()
    >>> loss.discriminator_loss(np.ones((1, 1)), np.zeros((1, 1))).numpy().tolist()
    [0.0]
    """

    def of_real(self, logits: Tensor) -> Tensor:
        """½(D(x) − label)²."""
        return 0.5 * ops.square(logits - (1 - self.label_smoothing))

    def of_fake(self, logits: Tensor) -> Tensor:
        """½D(x̃)²."""
        return 0.5 * ops.square(logits)

    def of_generator(self, logits: Tensor) -> Tensor:
        """½(D(x̃) − 1)²."""
        return 0.5 * ops.square(logits - 1)
