"""The reparametrisation trick."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_aegan.hints import Tensor
from keras_aegan.layers import draws
from keras_aegan.seeds import seed_generator


@keras.saving.register_keras_serializable(package="keras_aegan")
class GaussianSampling(keras.layers.Layer):
    """Draws z = μ + σ ε, ε ~ N(0, I): a sample of N(μ, σ²) with gradients to μ and σ.

    It draws in inference too: its output is a sample. For a code without noise take the mean.

    Reference: [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), section 2.4.

    Args:
        seed: of the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        `[z_mean, z_log_var]`, with `z_log_var` = log σ², `(batch_size, latent_dim)` each.

    Output shape:
        z, `(batch_size, latent_dim)`.

    Example:
    >>> import keras, keras_aegan
    >>> z_mean, z_log_var = keras.ops.ones((2, 3)), keras.ops.full((2, 3), -100.0)
    >>> keras_aegan.layers.GaussianSampling()([z_mean, z_log_var]).numpy().tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = seed_generator(seed)
        self.built = True

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """One draw for each example."""
        z_mean, z_log_var = inputs
        noise = draws.normal(ops.shape(z_mean), self.seed_generator, z_mean.dtype)
        return z_mean + ops.exp(0.5 * z_log_var) * noise

    def compute_output_shape(self, input_shape):
        """The shape of the mean."""
        return input_shape[0]

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "seed": self.seed}
