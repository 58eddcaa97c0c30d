"""AlexNet's shape, and a backbone trained on labels."""

import keras
import numpy as np
import pytest

from keras_aegan import losses, networks


def test_alexnet_has_the_kernels_of_the_paper():
    network = networks.alexnet((224, 224, 3), 10)
    shapes = [w.shape for w in network.trainable_weights if len(w.shape) == 4]
    # The paper's kernels, of one branch: 11×11×3×96, 5×5×96×256, 3×3×256×384, …
    assert shapes == [
        (11, 11, 3, 96),
        (5, 5, 96, 256),
        (3, 3, 256, 384),
        (3, 3, 384, 384),
        (3, 3, 384, 256),
    ]
    assert network.get_layer("relu_1").output.shape[1:] == (56, 56, 96)
    assert network.get_layer("pool_5").output.shape[1:] == (7, 7, 256)


def test_alexnet_takes_weights_from_a_file(tmp_path):
    def make(weights=None):
        return networks.alexnet(
            (16, 16, 1), 3, (2, 3, 4, 4, 3), (5,), 3, first_strides=1, weights=weights
        )

    network = make()
    network.save_weights(tmp_path / "alexnet.weights.h5")
    again = make(tmp_path / "alexnet.weights.h5")
    for a, b in zip(network.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    loss = losses.PerceptualLoss(again, ["relu_2"])
    assert loss.call(np.zeros((2, 16, 16, 1)), np.zeros((2, 16, 16, 1))).shape == (2,)


def test_pretraining_learns_what_tells_the_classes_apart(tmp_path):
    # Class 1 is bright on the left, class 0 on the right.
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256)
    x = rng.uniform(0, 0.5, (256, 16, 16, 1)).astype("float32")
    x[labels == 1, :, :8] += 0.3
    x[labels == 0, :, 8:] += 0.3
    path = tmp_path / "backbone.keras"
    network = networks.pretrain_backbone(
        x, labels, epochs=12, batch_size=32, filepath=path, verbose=0
    )
    logits = network.predict(x, verbose=0)
    assert np.mean(logits.argmax(axis=1) == labels) > 0.95
    assert not network.trainable_weights
    loss = losses.PerceptualLoss(path, ["relu_2"])
    other = losses.PerceptualLoss(network, ["relu_2"])
    np.testing.assert_allclose(loss.call(x[:4], x[4:8]), other.call(x[:4], x[4:8]), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: networks.alexnet((16, 16), 3), "`input_shape` must be"),
        (lambda: networks.alexnet((16, 16, 1), 3, (2, 3)), "five numbers"),
        (lambda: networks.alexnet((16, 16, 1), 0), "`num_classes` must be positive"),
        (lambda: networks.pretrain_backbone(np.zeros((4, 8)), np.arange(4)), "`x` must be images"),
        (
            lambda: networks.pretrain_backbone(np.zeros((4, 8, 8, 1)), np.zeros((4, 2))),
            "`labels` must be one integer class per image",
        ),
        (
            lambda: networks.pretrain_backbone(np.zeros((4, 8, 8, 1)), np.zeros(4, int)),
            "at least two classes",
        ),
    ],
)
def test_refused_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_pretrained_backbone_loads_frozen_and_without_an_optimizer(tmp_path):
    x, labels = np.random.default_rng(0).uniform(size=(8, 8, 8, 1)), np.arange(8) % 2
    path = tmp_path / "backbone.keras"
    networks.pretrain_backbone(x, labels, epochs=1, filepath=path, verbose=0)
    loaded = keras.saving.load_model(path)
    assert not loaded.trainable_weights
    assert not loaded.compiled


@pytest.mark.parametrize("filepath", ["b.h5", "b", "b.weights.h5", "nowhere/b.keras", 3])
def test_a_backbone_that_cannot_be_saved_is_not_trained(filepath, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, labels = np.zeros((4, 8, 8, 1), "float32"), np.arange(4)
    with pytest.raises(ValueError, match=r"`filepath` must end in \.keras, in a folder"):
        networks.pretrain_backbone(x, labels, epochs=10**9, filepath=filepath)


@pytest.mark.parametrize(
    "weights", ["nowhere.weights.h5", "folder", "junk.weights.h5", "other.weights.h5", "imagenet"]
)
def test_what_is_no_file_of_its_weights_is_refused(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = {"filters": (1, 1, 1, 1, 1), "dense_units": (2,)}
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk.weights.h5").write_text("junk")
    networks.alexnet((16, 16, 1), 4, **small).save_weights("other.weights.h5")
    with pytest.raises(ValueError, match="`weights` must be the path of a file of this network"):
        networks.alexnet((16, 16, 1), 3, **small, weights=weights)
