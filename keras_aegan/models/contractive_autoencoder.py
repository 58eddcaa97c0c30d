"""The contractive autoencoder."""

import math

import keras
import tensorflow as tf

from keras_aegan.checks import network_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.engine.batch_sizes import check_takes_any_batch
from keras_aegan.engine.keras_internals import layers_of, mask_of
from keras_aegan.engine.seeds import seed_generator
from keras_aegan.engine.tensor_notes import zero_where_masked
from keras_aegan.hints import Tensor, Terms
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel
from keras_aegan.regularizers import jacobians


@keras.saving.register_keras_serializable(package="keras_aegan")
class ContractiveAutoencoder(EncoderDecoderModel):
    """Learns a code that moves little when x moves: L(x, g(f(x))) + λ ‖∂f(x)/∂x‖²_F.

    The penalty is the squared Frobenius norm of the encoder's Jacobian, Σᵢⱼ (∂hⱼ/∂xᵢ)², at each
    example. It pulls in every direction; the reconstruction resists along the data, so the code
    stays sensitive to what varies in the data and to nothing else. A denoising autoencoder does
    the same for infinitesimal noise.

    With untied weights the encoder can shrink and the decoder grow, and nothing is contracted:
    the paper ties them (`networks.dense_decoder(..., tied_to="code")`). Codes of masked steps
    count nothing.

    Reference: [Rifai et al., 2011](https://icml.cc/2011/papers/455_icmlpaper.pdf), equations 2
    and 7.

    `compile` takes as `loss` the reconstruction loss, as `Autoencoder` does; `"mse"` by default.
    Its terms are `reconstruction_loss` (weight 1) and `contraction_loss`, ‖J‖² of each example
    (weight λ = 0.1, as in the paper; the paper's loss is a cross-entropy *summed* over pixels,
    such as `"bernoulli_nll"`: with a mean over D pixels the same balance is λ/D).

    Args:
        encoder: Functional model from data, floating-point, to code.
        decoder: Functional model from code to data.
        jacobian: `"exact"`: in closed form for one dense layer; elsewhere by forward or reverse
            accumulation, whichever takes fewer passes (as many as x, or the code, has values).
            `"hutchinson"`: an unbiased estimate, for large deep encoders. Where several passes
            are taken the model is not compiled by XLA, whatever `jit_compile`.
        num_probes: backward passes a step of `"hutchinson"`. One is enough: the noise averages
            out over steps.
        seed: of the probes; a random one if `None`.
        **kwargs: `prior`, as in `Autoencoder`; `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`.

    Output shape:
        What the decoder gives: the reconstruction.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if shapes do not match, the encoder cannot be differentiated with respect to
            its input or normalises over the batch, or an argument is out of its range.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import networks
    >>> model = keras_aegan.models.ContractiveAutoencoder(
    ...     networks.dense_encoder((64,), 100, hidden_units=(), latent_activation="sigmoid"),
    ...     networks.dense_decoder(100, (64,), hidden_units=(), tied_to="code"),
    ... )
    >>> model.compile(loss_weights={"contraction_loss": 0.01})
    >>> history = model.fit(keras.random.uniform((256, 64)), verbose=0)
    >>> sorted(history.history)
    ['contraction_loss', 'loss', 'reconstruction_loss']
    """

    default_loss_weights = {"reconstruction_loss": 1.0, "contraction_loss": 0.1}

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        jacobian: str = "exact",
        num_probes: int = 1,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        if jacobian not in ("exact", "hutchinson"):
            raise ValueError(
                f'`jacobian` must be "exact" or "hutchinson". Received: jacobian={jacobian!r}'
            )
        check_positive_integer("num_probes", num_probes)
        network_checks.check_no_batch_statistics("encoder", layers_of(encoder), "the contraction")
        check_takes_any_batch(self, "the contraction")
        self._check_differentiable()
        self.jacobian = jacobian
        self.num_probes = num_probes
        self.seed = seed
        self.seed_generator = seed_generator(seed)
        # TensorFlow's loops have no forward accumulation.
        self._is_recurrent = any(
            isinstance(layer, keras.layers.RNN) for layer in layers_of(encoder)
        )
        # Several passes at once call functions that hand shapes to their gradients. XLA (TF 2.21)
        # then takes the weights for constants, and compiles anew whenever they change: each step.
        one_pass = jacobian == "hutchinson" and num_probes == 1
        self.supports_jit = one_pass or self._closed_form_layer() is not None

    def autoencoder_terms(self, x: Tensor, target: Tensor, training: bool) -> tuple[Terms, Tensor]:
        """L(x, g(f(x))) and ‖∂f(x)/∂x‖²_F, `(batch_size,)` each."""
        code, contraction = self._contracted_code(x, training)
        reconstruction = self.decode_for_loss(code, training=training)
        return {
            "reconstruction_loss": self.reconstruction_loss(target, reconstruction, training),
            "contraction_loss": contraction,
        }, reconstruction

    def _contracted_code(self, x, training):
        """The code, and the squared norm of its Jacobian by the cheapest way that is asked for."""
        dense = self._closed_form_layer()
        if dense is not None:
            code = self.encoder(x, training=training)
            return code, jacobians.dense_contraction(dense, code)
        x = tf.cast(x, self.encoder.inputs[0].dtype)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            code = self.encoder(x, training=training)  # (batch_size, ...)
            shown = _unmasked(code)
        if self.jacobian == "hutchinson":
            return code, jacobians.hutchinson_contraction(
                tape, shown, x, self.num_probes, self.seed_generator
            )
        sizes = (self.data_shape, code.shape[1:])
        is_open = any(None in size for size in sizes)
        if not (is_open or self._is_recurrent) and math.prod(sizes[0]) < math.prod(sizes[1]):
            return code, jacobians.forward_contraction(self._unmasked_code, x, training)
        return code, jacobians.reverse_contraction(tape, shown, x)

    def _unmasked_code(self, x, training):
        return _unmasked(self.encoder(x, training=training))

    def _closed_form_layer(self):
        """The encoder's only layer, where the exact Jacobian has a closed form; or `None`."""
        return jacobians.single_dense_layer(self.encoder) if self.jacobian == "exact" else None

    def _check_differentiable(self):
        """Differentiates once, on one example of zeros: better here than amid the training."""
        dtype = self.encoder.inputs[0].dtype
        if not keras.backend.is_float_dtype(dtype):
            raise ValueError(
                "`encoder` must take floating-point input: a Jacobian with respect to integers "
                f"does not exist. Received: an input of dtype {dtype}"
            )
        x = tf.zeros([1, *(size or 32 for size in self.data_shape)], dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            code = self.encoder(x, training=False)
        if tape.gradient(code, x) is None:
            raise ValueError(
                "`encoder` must be differentiable with respect to its input: an operation "
                "between input and code, such as a rounding or a cast to integers, lets no "
                f"gradient through. Received: encoder {self.encoder.name!r}"
            )

    def get_config(self):
        """The networks, serialized, and how the Jacobian is taken."""
        return {
            **super().get_config(),
            "jacobian": self.jacobian,
            "num_probes": self.num_probes,
            "seed": self.seed,
        }


def _unmasked(code):
    """The code, of which nothing that is masked moves with x."""
    return zero_where_masked(code, mask_of(code))
