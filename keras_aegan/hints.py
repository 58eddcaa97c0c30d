"""Names for type hints; not a part of the public interface."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import keras
import tensorflow as tf


class Array(Protocol):
    """An array of numbers with a shape: NumPy's, TensorFlow's, Keras's or pandas's."""

    @property
    def shape(self) -> Any:
        """The size of each axis."""

    def __len__(self) -> int: ...

    def __array__(self) -> Any: ...


# What `np.asarray` makes an array of: lists of numbers too.
ArrayLike: TypeAlias = Array | Sequence
Tensor: TypeAlias = tf.Tensor

# A reconstruction loss, and what `losses.get` takes for one.
Loss: TypeAlias = keras.losses.Loss | Callable[..., Tensor]
LossLike: TypeAlias = str | dict | Loss

# A player's terms by name, `(batch_size,)` each; and a turn, which returns them and an output.
Terms: TypeAlias = dict[str, Tensor]
Output = TypeVar("Output")
Turn: TypeAlias = Callable[[], tuple[dict, Output]]
