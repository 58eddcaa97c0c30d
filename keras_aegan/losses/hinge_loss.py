"""The hinge."""

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="keras_aegan")
class HingeLoss(AdversarialLoss):
    """max(0, 1 − D(x)) + max(0, 1 + D(x̃)) for the discriminator, −D(x̃) for the generator.

    The discriminator stops learning from examples beyond its margin. The usual loss with spectral
    normalisation.

    Reference: [Lim & Ye, 2017](https://arxiv.org/abs/1705.02894);
    [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), equations 16 and 17.

    Input shape:
        Logits of `(batch_size, 1)` or `(batch_size,)`.

    Output shape:
        `(batch_size,)`.

    Example:
    >>> import numpy as np, keras_aegan
    >>> loss = keras_aegan.losses.HingeLoss()
    >>> loss.discriminator_loss(np.zeros((1, 1)), np.zeros((1, 1))).numpy().tolist()
    [2.0]
    """

    def of_real(self, logits: Tensor) -> Tensor:
        """max(0, 1 − D(x))."""
        return ops.relu(1 - logits)

    def of_fake(self, logits: Tensor) -> Tensor:
        """max(0, 1 + D(x̃))."""
        return ops.relu(1 + logits)

    def of_generator(self, logits: Tensor) -> Tensor:
        """−D(x̃)."""
        return -logits
