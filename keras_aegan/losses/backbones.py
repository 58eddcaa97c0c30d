"""Backbones of perceptual losses: how they are found by name or file, and named in files."""

import difflib
import hashlib
import inspect
import os
import sys
import warnings
import weakref

import keras
import numpy as np

_APPLICATIONS = {
    name.lower(): function
    for name, function in vars(keras.applications).items()
    if inspect.isfunction(function)
}
# The smallest images that Keras's applications take, where that is not 32.
_SMALLEST = {"inceptionv3": 75, "inceptionresnetv2": 75, "xception": 71}
# Backbones that were given as objects: a file names one by its fingerprint.
_KNOWN = weakref.WeakSet()


class NotFound(Exception):
    """The backbone of a name or a path is not on this machine."""

    @property
    def reason(self):
        """Why, in a few words."""
        cause = self.__cause__
        return f"{type(cause).__name__}: {_first_line(cause)}" if cause else "there is no such file"


class MissingFile(NotFound, ValueError):
    """The path is not that of a file that Keras loads."""


class MissingWeights(NotFound, RuntimeError):
    """An application's ImageNet weights are not here and cannot be downloaded."""


def application_key(name):
    """`"mobilenetv2"` for any spelling of one of Keras's applications; `None` for anything else.

    A name means the application, even if a file has the same name: give such a file with a
    separator, or as a `pathlib.Path`.
    """
    key = name.lower().replace("_", "") if isinstance(name, str) else None
    return key if key in _APPLICATIONS else None


def smallest_image(key):
    """The side of the smallest image that an application takes."""
    return _SMALLEST.get(key, 32)


def own_preprocessing(key):
    """An application's `preprocess_input`, for images from 0 to 255."""
    return sys.modules[_APPLICATIONS[key].__module__].preprocess_input


def application_of(function):
    """The key of the application whose `preprocess_input` this is, or `None`."""
    for key in _APPLICATIONS:
        if function is own_preprocessing(key):
            return key
    return None


def find(backbone):
    """The network that a `PerceptualLoss`'s `backbone` stands for; `None` if it is not found.

    Args:
        backbone: a Keras model, the name of an application, the path of a model's file, or a
            reference from `refer_to`.

    Raises:
        TypeError: if it is of another type.
        ValueError: if there is neither an application nor a model's file of that name.
        RuntimeError: if an application's weights cannot be downloaded.
    """
    if isinstance(backbone, keras.Model):
        _check_inputs(backbone)
        _KNOWN.add(backbone)
        return backbone
    if isinstance(backbone, dict) and "fingerprint" in backbone:
        known = (b for b in list(_KNOWN) if fingerprint(b) == backbone["fingerprint"])
        return next(known, None)
    if isinstance(backbone, dict) and "not_found" in backbone:
        return None
    if not isinstance(backbone, (str, os.PathLike)):
        raise TypeError(
            "`backbone` must be a Keras model, the name of one of keras.applications, or the "
            f"path of a model's file. Received: backbone={backbone!r}"
        )
    return _load_application(backbone) if application_key(backbone) else _load_file(backbone)


def _check_inputs(network):
    if not getattr(network, "inputs", None):
        raise ValueError(
            "`backbone` must be a Functional model, or a Sequential one that starts with "
            "keras.Input: its layers' outputs must be known. "
            f"Received: {type(network).__name__} {network.name!r}"
        )


def _load_file(path):
    path = os.fspath(path)
    if not os.path.exists(path):
        near = difflib.get_close_matches(path.lower(), _APPLICATIONS, n=3)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise MissingFile(
            "`backbone` must be the name of one of keras.applications, or the path of a model's "
            f"file. Received: backbone={path!r}, and there is no such file.{hint}"
        )
    try:
        network = keras.saving.load_model(path, compile=False)
    except Exception as error:  # as many kinds as there are formats
        raise MissingFile(
            f"`backbone` must be the path of a model's file that Keras loads. Received: "
            f"backbone={path!r} ({type(error).__name__}: {_first_line(error)})"
        ) from error
    _check_inputs(network)
    return network


def _first_line(error):
    return (str(error).strip().splitlines() or [""])[0]


def _load_application(name):
    try:
        return _APPLICATIONS[application_key(name)](weights="imagenet", include_top=False)
    except Exception as error:  # of the network, of the disk: as many kinds as there are causes
        raise MissingWeights(
            f"The ImageNet weights of {name!r} are not on this machine and cannot be downloaded "
            f"({type(error).__name__}: {_first_line(error)}). Two ways out: build the network with "
            "keras.applications from a local file, weights=path, and pass it as `backbone`; or "
            "train one on your own labels: keras_aegan.networks.pretrain_backbone(x, labels)."
        ) from error


def refer_to(backbone):
    """What a file stores of a backbone: its name or path, or the fingerprint of an object."""
    if isinstance(backbone, keras.Model):
        return {"name": backbone.name, "fingerprint": fingerprint(backbone)}
    if isinstance(backbone, dict):
        return backbone.get("not_found", backbone)
    path = os.fspath(backbone)
    if isinstance(backbone, os.PathLike) and application_key(path):
        return os.path.join(os.curdir, path)
    return path


def fingerprint(network):
    """A digest of a network's weights."""
    digest = hashlib.sha256()
    for weight in network.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return digest.hexdigest()


def warn_of_missing(reference):
    """Warns of what a loaded model cannot do, and says how to get its backbone back."""
    warnings.warn(missing(reference), stacklevel=4)


def missing(reference):
    """The sentence about a backbone that this process does not have."""
    if "not_found" in reference:
        name = reference["not_found"]
        where = f"not on this machine ({reference['reason']})"
        way_out = "bring it there and load the model then."
    else:
        name, where = reference["name"], "not in this process"
        way_out = (
            "make the same backbone, give it to a PerceptualLoss, and then load the model. A "
            "backbone given by the path of its file is found without that."
        )
    return (
        f"The backbone {name!r} of a perceptual loss is not in the model's file, which refers to "
        f"it, and {where}. The model encodes, decodes and exports; to train it on or to measure "
        f"its error, {way_out}"
    )


def get_layers(name, layer_names, network, owner):
    """The layers of a network by their names.

    Args:
        name: the argument's name, for the message.
        layer_names: names of layers.
        network: the network.
        owner: whose layers they are, for the message.

    Raises:
        ValueError: if a layer does not exist; the message has the nearest names.
    """
    known = {layer.name: layer for layer in network.layers}
    for layer_name in layer_names:
        if not isinstance(layer_name, str) or layer_name not in known:
            near = difflib.get_close_matches(str(layer_name), known, n=3, cutoff=0.4)
            hint = f"Near it: {', '.join(near)}" if near else f"It has: {', '.join(known)}"
            raise ValueError(
                f"`{name}` must name layers of {owner}. Received: {name}={layer_name!r}. {hint}."
            )
    return [known[layer_name] for layer_name in layer_names]
