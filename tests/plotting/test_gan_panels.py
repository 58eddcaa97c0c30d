"""Samples, the field and the losses stand where and as they are."""

import numpy as np
import pytest

from keras_aegan.plotting import gan_panels

X, Y = np.linspace(-4, 4, 9), np.linspace(-2, 2, 5)
POINTS = np.stack(np.meshgrid(X, Y), axis=-1).reshape(-1, 2)
DATA = np.random.default_rng(0).normal(size=(50, 2))
CASE = {
    "data": DATA,
    "samples": 0.5 * DATA[:20],
    "points": POINTS,
    "logits": POINTS[:, 0] + 10 * POINTS[:, 1],
    "history": {"discriminator_loss": [1.4, 1.2, 1.3], "generator_loss": [0.7, -0.1, 0.8]},
}


def test_three_axes_a_case_on_the_grids_part_of_the_plane():
    figure = gan_panels({"one": CASE, "two": CASE})
    assert len(figure.axes) == 6
    assert [axes.get_title() for axes in figure.axes[:2]] == ["one", "two"]
    for axes in figure.axes[:4]:
        assert (axes.get_xlim(), axes.get_ylim()) == ((-4, 4), (-2, 2))


def test_data_and_samples_are_drawn():
    data, samples = gan_panels({"one": CASE}).axes[0].collections
    np.testing.assert_array_equal(data.get_offsets(), CASE["data"])
    np.testing.assert_array_equal(samples.get_offsets(), CASE["samples"])


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_the_field_is_the_sigmoid_of_the_logits_whatever_their_order(order):
    case = {**CASE, "points": POINTS[order], "logits": CASE["logits"][order]}
    field = gan_panels({"one": case}).axes[1].collections[0].get_array()
    expected = 1 / (1 + np.exp(-(X[None, :] + 10 * Y[:, None])))
    np.testing.assert_allclose(np.reshape(field, (5, 9)), expected, rtol=1e-5)


def test_losses_are_drawn_beside_their_values_at_a_guess():
    axes = gan_panels({"one": CASE}).axes[2]
    discriminator, guess, generator, other_guess = axes.lines
    np.testing.assert_array_equal(discriminator.get_ydata(), [1.4, 1.2, 1.3])
    np.testing.assert_array_equal(generator.get_ydata(), [0.7, -0.1, 0.8])
    np.testing.assert_allclose([guess.get_ydata()[0], other_guess.get_ydata()[0]], np.log([4, 2]))
    assert axes.get_ylim()[0] <= -0.1


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ({}, "`cases` must be a dict of at least one case.* Received: an empty dict"),
        ([CASE], "Received: list"),
        ({"a": {"data": DATA}}, r"keys .*'history'\]. Received: cases\['a'\] with \['data'\]"),
        ({"a": {**CASE, "samples": DATA[:, :1]}}, r"`cases\['a'\]\['samples'\]` must .*\(50, 1\)"),
        ({"a": {**CASE, "points": DATA}}, "must be a rectangular grid. Received: 50 points, of"),
        ({"a": {**CASE, "logits": DATA}}, r"'logits'\]` must have the shape \(45,\).*\(50, 2\)"),
        ({"a": {**CASE, "history": {}}}, "must hold 'discriminator_loss'.* Received: None"),
    ],
)
def test_it_refuses(cases, message):
    with pytest.raises(ValueError, match=message):
        gan_panels(cases)
