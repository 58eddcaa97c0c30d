"""What priors do with codes: check them, and sum over the elements of one."""

import math

from keras import ops

from keras_aegan.checks.arrays import as_tensor
from keras_aegan.checks.network_checks import compatible
from keras_aegan.engine.keras_internals import mask_of
from keras_aegan.engine.tensor_notes import common_mask, with_mask
from keras_aegan.layers.gaussian_sampling import bounded_log_var


def as_codes(name, values, shape):
    """Codes in float32, and their mask.

    Args:
        name: the argument's name, for the message.
        values: an array or a tensor, `(..., *shape)`.
        shape: of one code; `None` fits any size.

    Returns:
        `(codes, mask)`: a tensor, and Keras's mask of it or `None`.

    Raises:
        ValueError: if the last axes have other sizes.
    """
    codes = as_tensor(name, values)
    check_shape(name, codes, shape)
    return ops.cast(codes, "float32"), mask_of(codes)


def check_shape(name, codes, shape):
    """Raises ValueError unless the last axes of codes have the sizes of one, `None` for any."""
    received = tuple(codes.shape)
    if not compatible(received[-len(shape) :], shape):
        sizes = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(
            f"`{name}` must have the shape (..., {sizes}). Received: {name}.shape={received}"
        )


def sum_of_code(values, shape, mask=None):
    """The sum over the axes of one code, without the elements that a mask hides.

    Args:
        values: `(..., *shape)`.
        shape: of one code.
        mask: of leading axes of the values, or `None`.

    Returns:
        `(...)`.
    """
    if mask is not None:
        more = [1] * (len(values.shape) - len(mask.shape))
        # A product with the mask would make NaN of a hidden infinity.
        values = ops.where(ops.reshape(mask, (*ops.shape(mask), *more)), values, 0.0)
    return ops.sum(values, axis=tuple(range(-len(shape), 0)))


def as_posterior(z_mean, z_log_var, shape):
    """The parameters of q(z|x) = N(μ, σ²), in float32, and the mask of its draws.

    Args:
        z_mean: μ, `(batch_size, *shape)`.
        z_log_var: log σ², likewise.
        shape: of one code.

    Returns:
        `(z_mean, log_var, mask)`: log σ² is that of the draws of `GaussianSampling`; the mask
        hides what either of the two hides, and is `None` where nothing is hidden.

    Raises:
        ValueError: if one has another shape.
    """
    mean, mean_mask = as_codes("z_mean", z_mean, shape)
    log_var, log_var_mask = as_codes("z_log_var", z_log_var, shape)
    mask = common_mask(with_mask(mean, mean_mask), with_mask(log_var, log_var_mask))
    return mean, bounded_log_var(log_var), mask


def entropy(log_var, shape, mask=None):
    """Of Gaussians, ½ Σ (1 + log 2π + log σ²), in nats, over what no mask hides, `(...)`."""
    return sum_of_code(0.5 * (1 + math.log(2 * math.pi) + log_var), shape, mask)
