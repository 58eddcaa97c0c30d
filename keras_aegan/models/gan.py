"""The generative adversarial network."""

import keras
import numpy as np
import tensorflow as tf

from keras_aegan.checks.arrays import as_array
from keras_aegan.engine.servable_model import fresh_normal
from keras_aegan.hints import Array, Tensor
from keras_aegan.models.adversarial_model import AdversarialModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class GAN(AdversarialModel):
    """A generator G learns to make data from noise, against a discriminator D that learns too.

    A training step is Algorithm 1 of the paper, with k = `num_discriminator_steps`:

        k times:  z ~ N(0, I),  D descends  discriminator_loss(D(x), D(G(z))) + its regularizer
        once:     z ~ N(0, I),  G descends  generator_loss(D(G(z)))

    Each turn draws noise anew, moves its own player alone, and runs both networks with
    `training=True`. The k turns see the same batch x with other fakes (the paper draws other
    data as well). Data and fakes go through D one after the other, never in one batch.

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), algorithm 1.

    `compile` takes as `loss` an adversarial loss: `"non_saturating"` (the default),
    `"minimax"`, `"least_squares"`, `"hinge"`, `"wasserstein"` or a `losses.AdversarialLoss`;
    as `optimizer` one for both players, or `{"discriminator": ..., "generator": ...}`. Logged,
    each unweighted: `discriminator_loss`, `generator_loss`, and the regularizer's term.

    A generator whose weights are averaged: an optimizer with `use_ema=True`. `fit` then ends
    with the averages in the generator, so that samples and exports are theirs; during `fit`,
    `keras.callbacks.SwapEMAWeights(swap_on_epoch=True)` brings them to other callbacks.

    Args:
        generator: Functional model from noise, `(batch_size, latent_dim)`, to data.
        discriminator: Functional model from data to one logit, `(batch_size, 1)`, linear: the
            losses take the sigmoid, where they have one, themselves.
        num_discriminator_steps: k, turns of the discriminator before each of the generator. 1
            as in the paper's experiments; 5 is usual for `"wasserstein"`.
        discriminator_regularizer: `regularizers.GradientPenalty(10.0)`, `regularizers.R1(10.0)`
            or another `regularizers.DiscriminatorRegularizer`; its weight is the default weight
            of its term.
        seed: of the noise; random if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        Noise, as the generator takes it. `fit` takes data `x`, as the discriminator takes it.

    Output shape:
        Data, as the generator gives it.

    Raises:
        TypeError: if a network is no `keras.Model`, or the regularizer none.
        ValueError: if shapes do not match, or the discriminator does not end in one logit.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import networks
    >>> model = keras_aegan.models.GAN(
    ...     generator=networks.dense_generator(8, output_shape=(2,), hidden_units=(16,)),
    ...     discriminator=networks.dense_discriminator((2,), hidden_units=(16,)),
    ... )
    >>> model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5))
    >>> history = model.fit(keras.random.normal((64, 2)), verbose=0)
    >>> sorted(history.history)
    ['discriminator_loss', 'generator_loss']
    >>> model.sample(5, seed=0).shape
    (5, 2)
    """

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Data G(z) from noise z."""
        return self.generator(inputs, training=training)

    def sample(
        self, num_samples: int, seed: int | None = None, batch_size: int = 1024
    ) -> np.ndarray:
        """New data.

        Args:
            num_samples: how many.
            seed: an integer for the same samples each time; else they follow
                `keras.utils.set_random_seed`.
            batch_size: samples made at once.

        Returns:
            NumPy array, `(num_samples, ...)`.
        """
        return self.run_in_batches(
            self._serve, self._draw(num_samples, seed), batch_size=batch_size
        )

    def discriminate(self, x: Array, batch_size: int = 1024) -> np.ndarray:
        """The discriminator's logits: positive where it takes x for data.

        Logits, because not every loss makes them a probability: with `"minimax"` and
        `"non_saturating"`, `sigmoid(logits)` is one, p/(p+q) at the optimum; with
        `"least_squares"` data are at 1 and fakes at 0.

        Args:
            x: `(num_examples, ...)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples,)`.
        """
        x = as_array("x", x)
        self._check_examples(x)
        return self.run_in_batches(self._logits, x, batch_size=batch_size)

    def _serve(self, z):
        return self(z, training=False)

    def _sample(self, num_samples):
        return self._serve(fresh_normal((num_samples, *self.latent_shape)))

    def endpoints(self) -> dict[str, tuple]:
        """`serve` (noise to data), `sample` (new data at each call), `discriminate` (logits)."""
        z = tf.TensorSpec((None, *self.latent_shape), "float32", name="z")
        x = tf.TensorSpec((None, *self.data_shape), "float32", name="x")
        return {
            "serve": (self._serve, [z]),
            "sample": (self._sample, [tf.TensorSpec((), "int32", name="num_samples")]),
            "discriminate": (self._logits, [x]),
        }

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Refuses data that the discriminator cannot take, and targets."""
        if y is not None:
            raise ValueError(
                "`y` must be None: a GAN has no targets. Call fit(x), or fit(dataset.map(lambda "
                "x, label: x)); for a generator of classes, use ConditionalGAN. "
                f"Received: y.shape={tuple(y.shape)}"
            )
        self._check_x(x)

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(x, None, sample_weight)`: a GAN takes no labels."""
        x, _, sample_weight = super().unpack(data)
        return x, None, sample_weight
