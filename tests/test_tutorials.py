"""The tutorials as a newcomer meets them: each runs, shortened, offline, and keeps its header."""

import ast
import os
import pathlib
import re

import pytest
from PIL import Image

from tests.shortened_tutorial import run_in_process, shorten

_ROOT = pathlib.Path(__file__).parents[1]
_TUTORIALS = sorted((_ROOT / "tutorials").glob("[0-9][0-9]_*.py"))
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SECTIONS = (
    "Why",
    "Hyperparameters",
    "What to try next, and what to break on purpose",
    "Use what was saved",
)

each_tutorial = pytest.mark.parametrize("path", _TUTORIALS, ids=lambda path: path.stem)


def _header(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return " ".join(docstring.split())


def _promised(header, thing):
    """How many things the header's words add up to: "five pictures" and "a picture" are six."""
    counts = re.findall(rf"\b(\w+) {thing}s?\b", header.lower())
    counts = ["one" if count in ("a", "an") else count for count in counts]
    return sum(_NUMBERS.index(count) for count in counts if count in _NUMBERS)


def _data_dir(path, tmp_path):
    """An empty folder, where the embedded digits serve; else the one that holds the images."""
    needed = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(ast.Attribute(attr="load_images"), [ast.Constant(name), *_]):
                needed.add(name)
    if needed == {"mnist"} or not needed:
        return str(tmp_path / "no_data")
    data_dir = os.environ.get("TFDS_DATA_DIR", "")
    missing = [name for name in needed if not os.path.isdir(os.path.join(data_dir, name))]
    if missing:
        pytest.skip(f"{missing} are not in TFDS_DATA_DIR, and no package embeds them")
    return os.path.abspath(data_dir)


@each_tutorial
def test_a_shortened_tutorial_makes_what_its_header_promises(path, tmp_path):
    environment = {
        # No way around the missing network, and no backbone that only this machine has.
        **{name: None for name in os.environ if name.lower().endswith("_proxy")},
        "KERAS_AEGAN_MOBILENET_WEIGHTS": None,
        "TFDS_DATA_DIR": _data_dir(path, tmp_path),
        # Programs that run a step or two need not be fast.
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    # A test beside this one has the other core: threads would wait for each other.
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment.update(dict.fromkeys(threads, "1"))
    exit_code, printed = run_in_process(path, tmp_path, environment, timeout=600)
    assert exit_code == 0, printed[-6000:]

    header, figures = _header(path), tmp_path / "figures"
    pictures = list(figures.glob("*.png"))
    animations = list(figures.rglob("*.gif"))
    assert len(pictures) == _promised(header, "picture"), sorted(pictures)
    assert len(animations) == _promised(header, "animation"), sorted(animations)
    assert pictures or animations
    for picture in [*figures.rglob("*.png"), *animations]:
        with Image.open(picture) as image:
            darkest, lightest = image.convert("L").getextrema()
        assert darkest < lightest, picture
    folders = re.findall(r"saved_models/\w+", header)
    assert folders
    assert all(list((tmp_path / folder).rglob("saved_model.pb")) for folder in folders)


@each_tutorial
def test_a_tutorial_has_the_parts_of_the_course(path):
    text, header = path.read_text(encoding="utf-8"), _header(path)
    fields = [header.find(f) for f in ("Title:", "Slides:", "What to expect:", "Time:", "Run it")]
    assert -1 not in fields
    assert fields == sorted(fields)
    assert header.endswith(f"python tutorials/{path.name}")
    sections = re.findall(r"^## (.+)", text, re.MULTILINE)
    assert [section for section in sections if section in _SECTIONS] == list(_SECTIONS)
    assert sections[0] == _SECTIONS[0]
    assert sections[-2:] == list(_SECTIONS[-2:])
    assert "\n- Break it: " in text
    assert shorten(ast.parse(text)), "no length among the hyperparameters"
    assert f"({path.name})" in (_ROOT / "tutorials" / "README.md").read_text(encoding="utf-8")
