"""The base of adversarial losses: two players' losses, on logits, one value per example."""

import numbers
from typing import Self

from keras import ops

from keras_aegan.hints import Array, Tensor
from keras_aegan.losses.negative_log_likelihood import check_same_shape


class AdversarialLoss:
    """Base of the losses of a discriminator and a generator.

    A subclass defines three functions of logits `(batch_size,)`, each elementwise: `of_real` and
    `of_fake`, whose sum the discriminator minimises, and `of_generator`. Pass an instance to
    `compile(loss=...)`; a class registered as Keras serializable is saved with the model.

    Input shape:
        Logits of `(batch_size, 1)` or `(batch_size,)`, of any float dtype.

    Output shape:
        `(batch_size,)`, float32: one value per example, for the model to weight and average.

    Raises:
        ValueError: if there is not exactly one logit per example.

    Example:
    >>> import keras, keras_aegan
    >>> class ExponentialLoss(keras_aegan.losses.AdversarialLoss):
    ...     def of_real(self, logits):
    ...         return keras.ops.exp(-logits)
    ...     def of_fake(self, logits):
    ...         return keras.ops.exp(logits)
    ...     def of_generator(self, logits):
    ...         return keras.ops.exp(-logits)
    >>> logits = keras.ops.zeros((2, 1))
    >>> loss = ExponentialLoss()
    >>> loss.discriminator_loss(real_logits=logits, fake_logits=logits).numpy().tolist()
    [2.0, 2.0]
    """

    def of_real(self, logits: Tensor) -> Tensor:
        """The discriminator's loss on real data, elementwise."""
        raise NotImplementedError(f"{type(self).__name__} must define `of_real`.")

    def of_fake(self, logits: Tensor) -> Tensor:
        """The discriminator's loss on fakes, elementwise."""
        raise NotImplementedError(f"{type(self).__name__} must define `of_fake`.")

    def of_generator(self, logits: Tensor) -> Tensor:
        """The generator's loss on its fakes, elementwise."""
        raise NotImplementedError(f"{type(self).__name__} must define `of_generator`.")

    def discriminator_loss(self, real_logits: Array, fake_logits: Array) -> Tensor:
        """The discriminator's loss of one real and one fake example each, `(batch_size,)`."""
        real_logits = _flat("real_logits", real_logits)  # (batch_size,)
        fake_logits = _flat("fake_logits", fake_logits)  # (batch_size,)
        check_same_shape(real_logits, fake_logits, ("real_logits", "fake_logits"))
        return self.of_real(real_logits) + self.of_fake(fake_logits)

    def generator_loss(self, fake_logits: Array) -> Tensor:
        """The generator's loss, `(batch_size,)`."""
        return self.of_generator(_flat("fake_logits", fake_logits))

    def get_config(self) -> dict:
        """The arguments of the constructor: none."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """The loss that `get_config` describes."""
        return cls(**config)


class LabelledAdversarialLoss(AdversarialLoss):
    """Base of the losses that compare with a label: 1 or a little less for real data, 0 for fakes.

    Only the label of real data is smoothed. With labels α and β the best discriminator is
    (αp + βq)/(p + q). With β > 0 the fakes' own density q is in the numerator, so fakes have no
    reason to move where the data's p is small
    ([Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4).

    Args:
        label_smoothing: real data are labelled `1 - label_smoothing`.

    Raises:
        ValueError: if it does not lie in [0, 0.5).
    """

    def __init__(self, label_smoothing: float = 0.0):
        is_number = isinstance(label_smoothing, numbers.Real)
        if isinstance(label_smoothing, bool) or not (is_number and 0 <= label_smoothing < 0.5):
            raise ValueError(
                "`label_smoothing` must lie in [0, 0.5): real data are labelled "
                f"1 - label_smoothing. Received: label_smoothing={label_smoothing!r}"
            )
        self.label_smoothing = label_smoothing

    def get_config(self) -> dict:
        """The arguments of the constructor."""
        return {"label_smoothing": self.label_smoothing}


class CrossEntropyAdversarialLoss(LabelledAdversarialLoss):
    """Base of the losses whose discriminator is a classifier: −log D(x) − log(1 − D(x̃))."""

    def of_real(self, logits: Tensor) -> Tensor:
        """The cross-entropy with the label of real data, in nats."""
        s = self.label_smoothing
        return (1 - s) * ops.softplus(-logits) + s * ops.softplus(logits)

    def of_fake(self, logits: Tensor) -> Tensor:
        """−log(1 − D(x̃)), in nats."""
        return ops.softplus(logits)


def _flat(name, logits):
    logits = ops.cast(ops.convert_to_tensor(logits), "float32")
    if len(logits.shape) == 2 and logits.shape[1] == 1:
        logits = ops.squeeze(logits, axis=1)
    if len(logits.shape) != 1:
        raise ValueError(
            f"`{name}` must have the shape (batch_size, 1) or (batch_size,). "
            f"Received: {name}.shape={tuple(logits.shape)}"
        )
    return logits
