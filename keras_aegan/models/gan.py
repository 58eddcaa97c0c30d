"""The generative adversarial network."""

import keras
import numpy as np

from keras_aegan.hints import Array
from keras_aegan.models.adversarial_model import AdversarialModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class GAN(AdversarialModel):
    """A generator G learns to make data from noise, against a discriminator D that learns too.

    A training step is Algorithm 1 of the paper, with k = `num_discriminator_steps`:

        k times:  z ~ p(z),  D descends  discriminator_loss(D(x), D(G(z))) + its regularizer
        once:     z ~ p(z),  G descends  generator_loss(D(G(z)))

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
        prior: p(z) of the noise, a `priors.Prior`; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        Noise, as the generator takes it. `fit` takes data `x`, as the discriminator takes it.

    Output shape:
        Data, as the generator gives it.

    Raises:
        TypeError: if a network is not a `keras.Model`, or the regularizer none.
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
        return self._sample_arrays(num_samples, [], seed, batch_size)

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
        return self._discriminate_arrays(x, batch_size=batch_size)

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the discriminator can take the data, without targets."""
        if y is not None:
            raise ValueError(
                "`y` must be None: a GAN has no targets. Call fit(x), or fit(dataset.map(lambda "
                "x, label: x)); for a generator of classes, use ConditionalGAN. "
                f"Received: y.shape={tuple(y.shape)}"
            )
        self._door.check_data(x)
