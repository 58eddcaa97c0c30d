"""Curves show what `fit` logged, a panel for each term."""

import keras
import numpy as np
import pytest

from keras_aegan.plotting import training_curves

LOGS = {
    "loss": [3.0, 2.0, 1.0, 0.5],
    "kl_loss": [0.1, 0.2, 0.3, 0.4],
    "val_loss": [3.2, 2.2, 1.3, 0.9],
    "val_only": [1.0, 2.0, 3.0, 4.0],
}


def test_a_panel_for_each_term():
    figure = training_curves(LOGS)
    assert [axes.get_title() for axes in figure.axes] == ["loss", "kl_loss", "only"]
    training, validation = figure.axes[0].lines
    np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_array_equal(training.get_ydata(), LOGS["loss"])
    np.testing.assert_array_equal(validation.get_ydata(), LOGS["val_loss"])
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert training.get_color() == validation.get_color()
    assert figure.axes[0].get_legend_handles_labels()[1] == ["training", "validation"]
    assert [line.get_linestyle() for line in figure.axes[2].lines] == ["--"]
    assert len({axes.lines[0].get_color() for axes in figure.axes}) == 3


def test_validation_every_other_epoch():
    figure = training_curves({"loss": LOGS["loss"], "val_loss": [2.2, 0.9]})
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_xdata(), [2, 4])


def test_it_takes_what_fit_returns(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((4, 2)), np.zeros((4, 1))
    history = model.fit(x, y, epochs=1, validation_data=(x, y), verbose=0)
    figure = training_curves(history)
    assert [axes.get_title() for axes in figure.axes] == ["loss"]
    figure.savefig(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({}, "`history` must be .* Received: no epoch"),
        ([1.0, 2.0], "Received: list"),
        ({"loss": []}, r"one number per epoch .* Received: history\['loss'\]=\[\]"),
        ({"loss": 1.0}, r"Received: history\['loss'\]=1.0"),
        ({"loss": ["low"]}, r"Received: history\['loss'\]=\['low'\]"),
    ],
)
def test_it_refuses(history, message):
    with pytest.raises(ValueError, match=message):
        training_curves(history)
