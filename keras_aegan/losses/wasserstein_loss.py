"""The earth mover's distance, estimated by a critic."""

import keras

from keras_aegan.hints import Tensor
from keras_aegan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="keras_aegan")
class WassersteinLoss(AdversarialLoss):
    """D(x̃) − D(x) for the discriminator (here a critic), −D(x̃) for the generator.

    It is meaningful only for a critic whose slope is bounded: use it with
    `regularizers.GradientPenalty` or `layers.SpectralNormalization`, and with several
    discriminator steps. The negative of `discriminator_loss` then estimates the distance.

    Reference: [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875), equation 3.

    Input shape:
        Logits of `(batch_size, 1)` or `(batch_size,)`.

    Output shape:
        `(batch_size,)`, in the unit of the critic.

    Example:
    >>> import numpy as np, keras_aegan
    >>> loss = keras_aegan.losses.WassersteinLoss()
    >>> loss.discriminator_loss(np.full((1, 1), 3.0), np.ones((1, 1))).numpy().tolist()
    [-2.0]
    """

    def of_real(self, logits: Tensor) -> Tensor:
        """−D(x)."""
        return -logits

    def of_fake(self, logits: Tensor) -> Tensor:
        """D(x̃)."""
        return logits

    def of_generator(self, logits: Tensor) -> Tensor:
        """−D(x̃)."""
        return -logits
