"""The conditional variational autoencoder."""

import keras
import numpy as np

from keras_aegan import priors
from keras_aegan.checks import network_checks
from keras_aegan.engine.door import check_compiled
from keras_aegan.hints import Array
from keras_aegan.models.variational_model import VariationalModel
from keras_aegan.networks.conditioning import num_classes_of


@keras.saving.register_keras_serializable(package="keras_aegan")
class ConditionalVAE(VariationalModel):
    """A VAE of p(x|y): labels y go to both networks, and z is left with the style.

    log p(x|y) ≥ E_q[log p(x|z, y)] − KL(q(z|x, y) ‖ p(z)), with one p(z) whatever the label.

    Reference: [Sohn et al., 2015](https://papers.nips.cc/paper/5775), equation 4, with a prior
    that does not look at the label; [Kingma et al., 2014](https://arxiv.org/abs/1406.5298).

    `compile` is `VAE`'s: likelihoods or Keras losses, the terms `reconstruction_loss` and
    `kl_loss` of weight 1, and a sentence on the σ² and β that they imply.

    Args:
        encoder: Functional model from `[x, labels]` to `[z_mean, z_log_var]`.
        decoder: Functional model from `[z, labels]` to data.
        num_importance_samples: as in `VAE`.
        seed: of the noise; a random one if `None`.
        prior: p(z), as in `VAE`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        `[x, labels]`: `(batch_size, ...)` and integers `(batch_size,)`. `fit` takes `(x, labels)`,
        as data sets of labelled images give them.

    Output shape:
        What the decoder gives: the reconstruction from `z_mean` and the label.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if a network does not take labels, the encoder does not have two outputs, or
            shapes do not match.

    Example:
    >>> import keras, numpy as np, keras_aegan
    >>> from keras_aegan import networks
    >>> features = networks.dense_encoder((64,), None, hidden_units=(32,), num_classes=10)
    >>> cvae = keras_aegan.models.ConditionalVAE(
    ...     encoder=networks.gaussian_encoder(features, latent_dim=2),
    ...     decoder=networks.dense_decoder(2, (64,), hidden_units=(32,), num_classes=10),
    ... )
    >>> keras.config.disable_interactive_logging()
    >>> cvae.compile(optimizer="adam")
    >>> x, labels = keras.random.uniform((32, 64)), np.arange(32) % 10
    >>> history = cvae.fit(x, labels, verbose=0)
    >>> keras.config.enable_interactive_logging()
    >>> cvae.sample(labels=np.array([7, 7, 7]), seed=0).shape
    (3, 64)
    """

    condition_names = ("labels",)

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *args, **kwargs):
        super().__init__(encoder, decoder, *args, **kwargs)
        network_checks.check_label_inputs({"encoder": encoder, "decoder": decoder}, num_classes_of)

    @property
    def num_classes(self) -> int | None:
        """How many classes the networks know; `None` where it cannot be told."""
        return num_classes_of(self.encoder)

    def encode(self, x: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The means of q(z|x, y).

        Args:
            x: `(num_examples, ...)`.
            labels: integers, `(num_examples,)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples, latent_dim)`.
        """
        return self._run_on_examples(self._encode, x, labels, batch_size=batch_size)

    def decode(self, z: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The data that codes and labels stand for.

        Args:
            z: `(num_examples, latent_dim)`.
            labels: integers, `(num_examples,)`.
            batch_size: codes run at once.

        Returns:
            NumPy array, `(num_examples, ...)`.
        """
        return self._run_on_codes(self._decode, z, labels, batch_size=batch_size)

    def reconstruction_error(self, x: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The reconstruction loss of each example under its label.

        Args:
            x: `(num_examples, ...)`.
            labels: integers, `(num_examples,)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples,)`, in the unit of `compile`'s loss.
        """
        check_compiled(self, "reconstruction_error")
        arrays = self._door.examples_for_loss(x, labels)
        return self.run_in_batches(self._error_of_input, *arrays, batch_size=batch_size)

    def sample(
        self,
        labels: Array,
        seed: int | None = None,
        batch_size: int = 1024,
        latent_shape: tuple[int, ...] | None = None,
    ) -> np.ndarray:
        """Data of the classes that are asked for: the decoder's means at z ~ p(z).

        Args:
            labels: integers, `(num_samples,)`: the class of each sample.
            seed: an integer for the same samples again; if `None`, Keras's global one.
            batch_size: codes decoded at once.
            latent_shape: as in `VAE.sample`.

        Returns:
            NumPy array, `(num_samples, ...)`.
        """
        conditions = self._door.conditions(labels)
        return self._sample_arrays(len(conditions[0]), conditions, seed, batch_size, latent_shape)

    def log_likelihood(
        self,
        x: Array,
        labels: Array,
        num_samples: int = 1000,
        batch_size: int = 100,
        seed: int | None = None,
        verbose: str | int = "auto",
    ) -> np.ndarray:
        """The log-likelihood log p(x|y) of each example, by importance sampling from q(z|x, y).

        Args:
            x: `(num_examples, ...)`.
            labels: integers, `(num_examples,)`.
            num_samples: draws of z for each example.
            batch_size: examples at once.
            seed: an integer for the same draws again; a random one if `None`.
            verbose: `"auto"`, 0, 1 or 2: the progress bar.

        Returns:
            NumPy array, `(num_examples,)`, in nats.

        Raises:
            ValueError: if `compile`'s loss is not a likelihood.
        """
        check_compiled(self, "log_likelihood")
        arrays = self._door.examples_for_loss(x, labels)
        return self._estimate_log_likelihood(arrays, None, num_samples, batch_size, seed, verbose)

    def fit_prior(
        self,
        x: Array,
        labels: Array,
        prior: str | priors.Prior = "gaussian_mixture",
        num_components: int = 10,
        seed: int = 0,
        batch_size: int = 1024,
    ) -> priors.Prior:
        """Fits a density to the codes of examples, one for all labels (see `VAE.fit_prior`).

        Args:
            x: examples, `(num_examples, ...)`, such as the training data.
            labels: integers, `(num_examples,)`.
            prior: as in `VAE.fit_prior`.
            num_components: of the mixture.
            seed: of the fit, and of the draws of codes.
            batch_size: examples encoded at once.

        Returns:
            The `priors.Prior`.
        """
        codes = self._codes(x, labels, seed=seed, batch_size=batch_size)
        return self._fit_prior_to(codes, prior, num_components, seed)

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the networks can take the data, and there are labels."""
        if y is None:
            raise ValueError(
                "`y` must hold the labels: a conditional model is fitted by fit(x, labels). "
                "Received: y=None"
            )
        self._door.check_pair(x, None)
        self._door.check_conditions(y, other_name="x", other=x, names=("y",))
