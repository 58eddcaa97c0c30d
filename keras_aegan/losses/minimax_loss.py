"""The two-player minimax game."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.losses.adversarial_loss import CrossEntropyAdversarialLoss


@keras.saving.register_keras_serializable(package="keras_aegan")
class MinimaxLoss(CrossEntropyAdversarialLoss):
    """The generator minimises what the discriminator maximises: log(1 − D(G(z))), in nats.

    The game of the theory, whose best discriminator is p/(p+q) and whose value measures the
    Jensen-Shannon divergence. In training it saturates: where D recognises the fakes, the
    generator's gradient vanishes. Choose it to show that, and `"non_saturating"` to train.

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), equation 1.

    Args:
        label_smoothing: real data are labelled `1 - label_smoothing`; the paper's is 0.

    Input shape:
        Logits of `(batch_size, 1)` or `(batch_size,)`.

    Output shape:
        `(batch_size,)`, in nats.

    Raises:
        ValueError: if `label_smoothing` does not lie in [0, 0.5).

    Example:
    >>> import numpy as np, keras_aegan
    >>> loss = keras_aegan.losses.MinimaxLoss()
    >>> print(np.round(loss.generator_loss(np.zeros((1, 1))), 4))  # log ½
    [-0.6931]
    """

    def of_generator(self, logits: Tensor) -> Tensor:
        """Log(1 − D(x̃)), in nats."""
        return -ops.softplus(logits)
