"""The conditional variational autoencoder."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan.checks import data_checks, network_checks
from keras_aegan.checks.arrays import as_array, as_vector
from keras_aegan.engine.servable_model import fresh_normal
from keras_aegan.hints import Array, Loss, LossLike, Tensor, Terms
from keras_aegan.losses import gaussian_kl, target_domain
from keras_aegan.models.encoder_decoder_model import input_spec
from keras_aegan.models.variational_model import VariationalModel
from keras_aegan.networks.conditioning import num_classes_of


@keras.saving.register_keras_serializable(package="keras_aegan")
class ConditionalVAE(VariationalModel):
    """A VAE of p(x|y): labels y go to both networks, and z is left with the style.

    log p(x|y) ≥ E_q[log p(x|z, y)] − KL(q(z|x, y) ‖ p(z)), with z ~ N(0, I) whatever the label.

    Reference: [Sohn et al., 2015](https://papers.nips.cc/paper/5775), equation 4, with a prior
    that does not look at the label; [Kingma et al., 2014](https://arxiv.org/abs/1406.5298).

    `compile` is `VAE`'s: likelihoods or Keras losses, the terms `reconstruction_loss` and
    `kl_loss` of weight 1, and a sentence on the σ² and β that they imply.

    Args:
        encoder: Functional model from `[x, labels]` to `[z_mean, z_log_var]`.
        decoder: Functional model from `[z, labels]` to data.
        num_importance_samples: as in `VAE`.
        seed: of the noise; a random one if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        `[x, labels]`: `(batch_size, ...)` and integers `(batch_size,)`. `fit` takes `(x, labels)`,
        as data sets of labelled images give them.

    Output shape:
        What the decoder gives: the reconstruction from `z_mean` and the label.

    Raises:
        TypeError: if a network is no `keras.Model`.
        ValueError: if a network does not take labels, the encoder has not two outputs, or shapes
            do not match.

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

    network_inputs = ("x", "labels")

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *args, **kwargs):
        super().__init__(encoder, decoder, *args, **kwargs)
        network_checks.check_label_inputs({"encoder": encoder, "decoder": decoder}, num_classes_of)

    @property
    def num_classes(self) -> int | None:
        """How many classes the networks know; `None` where it cannot be told."""
        return num_classes_of(self.encoder)

    def call(self, inputs: list[Tensor], training: bool = False) -> Tensor:
        """The reconstruction of x from the mean of q(z|x, y), and the label."""
        _, labels = inputs
        z_mean, _ = self.encoder(inputs, training=training)
        return self.decode_for_loss([z_mean, labels], training=training)

    def autoencoder_terms(
        self, inputs: list[Tensor], target: Tensor, training: bool
    ) -> tuple[Terms, Tensor]:
        """−E_q[log p(x|z, y)], by one draw of z, and KL(q(z|x, y) ‖ p(z)), `(batch_size,)`."""
        _, labels = inputs
        z_mean, z_log_var = self.encoder(inputs, training=training)
        if self.num_importance_samples > 1:
            return self.importance_weighted_terms(inputs, target, z_mean, z_log_var, training)
        z = self.sampling([z_mean, z_log_var])
        reconstruction = self.decode_for_loss([z, labels], training=training)
        return {
            "reconstruction_loss": self.reconstruction_loss(target, reconstruction, training),
            "kl_loss": gaussian_kl(z_mean, z_log_var),
        }, reconstruction

    def decoder_inputs(self, z: Tensor, x: list[Tensor]) -> list[Tensor]:
        """The code and the label."""
        return [z, x[1]]

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`([x, labels], x, sample_weight)`: labels condition, x is its own target."""
        x, labels, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        return [x, ops.reshape(labels, (-1,))], x, sample_weight

    # ------------------------------------------------------------------- abilities

    def encode(self, x: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The means of q(z|x, y).

        Args:
            x: `(num_examples, ...)`.
            labels: integers, `(num_examples,)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples, latent_dim)`.
        """
        x, labels = as_array("x", x), as_vector("labels", labels)
        self._check_inputs(x)
        self._check_labels("labels", labels, "x", x)
        return self.run_in_batches(self._encode, x, labels, batch_size=batch_size)

    def decode(self, z: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The data that codes and labels stand for.

        Args:
            z: `(num_examples, latent_dim)`.
            labels: integers, `(num_examples,)`.
            batch_size: codes run at once.

        Returns:
            NumPy array, `(num_examples, ...)`.
        """
        z, labels = as_array("z", z), as_vector("labels", labels)
        data_checks.check_array("z", z, self.latent_shape)
        self._check_labels("labels", labels, "z", z)
        return self.run_in_batches(self._decode, z, labels, batch_size=batch_size)

    def reconstruction_error(self, x: Array, labels: Array, batch_size: int = 1024) -> np.ndarray:
        """The reconstruction loss of each example under its label.

        Args:
            x: `(num_examples, ...)`.
            labels: integers, `(num_examples,)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples,)`, in the unit of `compile`'s loss.
        """
        self._assert_compile_called("reconstruction_error")
        x, labels = as_array("x", x), as_vector("labels", labels)
        self.check_data(x, labels)
        return self.run_in_batches(self._reconstruction_error, x, labels, batch_size=batch_size)

    def sample(
        self,
        labels: Array,
        seed: int | None = None,
        batch_size: int = 1024,
        latent_shape: tuple[int, ...] | None = None,
    ) -> np.ndarray:
        """Data of the classes that are asked for: the decoder's means at z ~ N(0, I).

        Args:
            labels: integers, `(num_samples,)`: the class of each sample.
            seed: an integer for the same samples again; if `None`, Keras's global one.
            batch_size: codes decoded at once.
            latent_shape: as in `VAE.sample`.

        Returns:
            NumPy array, `(num_samples, ...)`.
        """
        labels = as_vector("labels", labels)
        data_checks.check_labels("labels", labels, self.num_classes)
        return self._decode_noise(seed, len(labels), batch_size, latent_shape, labels)

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
            ValueError: if `compile`'s loss is no likelihood.
        """
        self._assert_compile_called("log_likelihood")
        x, labels = as_array("x", x), as_vector("labels", labels)
        self.check_data(x, labels)
        return self._estimate_log_likelihood(
            [x, labels], None, num_samples, batch_size, seed, verbose
        )

    def _serve(self, x, labels):
        return self([x, labels], training=False)

    def _encode(self, x, labels):
        return self.encoder([x, labels], training=False)[0]

    def _decode(self, z, labels):
        return self.decoder([z, labels], training=False)

    def _reconstruction_error(self, x, labels):
        return self.reconstruction_loss(x, self([x, labels], training=False))

    def _sample(self, labels):
        return self._decode(fresh_normal((tf.shape(labels)[0], *self.latent_shape)), labels)

    def endpoints(self) -> dict[str, tuple]:
        """`serve` (reconstruct), `encode`, `decode`, `sample`; `reconstruction_error`."""
        x, labels = (
            input_spec(tensor, name)
            for tensor, name in zip(self.encoder.inputs, self.network_inputs, strict=True)
        )
        endpoints = {
            "serve": (self._serve, [x, labels]),
            "encode": (self._encode, [x, labels]),
            "decode": (self._decode, [input_spec(self.decoder.inputs[0], "z"), labels]),
            **self._sampling_endpoint(labels),
        }
        if self.compiled and not self._sees_by_a_backbone():
            endpoints["reconstruction_error"] = (self._reconstruction_error, [x, labels])
        return endpoints

    # ------------------------------------------------------------------------ data

    def resolve_loss(self, loss: LossLike) -> Loss:
        """The reconstruction loss; x is the target, so it cannot be levels."""
        loss = super().resolve_loss(loss)
        if target_domain(loss) == "levels":
            raise ValueError(
                "`loss` must take x itself as its target: `fit(x, labels)` has no place for "
                f"levels. Received: loss={getattr(loss, 'name', loss)!r}"
            )
        return loss

    def as_targets(self, y: Array) -> Array:
        """The labels, `(num_examples,)`; x is its own target."""
        return as_vector("y", y)

    def check_inputs(self, x: Array, labels: Array) -> None:
        """Raises an error unless the networks can take the data and the labels."""
        super().check_inputs(x)
        self._check_labels("labels", labels, "x", x)

    def note_targets(self, x: Array | None, y: Array | None) -> None:
        """Nothing to remember: y are labels."""

    def warn_of_data(self, x: Array, y: Array | None) -> None:
        """As of any VAE's data; y are labels."""
        super().warn_of_data(x, None)

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Refuses data that the networks cannot take, and labels that are no classes."""
        if y is None:
            raise ValueError(
                "`y` must hold the labels: a conditional model is fitted by fit(x, labels). "
                "Received: y=None"
            )
        self._check_pair(x, None)
        self._check_labels("y", y, "x", x)

    def _check_labels(self, name, labels, other_name, other):
        data_checks.check_labels(name, labels, self.num_classes)
        data_checks.check_as_many(other_name, other, name, labels)
