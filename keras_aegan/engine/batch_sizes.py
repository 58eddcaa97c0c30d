"""Networks that take batches of one size only."""

import keras

from keras_aegan.engine.keras_internals import layers_of


def own_batch_size(model):
    """The size of the only batches that a model's networks take; `None` where they take any.

    `Input(batch_shape=(16, ...))` alone does not fix it, in Keras either: a layer does that keeps
    a state for each row, or an operation to which the size was written down.

    Raises:
        ValueError: if two networks take batches of different sizes.
    """
    sizes = {}
    for network in layers_of(model):
        inputs = getattr(network, "inputs", None) if isinstance(network, keras.Model) else None
        size = inputs[0].shape[0] if inputs else None
        if size is not None and not _takes_any_batch(network):
            sizes[network.name] = size
    if len(set(sizes.values())) > 1:
        raise ValueError(
            "The networks must take batches of one size. Received: "
            + ", ".join(f"{name!r} of {size}" for name, size in sizes.items())
        )
    return next(iter(sizes.values()), None)


def check_takes_any_batch(model, asker):
    """Raises ValueError for networks of one batch size, where others are run too."""
    size = own_batch_size(model)
    if size is not None:
        raise ValueError(
            f"The networks must take batches of any size, which {asker} needs: without a layer "
            "that keeps a state for each row, and without the size written down. "
            f"Received: networks that take batches of {size} alone"
        )


def _takes_any_batch(network):
    if any(getattr(layer, "stateful", False) for layer in layers_of(network)):
        return False
    inputs = [keras.KerasTensor((None, *x.shape[1:]), x.dtype) for x in network.inputs]
    try:
        outputs = network.compute_output_spec(inputs if len(inputs) > 1 else inputs[0])
    except (ValueError, TypeError):
        return False
    return all(output.shape[0] is None for output in keras.tree.flatten(outputs))
