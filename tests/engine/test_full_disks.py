"""A disk that is full, a real one where the machine lets one be mounted, under every callback."""

import errno
import os
import pathlib
import subprocess
import warnings

import keras
import pytest
import tensorflow as tf
from matplotlib.figure import Figure
from PIL import Image

from keras_aegan import callbacks
from keras_aegan.engine.files import is_disk_full
from keras_aegan.engine.full_disks import full_disks_survived
from keras_aegan.engine.grouping import _waits_for_batches
from tests.conformance.table import ROWS, compiled

_CONTENT = 2**20  # of the disk, in bytes


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A folder of 1 MB that is a disk of its own."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_CONTENT}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no disk can be mounted: {error}")
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class _Pictures(callbacks.SampleGrid.__base__):
    stem = "picture"

    def draw(self):
        return Figure((1, 1))


def _write_much(folder, **hook):
    (name,) = hook
    return keras.callbacks.LambdaCallback(
        **{name: lambda *_: (folder / "much").write_bytes(bytes(2 * _CONTENT))}
    )


# A callback that writes to a folder, and the free bytes that it begins with.
_CALLBACKS = {
    "CSVLogger": (lambda d: keras.callbacks.CSVLogger(d / "log.csv"), 0),
    "ModelCheckpoint": (lambda d: keras.callbacks.ModelCheckpoint(d / "m.keras"), 8192),
    "ModelCheckpoint, weights": (
        lambda d: keras.callbacks.ModelCheckpoint(d / "m.weights.h5", save_weights_only=True),
        8192,
    ),
    "ModelCheckpoint, batches": (
        lambda d: keras.callbacks.ModelCheckpoint(d / "m.keras", save_freq=1),
        0,
    ),
    "TensorBoard": (lambda d: keras.callbacks.TensorBoard(d / "logs", histogram_freq=1), 8192),
    "TensorBoard, at its beginning": (lambda d: keras.callbacks.TensorBoard(d / "logs"), 0),
    "keras's BackupAndRestore": (lambda d: keras.callbacks.BackupAndRestore(d / "backup"), 8192),
    "BackupAndRestore": (lambda d: callbacks.BackupAndRestore(d / "backup"), 8192),
    "LambdaCallback": (lambda d: _write_much(d, on_epoch_end=None), 8192),
    "at the beginning": (lambda d: _write_much(d, on_train_begin=None), 8192),
    "at the end": (lambda d: _write_much(d, on_train_end=None), 8192),
    "pictures": (lambda d: _Pictures(d / "pictures"), 0),
    "pictures in TensorBoard": (lambda d: _Pictures(d / "p", log_dir=d / "logs"), 0),
}


def _fit(callback, epochs=2):
    """`(epochs trained, sentences warned)`."""
    row = ROWS["gan"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        history = compiled(row).fit(
            *row.data(16), batch_size=8, epochs=epochs, verbose=0, callbacks=[callback]
        )
    return history.epoch, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("name", _CALLBACKS)
def test_training_goes_on_with_one_warning(name, disk):
    for path in sorted(disk.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    make, free = _CALLBACKS[name]
    callback = make(disk)
    (disk / "full").write_bytes(bytes(_CONTENT - free))
    epochs, (sentence,) = _fit(callback)
    assert epochs == [0, 1]
    assert "No space left on device" in sentence
    assert "training goes on" in sentence
    assert not list(disk.rglob("*unfinished*"))
    (disk / "full").unlink()
    if not isinstance(callback, keras.callbacks.LambdaCallback):
        assert _fit(make(disk)) == ([0, 1], [])  # with room again, and no trace of before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_log_to_a_full_device_is_warned_of_once():
    epochs, sentences = _fit(keras.callbacks.CSVLogger("/dev/full"), epochs=3)
    assert epochs == [0, 1, 2]
    assert len(sentences) == 1
    assert "The disk is full under CSVLogger in `on_epoch_end`" in sentences[0]


def _raise(error):
    raise error


def _hdf5(*_):
    raise RuntimeError("Can't decrement id ref count (errno = 28, 'No space left on device')")


def _an_archive(*_):
    try:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")
    finally:
        raise ValueError("Can't close the ZIP file")


@pytest.mark.parametrize(
    ("act", "goes_on"),
    [
        (_hdf5, True),
        (_an_archive, True),
        (lambda *_: _raise(OSError(errno.ENOSPC, "voll")), True),
        (lambda *_: _raise(tf.errors.ResourceExhaustedError(None, None, "No space left on device")),
         True),
        (lambda *_: _raise(tf.errors.ResourceExhaustedError(None, None, "out of memory")), False),
        (lambda *_: _raise(PermissionError(errno.EACCES, "Permission denied")), False),
        (lambda *_: _raise(ValueError("mine")), False),
        (lambda *_: _raise(KeyboardInterrupt()), False),
    ],
)  # fmt: skip
def test_only_a_full_disk_is_survived(act, goes_on):
    callback = keras.callbacks.LambdaCallback(on_epoch_end=act)
    if goes_on:
        epochs, sentences = _fit(callback)
        assert (epochs, len(sentences)) == ([0, 1], 1)
    else:
        with pytest.raises((tf.errors.OpError, OSError, ValueError, KeyboardInterrupt)):
            _fit(callback)
    assert vars(callback)["on_epoch_end"] is act  # as it was


def test_an_error_that_its_author_raised_from_a_full_disk_is_the_authors():
    full = OSError(errno.ENOSPC, "No space left on device")
    own = RuntimeError("I stop here")
    own.__cause__ = own.__context__ = full
    assert is_disk_full(full)
    assert not is_disk_full(own)


def test_the_best_that_could_not_be_saved_is_not_the_best(tmp_path, monkeypatch):
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", "generator_loss", mode="min", save_best_only=True
    )
    monkeypatch.setattr(
        keras.Model, "save", lambda *_, **__: _raise(OSError(errno.ENOSPC, "No space left"))
    )
    _fit(checkpoint)
    assert checkpoint.best is None


def test_steps_still_run_in_groups_and_the_user_s_object_is_as_before():
    class Mine(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            pass

    class Waiting(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    for callback in (Mine(), Waiting(), keras.callbacks.TerminateOnNaN()):
        before, waits = dict(vars(callback)), _waits_for_batches(callback)
        with full_disks_survived([callback]):
            assert _waits_for_batches(callback) == waits
            assert isinstance(callback, keras.callbacks.Callback)
        assert vars(callback) == before


# ---------------------------------------------------------------- files found in a folder


def test_what_is_no_picture_is_left_out_of_the_animation(tmp_path):
    (tmp_path / "picture_0001.png").write_bytes(b"")
    (tmp_path / "picture_0002.png").write_text("a text")
    Image.new("RGB", (7, 5)).save(tmp_path / "picture_0003.png")
    (tmp_path / "picture_0004.png").mkdir()
    Image.new("RGB", (100, 100)).save(tmp_path / "picture_0005.png")  # of an earlier training
    whole = (tmp_path / "picture_0005.png").read_bytes()
    (tmp_path / "picture_0006.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (30, 30)).save(tmp_path / "picture_0099.png")  # of a longer one

    class Later(_Pictures):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch + 6, logs)

    epochs, (sentence,) = _fit(Later(tmp_path))
    assert epochs == [0, 1]
    for i in (1, 2, 3, 4, 6):
        assert f"picture_000{i}.png" in sentence
    assert "picture_0003.png (7×5 pixels)" in sentence
    assert "picture_0099.png (30×30 pixels)" in sentence
    assert "picture_0005.png" not in sentence
    with Image.open(tmp_path / "picture.gif") as animation:
        assert animation.size == (100, 100)
        assert {"picture_0007.png", "picture_0008.png"} <= {p.name for p in tmp_path.iterdir()}


def test_a_folder_named_as_a_picture_or_an_animation_ends_no_training(tmp_path):
    (tmp_path / "picture_0001.png").mkdir()
    (tmp_path / "picture.gif").mkdir()
    epochs, sentences = _fit(_Pictures(tmp_path))
    assert epochs == [0, 1]
    assert any("cannot be written to (Is a directory)" in sentence for sentence in sentences)
    assert not list(tmp_path.glob("unfinished*"))
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`folder` must be a folder. Received: .*, a file"):
        _fit(_Pictures(tmp_path / "file"))


def test_a_picture_that_cannot_be_finished_leaves_the_one_before(tmp_path, monkeypatch):
    _fit(_Pictures(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def half(self, content):
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", half)
    _fit(_Pictures(tmp_path))
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert after == before
