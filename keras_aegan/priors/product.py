"""A prior of independent parts."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_aegan.hints import Array, Tensor
from keras_aegan.priors.codes import as_codes
from keras_aegan.priors.prior import Prior


@keras.saving.register_keras_serializable(package="keras_aegan")
class Product(Prior):
    """Independent parts of a vector, one behind the other: InfoGAN's noise and codes.

    Reference: [Chen et al., 2016](https://arxiv.org/abs/1606.03657) (InfoGAN), section 5, and
    appendix C.1 for MNIST: 62 elements of noise, one of ten categories, and two uniform codes.

    Args:
        parts: priors of vectors, in their order.

    Raises:
        TypeError: if `parts` holds anything but priors.
        ValueError: if there is none, or one is not of vectors of a known size.

    Example:
    >>> import keras
    >>> from keras_aegan import priors
    >>> noise, category = priors.StandardNormal((62,)), priors.Categorical(10)
    >>> prior = priors.Product([noise, category, priors.Uniform((2,))])
    >>> z = prior.draw(5, keras.random.SeedGenerator(0))
    >>> z.shape, [part.shape[-1] for part in prior.split(z)]
    (TensorShape([5, 74]), [62, 10, 2])
    """

    def __init__(self, parts: Sequence[Prior]):
        if not isinstance(parts, (list, tuple)) or not all(isinstance(p, Prior) for p in parts):
            raise TypeError(f"`parts` must be a list of priors. Received: parts={parts!r}")
        shapes = [part.shape for part in parts]
        if not parts or any(len(shape) != 1 or None in shape for shape in shapes):
            raise ValueError(
                "`parts` must be one or more priors of vectors of a known size, of shapes such as "
                f"(8,). Received: parts of the shapes {shapes}"
            )
        super().__init__((sum(size for (size,) in shapes),))
        self.parts = tuple(parts)

    @property
    def has_full_support(self) -> bool:
        """Whether the density of each part is positive everywhere."""
        return all(part.has_full_support for part in self.parts)

    def split(self, z: Array) -> list[Tensor]:
        """The parts of codes.

        Args:
            z: `(..., *shape)`.

        Returns:
            List of tensors, float32, the last axis as long as each part's.

        Raises:
            ValueError: if z has another shape, or carries a Keras mask, which cannot be split.
        """
        z, mask = as_codes("z", z, self.shape)
        if mask is not None:
            raise ValueError(
                "`z` must carry no Keras mask where a prior is a product of parts: use an encoder "
                f"that makes no mask. Received: a mask of shape {tuple(mask.shape)}"
            )
        parts, start = [], 0
        for part in self.parts:
            parts.append(z[..., start : start + part.shape[0]])
            start += part.shape[0]
        return parts

    def draw(
        self,
        num: int | Tensor,
        seed_generator: keras.random.SeedGenerator,
        shape: Sequence[int | Tensor] | None = None,
    ) -> Tensor:
        """Draws each part, `(num, *shape)`, as `Prior.draw` says."""
        self.full_shape(shape)
        return ops.concatenate([part.draw(num, seed_generator) for part in self.parts], axis=-1)

    def log_prob(self, z: Array) -> Tensor:
        """The sum of the parts' log p, in nats, `(...)`.

        Raises:
            ValueError: as `split`.
        """
        return sum(part.log_prob(z) for part, z in zip(self.parts, self.split(z), strict=True))

    def kl(self, z_mean: Array, z_log_var: Array, z: Array | None = None) -> Tensor:
        """The sum of the parts' divergences, in nats, `(batch_size,)`.

        Args:
            z_mean: μ, `(batch_size, *shape)`.
            z_log_var: log σ², likewise.
            z: a draw from N(μ, σ²) for each example, or `None`.

        Raises:
            ValueError: as `split`; and if a part has none, as a categorical one.
        """
        draws = [None] * len(self.parts) if z is None else self.split(z)
        arguments = zip(self.parts, self.split(z_mean), self.split(z_log_var), draws, strict=True)
        return sum(part.kl(mean, log_var, draw) for part, mean, log_var, draw in arguments)

    def get_config(self) -> dict[str, Any]:
        """The parts, serialized."""
        return {"parts": [keras.saving.serialize_keras_object(part) for part in self.parts]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Product":
        """The prior that `get_config` describes."""
        return cls([keras.saving.deserialize_keras_object(part) for part in config["parts"]])
