"""What priors do with codes: check them, and sum over the elements of one."""

from keras import ops

from keras_aegan.checks.arrays import as_tensor
from keras_aegan.checks.network_checks import compatible
from keras_aegan.engine.keras_internals import mask_of


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
    received = tuple(codes.shape)
    if not compatible(received[-len(shape) :], shape):
        raise ValueError(
            f"`{name}` must have the shape {shape_in_words('...', shape)}. "
            f"Received: {name}.shape={received}"
        )
    return ops.cast(codes, "float32"), mask_of(codes)


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


def check_no_mask(prior, mask):
    """Raises ValueError if codes carry a mask and the prior cannot leave out single elements."""
    if mask is not None:
        raise ValueError(
            f"`z` must carry no Keras mask: the elements that a {type(prior).__name__} gives a "
            "density to depend on each other, so that none can be left out. Use StandardNormal, "
            f"or an encoder without masks. Received: a mask of shape {tuple(mask.shape)}"
        )


def shape_in_words(first, shape):
    """Such as "(num_examples, 8, any)", for messages."""
    return f"({', '.join([first, *('any' if size is None else str(size) for size in shape)])})"
