"""A page on which a reader drags a point through the latent space and sees it decoded."""

import base64
import json
import os
import pathlib
from collections.abc import Sequence

import keras
import numpy as np

from keras_aegan.engine.files import whole_file
from keras_aegan.hints import Array, ArrayLike
from keras_aegan.networks.conditioning import num_classes_of
from keras_aegan.plotting.colors import class_colors
from keras_aegan.plotting.image_grids import value_bounds
from keras_aegan.plotting.network_program import network_program
from keras_aegan.priors import StandardNormal

_FOLDER = pathlib.Path(__file__).parent
_MOST_WEIGHTS = 12_000_000  # 64 MB of page
_MOST_CODES = 3_000  # more points hide each other
_PRIOR_RANGE = (-3.0, 3.0)  # 99.7 % of each dimension of N(0, I)


def latent_explorer(
    model: keras.Model,
    path: str | os.PathLike,
    x: Array | None = None,
    labels: ArrayLike | None = None,
    label_names: Sequence[str] | None = None,
    value_range: tuple[float, float] | None = None,
) -> pathlib.Path:
    """Writes a page on which a reader drags a point and sees the decoded image at once.

    It is one HTML file that needs nothing else: it holds the decoder's weights and computes the
    decoder itself, so at any point it shows what the model gives. It has a plane for two
    dimensions, which the reader chooses if there are more, a slider for each dimension and, for a
    conditional model, the class; it takes mouse, finger or keyboard.

    Args:
        model: an autoencoder, VAE or GAN of this package, or your own with a `decoder` or
            `generator`; or such a network alone. It takes codes `(batch_size, latent_dim)`, with
            labels if it is conditional, and gives images. Its layers must be among those that
            `keras_aegan.networks` uses.
        path: the file to write, such as `"explorer.html"`; 5.4 MB for a million weights.
        x: `(num_examples, ...)`, drawn where the model encodes them, up to 3,000; `None` for no
            examples.
        labels: `(num_examples,)` integers from 0, the class of each example; a conditional
            model needs them with x.
        label_names: the classes' names, that of class i at i; their numbers if `None`.
        value_range: `(low, high)`, shown as black and white; if `None`, found as in
            `image_grid`, from x or from decoded draws.

    Returns:
        The path, a `pathlib.Path`.

    Raises:
        ValueError: if the network does not give images, has layers that the page cannot compute,
            or has more than 12 million weights; or if arguments do not match.

    Example:
    >>> import os, tempfile
    >>> from keras_aegan import networks, plotting
    >>> decoder = networks.dense_decoder(2, (28, 28, 1), (32,), output_activation="sigmoid")
    >>> path = plotting.latent_explorer(decoder, os.path.join(tempfile.mkdtemp(), "page.html"))
    >>> path.name
    'page.html'
    """
    network = getattr(model, "decoder", None) or getattr(model, "generator", None) or model
    latent_dim, image_shape = _check_network(network)
    num_classes = num_classes_of(network) if len(network.inputs) > 1 else None
    program, weights = network_program(network)
    labels, names = _check_labels(labels, label_names, num_classes, x)
    codes = _codes(model, x, labels, num_classes)
    draws = np.random.default_rng(0).normal(size=(64, latent_dim))
    shown = network.predict(
        draws if num_classes is None else [draws, np.arange(64) % num_classes], verbose=0
    )
    if x is not None and np.shape(x)[1:] == shown.shape[1:]:
        shown = np.asarray(x)
    # The page draws from N(0, I): it offers that where this is what the model is asked by.
    prior = getattr(model, "prior", None)
    has_prior = isinstance(prior, StandardNormal) or (prior is None and codes is None)
    points = codes
    if codes is None and not has_prior:
        points = np.asarray(prior.draw(500, keras.random.SeedGenerator(0)))
    page = {
        "title": f"Latent space of {getattr(model, 'name', network.name)}",
        "program": program,
        "num_weights": len(weights),
        "image_shape": image_shape,
        "value_range": [float(end) for end in value_bounds(value_range, shown)],
        "latent_range": _latent_range(points, latent_dim, has_prior),
        "centre": (np.zeros(latent_dim) if codes is None else np.median(codes, axis=0)).tolist(),
        "has_prior": has_prior,
        "class_names": names,
        "colors": class_colors(len(names)),
        "labels": None if labels is None or codes is None else labels[: len(codes)].tolist(),
    }
    stored = weights if codes is None else np.concatenate([weights, codes.ravel()])
    path = pathlib.Path(path)
    with whole_file(path) as unfinished:
        unfinished.write_text(_fill_in(page, stored.astype("<f4")), encoding="utf-8")
    return path


def _fill_in(page, numbers):
    """The HTML: the template with its scripts and data filled in."""
    parts = {
        "network_program": (_FOLDER / "network_program.js").read_text(encoding="utf-8"),
        "latent_explorer": (_FOLDER / "latent_explorer.js").read_text(encoding="utf-8"),
        "weights": base64.b64encode(numbers.tobytes()).decode("ascii"),
        # A "</script>" in a name would end the element that holds it.
        "page": json.dumps(page, allow_nan=False).replace("<", "\\u003c"),
    }
    html = (_FOLDER / "latent_explorer.html").read_text(encoding="utf-8")
    for name, text in parts.items():
        html = html.replace("{{ %s }}" % name, text)  # noqa: UP031
    return html


def _latent_range(codes, latent_dim, has_prior):
    """The interval of each dimension on the page, `[[low, high], ...]`."""
    low, high = np.full((2, latent_dim), np.nan)
    if codes is not None:
        margin = np.maximum(0.04 * np.ptp(codes, axis=0), 1e-3)
        low, high = codes.min(axis=0) - margin, codes.max(axis=0) + margin
    if has_prior:
        low, high = np.fmin(low, _PRIOR_RANGE[0]), np.fmax(high, _PRIOR_RANGE[1])
    return np.stack([low, high], axis=1).astype("float64").tolist()


def _codes(model, x, labels, num_classes):
    if x is None:
        return None
    if not hasattr(model, "encode"):
        raise ValueError(
            "`x` must be None for a model that does not encode. "
            f"Received: x for a {type(model).__name__}"
        )
    x = x[:_MOST_CODES]
    takes_labels = num_classes is not None and "labels" in getattr(model, "input_names", ["labels"])
    codes = model.encode(x, labels[:_MOST_CODES]) if takes_labels else model.encode(x)
    return np.asarray(codes, "float32")


def _check_network(network):
    """`(latent_dim, [height, width, channels])`."""
    inputs, outputs = getattr(network, "inputs", None), getattr(network, "outputs", None)
    if not inputs or not outputs:
        raise ValueError(
            "`model` must have a decoder or a generator, or be one, with known inputs. "
            f"Received: model={network!r} of type {type(network).__name__}"
        )
    code_shape, shape = tuple(inputs[0].shape[1:]), tuple(outputs[0].shape[1:])
    is_image = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3))
    if len(code_shape) != 1 or len(outputs) > 1 or not is_image or None in (*code_shape, *shape):
        raise ValueError(
            "`model` must decode vectors to images of (height, width), or (height, width, "
            f"channels) with 1 or 3 channels. Received: from {code_shape} to {shape}"
        )
    if network.count_params() > _MOST_WEIGHTS:
        raise ValueError(
            f"`model` must have a decoder of at most {_MOST_WEIGHTS:,} weights, which the page "
            f"holds. Received: {network.count_params():,}"
        )
    return code_shape[0], [*shape, 1][:3]


def _check_labels(labels, label_names, num_classes, x):
    """The labels as an array or `None`, and the names of the classes."""
    if labels is not None:
        labels = np.asarray(labels)
        is_shaped = x is not None and labels.shape == (len(x),) and labels.dtype.kind in "iu"
        if not is_shaped or labels.min(initial=0) < 0:
            raise ValueError(
                "`labels` must be integers from 0, one per example of `x`. Received: "
                f"{labels.dtype} of shape {labels.shape}"
            )
    elif x is not None and num_classes is not None:
        raise ValueError("`labels` must be given with `x` to a conditional model. Received: None")
    largest = 0 if labels is None else labels.max(initial=-1) + 1
    num_names = max(largest, num_classes or 0)
    names = [str(i) for i in range(num_names)] if label_names is None else list(label_names)
    if len(names) < num_names:
        raise ValueError(
            f"`label_names` must hold {num_names} names, one per class. "
            f"Received: {len(names)} names"
        )
    return labels, [str(name) for name in names[:num_names]]
