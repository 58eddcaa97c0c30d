"""What every model with an encoder and a decoder shares."""

import warnings

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan import losses
from keras_aegan.checks import data_checks, data_scale, network_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_array
from keras_aegan.engine.counting import Batch, batch_known
from keras_aegan.engine.keras_internals import mask_of
from keras_aegan.engine.latent_variable_model import LatentVariableModel
from keras_aegan.engine.network_runs import NetworkRun, warn_of_lost_logits
from keras_aegan.engine.servable_model import Untracked
from keras_aegan.engine.tensor_notes import in_float32
from keras_aegan.hints import Array, Loss, LossLike, Tensor, Terms
from keras_aegan.layers import TiedDense
from keras_aegan.losses.optimal_scale import KeptScales
from keras_aegan.losses.reconstruction_loss import parts


class EncoderDecoderModel(LatentVariableModel):
    """Abstract base of the autoencoders: one player, an encoder, a decoder, a code between.

    A subclass gives `call` and `autoencoder_terms(x, target, training)`. The networks of a
    conditional one take labels as a second input.

    Args:
        encoder: network from data to code.
        decoder: network from code to data, or to levels of data.
        **kwargs: `name` and `dtype`, as in `keras.Model`.
    """

    default_loss = "mse"
    default_loss_weights = {"reconstruction_loss": 1.0}
    network_inputs = ("x",)
    encoder_outputs = ("code",)

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs):
        super().__init__(**kwargs)
        labels = self.network_inputs[1:]
        network_checks.check_network("encoder", encoder, self.network_inputs, self.encoder_outputs)
        network_checks.check_network("decoder", decoder, ("z", *labels), ("reconstruction",))
        self.encoder = encoder
        self.decoder = decoder
        self._trained_on_targets = False
        for output in encoder.outputs:
            network_checks.check_code_shapes(output.shape[1:], self.latent_shape)
        network_checks.check_reconstruction_shape(self.data_shape, decoder.output_shape[1:])
        for layer in decoder.layers:
            if isinstance(layer, TiedDense):
                layer.tie(encoder)
        self._optimal_scale, self._reads_logits = None, False
        self._kept_scales = Untracked(KeptScales())
        self._decoder_run = Untracked(NetworkRun(decoder))
        self.built = True

    @property
    def data_shape(self) -> tuple[int | None, ...]:
        """The shape of one example."""
        return tuple(self.encoder.inputs[0].shape[1:])

    @property
    def latent_shape(self) -> tuple[int | None, ...]:
        """The shape of one code."""
        return tuple(self.decoder.inputs[0].shape[1:])

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """One player trains both networks."""
        return {"autoencoder": [self.encoder, self.decoder]}

    def autoencoder_terms(
        self, x: Tensor | list, target: Tensor, training: bool
    ) -> tuple[Terms, Tensor]:
        """`({term: (batch_size,)}, reconstruction)`: the objective of this autoencoder."""
        raise NotImplementedError(f"{type(self).__name__} must define `autoencoder_terms`.")

    def reconstruction_loss(
        self, target: Tensor, reconstruction: Tensor, training: bool = False
    ) -> Tensor:
        """`compile`'s loss, one value per example, `(batch_size,)`: see `losses.per_example`.

        A likelihood of optimal scale takes in training the scale of the batch, and otherwise the
        one that training came to.
        """
        if self._optimal_scale is None:
            target = self._of_size_given_back(target, reconstruction)
            return losses.per_example(self.loss_function, target, reconstruction)
        sums, num_elements = self._deviations(target, reconstruction)
        dispersion = self._optimal_scale.of_batch(sums, num_elements, training)
        return self.loss_function.of_deviations(sums, num_elements, dispersion)

    def _of_size_given_back(self, target, reconstruction):
        """The target; where sizes are open, a later batch's may not come back."""
        if None not in self.data_shape:
            return target
        rank = len(target.shape)
        check = tf.debugging.assert_equal(
            tf.shape(target),
            tf.shape(reconstruction)[:rank],
            "Each batch must hold examples whose size the networks give back, such as multiples "
            "of the product of their strides: crop or pad. Targets and reconstructions differ",
        )
        with tf.control_dependencies([] if check is None else [check]):
            return tf.identity(target)

    def _deviations(self, target, reconstruction):
        target = self._of_size_given_back(target, reconstruction)
        return self.loss_function.deviations(
            ops.cast(target, "float32"), in_float32(reconstruction)
        )

    def resolve_loss(self, loss: LossLike) -> Loss:
        """The reconstruction loss; refuses one that cannot read the decoder's output."""
        loss = losses.get(loss)
        for part in parts(loss):
            domain = losses.target_domain(part)
            network_checks.check_output_suits_loss(part, domain, self.data_shape, self.decoder)
            if isinstance(part, losses.PerceptualLoss) and part.network is not None:
                part.check_data_shape(self.data_shape)
        self._reads_logits = any(_reads_logits(part) for part in parts(loss))
        if self._reads_logits:
            warn_of_lost_logits(self.decoder)
        if getattr(loss, "scale", None) != "optimal":
            self._optimal_scale = None
        else:
            self._check_replicas_suit_optimal_scale()
            self._optimal_scale = self._kept_scales.value.of(loss, self.distribute_strategy)
        return loss

    def decode_for_loss(self, inputs: Tensor | list, training: bool = False) -> Tensor:
        """What the decoder gives, with what the loss reads beside its values.

        A mask of the codes is carried on; and the likelihoods of probabilities are exact at any
        logit, also where layers behind the last sigmoid or softmax move its values. A subclass
        that calls `self.decoder` instead gets the same values.

        Args:
            inputs: the codes; and labels beside them, where the decoder takes any.
            training: whether this is a training step.

        Returns:
            The reconstruction, `(batch_size, ...)`.
        """
        if self._reads_logits or any(mask_of(z) is not None for z in keras.tree.flatten(inputs)):
            return self._decoder_run.value(inputs, training=training)
        return self.decoder(inputs, training=training)

    def models_of_a_step(self) -> list[keras.Model]:
        """The model itself, and the backbones of a perceptual loss."""
        return [self, *self._backbones()]

    def _check_replicas_suit_optimal_scale(self):
        """Refuses what Keras's bookkeeping would mix up between the threads of replicas.

        An optimal scale makes replicas wait for each other between the networks' calls and the
        reading of what activity regularizers added, which layers keep in a list of their own.
        """
        regularized = [
            layer.name
            for network in (self.encoder, self.decoder)
            for layer in network.layers
            if layer.activity_regularizer is not None
        ]
        if regularized and self.distribute_strategy.num_replicas_in_sync > 1:
            raise ValueError(
                '`loss` must have a number as its scale, not "optimal", where layers carry an '
                f"activity regularizer on several replicas. Received: regularized {regularized}"
            )

    # ------------------------------------------------------------------------ steps

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(x, target, sample_weight)`; without a target, x is its own."""
        x, target, sample_weight = super().unpack(data)
        return x, x if target is None else target, sample_weight

    def train_step(self, data):
        """One turn of the one player."""
        x, target, sample_weight = self.unpack(data)
        reconstruction = self.minimize(
            "autoencoder", lambda: self.autoencoder_terms(x, target, training=True), sample_weight
        )
        return self.logs(x, target, reconstruction, sample_weight)

    def test_step(self, data):
        """The same terms, measured."""
        x, target, sample_weight = self.unpack(data)
        with self._independent_noise(), batch_known(Batch(sample_weight)):
            terms, reconstruction = self.autoencoder_terms(x, target, training=False)
            self.measure("autoencoder", terms, sample_weight)
        return self.logs(x, target, reconstruction, sample_weight)

    # --------------------------------------------------------------------- abilities

    def encode(self, x: Array, batch_size: int = 1024) -> np.ndarray:
        """The codes of examples.

        Args:
            x: `(num_examples, ...)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples, latent_dim)`.
        """
        x = as_array("x", x)
        self._check_inputs(x)
        return self.run_in_batches(self._encode, x, batch_size=batch_size)

    def decode(self, z: Array, batch_size: int = 1024) -> np.ndarray:
        """The data that codes stand for.

        Args:
            z: `(num_examples, latent_dim)`.
            batch_size: codes run at once.

        Returns:
            NumPy array, `(num_examples, ...)`.
        """
        z = as_array("z", z)
        data_checks.check_array("z", z, self.latent_shape)
        return self.run_in_batches(self._decode, z, batch_size=batch_size)

    def reconstruction_error(
        self, x: Array, target: Array | None = None, batch_size: int = 1024
    ) -> np.ndarray:
        """The reconstruction loss of each example: large where x is unlike the training data.

        Args:
            x: `(num_examples, ...)`.
            target: what the reconstruction is compared with; x itself if `None`. A model that
                was trained by `fit(x, target)` needs it here too: where its encoder begins with a
                `Rescaling` or `Normalization` layer, what that layer makes of x.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples,)`, in the unit of `compile`'s loss.

        Raises:
            ValueError: if the model was trained on targets, and none is given.
        """
        self._assert_compile_called("reconstruction_error")
        x, target = self._as_pair(x, target)
        return self.run_in_batches(
            self._reconstruction_error, x, x if target is None else target, batch_size=batch_size
        )

    def _serve(self, x):
        return self(x, training=False)

    def _encode(self, x):
        return self.encoder(x, training=False)

    def _decode(self, z):
        return self.decoder(z, training=False)

    def _decode_noise(self, seed, num_samples, batch_size, latent_shape, *labels):
        """`sample`, of models that have a prior: the decoder's answers to draws from it."""
        check_positive_integer("num_samples", num_samples)
        shape = network_checks.check_latent_shape(latent_shape, self.latent_shape)
        z = keras.random.normal((num_samples, *shape), seed=seed)
        return self.run_in_batches(self._decode, z, *labels, batch_size=batch_size)

    def _sampling_endpoint(self, *input_signature):
        """`{"sample": …}`, where a code is of one shape: a SavedModel has no place for another."""
        is_open = None in self.latent_shape
        return {} if is_open else {"sample": (self._sample, list(input_signature))}

    def _reconstruction_error(self, x, target):
        return self.reconstruction_loss(target, self(x, training=False))

    def _error_of_input(self, x):
        return self._reconstruction_error(x, x)

    def endpoints(self) -> dict[str, tuple]:
        """`serve` (reconstruct), `encode`, `decode`; once compiled, `reconstruction_error`.

        That takes `x`, and `target` where the model was trained on targets. It is left out with a
        perceptual loss, whose backbone is no part of what is exported.
        """
        x = input_spec(self.encoder.inputs[0], "x")
        z = input_spec(self.decoder.inputs[0], "z")
        endpoints = {
            "serve": (self._serve, [x]),
            "encode": (self._encode, [x]),
            "decode": (self._decode, [z]),
        }
        if not self.compiled or self._sees_by_a_backbone():
            return endpoints
        if not self.needs_target:
            endpoints["reconstruction_error"] = (self._error_of_input, [x])
        else:
            endpoints["reconstruction_error"] = (
                self._reconstruction_error,
                [x, self.target_spec()],
            )
        return endpoints

    def target_spec(self) -> tf.TensorSpec:
        """The signature of an endpoint's `target`."""
        dtype = "int32" if self._target_domain() == "levels" else "float32"
        shape = self.decoder.output_shape[: -1 if dtype == "int32" else None]
        return tf.TensorSpec(shape, dtype, name="target")

    # ------------------------------------------------------------------------- files

    def save_own_variables(self, store):
        """Saves what every model saves, the scales that training came to, and on what it was."""
        super().save_own_variables(store)
        self._kept_scales.value.save(store)
        store["trained_on_targets"] = np.int8(self._trained_on_targets)

    def load_own_variables(self, store):
        """Loads what `save_own_variables` wrote."""
        super().load_own_variables(store)
        self._kept_scales.value.load(store, self._optimal_scale, self.distribute_strategy)
        if "trained_on_targets" in set(store.keys()):  # not in a file of earlier versions
            self._trained_on_targets = bool(np.asarray(store["trained_on_targets"]))

    # ------------------------------------------------------------------------- data

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the encoder and the loss can take the data."""
        self._check_pair(x, y)

    def check_inputs(self, x: Array, *labels: Array) -> None:
        """Raises an error unless the encoder can take the data."""
        self._check_inputs(x, "real")

    def note_targets(self, x: Array | None, y: Array | None) -> None:
        """Remembers whether this is `fit(x, target)`, with another target than x."""
        self._trained_on_targets = y is not None and not (x is not None and is_same(x, y))

    def check_as_trained(self, y: Array | None) -> None:
        """Raises ValueError where nothing says what to compare a reconstruction with."""
        if y is None and self._trained_on_targets:
            raise ValueError(self._what_target("y", "y=x"))

    def warn_of_data(self, x: Array, y: Array | None) -> None:
        """Warns of data that a VAE's KL may overflow on, or of a decoder of twice their range."""
        counted = data_scale.mask_of_data(self.encoder, x)
        shown, targets = (
            v if v is None or not _is_masked(counted, v) else np.asarray(v)[counted] for v in (x, y)
        )
        data_scale.warn_of_half_range(
            "decoder", self.decoder, shown if y is None else targets, "targets", "the data"
        )
        self.unscaled = data_scale.what_is_unscaled(
            "x", shown, data_scale.scales_input(self.encoder)
        )
        if self.unscaled is None and y is not None and self._target_domain() == "real":
            is_scaled = data_scale.scales_output(self.decoder)
            self.unscaled = data_scale.what_is_unscaled("y", targets, is_scaled)
        if self.unscaled and "z_log_var" in self.encoder_outputs:
            warnings.warn(
                f"{self.unscaled}. A VAE compares the codes of such data with N(0, 1): its KL may "
                "become so large that nothing is learned, or NaN.",
                stacklevel=5,
            )

    @property
    def needs_target(self) -> bool:
        """Whether a reconstruction is compared with something else than x.

        So where the decoder gives levels, where the encoder takes integers, and after
        `fit(x, target)`; a file keeps it.
        """
        is_of_another_kind = self._target_domain() == "levels" or self._has_levels()
        return is_of_another_kind or self._takes_integers() or self._trained_on_targets

    def _as_pair(self, x, target, name="x", target_name="target"):
        """The arrays of examples and of their targets, `None` where x is its own; checked."""
        x = as_array(name, x)
        if target is None and self._trained_on_targets:
            raise ValueError(self._what_target(target_name, f"{target_name}={name}"))
        target = None if target is None else as_array(target_name, target)
        self._check_pair(x, target, name, target_name)
        if target is not None:
            data_checks.check_as_many(name, x, target_name, target)
        return x, target

    def _what_target(self, name, otherwise):
        """A sentence: this model compares with targets, and how they are to be had."""
        layers = data_scale.leading_rescalings(self.encoder)
        how = ""
        if len(layers) == 1 and layers[0] in self.encoder.layers:
            how = (
                f" The encoder begins with {type(layers[0]).__name__}: "
                f"model.encoder.get_layer({layers[0].name!r})(x) are such targets."
            )
        elif layers:
            names = ", then ".join(repr(layer.name) for layer in layers)
            how = f" What the encoder's first layers, {names}, make of x are such targets."
        return (
            f"`{name}` must hold targets: this model was trained by fit(x, target), and a "
            f"reconstruction is compared with them.{how} Where x is meant itself, say so: "
            f"{otherwise}. Received: {name}=None"
        )

    def _check_pair(self, x, y, x_name="x", y_name="y"):
        domain = self._target_domain()
        if y is None and (domain == "levels" or self._has_levels()):
            raise ValueError(
                f"`{y_name}` must hold the targets of a categorical loss, such as fit(x, levels) "
                "with levels = keras_aegan.datasets.quantize(x, num_levels). "
                f"Received: {y_name}=None"
            )
        if y is None and self._takes_integers():
            raise ValueError(
                f"`{y_name}` must hold the targets, real numbers, where the encoder takes "
                "integers: such as fit(x, x / 255.0) of images. "
                f"Received: {y_name}=None"
            )
        counted = data_scale.mask_of_data(self.encoder, x)
        span = self._check_inputs(x, domain if y is None else "real", x_name, counted)
        if None in self.data_shape and None not in x.shape[1:]:
            network_checks.check_sizes(x_name, x.shape[1:], self.encoder, self.decoder)
        span = span if y is None else self._check_targets(y, y_name, counted)
        for part in parts(self.loss_function):
            data_checks.check_span(x_name if y is None else y_name, span, part)
        if domain == "real":
            data_scale.warn_of_unreachable("decoder", self.decoder, span, "targets")

    def _check_inputs(self, x, domain="real", name="x", counted=None):
        domain = "integer" if self._takes_integers() else domain
        return data_checks.check_array(
            name,
            x,
            self.encoder.inputs[0].shape[1:],
            domain,
            advise=lambda *of: data_scale.how_to_make_floats(*of, self.decoder, self.encoder),
            counted=counted,
        )

    def _takes_integers(self):
        return keras.backend.is_int_dtype(self.encoder.inputs[0].dtype)

    def _check_targets(self, y, name="y", counted=None):
        shape, domain = self.decoder.output_shape[1:], self._target_domain()
        num_levels = shape[-1] if domain == "levels" else None
        hint = ""
        if len(y.shape) == 1 or (len(y.shape) == 2 and len(shape) > 1):
            hint = (
                " Class labels are no targets of an autoencoder: call fit(x), or "
                "fit(dataset.map(lambda x, label: x))."
            )
        return data_checks.check_array(
            name,
            y,
            shape[:-1] if num_levels else shape,
            domain,
            num_levels,
            hint,
            advise=lambda *of: data_scale.how_to_make_floats(*of, self.decoder),
            counted=counted if _is_masked(counted, y) else None,
        )

    def _target_domain(self):
        return losses.target_domain(self.loss_function)

    def _sees_by_a_backbone(self):
        return any(isinstance(p, losses.PerceptualLoss) for p in parts(self.loss_function))

    def _backbones(self):
        known = (getattr(part, "network", None) for part in parts(self.loss_function))
        return [network for network in known if network is not None]

    def _has_levels(self):
        return len(self.decoder.output_shape[1:]) == len(self.data_shape) + 1

    def get_config(self):
        """The networks, serialized."""
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }


def _is_masked(counted, values):
    """Whether booleans of leading axes are of these values too."""
    return counted is not None and tuple(values.shape[: counted.ndim]) == counted.shape


def is_same(x, y):
    """Whether targets are the examples themselves, as in `fit(x, x)`."""
    if x is y or x.shape != y.shape:
        return x is y
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype.kind == y.dtype.kind == "f":  # one may be the other, rounded
        coarser = min(x.dtype, y.dtype, key=lambda dtype: dtype.itemsize)
        x, y = x.astype(coarser), y.astype(coarser)
    return np.array_equal(x, y)


def _reads_logits(loss):
    """Whether a loss is of probabilities, and exact where it knows the logits behind them."""
    is_of_probabilities = isinstance(loss, (losses.BernoulliNLL, losses.CategoricalNLL))
    return is_of_probabilities and not loss.from_logits


def input_spec(tensor, name):
    """The signature of an endpoint's argument."""
    return tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
