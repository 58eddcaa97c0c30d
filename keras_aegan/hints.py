"""Names for type hints. No part of the public interface."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import keras
import numpy as np
import tensorflow as tf


class Array(Protocol):
    """An array of numbers with a shape: NumPy's, TensorFlow's, Keras's or pandas's."""

    @property
    def shape(self) -> Any:
        """The size of each axis."""

    def __array__(self) -> np.ndarray: ...


# What `np.asarray` makes an array of: lists of numbers too.
ArrayLike = Array | Sequence
Tensor = tf.Tensor

# A reconstruction loss, and what `losses.get` finds one by.
Loss = keras.losses.Loss | Callable[..., Tensor]
LossLike = str | dict | Loss

# A player's terms by name, `(batch_size,)` each; and a turn, which gives them and an output.
Terms = dict[str, Tensor]
Output = TypeVar("Output")
Turn = Callable[[], tuple[dict, Output]]
