"""What the variational autoencoders share: a latent Gaussian, its objective and its likelihood."""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan import losses, priors
from keras_aegan.checks import data_checks
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.engine.batch_sizes import check_takes_any_batch
from keras_aegan.engine.counting import batch_known, known_batch
from keras_aegan.engine.players_optimizer import computes_in_float16
from keras_aegan.engine.tensor_notes import common_mask, with_mask, zero_where_masked
from keras_aegan.hints import Loss, LossLike, Tensor, Terms
from keras_aegan.layers import GaussianSampling, draws
from keras_aegan.layers.gaussian_sampling import bounded_log_var, for_float16, reparametrized
from keras_aegan.losses.implied_likelihood import describe_objective, describe_terms
from keras_aegan.models.conditions import joined, split
from keras_aegan.models.encoder_decoder_model import EncoderDecoderModel

# How many samples of each example the likelihood decodes at once: enough for whole matrix
# products, few enough for the memory of any machine.
_SAMPLES_AT_ONCE = 50


class VariationalModel(EncoderDecoderModel):
    """Abstract base of `VAE` and `ConditionalVAE`: q(z|x) Gaussian, any prior p(z).

    Args:
        encoder: network whose outputs are `z_mean` and `z_log_var`.
        decoder: network from z to data.
        num_importance_samples: k of the importance-weighted bound; 1 for the ELBO.
        seed: of the noise; a random one if `None`.
        prior: p(z), a `priors.Prior` whose density is positive everywhere; N(0, I) if `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.
    """

    default_loss = losses.GaussianNLL("optimal")
    encoder_outputs = ("z_mean", "z_log_var")
    default_prior = priors.StandardNormal

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        num_importance_samples: int = 1,
        seed: int | None = None,
        prior: priors.Prior | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, prior, **kwargs)
        check_positive_integer("num_importance_samples", num_importance_samples)
        if num_importance_samples > 1:
            check_takes_any_batch(self, "an importance-weighted bound")
        self.num_importance_samples = num_importance_samples
        self.seed = seed
        self.sampling = GaussianSampling(seed)

    @property
    def default_loss_weights(self) -> dict[str, float]:
        """Both terms weigh 1; an importance-weighted bound is one term, and they are logged."""
        if self.num_importance_samples == 1:
            return {"reconstruction_loss": 1.0, "kl_loss": 1.0}
        return {"importance_weighted_loss": 1.0, "reconstruction_loss": 0.0, "kl_loss": 0.0}

    def resolve_loss(self, loss: LossLike) -> Loss:
        """The reconstruction loss.

        Raises:
            ValueError: unless it is a likelihood, where the bound is importance-weighted.
        """
        loss = super().resolve_loss(loss)
        if self.num_importance_samples > 1:
            _check_likelihood("loss", loss, "an importance-weighted bound")
        return loss

    def _state_objective(self, weights):
        """Says in one line which likelihood and which β the objective implies; warns of collapse.

        Where z cannot pay for itself, whatever the networks learn, the posterior will collapse.
        """
        # By name: a subclass may define other terms than ours, and weigh its own bound.
        ours = VariationalModel.default_loss_weights.fget(self)
        if set(weights) != set(ours) or (self.num_importance_samples > 1 and weights != ours):
            statement, warning = f"loss = {describe_terms(self.loss_function, weights)}.", None
        elif self.num_importance_samples > 1:
            k, likelihood = self.num_importance_samples, self.loss_function.name
            statement = f"loss = −log (1/{k}) Σ p(x, z)/q(z|x), {likelihood}, {k} draws, in nats."
            warning = None
        else:
            statement, warning = describe_objective(
                self.loss_function,
                weights["reconstruction_loss"],
                weights["kl_loss"],
                None if None in self.data_shape else math.prod(self.data_shape),
                self.decoder,
            )
        if keras.config.is_interactive_logging_enabled():
            print(f"{type(self).__name__}: {statement}")
        if warning:
            warnings.warn(warning, stacklevel=3)

    # ------------------------------------------------------------------ the objective

    def autoencoder_terms(
        self, x: Tensor | list, target: Tensor, training: bool
    ) -> tuple[Terms, Tensor]:
        """−E_q[log p(x|z)], by one draw of z, and KL(q(z|x) ‖ p(z)), `(batch_size,)` each.

        Of a conditional model, x is `[x, *conditions]`, and both are given the conditions.
        """
        _, conditions = split(x)
        z_mean, z_log_var = self.encoder(x, training=training)  # (batch_size, latent_dim)
        if self.num_importance_samples > 1:
            return self._importance_weighted_terms(x, target, z_mean, z_log_var, training)
        z = self.sampling([z_mean, z_log_var])  # (batch_size, latent_dim)
        reconstruction = self.decode_for_loss(joined(z, conditions), training=training)
        return {
            "reconstruction_loss": self.reconstruction_loss(target, reconstruction, training),
            "kl_loss": self.prior.kl(z_mean, z_log_var, z),
        }, reconstruction

    def _importance_weighted_terms(self, x, target, z_mean, z_log_var, training):
        """−log (1/k) Σ p(x, z)/q(z|x) over k draws of z, beside the ELBO's two terms.

        Reference: [Burda et al., 2016](https://arxiv.org/abs/1509.00519), equation 8.
        """
        _, conditions = split(x)
        k = self.num_importance_samples
        batch_size, *latent_shape = ops.shape(z_mean)
        noise = draws.normal((batch_size, k, *latent_shape), self.sampling.seed_generator)
        log_weights, negative_log_likelihoods = self._log_weights(
            x, target, z_mean, z_log_var, noise, training
        )
        reconstruction = self.decode_for_loss(joined(z_mean, conditions), training=training)
        first_z = reparametrized(z_mean, z_log_var, noise[:, 0])
        return {
            "importance_weighted_loss": math.log(k) - ops.logsumexp(log_weights, axis=1),
            "reconstruction_loss": ops.mean(negative_log_likelihoods, axis=1),
            "kl_loss": self.prior.kl(z_mean, z_log_var, first_z),
        }, reconstruction

    def _log_weights(self, x, target, z_mean, z_log_var, noise, training=False):
        """The log of p(x|z) p(z) / q(z|x), and −log p(x|z), `(batch_size, k)` each."""
        k, mask = ops.shape(noise)[1], common_mask(z_mean, z_log_var)

        def repeat(values):
            return None if values is None else ops.repeat(values, k, axis=0)  # (batch_size · k, …)

        z_mean, z_log_var = z_mean[:, None], z_log_var[:, None]
        z = reparametrized(z_mean, z_log_var, noise)  # (batch_size, k, ...)
        masks = None if mask is None else mask[:, None]
        log_ratio = log_density_ratio(self.prior, z, z_log_var, noise, masks)
        flat_z = as_taken(self.decoder, ops.reshape(z, (-1, *ops.shape(z)[2:])))
        flat_z = with_mask(flat_z, repeat(mask))
        conditions = [repeat(condition) for condition in split(x)[1]]
        reconstruction = self.decode_for_loss(joined(flat_z, conditions), training=training)
        negative_log_likelihood = self._losses_of_draws(
            repeat(target), reconstruction, log_ratio, training
        )
        return log_ratio - negative_log_likelihood, negative_log_likelihood

    def _losses_of_draws(self, target, reconstruction, log_ratio, training):
        """−log p(x|z), `(batch_size, k)`, of draws that follow each other; as the bound has σ."""
        k, batch = ops.shape(log_ratio)[1], known_batch()
        with batch_known(batch and batch.repeated(k)):
            if self._optimal_scale is None:
                values = self.reconstruction_loss(target, reconstruction, training)
                return ops.reshape(values, (-1, k))
            sums, num_elements = self._deviations(target, reconstruction)
        if not isinstance(num_elements, int):  # it may be the same of all, or of each
            num_elements = ops.reshape(num_elements * ops.ones_like(sums), (-1, k))
        sums = ops.reshape(sums, (-1, k))
        dispersion = self._optimal_scale.of_bound(log_ratio, sums, num_elements, training)
        return self.loss_function.of_deviations(sums, num_elements, dispersion)

    def _open_latent_axes(self):
        """The axes of a batch of codes whose size the networks leave open."""
        return tuple(a for a, size in enumerate(self.latent_shape, 1) if size is None)

    # ------------------------------------------------------------------ abilities

    def _estimate_log_likelihood(self, inputs, target, num_samples, batch_size, seed, verbose):
        """`log_likelihood` of checked data: `inputs` are arrays, x and what conditions it."""
        target = inputs[0] if target is None else target
        _check_likelihood("compile", self.loss_function, "`log_likelihood`")
        check_takes_any_batch(self, "`log_likelihood`")
        check_positive_integer("num_samples", num_samples)
        data_checks.check_batch_size(batch_size)
        seed = int(keras.random.randint((), 0, 2**31 - 1)) if seed is None else seed
        estimate = tf.function(self._log_mean_weight, reduce_retracing=True, autograph=False)
        num_examples = len(inputs[0])
        progress = keras.utils.Progbar(num_examples, unit_name="example", verbose=verbose)
        estimates = []
        for start in range(0, num_examples, batch_size):
            batch, targets = keras.tree.map_structure(
                lambda a: tf.convert_to_tensor(a[start : start + batch_size]),  # noqa: B023
                (list(inputs), target),
            )
            seed_of_draws = tf.constant(seed, "int64")
            k = tf.constant(num_samples)
            estimates.append(estimate(batch, targets, k, seed_of_draws).numpy())
            progress.add(len(estimates[-1]))
        return np.concatenate(estimates)

    def _log_mean_weight(self, inputs, target, num_samples, seed):
        """The log of the mean of p(x, z)/q(z|x) over `num_samples` draws, `(batch_size,)`."""
        x = joined(inputs[0], inputs[1:])
        z_mean, z_log_var = self.encoder(x, training=False)
        shape = (_SAMPLES_AT_ONCE, *ops.shape(z_mean)[1:])
        open_axes = self._open_latent_axes()
        sizes = [size for axis, size in enumerate(shape) if axis not in open_axes]
        num_values = tf.reduce_prod(tf.stack(sizes))
        mask = common_mask(z_mean, z_log_var)

        def add_samples(i, log_sum):
            # By the example's own values: the estimate is the same whoever stands beside it, and
            # however long it is padded.
            noise = draws.normal_of(inputs[0], shape, seed, i * num_values, mask, open_axes)
            log_weights, _ = self._log_weights(x, target, z_mean, z_log_var, noise)
            wanted = i * _SAMPLES_AT_ONCE + tf.range(_SAMPLES_AT_ONCE) < num_samples
            log_weights = tf.where(wanted, log_weights, -math.inf)  # the last group is cut short
            return i + 1, ops.logaddexp(log_sum, ops.logsumexp(log_weights, axis=1))

        _, log_sum = tf.while_loop(
            lambda i, _: i * _SAMPLES_AT_ONCE < num_samples,
            add_samples,
            (0, tf.fill(tf.shape(z_mean)[:1], -math.inf)),
        )
        return log_sum - tf.math.log(tf.cast(num_samples, "float32"))

    def get_config(self):
        """The networks, the prior, serialized, and the arguments of the constructor."""
        return {
            **super().get_config(),
            "num_importance_samples": self.num_importance_samples,
            "seed": self.seed,
        }


def as_taken(decoder, z):
    """Draws as a decoder can take them: in half precision, such as do not overflow in it."""
    return for_float16(z) if computes_in_float16([decoder]) else z


def log_density_ratio(prior, z, z_log_var, noise, mask=None):
    """Log p(z) − log q(z|x) of z = μ + σ ε, in float32, over what no mask hides.

    Args:
        prior: p(z).
        z: `(..., *latent_shape)`.
        z_log_var: log σ², which may be broadcast to z.
        noise: ε, of the shape of z.
        mask: `(..., *leading axes of a code)`, or `None`.

    Returns:
        `(...)`.
    """
    noise = ops.cast(noise, "float32")
    axes = tuple(range(-len(prior.shape), 0))
    log_posterior = ops.square(noise) + bounded_log_var(z_log_var) + math.log(2 * math.pi)
    log_posterior = -0.5 * ops.sum(zero_where_masked(log_posterior, mask), axis=axes)
    return prior.log_prob(with_mask(ops.cast(z, "float32"), mask)) - log_posterior


def _check_likelihood(argument, loss, purpose):
    if not isinstance(loss, losses.NegativeLogLikelihood):
        raise ValueError(
            f'`{argument}` must be given a likelihood, such as "bernoulli_nll" or '
            f"losses.GaussianNLL(), for {purpose}. Received: loss={getattr(loss, 'name', loss)!r}"
        )
