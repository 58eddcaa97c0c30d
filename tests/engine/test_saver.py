"""From a model to a file: endings, and an export that is whole or the one before."""

import contextlib
import ctypes
import errno
import io
import os
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.saved_model import save as tf_save

from keras_aegan import evaluation
from keras_aegan.engine import files
from tests.conformance.table import ROWS, compiled

_X = np.random.default_rng(0).normal(size=(3, 12)).astype("float32")


@pytest.fixture
def model():
    return compiled(ROWS["dense_autoencoder"])


def _detector():
    detector = evaluation.AnomalyDetector(compiled(ROWS["dense_autoencoder"]))
    detector.fit_threshold(*ROWS["dense_autoencoder"].data(200)[:1])
    return detector


# ---------------------------------------------------------------------------- endings


@pytest.mark.parametrize("make", [lambda: compiled(ROWS["gan"]), _detector])
def test_a_model_is_saved_to_keras_files_alone(make, tmp_path):
    saved = make()
    for name in ("m.h5", "m.hdf5", "m", "m.tf", "m.KERAS", "m.weights.h5", "m.pt"):
        for path in (tmp_path / name, str(tmp_path / name)):
            with pytest.raises(ValueError, match="`filepath` must end in `.keras`: no .* Received"):
                saved.save(path)
    assert not list(tmp_path.iterdir())


def test_what_is_no_path_is_refused(model):
    for path in (io.BytesIO(), None, b"m.keras", ""):
        with pytest.raises(ValueError, match="`filepath` must end in `.keras`.* Received"):
            model.save(path)
    with pytest.raises(TypeError, match="`filepath` must be a path. Received: filepath=None"):
        model.load_weights(None)


def test_weights_have_an_ending_of_their_own(model, tmp_path):
    for name in ("m.h5", "m.keras", "m", "m.hdf5"):
        with pytest.raises(ValueError, match="`filepath` must end in `.weights.h5` for weights"):
            model.save_weights(tmp_path / name)
        if name != "m.keras":
            with pytest.raises(ValueError, match="`filepath` must end in `.weights.h5`, or in"):
                model.load_weights(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_keras_allows_stays_allowed(model, tmp_path):
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "new.keras", overwrite=False)
    model.save(tmp_path / "folder", zipped=False)
    model.save_weights(str(tmp_path / "m.weights.h5"))
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=1e-6)
    for loaded in map(keras.models.load_model, (tmp_path / "new.keras", tmp_path / "folder")):
        np.testing.assert_array_equal(loaded.encode(_X), model.encode(_X))
    for name in ("m.keras", "m.weights.h5", "m.weights.json"):
        other = compiled(ROWS["dense_autoencoder"])
        for weight in other.weights:
            weight.assign(weight + 1.0)
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(other.encode(_X), model.encode(_X))
    assert not list(tmp_path.rglob("*unfinished*"))
    (tmp_path / "d.keras").mkdir()
    with pytest.raises(ValueError, match="`filepath` must not be a folder"):
        model.save(tmp_path / "d.keras")


@pytest.mark.parametrize(
    ("name", "weights_only"),
    [("best.h5", False), ("best.weights.h5", False), ("{epoch}.h5", False), ("d.keras", False),
     ("d.weights.h5", True)],
)  # fmt: skip
def test_a_checkpoint_is_refused_before_the_first_step(model, name, weights_only, tmp_path):
    for folder in ("d.keras", "d.weights.h5"):
        (tmp_path / folder).mkdir()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / name, save_weights_only=weights_only)
    epochs = []
    begun = keras.callbacks.LambdaCallback(on_train_begin=epochs.append)
    for given in ([begun, checkpoint], keras.callbacks.CallbackList([begun, checkpoint])):
        with pytest.raises(ValueError, match="`filepath` (of ModelCheckpoint )?must .* Received"):
            model.fit(*ROWS["dense_autoencoder"].data(16), callbacks=given, verbose=0)
    assert not epochs
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("save", [keras.saving.save_model, keras.models.save_model])
def test_keras_s_own_function_refuses_its_older_format_too(save, tmp_path):
    with pytest.raises(ValueError, match="`filepath` must end in `.keras`: Keras's older format"):
        save(compiled(ROWS["gan"]), str(tmp_path / "m.h5"))


# ---------------------------------------------------------------------------- exports


def _shift(model):
    for weight in model.weights:
        weight.assign(weight + 0.5)


def _codes(folder):
    served = tf.saved_model.load(str(folder))
    return served.encode(_X).numpy()


@pytest.fixture(params=["exchanged", "renamed"])
def exchange(request, monkeypatch):
    """With and without a file system that can exchange two folders."""
    if request.param == "renamed":
        monkeypatch.setattr(files, "_exchange", lambda *_: False)


def _broken_off(error):
    def act(*args, **kwargs):
        raise error

    return act


@pytest.mark.usefixtures("exchange")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_an_export_that_breaks_off_leaves_the_one_before(model, error, tmp_path, monkeypatch):
    folder = tmp_path / "m"
    model.export(folder)
    before = _codes(folder)
    for exported in (model, compiled(ROWS["dense_autoencoder"])):
        _shift(exported)
        with monkeypatch.context() as patched:
            # After the variables, before the graph.
            patched.setattr(tf_save.file_io, "atomic_write_string_to_file", _broken_off(error))
            with pytest.raises(type(error)):
                exported.export(folder)
        np.testing.assert_array_equal(_codes(folder), before)
        assert list(tmp_path.iterdir()) == [folder]
    model.export(folder)
    np.testing.assert_allclose(_codes(folder), model.encode(_X), atol=1e-6)
    assert list(tmp_path.iterdir()) == [folder]


_SCRIPT = """
import os, signal, sys
from keras_aegan.engine import files
from tests.conformance.table import ROWS, compiled

at, folder = sys.argv[1:]
model = compiled(ROWS["dense_autoencoder"])
model.export(folder)
for weight in model.weights:
    weight.assign(weight + 0.5)

def killed(*args):
    os.kill(os.getpid(), signal.SIGKILL)

exchange, remove = files._exchange, files.remove_folder
if at == "before the exchange":
    files._exchange = killed
elif at == "after the exchange":
    files._exchange = lambda *folders: exchange(*folders) and killed()
else:
    files._exchange = lambda *folders: False
    replace, calls = os.replace, []
    def between(source, target):
        replace(source, target)
        if str(target).endswith(".before"):
            killed()
    os.replace = between
model.export(folder)
"""


@pytest.mark.parametrize(
    "at", ["before the exchange", "after the exchange", "between two renamings"]
)
def test_a_killed_export_leaves_the_old_one_or_the_new_one(at, tmp_path):
    folder = tmp_path / "m"
    root = pathlib.Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, at, str(folder)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        timeout=300,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()[-2000:]
    if at == "between two renamings":
        with contextlib.suppress(RuntimeError), files.whole_folder(folder):
            raise RuntimeError("the next export, which puts the old one back")
    model = compiled(ROWS["dense_autoencoder"])  # of the same seed
    if at == "after the exchange":
        _shift(model)
    np.testing.assert_allclose(_codes(folder), model.encode(_X), atol=1e-6)
    model.export(folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_a_reader_finds_a_whole_folder_at_any_moment(tmp_path):
    if not hasattr(ctypes.CDLL(None), "renameat2"):
        pytest.skip("this system exchanges no folders")
    folder = tmp_path / "m"
    reader = (
        "import os, sys\n"
        "print('reads', flush=True)\n"
        "n = 0\n"
        "while not os.path.exists(sys.argv[1] + '/../end'):\n"
        "    assert os.path.exists(sys.argv[1] + '/saved_model.pb'), n\n"
        "    n += 1\n"
    )
    (tmp_path / "m").mkdir()
    (folder / "saved_model.pb").write_text("0")
    process = subprocess.Popen(
        [sys.executable, "-c", reader, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    for i in range(300):
        with files.whole_folder(folder) as unfinished:
            (unfinished / "saved_model.pb").write_text(str(i))
    (tmp_path / "end").write_text("")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert (folder / "saved_model.pb").read_text() == "299"


def test_paths_of_every_kind(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "m"
    for path in ("m", "./m/", f"{folder}/", folder):
        _shift(model)
        model.export(path)
        np.testing.assert_allclose(_codes(folder), model.encode(_X), atol=1e-6)
    (tmp_path / "link").symlink_to(folder)
    _shift(model)
    model.export("link")
    assert (tmp_path / "link").is_symlink()
    np.testing.assert_allclose(_codes(folder), model.encode(_X), atol=1e-6)
    (tmp_path / "empty").mkdir()
    model.export("empty")
    model.export("versions/m/1", verbose=True)
    assert "Saved artifact at 'versions/m/1'" in capsys.readouterr().out
    model.export("encoder", network="encoder", verbose=False)
    names = {"m", "link", "empty", "versions", "encoder"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_nothing_of_the_user_s_is_replaced(model, tmp_path):
    data, file, older = tmp_path / "data", tmp_path / "file", tmp_path / "older"
    data.mkdir()
    (data / "notes.txt").write_text("years of work")
    file.write_text("a file")
    model.export(older)
    (older / "README.md").write_text("mine")
    for folder, what in ((data, "notes.txt"), (older, "README.md"), (tmp_path, "data")):
        with pytest.raises(ValueError, match=f"`filepath` must be a new folder.*holds '{what}'"):
            model.export(folder)
    (tmp_path / "site" / "assets").mkdir(parents=True)
    with pytest.raises(ValueError, match="`filepath` must be a new folder.*holds 'assets'"):
        model.export(tmp_path / "site")
    with pytest.raises(ValueError, match="`filepath` must be a folder.* a file"):
        model.export(file)
    with pytest.raises(ValueError, match="`filepath` must not be a folder"):
        model.export(data, format="onnx", network="encoder")
    for path in ("", None):
        with pytest.raises(TypeError, match="`filepath` must be a path"):
            model.export(path)
    (older / "README.md").unlink()
    (older / "assets.extra").mkdir()
    (older / "assets.extra" / "warmup").write_text("requests")
    model.export(older)
    assert (older / "assets.extra" / "warmup").read_text() == "requests"


def test_one_file_is_whole_or_the_one_before(model, tmp_path, monkeypatch):
    path = tmp_path / "encoder.tflite"
    with pytest.raises(ValueError, match="`filepath` must end in `.tflite`"):
        model.export(tmp_path / "encoder.lite", format="litert", network="encoder")
    path.write_bytes(b"before")

    def half(self, filepath, **kwargs):
        pathlib.Path(filepath).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "export", half)
        with pytest.raises(OSError, match="No space"):
            model.export(path, format="litert", network="encoder")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def _in_the_working_directory(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return "."


def _mounted(folder, monkeypatch):
    monkeypatch.setattr(os.path, "ismount", lambda path: str(path) == str(folder))
    return folder


def _bound(folder, monkeypatch):
    """As a folder that Docker binds: the system tells when it is to be renamed."""

    def replace(*_):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr("keras_aegan.engine.files._exchange", lambda *_: False)
    monkeypatch.setattr(os, "replace", replace)
    return folder


def _in_a_fixed_folder(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(folder.parent))
    return folder


@pytest.mark.parametrize(
    "place",
    [_in_the_working_directory, _mounted, _bound, _in_a_fixed_folder],
    ids=lambda f: f.__name__,
)
def test_a_folder_that_cannot_be_replaced_is_refused_and_stays(place, tmp_path, monkeypatch):
    folder = tmp_path / "served"
    folder.mkdir()
    inode = folder.stat().st_ino
    with monkeypatch.context() as patched, pytest.raises(ValueError, match="Name a folder inside"):
        compiled(ROWS["dense_autoencoder"]).export(place(folder, patched))
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder.stat().st_ino, list(folder.iterdir())) == (inode, [])


# ----------------------------------------------------------------------------- counts


@pytest.mark.parametrize("name", ["vae", "gan", "vae_gan"])
def test_a_count_is_no_other_number(name, tmp_path):
    model = compiled(ROWS[name])
    model.export(tmp_path / "m")
    served = tf.saved_model.load(str(tmp_path / "m"))
    for count in (4, np.int32(4), np.int64(4), tf.constant(4), tf.constant(4, tf.int64)):
        assert served.sample(count).shape == model.sample(4).shape
        assert served.sample(num_samples=count).shape == model.sample(4).shape
    assert served.sample(0).shape[0] == 0
    too_many = 2**33 + 4
    for count in (2**33, too_many, np.int64(too_many), tf.constant(too_many), -1, 4 - 2**33):
        with pytest.raises(tf.errors.InvalidArgumentError, match="`num_samples` must be a whole"):
            served.sample(count)
        with pytest.raises(tf.errors.InvalidArgumentError, match="`num_samples` must be a whole"):
            served.sample(num_samples=count)
    signature = served.signatures["sample"]
    (spec,) = signature.structured_input_signature[1].values()
    assert (spec.name, spec.dtype) == ("num_samples", tf.int32)  # as servers' clients send it
    (samples,) = signature(num_samples=tf.constant(4)).values()
    assert samples.shape == model.sample(4).shape
    with pytest.raises(tf.errors.InvalidArgumentError, match="`num_samples` must be a whole"):
        signature(num_samples=tf.constant(-1))
    with pytest.raises(tf.errors.InvalidArgumentError, match="int32"):
        signature(num_samples=tf.constant(too_many))
