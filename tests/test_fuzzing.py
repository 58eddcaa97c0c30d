"""A few dozen of the calls of which `benchmarks/fuzz.py` makes three thousand."""

import io
import zipfile

import hypothesis
import keras
import pytest

from keras_aegan import models
from tests import fuzzing


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", list(fuzzing.FAMILIES))
def test_wrong_calls_end_in_a_sentence(family):
    @hypothesis.settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(fuzzing.FAMILIES[family]())
    def run(case):
        description, call = case
        wrong = fuzzing.verdict(call)
        is_theirs = family == "files" and wrong and wrong.startswith(fuzzing.ELSEWHERE)
        assert is_theirs or wrong is None, f"{description}: {wrong}"

    run()


def test_code_inside_a_file_is_not_run(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(fuzzing.ORIGINALS["lambda"])
    with pytest.raises(ValueError, match="Lambda"):
        keras.models.load_model(path)


def test_a_foreign_file_is_loaded_as_what_it_is(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(fuzzing.ORIGINALS["foreign"])
    assert not isinstance(keras.models.load_model(path), models.LatentVariableModel)


def _altered(content, member):
    """The file with one bit of a member turned over, somewhere in its middle."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo(member)
    changed = bytearray(content)
    changed[info.header_offset + 100 + info.compress_size // 2] ^= 1
    return bytes(changed)


def _zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "{}")
    return file.getvalue()


# What docs/devices_and_faults.md says that a user reads.
_DAMAGED = {
    "truncated": (lambda gan: gan[:-100], ValueError, "accessible `.keras` zip file"),
    "empty": (lambda gan: b"", ValueError, "accessible `.keras` zip file"),
    "another format": (lambda gan: b"\x80\x04K\x01.", ValueError, "accessible `.keras` zip file"),
    "altered config": (
        lambda gan: _altered(gan, "config.json"), zipfile.BadZipFile, "Bad CRC-32 for file 'c",
    ),
    "altered weights": (
        lambda gan: _altered(gan, "model.weights.h5"), zipfile.BadZipFile, "Bad CRC-32 for file 'm",
    ),
    "another archive": (lambda gan: _zipped("word/document.xml"), KeyError, "no item named"),
}  # fmt: skip


@pytest.mark.parametrize("damage", list(_DAMAGED))
def test_a_damaged_file_is_not_loaded(damage, tmp_path):
    change, error, sentence = _DAMAGED[damage]
    path = tmp_path / "model.keras"
    path.write_bytes(change(fuzzing.ORIGINALS["gan"]))
    with pytest.raises(error, match=sentence):
        keras.models.load_model(path)
