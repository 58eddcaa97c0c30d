"""Several reconstruction losses in one."""

import math
import numbers
from collections.abc import Sequence

import keras

from keras_aegan.hints import Array, LossLike, Tensor
from keras_aegan.losses.reconstruction_loss import get, per_example, target_domain


@keras.saving.register_keras_serializable(package="keras_aegan")
class WeightedSum(keras.losses.Loss):
    """Σ_i w_i · loss_i, such as a pixel loss beside a perceptual one.

    Reference: [Dosovitskiy & Brox, 2016](https://arxiv.org/abs/1602.02644), equation 1.

    Args:
        losses: list of losses that `compile` takes: names, instances or functions.
        weights: one number per loss; 1 each if `None`.
        name: the loss's name.
        **kwargs: `reduction` and `dtype`, as in `keras.losses.Loss`.

    Input shape:
        `y_true` and `y_pred`, as each of the losses takes them.

    Output shape:
        `call` gives `(batch_size,)`.

    Raises:
        ValueError: if there are no losses, there is not one positive weight per loss, or the losses
            do not take the same targets.

    Example:
    >>> import numpy as np, keras_aegan
    >>> loss = keras_aegan.losses.WeightedSum(["mse", "mae"], weights=[1.0, 0.5])
    >>> loss.call(np.zeros((1, 4), "float32"), np.full((1, 4), 2.0, "float32")).numpy().tolist()
    [5.0]
    """

    # Each part reads the mask, and the weights of steps, itself.
    counts_by_itself = True

    def __init__(
        self,
        losses: Sequence[LossLike],
        weights: Sequence[float] | None = None,
        name: str = "weighted_sum",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        if not isinstance(losses, (list, tuple)) or not losses:
            raise ValueError(f"`losses` must be a list of losses. Received: losses={losses!r}")
        weights_are_right = weights is None or (
            isinstance(weights, (list, tuple))
            and len(weights) == len(losses)
            and all(isinstance(w, numbers.Real) and math.isfinite(w) and w > 0 for w in weights)
        )
        if not weights_are_right:
            raise ValueError(
                f"`weights` must be a positive number for each of the {len(losses)} losses. "
                f"Received: weights={weights!r}"
            )
        self.losses = losses
        self.weights = weights
        self.parts = tuple(get(loss) for loss in losses)
        _check_parts(self.parts)

    def call(self, y_true: Array, y_pred: Array) -> Tensor:
        """One value per example, `(batch_size,)`."""
        weights = self.weights or [1.0] * len(self.parts)
        return sum(
            weight * per_example(part, y_true, y_pred)
            for weight, part in zip(weights, self.parts, strict=True)
        )

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "losses": keras.saving.serialize_keras_object(list(self.losses)),
            "weights": self.weights and list(self.weights),
        }

    @classmethod
    def from_config(cls, config):
        """The loss that `get_config` describes."""
        losses = keras.saving.deserialize_keras_object(config["losses"])
        return cls(**{**config, "losses": losses})


def _check_parts(parts):
    discrete = {target_domain(part) for part in parts} & {"levels", "one_hot"}
    if discrete and len({target_domain(part) for part in parts}) > 1:
        raise ValueError(
            "`losses` must all take the same targets. "
            f"Received: {[getattr(p, 'name', p) for p in parts]}, of which some take classes"
        )
    if any(getattr(part, "scale", None) == "optimal" for part in parts):
        raise ValueError(
            "`losses` must have scales that are numbers: an optimal scale needs a likelihood that "
            'is the whole loss. Received: scale="optimal"'
        )
