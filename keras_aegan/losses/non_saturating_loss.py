"""The adversarial loss that is used in practice."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.losses.adversarial_loss import CrossEntropyAdversarialLoss


@keras.saving.register_keras_serializable(package="keras_aegan")
class NonSaturatingLoss(CrossEntropyAdversarialLoss):
    """The discriminator classifies; the generator minimises −log D(G(z)), in nats.

    The same fixed point as the minimax game, but the gradient is largest where the fakes are
    worst.

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), section 3.

    Args:
        label_smoothing: real data are labelled `1 - label_smoothing`, one-sidedly, such as 0.1
            ([Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4).

    Input shape:
        Logits of `(batch_size, 1)` or `(batch_size,)`.

    Output shape:
        `(batch_size,)`, in nats.

    Raises:
        ValueError: if `label_smoothing` does not lie in [0, 0.5).

    Example:
    >>> import numpy as np, keras_aegan
    >>> loss = keras_aegan.losses.NonSaturatingLoss()
    >>> print(np.round(loss.generator_loss(np.zeros((1, 1))), 4))  # −log ½
    [0.6931]
    """

    def of_generator(self, logits: Tensor) -> Tensor:
        """−log D(x̃), in nats."""
        return ops.softplus(-logits)
