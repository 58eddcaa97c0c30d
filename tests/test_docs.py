"""Documents: every public name stands in the reference, every record in a list; links work."""

import inspect
import operator
import pathlib
import re
import subprocess
import sys
import typing

import keras
import matplotlib.figure
import numpy as np
import pytest

import keras_aegan

_ROOT = pathlib.Path(__file__).parents[1]
_NAMES = [
    (namespace, name)
    for namespace, module in inspect.getmembers(keras_aegan, inspect.ismodule)
    if hasattr(module, "__path__") and not namespace.startswith("_")
    for name, value in vars(module).items()
    if not name.startswith("_") and not inspect.ismodule(value)
]
_RECORDS = sorted((_ROOT / "docs" / "design").glob("*.md"))
_PAGES = [*_ROOT.glob("*.md"), *_ROOT.glob("*/README.md"), *_ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize(("namespace", "name"), _NAMES)
def test_a_public_name_says_what_it_takes_and_shows_it(namespace, name):
    documented = getattr(getattr(keras_aegan, namespace), name)
    text = inspect.getdoc(documented)
    parameters = [p for p in inspect.signature(documented).parameters if p != "kwargs"]
    assert all(f"{parameter}:" in text for parameter in parameters), parameters
    assert ">>> " in text  # run by tests/test_package.py


def _functions_signed_here(documented):
    """What the reference shows of a name, less the methods that Keras or scikit-learn named."""
    if not inspect.isclass(documented):
        return [documented]
    ours = [base for base in documented.__mro__ if base.__module__.startswith("keras_aegan")]
    theirs = [base for base in documented.__mro__[:-1] if base not in ours]
    names = sorted({name for base in ours for name in vars(base)})
    shown = [n for n in names if n in ("__init__", "__call__") or not n.startswith("_")]
    own = [n for n in shown if n == "__init__" or not any(hasattr(base, n) for base in theirs)]
    members = [inspect.getattr_static(documented, name) for name in own]
    functions = [getattr(m, "fget", None) or getattr(m, "__func__", m) for m in members]
    return [function for function in functions if inspect.isfunction(function)]


@pytest.mark.parametrize(
    "name",
    [
        *(f"{namespace}.{name}" for namespace, name in _NAMES),
        "evaluation.AutoencoderTransformer",
        "distribution_strategy",
    ],
)
def test_a_public_name_says_the_types_of_what_it_takes_and_gives(name):
    for function in _functions_signed_here(operator.attrgetter(name)(keras_aegan)):
        if function.__qualname__ == "LatentVariableModel.resolve_loss":
            continue  # what a loss is, each class says
        # Imported for checkers alone, since matplotlib is slow to import.
        lazy = {"Figure": matplotlib.figure.Figure}
        hints = typing.get_type_hints(function, localns=lazy)
        parameters = inspect.signature(function).parameters.values()
        named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        wanted = {*named, "return"} - {"self", "cls"}
        if function.__name__ == "__init__":
            wanted -= {"return"}
        assert wanted <= set(hints), (function.__qualname__, wanted - set(hints))


def test_the_reference_holds_every_public_name(tmp_path):
    pytest.importorskip("pdoc", reason="pdoc is not installed")
    command = [sys.executable, _ROOT / "docs" / "build.py", tmp_path]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    assert (tmp_path / "index.html").exists()
    for namespace, name in _NAMES:
        page = (tmp_path / "keras_aegan" / f"{namespace}.html").read_text(encoding="utf-8")
        assert f'id="{name}"' in page, name
    models = (tmp_path / "keras_aegan" / "models.html").read_text(encoding="utf-8")
    # What a class inherits within the package is on its own page too.
    assert all(f'id="VAE.{name}"' in models for name in ("compile", "fit", "encode", "export"))


def _devices_and_faults():
    return (_ROOT / "docs" / "devices_and_faults.md").read_text(encoding="utf-8")


def test_every_callback_of_keras_has_its_line():
    table = _devices_and_faults().split("## Keras's callbacks")[1].split("\n## ")[0]
    stated = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, flags=re.M)))
    abstract = {"Callback", "CallbackList"}
    known = {n for n, v in vars(keras.callbacks).items() if inspect.isclass(v)} - abstract
    assert set(stated) == known


def _models_of_the_table():
    """The models of the table, in its order, and how often each player takes its turn."""
    from keras_aegan import models, networks

    mnist, cifar10 = (28, 28, 1), (32, 32, 3)
    features = networks.convolutional_encoder(cifar10, None, num_classes=10)
    dcgan = networks.dcgan_generator(100, cifar10), networks.dcgan_discriminator(cifar10)
    critic = networks.dcgan_discriminator(cifar10, batch_normalization=False)
    plane = networks.dense_generator(100, (2,)), networks.dense_discriminator((2,))
    image_features = networks.convolutional_encoder(cifar10, None)
    return [
        (
            models.Autoencoder(
                networks.dense_encoder(mnist, 32), networks.dense_decoder(32, mnist)
            ),
            1,
        ),
        (models.VAE(*networks.lecture_vae(mnist, 28)), 1),
        (
            models.ConditionalVAE(
                networks.gaussian_encoder(features, 128),
                networks.convolutional_decoder(128, cifar10, num_classes=10),
            ),
            1,
        ),
        (models.GAN(*plane), 1),
        (models.GAN(*dcgan), 1),
        (models.GAN(dcgan[0], critic, num_discriminator_steps=5), 5),
        (
            models.VAEGAN(
                networks.gaussian_encoder(image_features, 128),
                networks.dcgan_generator(128, cifar10),
                dcgan[1],
                feature_layer="flatten",
            ),
            1,
        ),
    ]


def test_what_a_step_sends_is_what_the_models_weigh():
    table = _devices_and_faults().split("| model | sends per step |")[1].split("\n\n")[0]
    lines = table.splitlines()[2:]
    for line, (model, turns) in zip(lines, _models_of_the_table(), strict=True):
        _, name, total, players, _ = (cell.strip() for cell in line.split("|"))
        sent = {
            player: 4e-6 * (turns if player == "discriminator" else 1) * _num_weights(networks)
            for player, networks in model.players.items()
        }
        assert total == f"{sum(sent.values()):.2f} MB", name
        assert players == ", ".join(f"{p} {size:.2f}" for p, size in sent.items()), name


def _num_weights(networks):
    weights = {id(w): w for network in networks for w in network.trainable_weights}
    return sum(np.prod(w.shape) for w in weights.values())


def test_contributors_are_told_of_every_design_record():
    guide = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.findall(r"\(docs/design/(\w+\.md)\)", guide)
    assert {page.name for page in _RECORDS} == set(re.findall(r"\(docs/design/(\S+?)\)", guide))


@pytest.mark.parametrize("page", _RECORDS, ids=lambda page: page.stem)
def test_a_design_record_has_a_heading_for_each_decision(page):
    _, *decisions = page.read_text(encoding="utf-8").split("\n## ")
    text_by_heading = dict(decision.split("\n", maxsplit=1) for decision in decisions)
    assert decisions
    assert len(text_by_heading) == len(decisions)
    assert all(map(str.strip, text_by_heading.values()))


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_ROOT)))
def test_links_between_files_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in (link for link in links if not link.startswith("http")):
        assert (page.parent / link.partition("#")[0]).exists(), link
