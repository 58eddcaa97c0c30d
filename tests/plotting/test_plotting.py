"""Figures hold the arrays that they were given."""

import numpy as np
import pytest

from keras_aegan import plotting

IMAGES = np.random.default_rng(0).uniform(size=(5, 6, 4, 1)).astype("float32")


def drawn(ax):
    return np.array(ax.get_images()[0].get_array())


def test_image_grid_draws_each_image():
    figure = plotting.image_grid(IMAGES, num_columns=2, titles=list("abcde"))
    assert [ax.get_title() for ax in figure.axes] == list("abcde")
    for ax, image in zip(figure.axes, IMAGES, strict=True):
        np.testing.assert_allclose(drawn(ax), image[..., 0], rtol=1e-6)


def test_values_are_scaled_from_their_range():
    figure = plotting.image_grid(2 * IMAGES - 1, value_range=(-1, 1))
    np.testing.assert_allclose(drawn(figure.axes[0]), IMAGES[0, ..., 0], atol=1e-6)


def test_reconstruction_grid_draws_rows():
    colour = np.repeat(IMAGES, 3, axis=-1)
    figure = plotting.reconstruction_grid({"original": colour, "rebuilt": 1 - colour})
    assert len(figure.axes) == 10
    np.testing.assert_allclose(drawn(figure.axes[5]), 1 - colour[0], rtol=1e-6)


def test_latent_scatter_draws_each_class():
    z = np.random.default_rng(0).normal(size=(30, 2))
    labels = np.arange(30) % 3
    figure = plotting.latent_scatter({"PCA": z, "code": -z}, labels, label_names=["a", "b", "c"])
    first, second = figure.axes
    assert [c.get_label() for c in first.collections] == ["a", "b", "c"]
    np.testing.assert_allclose(second.collections[1].get_offsets(), -z[labels == 1])


def test_training_curves_pair_training_and_validation():
    figure = plotting.training_curves({"loss": [3, 2], "val_loss": [4, 3], "mae": [1, 1]})
    assert [[line.get_label() for line in ax.lines] for ax in figure.axes] == [
        ["training", "validation"],
        ["training"],
    ]
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), [4, 3])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plotting.image_grid(np.zeros((3, 4))), r"`images` must hold images.*\(3, 4\)"),
        (lambda: plotting.image_grid(np.zeros((3, 4, 4, 2))), "`images` must hold images"),
        (lambda: plotting.image_grid(IMAGES, titles=["a"]), "`titles` must hold one title"),
        (
            lambda: plotting.reconstruction_grid({"a": IMAGES, "b": IMAGES[:2]}),
            "`rows` must hold as many images in each row",
        ),
        (
            lambda: plotting.latent_scatter({"z": np.zeros((4, 3))}, np.zeros(4, int)),
            r"`codes` must have the shape \(4, 2\)",
        ),
        (lambda: plotting.training_curves({}), "`history` must hold at least one"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
