"""Whether a callback says how large codes are, exactly where the model takes any size."""

import inspect

from keras_aegan.checks import network_checks


def check_latent_shape_suits(callback, latent_shape):
    """Raises ValueError, when training begins, unless a model can sample codes of this shape.

    Args:
        callback: the callback, with its model.
        latent_shape: its argument, or `None`.

    Raises:
        ValueError: if the model takes codes of any size and no shape is given, or if it does not
            take this shape.
    """
    model, name = callback.model, type(callback).__name__
    if latent_shape is None and None not in (getattr(model, "latent_shape", None) or ()):
        return
    if "latent_shape" not in inspect.signature(model.sample).parameters:
        raise ValueError(
            f"`latent_shape` must not be given to {name}: a {type(model).__name__} samples codes "
            f"of one shape. Received: latent_shape={latent_shape!r}"
        )
    network_checks.check_latent_shape(latent_shape, model.latent_shape)


def latent_shape_argument(latent_shape):
    """The arguments for `sample`; none for models that take codes of one shape."""
    return {} if latent_shape is None else {"latent_shape": latent_shape}
