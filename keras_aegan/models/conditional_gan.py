"""The conditional generative adversarial network."""

import keras
import numpy as np

from keras_aegan.checks import network_checks
from keras_aegan.hints import Array
from keras_aegan.models.adversarial_model import AdversarialModel
from keras_aegan.networks.conditioning import num_classes_of


@keras.saving.register_keras_serializable(package="keras_aegan")
class ConditionalGAN(AdversarialModel):
    """A GAN of p(x|y): the generator is told a class, the discriminator whether it was kept.

    A training step is `GAN`'s, with the labels y of the batch in both networks:

        k times:  z ~ p(z),  D descends  discriminator_loss(D(x, y), D(G(z, y), y)) + penalty
        once:     z ~ p(z),  G descends  generator_loss(D(G(z, y), y))

    The discriminator sees data and fakes with the same labels, so a label alone tells nothing.
    With dense networks it is the paper's CGAN, with `networks.dcgan_generator` and
    `networks.dcgan_discriminator` a DC-CGAN.

    Reference: [Mirza & Osindero, 2014](https://arxiv.org/abs/1411.1784), equation 2.

    `compile` and the logs are `GAN`'s.

    Args:
        generator: Functional model from `[z, labels]` to data.
        discriminator: Functional model from `[x, labels]` to one logit, `(batch_size, 1)`.
        num_discriminator_steps: k, as in `GAN`.
        discriminator_regularizer: as in `GAN`; it differentiates by x, at the labels of x.
        seed: of the noise; random if `None`.
        prior: p(z) of the noise, a `priors.Prior`; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        `[z, labels]`: noise, as the generator takes it, and integers `(batch_size,)`. `fit`
        takes `(x, labels)`, as data sets of labelled images give them.

    Output shape:
        Data, as the generator gives it.

    Raises:
        TypeError: if a network is not a `keras.Model`, or the regularizer none.
        ValueError: if a network does not take labels, the networks know other classes, shapes
            do not match, or the discriminator does not end in one logit.

    Example:
    >>> import keras, numpy as np, keras_aegan
    >>> from keras_aegan import networks
    >>> model = keras_aegan.models.ConditionalGAN(
    ...     generator=networks.dense_generator(8, (2,), hidden_units=(16,), num_classes=3),
    ...     discriminator=networks.dense_discriminator((2,), hidden_units=(16,), num_classes=3),
    ... )
    >>> model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5))
    >>> x, labels = keras.random.normal((64, 2)), np.arange(64) % 3
    >>> history = model.fit(x, labels, verbose=0)
    >>> model.sample(labels=np.array([2, 2, 0]), seed=0).shape
    (3, 2)
    """

    condition_names = ("labels",)

    def __init__(self, generator: keras.Model, discriminator: keras.Model, *args, **kwargs):
        super().__init__(generator, discriminator, *args, **kwargs)
        network_checks.check_label_inputs(
            {"generator": generator, "discriminator": discriminator}, num_classes_of
        )

    @property
    def num_classes(self) -> int | None:
        """How many classes the networks know; `None` where it cannot be told."""
        return num_classes_of(self.generator) or num_classes_of(self.discriminator)

    def sample(self, labels: Array, seed: int | None = None, batch_size: int = 1024) -> np.ndarray:
        """New data of the classes that are asked for.

        Args:
            labels: integers, `(num_samples,)`: the class of each sample.
            seed: an integer for the same samples again; if `None`, Keras's global one.
            batch_size: samples made at once.

        Returns:
            NumPy array, `(num_samples, ...)`.
        """
        conditions = self._door.conditions(labels)
        return self._sample_arrays(len(conditions[0]), conditions, seed, batch_size)

    def discriminate(self, x: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The discriminator's logits: positive where it takes x for data of its class.

        Args:
            x: `(num_examples, ...)`.
            labels: integers, `(num_examples,)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples,)`; see `GAN.discriminate` for what logits are.
        """
        return self._discriminate_arrays(x, labels, batch_size=batch_size)

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the networks can take the data, and there are labels."""
        if y is None:
            raise ValueError(
                "`y` must hold the labels: a conditional model is fitted by fit(x, labels). "
                "Received: y=None"
            )
        self._door.check_conditions(y, other_name="x", other=x, names=("y",))
        self._door.check_data(x)
