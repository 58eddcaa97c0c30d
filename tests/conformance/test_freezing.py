"""`trainable` acts in the next `fit`, whenever it was changed, or is refused with a sentence."""

import keras
import numpy as np
import pytest

from tests.conformance.table import ROWS, compiled, every_row


def _fit(model, row):
    model.fit(*row.data(16), batch_size=8, verbose=0)


def _train_on_batch(model, row):
    model.train_on_batch(*row.data(8))


def _moves(model, row, network, train=_fit):
    before = [w.numpy() for w in network.weights]
    train(model, row)
    return any(np.any(a != b.numpy()) for a, b in zip(before, network.weights, strict=True))


def _first_network(model):
    return next(iter(model.players.values()))[0]


@every_row
def test_freezing_acts_before_and_between_trainings(row):
    model = compiled(row)
    network = _first_network(model)
    shares = any(w is v for w in network.weights for v in _others(model, network))
    network.trainable = False
    assert shares or not _moves(model, row, network)  # compiled, and frozen since
    network.trainable = True
    assert _moves(model, row, network)
    network.trainable = False
    assert shares or not _moves(model, row, network)


@pytest.mark.parametrize("name", ["dense_autoencoder", "gan"])
def test_freezing_acts_on_single_batches(name):
    row = ROWS[name]
    model = compiled(row)
    network = _first_network(model)
    for trainable in (True, False, True):
        network.trainable = trainable
        assert _moves(model, row, network, _train_on_batch) is trainable


def _others(model, network):
    networks = [n for networks in model.players.values() for n in networks if n is not network]
    return [w for other in networks for w in other.weights]


@every_row
def test_frozen_weights_train_as_those_compiled_frozen(row):
    first, later = compiled(row), compiled(row)
    for model in (first, later):
        _first_network(model).trainable = False
    optimizers = {p: o.get_config() for p, o in first.optimizers.items()}
    first.compile(
        **{
            "jit_compile": False,
            **row.compile,
            "optimizer": {
                player: keras.optimizers.deserialize(
                    {"class_name": type(o).__name__, "config": optimizers[player]}
                )
                for player, o in first.optimizers.items()
            },
        }
    )
    for model in (first, later):
        _fit(model, row)
    for a, b in zip(first.weights, later.weights, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=a.path)


@every_row
def test_unfreezing_what_was_compiled_frozen_asks_to_compile_again(row):
    model = compiled(row)
    network = _first_network(model)
    network.trainable = False
    model.compile(jit_compile=False, **{**row.compile, "optimizer": "adam"})
    network.trainable = True
    for train in (_fit, _train_on_batch):
        with pytest.raises(ValueError, match="`trainable` must be .* call `compile` again"):
            train(model, row)
    own = model.optimizer
    with pytest.raises(ValueError, match="`optimizer` must be a new one"):
        model.compile(jit_compile=False, **{**row.compile, "optimizer": own})


@every_row
def test_averages_need_all_weights(row):
    optimizer = keras.optimizers.Adam(use_ema=True)
    model = compiled(row, optimizer=optimizer)
    network = _first_network(model)
    network.trainable = False
    with pytest.raises(ValueError, match="frozen since, .*use_ema"):
        _fit(model, row)


def test_a_nested_layers_flag_acts():
    row = ROWS["dense_autoencoder"]
    model = compiled(row)
    inner = model.encoder.layers[1]
    outer = keras.Sequential([keras.Input((12,)), model.encoder])
    nested = type(model)(outer, model.decoder)
    nested.compile("adam", jit_compile=False)
    assert _moves(nested, row, inner)
    inner.trainable = False
    assert not _moves(nested, row, inner)


def test_batch_normalisation_without_weights_is_frozen_by_its_flag():
    x = keras.Input((12,))
    normalised = keras.layers.BatchNormalization(center=False, scale=False)
    encoder = keras.Model(x, normalised(keras.layers.Dense(3)(x)))
    row = ROWS["dense_autoencoder"]
    model = type(row.make())(encoder, row.make().decoder)
    model.compile("adam", jit_compile=False)
    assert _moves(model, row, normalised)
    normalised.trainable = False
    assert not _moves(model, row, normalised)


def test_regularizers_of_frozen_weights_leave_the_logs():
    row = ROWS["regularized_convolutional_autoencoder"]
    model = compiled(row)
    before = model.evaluate(*row.data(8), return_dict=True, verbose=0)["regularization_loss"]
    layer = next(i for i in model.decoder.layers if getattr(i, "kernel_regularizer", None))
    penalty = 1e-2 * np.sum(np.square(layer.kernel))
    layer.trainable = False  # Keras counts trainable weights' regularizers alone
    after = model.evaluate(*row.data(8), return_dict=True, verbose=0)["regularization_loss"]
    np.testing.assert_allclose(before - after, penalty, rtol=1e-4)


class FrozenForAnEpoch(keras.callbacks.Callback):
    """Freezes the encoder while an epoch lasts."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.encoder.trainable = False

    def on_epoch_end(self, epoch, logs=None):
        self.model.encoder.trainable = True


def test_a_callback_may_freeze_and_restore():
    row = ROWS["dense_autoencoder"]
    model = compiled(row)
    before = [w.numpy() for w in model.encoder.weights]
    model.fit(*row.data(16), callbacks=[FrozenForAnEpoch()], epochs=2, verbose=0)
    for a, b in zip(before, model.encoder.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert _moves(model, row, model.encoder)


def test_round_trips_compile_no_second_step():
    row = ROWS["gan"]
    model = compiled(row)
    _fit(model, row)
    step = model.train_function
    model.trainable = False
    model.trainable = True
    _fit(model, row)
    assert model.train_function is step


def test_a_model_with_nothing_to_train_says_so():
    row = ROWS["dense_autoencoder"]
    model = compiled(row)
    model.trainable = False
    with pytest.warns(UserWarning, match="no trainable weights"):
        _fit(model, row)
