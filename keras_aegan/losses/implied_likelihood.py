"""What α · reconstruction + β · KL means as a likelihood: its σ² and its effective β."""

import keras

from keras_aegan import losses
from keras_aegan.checks.network_checks import output_range
from keras_aegan.losses.reconstruction_loss import parts

# One direction of images has a far smaller share of the largest variance that bounded data can
# have: 0.026 for MNIST's pixels in [-1, 1], 0.07 for CIFAR-10's. A few values may all vary
# together.
_LARGEST_SHARE = 0.1
_FEW_VALUES = 16
# Keras's means over an example's values, by class and function.
_MEANS = (
    ("BinaryCrossentropy", "binary_crossentropy"),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy"),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"),
    ("Huber", "huber"),
    ("LogCosh", "log_cosh"),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error"),
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error"),
)


def describe_objective(loss, reconstruction_weight, kl_weight, num_values, decoder):
    """The objective in one sentence, and a warning if it makes the posterior collapse.

    With D values per example, α · mean squared error + β · KL is, up to a constant, β times the
    negative ELBO of a Gaussian decoder with σ² = βD/(2α); or, at σ = 1, the objective of a β-VAE
    with β' = βD/(2α). A direction of the data is worth a latent dimension only if its variance
    exceeds σ² ([Lucas et al., 2019](https://arxiv.org/abs/1911.02469), for linear decoders).

    Args:
        loss: from `losses.get`.
        reconstruction_weight: α.
        kl_weight: β.
        num_values: D, how many values an example has; `None` if the networks leave it open.
        decoder: the network, for the range of its output.

    Returns:
        `(statement, warning)`; `warning` is `None` if there is nothing to warn of.
    """
    alpha, beta = reconstruction_weight, kl_weight
    objective = f"loss = {alpha:g} · {_name(loss)} + {beta:g} · KL"
    if alpha == 0 or beta == 0:
        missing, effect = (
            ("reconstruction", "the posterior becomes the prior")
            if alpha == 0
            else ("KL", "a plain autoencoder, whose codes need not look like the prior")
        )
        return f"{objective}: without {missing}, {effect}.", None
    relative = beta / alpha
    if isinstance(loss, losses.NegativeLogLikelihood):
        return _describe_likelihood(loss, objective, relative)
    if any(isinstance(part, losses.PerceptualLoss) for part in parts(loss)):
        return f"{objective}: a distance between features implies no σ² of pixels.", None
    if num_values is None:
        return f"{objective}: the σ² that this implies depends on the size of the data.", None
    per_value = num_values * relative  # β/α for a sum over an example's values, not their mean
    if _is(loss, "MeanSquaredError", "mean_squared_error"):
        variance = per_value / 2
        statement = (
            f"{objective}: the negative ELBO of a Gaussian decoder with σ² = D·β/(2α) = "
            f"{variance:g} (D = {num_values}); at σ = 1 an effective β = {variance:g}."
        )
        return statement, _warn_of_collapse(variance, num_values, beta, decoder)
    if _is(loss, "MeanAbsoluteError", "mean_absolute_error"):
        return (
            f"{objective}: the negative ELBO of a Laplace decoder with scale b = D·β/α = "
            f"{per_value:g} (D = {num_values}); at b = 1 an effective β = {per_value:g}.",
            None,
        )
    if any(_is(loss, *names) for names in _MEANS):
        return (
            f"{objective}: a mean over D = {num_values} values beside a sum of nats, so that "
            f"against the loss summed over them the effective β = D·β/α = {per_value:g}.",
            None,
        )
    return f"{objective}.", None  # it is unknown whether a user's own loss sums or averages


def describe_terms(loss, weights):
    """A sum of terms of unknown meaning: "1 · reconstruction_loss (mse) + 6 · tc_loss".

    Args:
        loss: from `losses.get`.
        weights: dict, a term's name to its weight.

    Returns:
        A string.
    """
    return " + ".join(
        f"{weight:g} · {term}" + (f" ({_name(loss)})" if term == "reconstruction_loss" else "")
        for term, weight in weights.items()
    )


def _describe_likelihood(loss, objective, relative):
    beta = f"effective β = {relative:g}" + (", the negative ELBO in nats" if relative == 1 else "")
    scale = getattr(loss, "scale", None)
    if scale == "optimal":
        optimum = (
            "σ² = the mean squared error"
            if isinstance(loss, losses.GaussianNLL)
            else ("b = the mean absolute error")
        )
        return f"{objective}: {optimum} of each batch; {beta}.", None
    if isinstance(loss, losses.GaussianNLL):
        return f"{objective}: σ² = {scale**2:g}; {beta}.", None
    if scale is not None:
        return f"{objective}: b = {scale:g}; {beta}.", None
    return f"{objective}: {beta}.", None


def _warn_of_collapse(variance, num_values, beta, decoder):
    low, high = output_range(decoder)
    # The variance of values in [low, high] is at most a quarter of the squared width; unbounded
    # values are taken as standardized.
    largest = min(1.0, (high - low) ** 2 / 4)
    together = max(_LARGEST_SHARE * num_values, min(num_values, _FEW_VALUES))
    if variance <= together * largest:
        return None
    return (
        f"The posterior will collapse: at σ² = {variance:g} no direction of the data varies "
        f"enough to pay for a latent dimension. For σ = 1 set "
        f'loss_weights={{"reconstruction_loss": {num_values * beta / 2:g}}}, or let '
        'loss=keras_aegan.losses.GaussianNLL("optimal") find σ.'
    )


def _is(loss, class_name, function_name):
    return isinstance(loss, getattr(keras.losses, class_name)) or (
        loss is getattr(keras.losses, function_name)
    )


def _name(loss):
    return getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
