"""Files of models: truncated, altered, foreign, or with code inside."""

import io
import json
import pathlib
import tempfile
import zipfile

import keras
from hypothesis import strategies as st

from keras_aegan import models
from tests.fuzzing.constructors import POOL
from tests.fuzzing.trainings import make_gan


def _saved(model):
    """The bytes of a model's `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def _originals():
    gan, other = make_gan(), keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    gan.compile("adam")
    hidden = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda v: v * 2), keras.layers.Dense(3)]
    )
    return {
        "gan": _saved(gan),
        "foreign": _saved(other),
        "lambda": _saved(models.Autoencoder(hidden, POOL["decoder"])),
    }


ORIGINALS = _originals()


def _altered_config(content, change):
    """The file with another `config.json`: a function of its text that gives text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()) if name == "config.json" else data)
    return out.getvalue()


@st.composite
def _altered_json(draw):
    """Somewhere in the config, another value, or a key less."""
    config = json.loads(zipfile.ZipFile(io.BytesIO(ORIGINALS["gan"])).read("config.json"))
    node = config
    while True:
        keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw(st.sampled_from(keys))
        child = node[key]
        if not isinstance(child, (dict, list)) or not child or draw(st.integers(0, 3)) == 0:
            break
        node = child
    if draw(st.booleans()):
        del node[key]
    else:
        node[key] = draw(st.sampled_from([None, -1, "nonsense", [], {}, 1e9, True]))
    return _altered_config(ORIGINALS["gan"], lambda _: json.dumps(config))


@st.composite
def file_calls(draw):
    """A file that is loaded: truncated, altered, foreign, or with code inside."""
    kind = draw(st.sampled_from(["whole", "cut", "flipped", "json", "json", "foreign", "noise"]))
    content = ORIGINALS[draw(st.sampled_from(["gan", "gan", "foreign", "lambda"]))]
    if kind == "cut":
        content = content[: draw(st.integers(0, len(content) - 1))]
    elif kind == "flipped":
        data = bytearray(content)
        for place in draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=8)):
            data[place] ^= draw(st.integers(1, 255))
        content = bytes(data)
    elif kind == "json":
        content = draw(_altered_json())
    elif kind == "noise":
        content = draw(st.binary(max_size=200))

    def call():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.keras"
            path.write_bytes(content)
            return keras.models.load_model(path)

    return f"load a {kind} file of {len(content)} bytes", call
