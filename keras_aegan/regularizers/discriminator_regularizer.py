"""The base of penalties on a discriminator's slope."""

from collections.abc import Callable
from typing import Self

import keras
import tensorflow as tf
from keras import ops

from keras_aegan.checks.arguments import check_weight
from keras_aegan.hints import Array, Tensor


class DiscriminatorRegularizer:
    """Base of the terms that keep a discriminator smooth; one value per example.

    A subclass defines `name`, the term's name in the logs and in `loss_weights`, and
    `__call__(discriminator, real, fake, seed)`.

    Args:
        weight: the term's default weight, which `compile(loss_weights={name: ...})` replaces. The
            term itself is logged unweighted.

    Raises:
        ValueError: if `weight` is negative or infinite.

    Example:
    >>> import keras, keras_aegan
    >>> class LogitDrift(keras_aegan.regularizers.DiscriminatorRegularizer):
    ...     name = "logit_drift"
    ...     def __call__(self, discriminator, real, fake, seed=None):
    ...         return keras.ops.square(discriminator(real)[:, 0])
    >>> LogitDrift(weight=1e-3).weight
    0.001
    """

    name: str | None = None
    supports_jit = True  # as of a Keras layer: whether a model with it uses XLA by default

    def __init__(self, weight: float):
        check_weight("weight", weight)
        self.weight = weight

    def __call__(
        self,
        discriminator: Callable[..., Tensor],
        real: Array,
        fake: Array,
        seed: keras.random.SeedGenerator | None = None,
    ) -> Tensor:
        """The penalty of each example, unweighted.

        Args:
            discriminator: a function from data `(batch_size, ...)` to one logit per example.
            real: data, `(batch_size, ...)`.
            fake: fakes, `(batch_size, ...)`.
            seed: a `keras.random.SeedGenerator`, for penalties that draw random numbers.

        Returns:
            `(batch_size,)`, float32.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `__call__`.")

    def get_config(self) -> dict:
        """The arguments of the constructor."""
        return {"weight": self.weight}

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """The regularizer that `get_config` describes."""
        return cls(**config)


def squared_gradient_norm(discriminator, x):
    """‖∇ₓ D(x)‖² of each example, over all event axes; `(batch_size,)`, float32."""
    x = ops.cast(x, "float32")
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        # Examples do not mix, so the gradient of the sum holds the gradient of each.
        total = ops.sum(ops.cast(discriminator(x), "float32"))
    gradient = tape.gradient(total, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    event_axes = tuple(range(1, len(x.shape)))
    return ops.sum(ops.square(gradient), axis=event_axes)  # (batch_size,)


def uniform_per_example(x, seed):
    """U(0, 1), one number per example, in x's dtype, of a shape that broadcasts over x."""
    shape = (ops.shape(x)[0], *(1 for _ in x.shape[1:]))
    return keras.random.uniform(shape, dtype=x.dtype, seed=seed)
