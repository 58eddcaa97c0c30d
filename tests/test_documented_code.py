"""Code in prose runs: in Markdown, fenced or in a line, and in the prose of docstrings.

Doctests are run by `tests/test_package.py`. Here every span of code that calls something, or names
something by a path, is evaluated on tiny models. What is written with an ellipsis, or with
arguments that stand for anything, is compared with the signature that it is about.
"""

import ast
import builtins
import configparser
import contextlib
import importlib
import inspect
import operator
import pathlib
import pkgutil
import re
import sys
import warnings

import keras
import matplotlib.pyplot
import numpy as np
import pytest
import tensorflow as tf

import keras_aegan
from keras_aegan import (
    callbacks,
    datasets,
    evaluation,
    latents,
    layers,
    losses,
    metrics,
    models,
    networks,
    plotting,
    priors,
    regularizers,
)
from keras_aegan.losses import backbones

_ROOT = pathlib.Path(__file__).parents[1]
_PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "*/README.md")
    for page in _ROOT.glob(pattern)
    if ".venv" not in page.parts
)
_SPACES = [callbacks, datasets, evaluation, latents, layers, losses, metrics, models, networks]
_SPACES += [plotting, regularizers]
_FILE = re.compile(r"[\w/.-]+\.(py|md|cfg|toml|typed|json|html|js|yml|ipynb)")
# What training or saving writes.
_WRITTEN = re.compile(r"[\w/.-]+\.(png|gif|keras|h5|npz|csv|tflite|onnx)")
# What sets something for all that runs after it, and so is only looked up.
_OF_THE_PROCESS = ("tf.config.", "tf.debugging.", "keras.config.", "keras.utils.set_random_seed")
_MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(keras_aegan.__path__, "keras_aegan.")
]


# ------------------------------------------------------------------------------ spans


def _without_blocks(text):
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)


def _spans(text):
    """Code in single or double backticks."""
    found = re.findall(r"(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", text, flags=re.S)
    return [re.sub(r"\s*\n\s*", " ", code.strip()) for _, code in found]


def _documented(module):
    """`(owner, docstring without its doctests)` of all in a module; an owner is an object."""
    yield module, module.__doc__
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        yield value, value.__doc__
        for member in vars(value).values() if inspect.isclass(value) else ():
            yield value, getattr(member, "__doc__", None)


def _prose(docstring):
    lines = inspect.cleandoc(docstring).splitlines()
    return "\n".join(line for line in lines if not line.startswith((">>>", "...")))


def _is_code(span):
    """Whether a span does or names something: a call, a path, a keyword with its value."""
    tree = _parse(span)
    if tree is None:
        return False
    is_path = isinstance(getattr(tree.body[0], "value", None), ast.Attribute)
    return is_path or any(isinstance(node, ast.Call) for node in ast.walk(tree))


def _parse(span):
    try:
        tree = ast.parse(span)
    except SyntaxError:  # a shape, a formula, a command, a word
        return None
    return tree if tree.body else None


def _all_spans():
    spans = {}
    for page in _PAGES:
        for span in _spans(_without_blocks(page.read_text(encoding="utf-8"))):
            spans.setdefault((span, None), page.relative_to(_ROOT))
    for module in _MODULES:
        for owner, docstring in _documented(module):
            if isinstance(docstring, str):
                for span in _spans(_prose(docstring)):
                    owned = owner if inspect.isclass(owner) else None
                    spans.setdefault((span, owned), module.__name__)
    return {key: place for key, place in spans.items() if _is_code(key[0])}


# -------------------------------------------------------------------- what spans speak of


def _autoencoder(shape=(6,)):
    return models.Autoencoder(
        networks.dense_encoder(shape, 2, (4,)),
        networks.dense_decoder(2, shape, (4,), output_activation="sigmoid"),
    )


def _categorical():
    return models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)),
        networks.dense_decoder(2, (6, 5), (4,), output_activation="softmax"),
    )


def _gaussian(num_classes=None):
    features = networks.dense_encoder((6,), None, (4,), num_classes=num_classes)
    decoder = networks.dense_decoder(
        2, (6,), (4,), output_activation="sigmoid", num_classes=num_classes
    )
    return networks.gaussian_encoder(features, 2), decoder


def _adversaries(num_classes=None):
    generator = networks.dense_generator(2, (6,), (4,), num_classes=num_classes)
    return generator, networks.dense_discriminator((6,), (4,), num_classes=num_classes)


def _parts(model):
    return model.players["autoencoder"]


# A fragment such as `fit(x, labels)` is a method of one of them: how to make it, and its loss.
_STOCK = {
    models.Autoencoder: (_autoencoder, "mse"),
    models.DenoisingAutoencoder: (
        lambda: models.DenoisingAutoencoder(*_parts(_autoencoder()), None),
        "mse",
    ),
    models.ContractiveAutoencoder: (
        lambda: models.ContractiveAutoencoder(*_parts(_autoencoder())),
        "mse",
    ),
    models.VAE: (lambda: models.VAE(*_gaussian()), "bernoulli_nll"),
    models.ConditionalVAE: (lambda: models.ConditionalVAE(*_gaussian(3)), "bernoulli_nll"),
    models.GAN: (lambda: models.GAN(*_adversaries()), None),
    models.ConditionalGAN: (lambda: models.ConditionalGAN(*_adversaries(3)), None),
    models.VAEGAN: (
        lambda: models.VAEGAN(*_gaussian(), _adversaries()[1], "dense_0_activation"),
        None,
    ),
    "a categorical one": (_categorical, "sparse_categorical_crossentropy"),
    "one of images": (lambda: _autoencoder((32, 32, 3)), "mse"),
}


def _made(key):
    make, loss = _STOCK[key]
    model = make()
    model.compile(loss=loss, jit_compile=False)
    return model


def _worlds(folder):
    """Names as the documents use them, each an object that suits its name, in several readings.

    What is of vectors in one line is of images in another, and "encoder" is one with labels where
    a conditional model takes it.
    """
    x, labels = np.random.default_rng(0).uniform(size=(200, 6)), np.arange(200) % 3
    x, pictures = x.astype("float32"), np.random.default_rng(0).uniform(size=(60, 32, 32, 3))
    pictures = pictures.astype("float32")
    names = {"np": np, "tf": tf, "keras": keras, "keras_aegan": keras_aegan}
    for space in (keras.layers, keras.callbacks, *_SPACES):  # ours hide Keras's
        names.update({n: v for n, v in vars(space).items() if not n.startswith("_")})
    names.update({space.__name__.rpartition(".")[2]: space for space in _SPACES})
    names["priors"] = priors  # as a module alone: a bare `fit` is a model's
    names["AutoencoderTransformer"] = evaluation.AutoencoderTransformer  # imported when asked for
    names["distribution_strategy"] = keras_aegan.distribution_strategy
    model, (generator, discriminator) = _made(models.Autoencoder), _adversaries()
    detector = evaluation.AnomalyDetector(model)
    detector.fit_threshold(x, contamination=0.1)
    model.export(folder / "served", verbose=False)
    backbone = networks.convolutional_encoder((8, 8, 3), 4, (2,))
    names.update(
        dict.fromkeys(("x", "target", "x_test", "x_normal", "noisy", "clean", "images"), x)
    )
    names.update(dict.fromkeys(("codes", "test_codes"), x))
    names.update(dict.fromkeys(("labels", "y", "y_test"), labels))
    names.update(dict.fromkeys("αβγ", 1.0), λ=0.1, k=2, num_levels=5, num_samples=3, seed=0)
    names.update(model=model, served=model, vae=_made(models.VAE), detector=detector)
    names.update(encoder=model.encoder, decoder=model.decoder, generator=generator)
    names.update(discriminator=discriminator, feature_layer="dense_0_activation")
    names.update(backbone=backbone, network=backbone, layer_names=["convolution_0_activation"])
    names.update(features=networks.dense_encoder((6,), None, (4,)), perceptual="mae")
    names.update(shape=(6,), means=np.zeros((2, 2)), covariances=np.stack([np.eye(2)] * 2))
    names.update(weights=np.ones(2), a=np.arange(3.0), b=np.arange(3.0), optimizer="adam")
    names.update(dict.fromkeys(("mean", "log_var"), x[:, :2]), prior_mean=0.0, prior_log_var=0.0)
    names.update(logits=x[:, :1], sigmoid=keras.ops.sigmoid, devices=["CPU:0"], name="noise")
    names.update(filepath=str(folder / "served"), path=str(folder / "best.keras"))
    names.update(loss=losses.GaussianNLL())
    of_images = {**names, **dict.fromkeys(("x", "x_test"), pictures)}
    of_images.update(labels=labels[:60], y_test=labels[:60], model=_made("one of images"))
    encoder, decoder = _gaussian(3)
    generator, discriminator = _adversaries(3)
    conditional = {**names, "encoder": encoder, "decoder": decoder, "generator": generator}
    conditional["discriminator"] = discriminator
    encoder, decoder = _gaussian()
    return [names, {**names, "encoder": encoder, "decoder": decoder}, conditional, of_images]


# --------------------------------------------------------------------------- the verdict


class _DoesNotHold(Exception):
    pass


def _run(span, names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tiny data: what is asked is whether it runs
        exec(compile(span, span, "exec"), dict(names))


def _unknown(span, names):
    of = [node for node in ast.walk(_parse(span)) if isinstance(node, ast.Name)]
    bound = {node.id for node in of if isinstance(node.ctx, ast.Store)}
    return {node.id for node in of} - bound - set(names) - set(dir(builtins))


def _check(span, owner, worlds):
    """Raises an error unless a span runs in a world, or agrees with what it is about."""
    if _WRITTEN.fullmatch(span):
        return
    if _FILE.fullmatch(span):
        if not any(_ROOT.rglob(span)):
            raise _DoesNotHold("there is no such file")
        return
    if span.startswith(_OF_THE_PROCESS):
        span = span.partition("(")[0]
    value = getattr(_parse(span).body[0], "value", None)
    if isinstance(value, ast.Attribute) and "(" not in span:
        _check_path(span, owner, worlds[0])
    elif "..." in span:
        _check_signature(span, owner, worlds[0])
    elif isinstance(value, ast.Call) and _is_method(value, owner, worlds[0]):
        _check_method(span, owner, worlds)
    elif _unknown(span, worlds[0]):
        _check_signature(span, owner, worlds[0])
    else:
        _check_in_a_world(span, worlds)


def _name_of(call):
    return getattr(call.func, "id", None)


def _is_method(call, owner, names):
    """Whether a call without an object is of a model, or of the class that is documented."""
    name = _name_of(call)
    classes = [owner, *(key for key in _STOCK if isinstance(key, type))]
    return name is not None and name not in names and any(hasattr(c, name) for c in classes)


def _check_in_a_world(span, worlds):
    errors = []
    for names in worlds:
        try:
            return _run(span, names)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {str(error)[:150]}")
    raise _DoesNotHold("; ".join(dict.fromkeys(errors)))


def _check_path(span, owner, names):
    """A name with dots: of a module, or of an object of the documents, or of its own class."""
    root, attribute = span.split(".")[:2]
    if root == "self":
        if f"self.{attribute}" not in inspect.getsource(owner):
            raise _DoesNotHold("its class has no such attribute")
    elif root in names:
        eval(span, dict(names))
    else:
        inner = f"keras_aegan.models.{root}"
        module = importlib.import_module(inner if inner in sys.modules else root)
        operator.attrgetter(span.partition(".")[2])(module)


def _check_method(span, owner, worlds):
    """A fragment: a method of the class whose docstring it is in, or of a stock model."""
    if owner is evaluation.AnomalyDetector:
        return _run(f"detector.{span}", worlds[0])
    is_of_a_model = owner is not None and issubclass(owner, keras.Model)
    own = [k for k in _STOCK if isinstance(k, type) and is_of_a_model and issubclass(k, owner)]
    method = _name_of(_parse(span).body[0].value)
    for key in own or _STOCK:
        if isinstance(key, str) or hasattr(key, method):
            stock = {**worlds[-1 if key == "one of images" else 0], "stock": _made(key)}
            with contextlib.suppress(Exception):
                return _run(f"stock.{span}", stock)
    return _check_signature(span, owner, worlds[0])


def _check_signature(span, owner, names):
    """What is written with an ellipsis, or as a signature, with the names of its parameters."""
    values = [
        value
        for call in ast.walk(_parse(span))
        if isinstance(call, ast.Call)
        for value in (*call.args, *(keyword.value for keyword in call.keywords))
    ]
    if "..." not in span and not all(isinstance(value, ast.Name) for value in values):
        raise _DoesNotHold("it does not run")
    for call in (node for node in ast.walk(_parse(span)) if isinstance(node, ast.Call)):
        given = [getattr(argument, "id", None) for argument in call.args]
        keywords = {keyword.arg for keyword in call.keywords}
        for function in _functions(call.func, owner, names):
            parameters = inspect.signature(function).parameters
            known = [name for name in parameters if name != "self"]
            takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
            has_names = given == known[: len(given)] or "..." in span
            if has_names and (takes_any or keywords <= set(known)):
                break
        else:
            raise _DoesNotHold("it does not run, and no signature has these names")


def _functions(function, owner, names):
    """What a call may mean: of its own class first, then a method of any class of the package."""
    if isinstance(function, ast.Attribute):
        return [eval(ast.unparse(function), dict(names))]
    if function.id in names:
        return [names[function.id]]
    known = [value for module in _MODULES for value in vars(module).values()]
    classes = [owner, *(c for c in known if inspect.isclass(c))]
    ours = [c for c in classes if getattr(c, "__module__", "").startswith("keras_aegan")]
    return [getattr(c, function.id) for c in ours if hasattr(c, function.id)]


# ------------------------------------------------------------------------------- tests


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    return _worlds(tmp_path_factory.mktemp("documented"))


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    """Examples write where they run; weights from ImageNet are not downloaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matplotlib.pyplot, "show", lambda: None)
    keras.config.disable_interactive_logging()

    def vgg16(**options):
        x = keras.Input((None, None, 3))
        return keras.Model(x, keras.layers.Conv2D(2, 3, name="block2_conv2")(x))

    vgg16.__module__ = keras.applications.VGG16.__module__
    monkeypatch.setitem(backbones._APPLICATIONS, "vgg16", vgg16)
    yield
    keras.config.enable_interactive_logging()


def test_code_in_prose_runs(worlds):
    failures = []
    for (span, owner), place in _all_spans().items():
        try:
            _check(span, owner, worlds)
        except Exception as error:
            failures.append(f"{place}: `{span}`: {type(error).__name__}: {str(error)[:500]}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize(
    ("span", "owner"),
    [
        ("tf.saved_model.load(filepath).encode(x)", None),  # what it loads is gone at once
        ("networks.dense_encoder(..., units=())", None),
        ("networks.dens_encoder", None),
        ("fit(x, lables)", models.VAE),
        ("encode(60000)", None),
        ('compile(loss="mean_square")', None),
        ("compile(jit_compile=3)", None),
        ("losses.PerceptualLoss('vgg16', layers=['block2_conv2'])", None),
        ("term_weight(term, player)", None),
        ("no_such_file.py", None),
    ],
)
def test_lines_that_do_not_run_are_found(span, owner, worlds):
    assert _is_code(span)
    with pytest.raises(Exception):  # noqa: B017, PT011
        _check(span, owner, worlds)


def _blocks(language):
    for page in _PAGES:
        text = page.read_text(encoding="utf-8")
        for number, code in enumerate(re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)):
            yield pytest.param(page, code, id=f"{page.relative_to(_ROOT)}-{number}")


def _shortened(code):
    """The same with less to do: one epoch, and hundreds where there are thousands."""
    code = re.sub(r"epochs=\d+", "epochs=1", code)
    return re.sub(r"\b(\d+)_?000\b", lambda match: f"{match[1]}00", code)


@pytest.mark.filterwarnings("ignore")  # tiny data
@pytest.mark.parametrize(("page", "code"), list(_blocks("python")))
def test_a_block_of_python_runs(page, code, tmp_path, monkeypatch):
    if code.startswith(" "):  # an excerpt, which stands somewhere
        files = [p for folder in ("tests", "keras_aegan") for p in (_ROOT / folder).rglob("*.py")]
        sources = (path.read_text(encoding="utf-8") for path in files)
        assert any(code in source for source in sources)
        return
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(64, 28, 28, 1)).astype("float32")
    pairs = (images, np.arange(64) % 10), (images[:32], np.arange(32) % 10)
    monkeypatch.setattr(datasets, "load_images", lambda name: pairs)
    compile_as_usual = models.LatentVariableModel.compile
    monkeypatch.setattr(  # XLA takes longer than these trainings
        models.LatentVariableModel,
        "compile",
        lambda self, *given, **named: compile_as_usual(self, *given, jit_compile=False, **named),
    )
    for path in re.findall(r'load\("(.*?)"\)', code):  # what another block has exported
        model = models.Autoencoder(
            networks.dense_encoder((28, 28, 1), 2, ()), networks.dense_decoder(2, (28, 28, 1), ())
        )
        model.compile()
        model.export(path, verbose=False)
    exec(_shortened(code), {"images": images})


def _commands():
    for page in _PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S))
        for line in (*blocks.splitlines(), *_spans(_without_blocks(text))):
            for command in re.split(r"&&|\||;", line.partition(" #")[0]):
                if re.match(r"\s*((\S*/)?(python3?|pip|pytest|ruff)\s|[\w/]+\.py\s+--)", command):
                    yield page, command.split()


def test_commands_name_files_options_and_extras_that_exist():
    configuration = configparser.ConfigParser(interpolation=None)
    configuration.read(_ROOT / "setup.cfg", encoding="utf-8")
    extras, found = set(configuration["options.extras_require"]), 0
    for page, words in _commands():
        for extra in re.findall(r"\[(\w+)\]", " ".join(words)):
            assert extra in extras, words
        scripts = [word for word in words if word.endswith(".py")]
        for script in scripts:
            places = [folder / script for folder in (_ROOT, page.parent)]
            paths = [place for place in places if place.exists()]
            assert paths, words
            # Scripts of a folder may share their options.
            sources = [path.read_text(encoding="utf-8") for path in paths[0].parent.glob("*.py")]
            for option in (word for word in words if word.startswith("--")):
                assert any(f'"{option}"' in source for source in sources), words
            found += 1
    assert found > 5
