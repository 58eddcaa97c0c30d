"""What every model with an encoder and a decoder shares."""

import json

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan import losses, priors
from keras_aegan.checks import network_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.engine.door import check_compiled
from keras_aegan.engine.keras_internals import layers_of, mask_of
from keras_aegan.engine.latent_variable_model import LatentVariableModel
from keras_aegan.engine.network_runs import NetworkRun, warn_of_lost_logits
from keras_aegan.engine.seeds import SeedOfSamples
from keras_aegan.engine.tensor_notes import in_float32
from keras_aegan.engine.untracked import Untracked
from keras_aegan.hints import Array, Loss, LossLike, Tensor, Terms
from keras_aegan.layers import TiedDense
from keras_aegan.layers.gaussian_sampling import reparametrized
from keras_aegan.losses.optimal_scale import KeptScales
from keras_aegan.losses.reconstruction_loss import parts
from keras_aegan.models.conditions import joined, split, wanted_samples
from keras_aegan.models.reconstruction_door import ReconstructionDoor


class EncoderDecoderModel(LatentVariableModel):
    """Abstract base of the autoencoders: one player, an encoder, a decoder, a code between.

    A subclass gives `autoencoder_terms(x, target, training)`, and may give a `call` of its own.
    What `call` takes is x, or of a conditional model `[x, *conditions]`: `condition_names` names
    what both networks take beside their first input. `encoder_outputs` names what the encoder
    gives, the code or its mean first; `default_prior` is the class of the prior where the
    constructor is given none, and `fitted_prior` what `fit_prior` fits unless it is told.

    Args:
        encoder: network from data to code.
        decoder: network from code to data, or to levels of data.
        prior: a `priors.Prior` of the code, from which `sample` draws; `None` for a model whose
            codes have no density until `fit_prior` fits one.
        **kwargs: `name` and `dtype`, as in `keras.Model`.
    """

    default_loss = "mse"
    default_loss_weights = {"reconstruction_loss": 1.0}
    condition_names: tuple[str, ...] = ()
    encoder_outputs: tuple[str, ...] = ("code",)
    default_prior: type[priors.Prior] | None = None
    fitted_prior: str = "gaussian_mixture"
    _door_class = ReconstructionDoor

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        inputs = ("x", *self.condition_names)
        network_checks.check_network("encoder", encoder, inputs, self.encoder_outputs)
        inputs = ("z", *self.condition_names)
        network_checks.check_network("decoder", decoder, inputs, ("reconstruction",))
        self.encoder = encoder
        self.decoder = decoder
        for output in encoder.outputs:
            network_checks.check_code_shapes(output.shape[1:], self.latent_shape)
        network_checks.check_reconstruction_shape(self.data_shape, decoder.output_shape[1:])
        for layer in decoder.layers:
            if isinstance(layer, TiedDense):
                layer.tie(encoder)
        if prior is None and self.default_prior is not None:
            prior = self.default_prior(self.latent_shape)
        self.prior = prior and priors.get(prior, self._shape_of_draws())
        self._optimal_scale, self._reads_logits = None, False
        self._kept_scales = Untracked(KeptScales())
        self._decoder_run = Untracked(NetworkRun(decoder))
        self.built = True

    @property
    def input_names(self) -> tuple[str, ...]:
        """What `call` takes: x, and what conditions it unless the model can tell that itself."""
        return ("x", *self.condition_names)

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

    # ------------------------------------------------------------------ the objective

    def call(self, inputs: Tensor | list, training: bool = False) -> Tensor:
        """The reconstruction r = g(f(x)); where the code has a distribution, from its mean."""
        _, conditions = split(inputs)
        code = self._code(inputs, training)
        return self.decode_for_loss(joined(code, conditions), training=training)

    def _posterior(self, inputs, training=False):
        """What the encoder says of examples: codes, or their distribution."""
        return self.encoder(inputs, training=training)

    def _code(self, inputs, training=False):
        """What the decoder is given; where the code has a distribution, its mean."""
        return keras.tree.flatten(self._posterior(inputs, training))[0]

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
        """The reconstruction loss.

        Raises:
            ValueError: if it cannot read the decoder's output.
        """
        loss = losses.get(loss)
        for part in parts(loss):
            domain = losses.target_domain(part)
            if domain == "levels" and self.condition_names:
                raise ValueError(
                    "`loss` must take x itself as its target: `fit(x, labels)` has no place for "
                    f"levels. Received: loss={getattr(loss, 'name', loss)!r}"
                )
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
            inputs: the codes, or `[z, *conditions]`.
            training: whether this is a training step.

        Returns:
            The reconstruction, `(batch_size, ...)`.
        """
        if self._reads_logits or any(mask_of(z) is not None for z in keras.tree.flatten(inputs)):
            return self._decoder_run.value(inputs, training=training)
        return self.decoder(inputs, training=training)

    def _models_of_a_step(self):
        """The model itself, and the backbones of a perceptual loss."""
        return [self, *self._backbones()]

    def _backbones(self):
        known = (getattr(part, "network", None) for part in parts(self.loss_function))
        return [network for network in known if network is not None]

    def _check_replicas_suit_optimal_scale(self):
        """Raises ValueError for what Keras would mix up between the threads of replicas.

        An optimal scale makes replicas wait for each other between the networks' calls and the
        reading of what activity regularizers added, which layers keep in a list of their own.
        """
        regularized = [
            layer.name
            for network in self._networks()
            for layer in layers_of(network)
            if layer.activity_regularizer is not None
        ]
        if regularized and self.distribute_strategy.num_replicas_in_sync > 1:
            raise ValueError(
                '`loss` must have a number as its scale, not "optimal", where layers carry an '
                f"activity regularizer on several replicas. Received: regularized {regularized}"
            )

    # ------------------------------------------------------------------ steps

    def unpack(self, data: Tensor | tuple) -> tuple:
        """`(x, target, sample_weight)`: without a target, x is its own.

        Of a conditional model `([x, *conditions], x, sample_weight)`.
        """
        x, y, sample_weight = super().unpack(data)
        if self.condition_names:
            return [x, ops.reshape(y, (-1,))], x, sample_weight
        return x, x if y is None else y, sample_weight

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
        with self._step_on(sample_weight):
            terms, reconstruction = self.autoencoder_terms(x, target, training=False)
            self.measure("autoencoder", terms, sample_weight)
        return self.logs(x, target, reconstruction, sample_weight)

    # ------------------------------------------------------------------ abilities

    def encode(self, x: Array, batch_size: int = 1024) -> np.ndarray:
        """The codes of examples; of codes with a distribution, their means.

        Args:
            x: `(num_examples, ...)`.
            batch_size: examples run at once.

        Returns:
            NumPy array, `(num_examples, *latent_shape)`.
        """
        return self._run_on_examples(self._encode, x, batch_size=batch_size)

    def decode(self, z: Array, batch_size: int = 1024) -> np.ndarray:
        """The data that codes stand for.

        Args:
            z: `(num_examples, *latent_shape)`.
            batch_size: codes run at once.

        Returns:
            NumPy array, `(num_examples, ...)`.
        """
        return self._run_on_codes(self._decode, z, batch_size=batch_size)

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
        check_compiled(self, "reconstruction_error")
        x, target = self.check_pair(x, target)
        if target is None:
            return self.run_in_batches(self._error_of_input, x, batch_size=batch_size)
        return self.run_in_batches(self._error_of_pair, x, target, batch_size=batch_size)

    def sample(
        self,
        num_samples: int,
        seed: int | None = None,
        batch_size: int = 1024,
        latent_shape: tuple[int, ...] | None = None,
    ) -> np.ndarray:
        """Data drawn from the model: the decoder's answers to z ~ p(z), its prior.

        Args:
            num_samples: how many.
            seed: an integer for the same samples again; if `None`, they follow
                `keras.utils.set_random_seed`.
            batch_size: codes decoded at once.
            latent_shape: the sizes of one code, needed where the decoder takes any: such as
                `(8, 8, 2)`. Such a model's SavedModel has no endpoint `sample`.

        Returns:
            NumPy array, `(num_samples, ...)`.

        Raises:
            ValueError: if the decoder takes no such code, or the model has no prior.
        """
        check_positive_integer("num_samples", num_samples)
        return self._sample_arrays(num_samples, [], seed, batch_size, latent_shape)

    def fit_prior(
        self,
        x: Array,
        prior: str | priors.Prior | None = None,
        num_components: int = 10,
        seed: int = 0,
        batch_size: int = 1024,
    ) -> priors.Prior:
        """Fits a density to the codes of examples, from which `sample` then draws.

        A plain autoencoder's codes fill no known density, and between them the decoder gives what
        no training asked of it; a VAE's need not fill N(0, I). A mixture fitted after training
        knows where codes lie. The model holds it as `prior`: it is saved and exported with it.
        Where training is towards the prior, as a VAE's KL is, further training is towards this one,
        and `log_likelihood` is under it, until `model.prior` is set to another.
        Otherwise train the model further, and the prior must be fitted anew.

        Reference: [Ghosh et al., 2020](https://arxiv.org/abs/1903.12436), section 4, "ex-post
        density estimation".

        Args:
            x: examples, `(num_examples, ...)`, such as the training data.
            prior: `"gaussian_mixture"`, or another name that `priors.fit` knows; or a
                `priors.Prior`, which is taken as it is. `None` for the first, or for the one that
                fits the model's codes: `"categorical"` for a `VQVAE`.
            num_components: of the mixture.
            seed: of the fit, and of the draws of codes that have a distribution.
            batch_size: examples encoded at once.

        Returns:
            The `priors.Prior`.

        Raises:
            ValueError: if there are too few examples, codes are masked, or of any size where
                training is towards the prior.
        """
        return self._fit_prior_to(
            self._codes(x, seed=seed, batch_size=batch_size), prior, num_components, seed
        )

    def _codes(self, x, *conditions, seed, batch_size):
        """The codes that the decoder meets in training: where they have a distribution, draws."""
        outputs = self._run_on_examples(self._unmasked, x, *conditions, batch_size=batch_size)
        if "z_log_var" not in self.encoder_outputs:
            return outputs
        z_mean, z_log_var = outputs
        noise = np.random.default_rng(seed).standard_normal(z_mean.shape, "float32")
        return ops.convert_to_numpy(reparametrized(z_mean, z_log_var, noise))

    def _unmasked(self, *inputs):
        outputs = self._posterior(joined(inputs[0], inputs[1:]))
        if any(mask_of(output) is not None for output in keras.tree.flatten(outputs)):
            raise ValueError(
                "`x` must be encoded without a mask for `fit_prior`: padding would count as codes. "
                "Received: an encoder that masks its codes"
            )
        return outputs

    def _fit_prior_to(self, codes, prior, num_components, seed):
        if self.default_prior is not None and None in self.latent_shape:
            raise ValueError(
                "`fit_prior` needs codes of one shape, as training is towards the prior. "
                f"Received: a decoder that takes codes of shape {self.latent_shape}"
            )
        self.prior = priors.fit(prior or self.fitted_prior, codes, num_components, seed)
        return self.prior

    def _shape_of_draws(self):
        """The shape of what the prior draws."""
        return self.latent_shape

    def _check_prior(self, prior):
        """Raises ValueError unless the model can be trained towards a prior, and decode it."""
        if prior is None:
            return
        priors.get(prior, self._shape_of_draws())
        if "z_log_var" in self.encoder_outputs and not prior.has_full_support:
            raise ValueError(
                "`prior` must have a density that is positive everywhere, as q(z|x) is a "
                "Gaussian: elsewhere its KL is infinite. "
                f"Received: prior={type(prior).__name__}"
            )

    def _sample_arrays(self, num_samples, conditions, seed, batch_size, latent_shape):
        if self.prior is None:
            raise ValueError(
                "`sample` draws from a density of the codes, which this model has not learned: "
                f"call fit_prior(x) first. Received: a {type(self).__name__} whose prior is None"
            )
        shape = network_checks.check_latent_shape(latent_shape, self.prior.shape)
        z = self.prior.draw(num_samples, SeedOfSamples(seed), shape)
        return self.run_in_batches(self._decode_draw, z, *conditions, batch_size=batch_size)

    def _run_on_examples(self, function, x, *conditions, batch_size):
        arrays = self._door.examples(x, *conditions)
        return self.run_in_batches(function, *arrays, batch_size=batch_size)

    def _run_on_codes(self, function, z, *conditions, batch_size):
        arrays = self._door.codes(z, *conditions)
        return self.run_in_batches(function, *arrays, batch_size=batch_size)

    # ------------------------------------------------------------------ what it compares with

    @property
    def needs_target(self) -> bool:
        """Whether a reconstruction is compared with something other than x.

        So where `rebuilds_data` is false, and after `fit(x, target)`; a file keeps it.
        """
        return not self.rebuilds_data or self._door.trained_on_targets

    @property
    def rebuilds_data(self) -> bool:
        """Whether a reconstruction is of the kind of x.

        It is not where the decoder gives levels, or numbers where the encoder takes integers.
        """
        return not (self._door.has_levels() or self._door.takes_integers())

    @property
    def uses_backbone(self) -> bool:
        """Whether `compile`'s loss looks through a pretrained network, which is not exported."""
        return any(isinstance(p, losses.PerceptualLoss) for p in parts(self.loss_function))

    def check_data(self, x: Array, y: Array | None = None) -> None:
        """Raises an error unless the encoder and the loss can take the data."""
        self._door.check_pair(x, y)

    def check_pair(
        self, x: Array, target: Array | None = None, name: str = "x", target_name: str = "target"
    ) -> tuple[Array, Array | None]:
        """Examples and targets as arrays that the model and its loss can take.

        Args:
            x: `(num_examples, ...)`.
            target: what reconstructions are compared with; `None` for x itself.
            name: of x, for errors.
            target_name: of the target, for errors.

        Returns:
            `(x, target)`.

        Raises:
            TypeError: if a dtype is wrong.
            ValueError: if a shape or a value is wrong, or targets are missing.
        """
        return self._door.pair(x, target, name, target_name)

    def check_examples(self, x: Array, name: str = "x") -> Array:
        """Examples alone as an array that the model can take, with the checks of `check_pair`.

        Args:
            x: `(num_examples, ...)`.
            name: for errors.

        Returns:
            The array.
        """
        domain = "real" if self.needs_target else self._door.target_domain()
        [x] = self._door.examples(x, name=name, domain=domain)
        return x

    def error_of(self, inputs: Tensor | list, target: Tensor | None = None) -> Tensor:
        """What `reconstruction_error` gives, of tensors: for scores and endpoints.

        Args:
            inputs: what `call` takes.
            target: `(batch_size, ...)`; x itself if `None`.

        Returns:
            `(batch_size,)`.
        """
        x, _ = split(inputs)
        return self.reconstruction_loss(
            x if target is None else target, self(inputs, training=False)
        )

    # ------------------------------------------------------------------ endpoints and files

    def _serve(self, *inputs):
        return self(joined(inputs[0], inputs[1:]), training=False)

    def _encode(self, *inputs):
        return self._code(joined(inputs[0], inputs[1:]))

    def _decode(self, z, *conditions):
        return self.decoder(joined(z, conditions), training=False)

    def _decode_draw(self, z, *conditions):
        return self._decode(z, *conditions)

    def _sample(self, *arguments):
        num_samples, conditions = wanted_samples(arguments, self.condition_names)
        return self._decode_draw(self.prior.fresh_draw(num_samples), *conditions)

    def _error_of_input(self, *inputs):
        return self.error_of(joined(inputs[0], inputs[1:]))

    def _error_of_pair(self, x, target):
        return self.error_of(x, target)

    def endpoints(self) -> dict[str, tuple]:
        """`serve` (reconstruct), `encode`, `decode`; `sample`; `reconstruction_error`.

        `sample` where there is a prior and codes are of one shape: a SavedModel has no place for
        another. `reconstruction_error` once compiled; it takes `target` as well where the model
        was trained on targets, and is left out with a perceptual loss, whose backbone is not
        exported.
        """
        specs = self.input_specs()
        z, *conditions = map(input_spec, self.decoder.inputs, ("z", *self.condition_names))
        endpoints = {
            "serve": (self._serve, specs),
            "encode": (self._encode, specs),
            "decode": (self._decode, [z, *conditions]),
        }
        if self.prior is not None and None not in self.prior.shape:
            num_samples = tf.TensorSpec((), "int32", name="num_samples")
            endpoints["sample"] = (self._sample, conditions or [num_samples])
        if not self.compiled or self.uses_backbone:
            return endpoints
        if self.needs_target:
            arguments = (self._error_of_pair, [*specs, self.target_spec()])
        else:
            arguments = (self._error_of_input, specs)
        return {**endpoints, "reconstruction_error": arguments}

    def input_specs(self) -> list[tf.TensorSpec]:
        """The signature of what `call` takes."""
        return list(map(input_spec, self.encoder.inputs, self.input_names))

    def target_spec(self) -> tf.TensorSpec:
        """The signature of an endpoint's `target`."""
        dtype = "int32" if self._door.target_domain() == "levels" else "float32"
        shape = self.decoder.output_shape[: -1 if dtype == "int32" else None]
        return tf.TensorSpec(shape, dtype, name="target")

    def save_own_variables(self, store):
        """Saves what every model saves, the scales that training came to, and on what it was."""
        super().save_own_variables(store)
        self._kept_scales.value.save(store)
        store["trained_on_targets"] = np.int8(self._door.trained_on_targets)
        if self.prior is not None:
            text = json.dumps(keras.saving.serialize_keras_object(self.prior))
            store["prior"] = np.frombuffer(text.encode(), "uint8")

    def load_own_variables(self, store):
        """Loads what `save_own_variables` wrote."""
        super().load_own_variables(store)
        self._kept_scales.value.load(store, self._optimal_scale, self.distribute_strategy)
        if "trained_on_targets" in set(store.keys()):  # not in a file of earlier versions
            self._door.trained_on_targets = bool(np.asarray(store["trained_on_targets"]))
        if "prior" in set(store.keys()):  # a fitted one is of the weights, not of the constructor
            config = json.loads(np.asarray(store["prior"]).tobytes().decode())
            self.prior = keras.saving.deserialize_keras_object(config)

    def get_config(self):
        """The networks, and the prior where there is one, serialized."""
        serialize = keras.saving.serialize_keras_object
        config = {"encoder": serialize(self.encoder), "decoder": serialize(self.decoder)}
        if self.prior is not None:
            config["prior"] = serialize(self.prior)
        return {**super().get_config(), **config}


def _reads_logits(loss):
    """Whether a loss is of probabilities, and exact where it knows the logits behind them."""
    is_of_probabilities = isinstance(loss, (losses.BernoulliNLL, losses.CategoricalNLL))
    return is_of_probabilities and not loss.from_logits


def input_spec(tensor, name):
    """The signature of an endpoint's argument."""
    return tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
