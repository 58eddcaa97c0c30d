"""What an anomaly detector holds against an example; higher is more abnormal.

Each score is read in two steps. `evidence(model, x)` is what the networks say of each example:
the score itself, or features. `judge(evidence)` makes a score of it, by what `fit` learned of
normal evidence.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_aegan import losses
from keras_aegan.engine.keras_internals import mask_of
from keras_aegan.engine.tensor_notes import common_mask, with_mask, zero_where_masked
from keras_aegan.layers import draws
from keras_aegan.layers.gaussian_sampling import reparametrized
from keras_aegan.losses.reconstruction_loss import parts
from keras_aegan.models.variational_model import VariationalModel, as_taken, log_density_ratio


class AnomalyScore(keras.layers.Layer):
    """Abstract base; a layer, so that what it learned is saved with the detector.

    Args:
        model: a trained autoencoder.
        num_samples: how many draws of z, where the score takes any.
        seed: of those draws.
        **kwargs: as in `keras.layers.Layer`.
    """

    # Whether `fit` has something to learn.
    compares_with_normal = False
    # Whether x is compared with its reconstruction, and not encoded alone.
    compares_with_reconstruction = True

    def __init__(self, model, num_samples, seed, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.built = True

    def evidence(self, model, x, target=None):
        """What the networks say of examples, `(batch_size, ...)`; x itself is its target."""
        raise NotImplementedError(f"{type(self).__name__} must define `evidence`.")

    def fit(self, evidence):
        """Learns what evidence normal examples give, a NumPy array."""

    def judge(self, evidence):
        """The scores, `(batch_size,)`."""
        return evidence


class ReconstructionError(AnomalyScore):
    """`compile`'s loss of each example, in that loss's own unit."""

    def evidence(self, model, x, target=None):
        """L(target, g(f(x)))."""
        return _error(model, x, target)


class MahalanobisDistance(AnomalyScore):
    """√((h − μ)ᵀ Σ⁻¹ (h − μ)) of the code h, with μ and Σ of normal codes.

    Σ is shrunk after Ledoit and Wolf, so that it can be inverted however few the examples.
    """

    compares_with_normal = True
    compares_with_reconstruction = False

    def __init__(self, model, num_samples, seed, **kwargs):
        super().__init__(model, num_samples, seed, **kwargs)
        size = self.num_features(model)
        self.mean = self.add_weight((size,), "zeros", name="mean")
        self.whitening = self.add_weight((size, size), "zeros", name="whitening")

    def num_features(self, model):
        """The size of a code."""
        if None in model.latent_shape:
            raise ValueError(
                '`score` must be "reconstruction_error", "negative_elbo" or "log_likelihood" where '
                "codes are of any size: a distance from normal codes needs one size of all. "
                f"Received: codes of shape {model.latent_shape}"
            )
        return math.prod(model.latent_shape)

    def evidence(self, model, x, target=None):
        """The code, flat; a VAE's is the mean of q(z|x). NaN where a mask hides it."""
        code = keras.tree.flatten(model.encoder(x, training=False))[0]
        mask, code = mask_of(code), ops.cast(code, "float32")
        if mask is not None:
            shown = zero_where_masked(ops.ones_like(code), mask)
            code = ops.where(shown > 0, code, math.nan)
        return ops.reshape(code, (-1, math.prod(model.latent_shape)))

    def fit(self, evidence):
        """μ, and W with W Wᵀ = Σ⁻¹. What is masked counts as the mean of what is not."""
        from sklearn.covariance import LedoitWolf

        evidence = evidence.astype("float64")
        hidden = np.isnan(evidence)
        if hidden.any():
            num_shown = np.maximum((~hidden).sum(axis=0), 1)
            mean = np.where(hidden, 0.0, evidence).sum(axis=0) / num_shown
            evidence = np.where(hidden, mean, evidence)
        # Features may differ in scale by orders of magnitude: shrink correlations, not variances.
        scale = np.maximum(evidence.std(axis=0), 1e-6 * max(np.abs(evidence).max(), 1e-6))
        gaussian = LedoitWolf().fit(evidence / scale)
        self.mean.assign(gaussian.location_ * scale)
        variances, axes = np.linalg.eigh(gaussian.covariance_)
        # Codes that have collapsed onto a line vary across it by rounding alone.
        variances = np.maximum(variances, 1e-9 * variances.max())
        self.whitening.assign(axes / np.sqrt(variances) / scale[:, None])

    def judge(self, evidence):
        """The distance."""
        difference = evidence - self.mean
        difference = ops.where(ops.isnan(difference), 0.0, difference)  # what is masked
        whitened = ops.matmul(difference, self.whitening)  # (batch_size, num_features)
        return ops.sqrt(ops.sum(ops.square(whitened), axis=-1))


class CodeAndError(MahalanobisDistance):
    """The Mahalanobis distance of (h, log reconstruction error): how unusual both are together.

    The code says where on the manifold an example is, the error how far from it; PCA's T² and Q
    statistics, for an autoencoder. The log of a mean squared error is, but for constants, −log p(x)
    under the Gaussian that fits the example best. A likelihood is a log density already, and may
    be negative: it stands in the place of the log as it is.
    """

    compares_with_reconstruction = True
    # A perfect reconstruction's error has no logarithm.
    smallest_error = 1e-12

    def __init__(self, model, num_samples, seed, **kwargs):
        super().__init__(model, num_samples, seed, **kwargs)
        self.is_log_density = any(
            isinstance(part, losses.NegativeLogLikelihood) for part in parts(model.loss_function)
        )

    def num_features(self, model):
        """The size of a code, and one."""
        return super().num_features(model) + 1

    def evidence(self, model, x, target=None):
        """The code, and the error."""
        error = _error(model, x, target)
        return ops.concatenate([super().evidence(model, x), error[:, None]], axis=-1)

    def fit(self, evidence):
        """As of a code, with the logarithm of the error, which is skewed to the right."""
        smallest = evidence[:, -1].min()
        if not self.is_log_density and smallest < 0:
            raise ValueError(
                '`score` must be another than "code_and_error" where the loss can be negative and '
                f"is no likelihood: the logarithm is taken of it. Received: errors from {smallest}"
            )
        super().fit(ops.convert_to_numpy(self._with_log(evidence)))

    def judge(self, evidence):
        """The distance."""
        return super().judge(self._with_log(evidence))

    def _with_log(self, evidence):
        if self.is_log_density:
            return evidence
        log_error = ops.log(ops.maximum(evidence[:, -1:], self.smallest_error))
        return ops.concatenate([evidence[:, :-1], log_error], axis=-1)


class _SampledScore(AnomalyScore):
    """Base of the scores that average over z ~ q(z|x), by draws that are the same for all examples.

    They come in pairs ±ε, which cancels what is linear in the noise, and are saved with the
    detector, or, of codes of any size, drawn from its seed: a score depends on neither the examples
    beside it nor the process.
    """

    def __init__(self, model, num_samples, seed, **kwargs):
        super().__init__(model, num_samples, seed, **kwargs)
        check_likelihood(model)
        self.num_samples = num_samples
        self.seed = seed
        self.noise = None
        if None not in model.latent_shape:
            shape = (num_samples, *model.latent_shape)
            half = np.random.default_rng(seed).standard_normal((num_samples // 2, *shape[1:]))
            self.noise = self.add_weight(shape, "zeros", name="noise")
            self.noise.assign(np.concatenate([half, -half]))

    def average(self, model, x, target=None):
        """`(mean of −log p(x|z), log of the mean of p(x, z)/q(z|x), KL)`, `(batch_size,)` each."""
        target = x if target is None else target
        z_mean, z_log_var = model.encoder(x, training=False)
        mask = common_mask(z_mean, z_log_var)
        exact_mean = ops.cast(z_mean, "float32")

        def add(sums, noise):
            z = reparametrized(exact_mean, z_log_var, noise)
            taken = with_mask(as_taken(model.decoder, z), mask)
            distortion = model.reconstruction_loss(target, model.decode_for_loss(taken))
            log_ratio = log_density_ratio(model.prior, z, z_log_var, noise, mask)
            return sums[0] + distortion, ops.logaddexp(sums[1], log_ratio - distortion)

        nothing = tf.zeros(tf.shape(z_mean)[:1])  # (batch_size,)
        noise = self._noise(model, ops.shape(z_mean)[1:])
        total, log_sum = tf.foldl(add, noise, (nothing, nothing - math.inf))
        mean, log_mean = total / self.num_samples, log_sum - math.log(self.num_samples)
        return mean, log_mean, model.prior.kl(z_mean, z_log_var)

    def _noise(self, model, latent_shape):
        """ε, `(num_samples, ...)`, the same for all examples."""
        if self.noise is not None:
            return self.noise.value
        # Codes of any size: drawn anew each time, those of a longer code beginning as a shorter's.
        shape = (self.num_samples // 2, *latent_shape)
        open_axes = tuple(a for a, size in enumerate(model.latent_shape, 1) if size is None)
        half = draws.normal_at(shape, self.seed, open_axes)
        return tf.concat([half, -half], axis=0)


class NegativeELBO(_SampledScore):
    """−E_q[log p(x|z)] + KL(q(z|x) ‖ p(z)), in nats."""

    def evidence(self, model, x, target=None):
        """The bound."""
        distortion, _, rate = self.average(model, x, target)
        return distortion + rate


class NegativeLogMarginal(_SampledScore):
    """−log p(x), by importance sampling from q(z|x), in nats."""

    def evidence(self, model, x, target=None):
        """The estimate."""
        return -self.average(model, x, target)[1]


def _error(model, x, target):
    return model.error_of(x, target)


SCORES = {
    "reconstruction_error": ReconstructionError,
    "negative_elbo": NegativeELBO,
    "log_likelihood": NegativeLogMarginal,
    "mahalanobis": MahalanobisDistance,
    "code_and_error": CodeAndError,
}


def check_likelihood(model):
    """Raises ValueError unless a model has a likelihood to average."""
    loss = getattr(model, "loss_function", None)
    if not isinstance(model, VariationalModel) or not isinstance(
        loss, losses.NegativeLogLikelihood
    ):
        name = getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
        raise ValueError(
            '`score` must be "reconstruction_error", "mahalanobis" or "code_and_error" unless '
            "`model` is a VAE compiled with a likelihood, such as losses.GaussianNLL(). "
            f"Received: a {type(model).__name__} with loss={name!r}"
        )
