"""Ng's sparsity penalty."""

import numbers

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.checks.arguments import check_weight
from keras_aegan.hints import Array, Tensor


@keras.saving.register_keras_serializable(package="keras_aegan")
class KLSparsity(keras.regularizers.Regularizer):
    """β Σⱼ KL(ρ ‖ ρ̂ⱼ): each unit should be active in a fraction ρ of the examples.

    ρ̂ⱼ is the mean activation of unit j over the *batch*. Such a batch statistic must not be divided
    by the batch size, as Keras divides activity regularizers; this class makes up for that. The
    units must lie in (0, 1), so the layer ends in a sigmoid. On several replicas ρ̂ⱼ is the mean
    over each replica's own part of the batch.

    Reference: Ng, 2011, CS294A lecture notes, "Sparse autoencoder", section 3.

    Args:
        target: ρ, the desired mean activation. Defaults to 0.05, as in the notes.
        weight: β. Defaults to 3, as in the notes.

    Raises:
        ValueError: if `target` does not lie in (0, 1) or `weight` is negative; when called, if
            activations lie outside [0, 1]; in a model, if the layer's output can leave [0, 1].

    Example:
    >>> import numpy as np, keras_aegan
    >>> sparsity = keras_aegan.regularizers.KLSparsity(target=0.05, weight=3.0)
    >>> batch = np.full((4, 10), 0.05, "float32")
    >>> abs(float(sparsity(batch))) < 1e-5  # every unit is as active as it should be
    True
    """

    # The range that a model requires of the layer with this regularizer.
    activation_range = (0.0, 1.0)
    # The divergence is infinite if a unit is dead, or always on, for a whole batch.
    smallest_activation = 1e-6

    def __init__(self, target: float = 0.05, weight: float = 3.0):
        if not isinstance(target, numbers.Real) or not 0 < target < 1:
            raise ValueError(f"`target` must lie in (0, 1). Received: target={target!r}")
        check_weight("weight", weight)
        self.target = target
        self.weight = weight

    def __call__(self, activations: Array) -> Tensor:
        """β Σⱼ KL(ρ ‖ ρ̂ⱼ), times the batch size by which Keras will divide."""
        activations = ops.convert_to_tensor(activations)
        if tf.executing_eagerly() and not keras.backend.is_keras_tensor(activations):
            low, high = float(ops.min(activations)), float(ops.max(activations))
            if low < 0 or high > 1:
                raise ValueError(
                    "KLSparsity reads activations as probabilities of being active: end the "
                    f"layer in a sigmoid. Received: activations in [{low:.4g}, {high:.4g}]"
                )
        activations = ops.cast(activations, "float32")
        batch_axes = tuple(range(len(activations.shape) - 1))
        epsilon, rho = self.smallest_activation, self.target
        rho_hat = ops.clip(ops.mean(activations, axis=batch_axes), epsilon, 1 - epsilon)
        divergence = ops.sum(  # over units
            rho * ops.log(rho / rho_hat) + (1 - rho) * ops.log((1 - rho) / (1 - rho_hat))
        )
        return self.weight * divergence * ops.cast(ops.shape(activations)[0], "float32")

    def get_config(self):
        """The arguments of the constructor."""
        return {"target": self.target, "weight": self.weight}
