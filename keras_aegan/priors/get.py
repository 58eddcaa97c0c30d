"""From what `prior=` takes to a prior."""

from collections.abc import Sequence

import keras

from keras_aegan.checks.network_checks import compatible
from keras_aegan.priors.prior import Prior
from keras_aegan.priors.standard_normal import StandardNormal
from keras_aegan.priors.uniform import Uniform

_BY_NAME = {"standard_normal": StandardNormal, "uniform": Uniform}


def get(identifier: str | dict | Prior | None, shape: Sequence[int | None]) -> Prior:
    """The prior that an argument `prior=` means, for codes of a shape.

    Args:
        identifier: a `Prior`; `"standard_normal"` or `"uniform"`, on [-1, 1]; what
            `keras.saving.serialize_keras_object` makes of a prior; or `None` for
            `StandardNormal`.
        shape: of one code, as the model takes it; `None` fits any size.

    Returns:
        A `Prior`; the one that was given, itself.

    Raises:
        ValueError: if the prior has another shape, no prior has this name, or `shape` is not one.
        TypeError: if `identifier` is anything else.

    Example:
    >>> import keras_aegan
    >>> keras_aegan.priors.get(None, (8,)).shape
    (8,)
    """
    default = StandardNormal(shape)
    shape = default.shape  # checked
    if identifier is None:
        return default
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(
                f"`prior` must be a Prior or one of {sorted(_BY_NAME)}. "
                f"Received: prior={identifier!r}"
            )
        return _BY_NAME[identifier](shape)
    prior = identifier
    if isinstance(identifier, dict):
        prior = keras.saving.deserialize_keras_object(identifier)
    if not isinstance(prior, Prior):
        raise TypeError(
            "`prior` must be a keras_aegan.priors.Prior, its serialized form, its name or None. "
            f"Received: prior={identifier!r} of type {type(identifier).__name__}"
        )
    sizes = zip(prior.shape, shape, strict=False)
    is_open = any(own is None and size is not None for own, size in sizes)
    if is_open or not compatible(prior.shape, shape):
        raise ValueError(
            f"`prior` must have the shape {shape} of the model's codes. "
            f"Received: a {type(prior).__name__} of shape {prior.shape}"
        )
    return prior
