"""The variational autoencoder."""

import keras
import numpy as np

from keras_aegan.engine.door import check_compiled
from keras_aegan.hints import Array
from keras_aegan.models.variational_model import VariationalModel


@keras.saving.register_keras_serializable(package="keras_aegan")
class VAE(VariationalModel):
    """Learns p(x) = ∫ p(x|z) p(z) dz, by maximising the evidence lower bound (ELBO).

    log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)), with q(z|x) = N(μ(x), σ²(x)) from the encoder,
    p(x|z) around the decoder's output, and one draw z = μ + σ ε for the expectation. p(z) is
    N(0, I), or any other `prior`; after training `fit_prior` can fit one to the codes.

    Reference: [Kingma & Welling, 2014](https://arxiv.org/abs/1312.6114), equation 10; with
    `num_importance_samples` above 1 [Burda et al., 2016](https://arxiv.org/abs/1509.00519).

    A variance above e³⁰ goes on linearly with `z_log_var`, in draws and KL: no infinity, and a
    gradient that leads back. Steps that the encoder masks count in neither term.

    `compile` takes as `loss` a likelihood or any Keras loss. The default,
    `losses.GaussianNLL("optimal")`, needs no tuning
    ([Rybkin et al., 2021](https://arxiv.org/abs/2006.13202)). Its terms are `reconstruction_loss`
    (the distortion, in nats if `loss` is a likelihood) and `kl_loss` (the rate, in nats), of
    weight 1 each: with a likelihood, `loss` is the negative ELBO in nats. The lecture's objective
    is `loss="mse", loss_weights={"reconstruction_loss": alpha}`. `compile` says which σ² and
    which effective β that implies, and warns where the posterior will collapse.

    Args:
        encoder: Functional model from data to `[z_mean, z_log_var]`, with `z_log_var` = log σ²;
            `networks.gaussian_encoder` ends a network so.
        decoder: Functional model from z to data.
        num_importance_samples: k. Above 1 the objective is the importance-weighted bound,
            tighter than the ELBO, as the one term `importance_weighted_loss`; the ELBO's two are
            logged beside it at weight 0. It needs a likelihood.
        seed: of the noise; a random one if `None`.
        prior: p(z), a `priors.Prior` whose density is positive everywhere; N(0, I) if `None`.
            Where its KL has no closed form, it is estimated at the draw of z.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Input shape:
        What the encoder takes, `(batch_size, ...)`. `fit` takes `x`, or `(x, target)`.

    Output shape:
        What the decoder gives: the reconstruction from `z_mean`, without noise.

    Raises:
        TypeError: if a network is not a `keras.Model`.
        ValueError: if the encoder does not have two outputs, or shapes do not match.

    Example:
    >>> import keras, keras_aegan
    >>> from keras_aegan import networks
    >>> features = networks.dense_encoder((28, 28, 1), None, hidden_units=(64,))
    >>> vae = keras_aegan.models.VAE(
    ...     encoder=networks.gaussian_encoder(features, latent_dim=2),
    ...     decoder=networks.dense_decoder(2, (28, 28, 1), hidden_units=(64,)),
    ... )
    >>> vae.compile(optimizer="adam")
    VAE: loss = 1 · gaussian_nll + 1 · KL: σ² = the mean squared error of each batch; effective β = 1, the negative ELBO in nats.
    >>> history = vae.fit(keras.random.uniform((64, 28, 28, 1)), verbose=0)
    >>> sorted(history.history)
    ['kl_loss', 'loss', 'reconstruction_loss']
    >>> vae.sample(5, seed=0).shape
    (5, 28, 28, 1)
    """  # noqa: E501

    def log_likelihood(
        self,
        x: Array,
        num_samples: int = 1000,
        batch_size: int = 100,
        seed: int | None = None,
        verbose: str | int = "auto",
        target: Array | None = None,
    ) -> np.ndarray:
        """The log-likelihood log p(x) of each example, by importance sampling from q(z|x).

        It is log (1/k) Σ p(x, z)/q(z|x) over k draws: a lower bound in expectation, which rises to
        log p(x) as k grows.

        Args:
            x: `(num_examples, ...)`.
            num_samples: k, draws of z for each example; papers take 5,000.
            batch_size: examples at once.
            seed: an integer for the same draws again, of an example the same in any batch; a
                random one if `None`.
            verbose: `"auto"`, 0, 1 or 2: the progress bar.
            target: `(num_examples, ...)`, what a model that was trained by `fit(x, target)` gives
                a likelihood of; x itself if `None`.

        Returns:
            NumPy array, `(num_examples,)`, in nats.

        Raises:
            ValueError: if `compile`'s loss is not a likelihood, or the model was trained on targets
                and none is given.
        """
        check_compiled(self, "log_likelihood")
        x, target = self.check_pair(x, target)
        return self._estimate_log_likelihood([x], target, num_samples, batch_size, seed, verbose)
