"""What a file holds: networks, objective, optimizers and noise, so that training goes on."""

import keras
import numpy as np

from tests.conformance.table import assert_same_state, call_input, compiled, every_row


@every_row
def test_config_makes_the_same_model(row):
    model = compiled(row)
    clone = type(model).from_config(model.get_config())
    assert clone.name == model.name
    assert [w.shape for w in clone.weights] == [w.shape for w in model.weights]
    clone.set_weights(model.get_weights())
    inputs = call_input(row.endpoints["serve"](3))
    np.testing.assert_array_equal(model(inputs), clone(inputs))


@every_row
def test_training_resumes_bit_for_bit(row, tmp_path):
    arrays = row.data(32)
    model = compiled(row)
    model.fit(*arrays, batch_size=8, epochs=2, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")  # alone they carry the state, too
    same = compiled(row)
    same.load_weights(tmp_path / "model.weights.h5")
    assert_same_state(same, model)
    uninterrupted = model.fit(*arrays, batch_size=8, epochs=2, shuffle=False, verbose=0)

    keras.utils.set_random_seed(99)  # another process starts from another state
    resumed_model = keras.models.load_model(tmp_path / "model.keras")
    resumed = resumed_model.fit(*arrays, batch_size=8, epochs=2, shuffle=False, verbose=0)
    assert resumed.history == uninterrupted.history
    assert_same_state(resumed_model, model)


@every_row
def test_a_file_keeps_the_weights_of_the_terms(row, tmp_path):
    model = compiled(row)
    for variable in model.loss_weights.values():
        variable.assign(0.625)  # as a schedule would, after `compile`
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert {float(w) for w in loaded.loss_weights.values()} == {0.625}


@every_row
def test_a_file_loads_without_being_compiled(row, tmp_path):
    model = compiled(row)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    inputs = call_input(row.endpoints["serve"](3))
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
