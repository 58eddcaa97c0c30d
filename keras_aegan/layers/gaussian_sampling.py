"""The reparametrisation trick."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.engine.seeds import seed_generator
from keras_aegan.engine.tensor_notes import common_mask
from keras_aegan.hints import Tensor
from keras_aegan.layers import draws

# The log σ² above which the variance grows linearly. Scaled data need no more than a few.
LARGEST_LOG_VAR = 30.0
# Above it, draws in float16 grow with their logarithm: near 65504 the next product would overflow.
_LARGEST_FLOAT16_DRAW = 1000.0


@keras.saving.register_keras_serializable(package="keras_aegan")
class GaussianSampling(keras.layers.Layer):
    """Draws z = μ + σ ε, ε ~ N(0, I): a sample of N(μ, σ²) with gradients to μ and σ.

    It draws in inference too: its output is a sample. For a code without noise take the mean.
    Above e³⁰ the variance grows linearly with log σ², so that it does not overflow. In float16,
    draws beyond ±1000 grow with their logarithm. The output carries the inputs' masks.

    Reference: [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), section 2.4.

    Args:
        seed: for the noise; a random one if `None`.
        repeats: how many rows that follow each other share their ε, such as those of one example
            under several conditions, whose losses then differ by the condition alone.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        `[z_mean, z_log_var]`, with `z_log_var` = log σ², `(batch_size, latent_dim)` each.
        `batch_size` is a multiple of `repeats`.

    Output shape:
        z, `(batch_size, latent_dim)`.

    Raises:
        ValueError: if `seed` is not an integer or `repeats` not a positive one.

    Example:
    >>> import keras, keras_aegan
    >>> z_mean, z_log_var = keras.ops.ones((2, 3)), keras.ops.full((2, 3), -100.0)
    >>> keras_aegan.layers.GaussianSampling()([z_mean, z_log_var]).numpy().tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, seed: int | None = None, repeats: int = 1, **kwargs):
        super().__init__(**kwargs)
        check_positive_integer("repeats", repeats)
        self.seed = seed
        self.repeats = repeats
        self.seed_generator = seed_generator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """One draw per example."""
        z_mean, z_log_var = inputs
        num_rows, *shape = ops.shape(z_mean)
        noise = draws.normal((num_rows // self.repeats, *shape), self.seed_generator)
        if self.repeats > 1:
            noise = ops.repeat(noise, self.repeats, axis=0)
        return reparametrized(z_mean, z_log_var, noise)

    def compute_mask(self, inputs, previous_mask=None):
        """Masked where either input is masked."""
        return common_mask(*inputs)

    def compute_output_shape(self, input_shape):
        """The shape of the mean."""
        return input_shape[0]

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "seed": self.seed, "repeats": self.repeats}


def bounded_log_var(log_var):
    """Log σ², whose exponential continues by its tangent above 30: e³⁰ (1 + log σ² − 30).

    So neither the variance overflows nor what a network makes of a draw. Nothing saturates: the
    derivative stays positive, and the KL's gradient leads back.
    """
    return _bounded(ops.cast(log_var, "float32"), LARGEST_LOG_VAR)


def for_float16(z):
    """Codes in float16 that do not become infinite in a network's products.

    Beyond ±1000 they grow with their logarithm, so that a gradient leads back.
    """
    z = ops.cast(z, "float32")
    return ops.cast(ops.sign(z) * _bounded(ops.abs(z), _LARGEST_FLOAT16_DRAW), "float16")


def reparametrized(z_mean, z_log_var, noise):
    """A draw μ + σ ε, computed in float32, in the dtype of μ."""
    sigma = ops.exp(0.5 * bounded_log_var(z_log_var))
    z = ops.cast(z_mean, "float32") + sigma * ops.cast(noise, "float32")
    dtype = keras.backend.standardize_dtype(z_mean.dtype)
    return for_float16(z) if dtype == "float16" else ops.cast(z, dtype)


def _bounded(values, bound):
    return ops.minimum(values, bound) + ops.log1p(ops.relu(values - bound))
