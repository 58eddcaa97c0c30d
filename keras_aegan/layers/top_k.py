"""The code of a k-sparse autoencoder."""

import keras
from keras import ops

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.hints import Tensor


@keras.saving.register_keras_serializable(package="keras_aegan")
class TopK(keras.layers.Layer):
    """Keeps the k largest activations of each example and sets the others to zero.

    Of equal activations it keeps the first ones.

    A k-sparse autoencoder is an `Autoencoder` whose linear code goes through this layer: the choice
    of the k is its only nonlinearity and its only penalty. To encode, the paper keeps more than in
    training, α·k of them: that is `inference_k`.

    Units that are seldom chosen are seldom trained, and may never be chosen again: batch
    normalisation before this layer keeps them alive (the paper lowers k slowly instead).

    Reference: [Makhzani & Frey, 2014](https://arxiv.org/abs/1312.5663), section 2.

    Args:
        k: how many activations to keep in training.
        inference_k: how many to keep at inference; `k` if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        `(batch_size, ..., num_units)`.

    Output shape:
        That of the input.

    Raises:
        ValueError: if k is not a positive integer, or there are fewer units.

    Example:
    >>> import numpy as np
    >>> from keras_aegan.layers import TopK
    >>> TopK(2)(np.array([[3.0, -1.0, 2.0, 1.0]], "float32")).numpy().tolist()
    [[3.0, 0.0, 2.0, 0.0]]
    """

    def __init__(self, k: int, inference_k: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_positive_integer("k", k)
        if inference_k is not None:
            check_positive_integer("inference_k", inference_k)
        self.k = k
        self.inference_k = inference_k

    def build(self, input_shape):
        """Raises ValueError if there are fewer units than the layer keeps."""
        largest = max(self.k, self.inference_k or 0)
        if input_shape[-1] < largest:
            raise ValueError(
                f"`k` must be at most the number of units, {input_shape[-1]}. Received: {largest}"
            )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The k largest activations of each example; zero elsewhere."""
        k = self.k if training or self.inference_k is None else self.inference_k
        shape = ops.shape(inputs)
        flat = ops.reshape(inputs, (-1, shape[-1]))  # (num_rows, num_units)
        # By index, not by the k-th value as a threshold: equal values would all pass it, and XLA
        # (TF 2.21) would sort the units whole, which takes up to ten times as long.
        units = ops.top_k(flat, k)[1]  # (num_rows, k)
        rows = ops.broadcast_to(ops.arange(ops.shape(flat)[0])[:, None], ops.shape(units))
        places = ops.reshape(ops.stack([rows, units], axis=-1), (-1, 2))
        is_kept = ops.scatter(places, ops.ones_like(places[:, 0]), ops.shape(flat))
        # The gradient flows through what is kept.
        return ops.where(ops.reshape(is_kept, shape) > 0, inputs, ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        """That of the input."""
        return input_shape

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "k": self.k, "inference_k": self.inference_k}
