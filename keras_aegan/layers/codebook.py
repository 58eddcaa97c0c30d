"""The codebook of a VQ-VAE."""

import keras
from keras import ops

from keras_aegan.checks.arguments import check_positive_integer, check_rate
from keras_aegan.engine.counting import Batch
from keras_aegan.engine.keras_internals import mask_of
from keras_aegan.engine.replicas import sum_over_replicas
from keras_aegan.engine.tensor_notes import in_float32, with_mask, zero_where_masked
from keras_aegan.hints import Tensor

_EPSILON = 1e-5  # added to each count: no code is divided by zero


class Codebook(keras.layers.Layer):
    """`num_codes` vectors e: an optimizer trains them, or averages of what is nearest to them.

    With averages, N counts the vectors that a code is nearest to, and m sums them. N starts at 1
    and m at e, so that a code that nothing is near to stays where it is. A step, with γ the decay:

        N ← γ N + (1 − γ) n,    m ← γ m + (1 − γ) Σ z,    e = m / N

    with N smoothed after Laplace. A frozen layer (`trainable = False`) does not move.

    Reference: [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937), appendix A.1.

    Args:
        num_codes: how many vectors.
        dim: of each.
        ema_decay: γ; `None` where an optimizer trains them.
        **kwargs: as in `keras.layers.Layer`.

    Raises:
        ValueError: unless `num_codes` is a positive integer, and γ in [0, 1].
    """

    def __init__(self, num_codes: int, dim: int, ema_decay: float | None = None, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        check_positive_integer("num_codes", num_codes)
        check_rate("ema_decay", 0.0 if ema_decay is None else ema_decay)
        self.num_codes = num_codes
        self.ema_decay = ema_decay
        near_zero = keras.initializers.RandomUniform(-1 / num_codes, 1 / num_codes)
        if ema_decay is None:
            self.vectors = self.add_weight((num_codes, dim), near_zero, name="vectors")
        else:  # from sums over all replicas, the same on each
            how = {"trainable": False, "aggregation": "only_first_replica"}
            self.vectors = self.add_weight((num_codes, dim), near_zero, name="vectors", **how)
            self.counts = self.add_weight((num_codes,), "ones", name="counts", **how)
            self.sums = self.add_weight((num_codes, dim), "zeros", name="sums", **how)
            self.sums.assign(self.vectors)
        self.built = True

    def code(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The nearest codes of vectors; what is masked in z is masked in them.

        Args:
            z: `(..., dim)`, float32.

        Returns:
            `(one_hot, e, straight_through)`: the codes, `(..., num_codes)`; their vectors,
            `(..., dim)`; and the same, with the gradient of z.
        """
        one_hot = ops.one_hot(self.nearest(z), self.num_codes)
        e = self.look_up(one_hot)
        straight_through = z + ops.stop_gradient(e - z)
        return one_hot, *(with_mask(vectors, mask_of(z)) for vectors in (e, straight_through))

    def nearest(self, z: Tensor) -> Tensor:
        """Which vector is nearest, by Euclidean distance: from `(..., dim)` to `(...)`, int32."""
        # ‖z − e‖² without ‖z‖², which is the same for all codes.
        distances = ops.sum(ops.square(self.vectors), axis=-1)
        distances -= 2 * ops.matmul(in_float32(z), ops.transpose(self.vectors))
        return ops.cast(ops.argmin(distances, axis=-1), "int32")

    def look_up(self, one_hot: Tensor) -> Tensor:
        """The vectors of one-hot codes: from `(..., num_codes)` to `(..., dim)`."""
        # A product, because the gradient of a lookup by index is sparse, which optimizers and
        # exchanges between replicas treat otherwise.
        return ops.matmul(one_hot, self.vectors)

    def count(
        self, z: Tensor, one_hot: Tensor, sample_weight: Tensor | None, moves: bool
    ) -> Tensor:
        """Counts the codes of the global batch, and moves the averages by them.

        After a player's turn, not in it: replicas, which wait for each other here, would mix up
        what activity regularizers have added.

        Args:
            z: `(batch_size, ..., dim)`. What is masked counts for nothing.
            one_hot: their codes, `(batch_size, ..., num_codes)`.
            sample_weight: as in `fit`, or `None`.
            moves: whether this is a step of training.

        Returns:
            The perplexity, exp of the entropy of the batch's codes, once for each example.
        """
        num_examples = ops.shape(z)[0]
        one_hot = zero_where_masked(one_hot, mask_of(z))
        if sample_weight is not None:
            weight = Batch(sample_weight).example_weight
            one_hot *= ops.reshape(weight, (-1, *[1] * (len(one_hot.shape) - 1)))
        one_hot = ops.reshape(one_hot, (-1, self.num_codes))
        usage = sum_over_replicas(ops.sum(one_hot, axis=0))  # n, (num_codes,)
        share = ops.divide_no_nan(usage, ops.sum(usage))
        entropy = -ops.sum(share * ops.log(ops.where(share > 0, share, 1.0)))
        if moves and self.ema_decay is not None and self.trainable:
            z = ops.reshape(in_float32(z), (-1, self.vectors.shape[-1]))
            self._move(usage, sum_over_replicas(ops.matmul(ops.transpose(one_hot), z)))
        return ops.full((num_examples,), ops.exp(entropy))

    def _move(self, usage, sums):
        """One step of the averages: from n, `(num_codes,)`, and Σ z, `(num_codes, dim)`."""
        decay = self.ema_decay
        counts = decay * self.counts + (1 - decay) * usage
        total = ops.sum(counts)
        smoothed = (counts + _EPSILON) / (total + self.num_codes * _EPSILON) * total
        self.counts.assign(counts)
        self.sums.assign(decay * self.sums + (1 - decay) * sums)
        self.vectors.assign(self.sums / smoothed[:, None])
