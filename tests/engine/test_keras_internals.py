"""Each private name of Keras and TensorFlow is still there, and still means what it meant."""

import pathlib
import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from keras_aegan.engine import keras_internals

_PACKAGE = pathlib.Path(keras_internals.__file__).parents[1]


def _network():
    x = keras.Input((3,))
    return keras.Model(x, layers.Dense(2, "sigmoid", name="code")(x))


def _private_names_of_keras():
    optimizer, model = keras.optimizers.Adam(), _network()
    model.compile(optimizer, "mse")
    objects = (model, optimizer, keras.metrics.Mean(), keras.losses.MeanSquaredError())
    objects += (keras.callbacks.Callback(), keras.random.SeedGenerator(), layers.Dense(2))
    names = {name for each in objects for name in (*dir(each), *vars(each))}
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_private_names_stand_in_one_file():
    """Of Keras and TensorFlow; a name on `self` may be a method that the class overrides."""
    of_keras = _private_names_of_keras()
    assert "_flatten_layers" in of_keras
    for path in _PACKAGE.rglob("*.py"):
        if path.name == "keras_internals.py":
            continue
        text = path.read_text(encoding="utf-8")
        assert "keras.src" not in text, path
        assert "tensorflow.python" not in text, path
        used = set(re.findall(r"\.(_[a-z]\w*)", text))
        assert {n for n in used & of_keras if f"def {n}" not in text} == set(), path


def test_layers_of_sees_layers_inside_wrappers_and_cells():
    x = keras.Input((4, 3))
    dense, cell = layers.Dense(2), layers.GRUCell(2)
    hidden = layers.TimeDistributed(keras.Sequential([dense]))(x)
    network = keras.Model(x, layers.Bidirectional(layers.RNN(cell))(hidden))
    found = keras_internals.layers_of(network)
    assert network in found
    assert dense in found
    assert sum(isinstance(layer, layers.GRUCell) for layer in found) == 2


def test_own_weights_are_a_layers_own():
    normalization, network = layers.BatchNormalization(), _network()
    normalization.build((None, 2))
    names = [w.name for w in keras_internals.own_weights(normalization)]
    assert names == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert not keras_internals.own_weights(network)


def test_calls_of_an_operation_and_the_call_that_made_a_tensor():
    first, second = keras.Input((3,)), keras.Input((3,))
    dense = layers.Dense(2)
    outputs = dense(first), dense(second)
    calls = keras_internals.calls_of(dense)
    assert [call.input_tensors for call in calls] == [[first], [second]]
    assert [call.output_tensors for call in calls] == [[outputs[0]], [outputs[1]]]
    for number, output in enumerate(outputs):
        assert keras_internals.call_that_made(output) == (dense, number)
    dropped = layers.Dropout(0.5)
    dropped(first, training=True)
    (call,) = keras_internals.calls_of(dropped)
    assert call.arguments.kwargs["training"] is True


def test_functional_of_tells_networks_without_a_call_of_their_own():
    class Doubled(keras.Model):
        def call(self, inputs):
            return 2 * inputs

    class DoubledFunctional(type(_network())):
        def call(self, inputs, training=None, mask=None):
            return 2 * super().call(inputs, training=training, mask=mask)

    network = _network()
    assert keras_internals.functional_of(network) is network
    sequential = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert [x.shape for x in keras_internals.functional_of(sequential).inputs] == [(None, 3)]
    assert keras_internals.functional_of(Doubled()) is None
    x = keras.Input((3,))
    assert keras_internals.functional_of(DoubledFunctional(x, layers.Dense(2)(x))) is None


def test_a_network_runs_operation_by_operation():
    network, seen = _network(), []
    x = np.random.default_rng(0).normal(size=(5, 3))  # float64: standardized to float32
    inputs = keras_internals.standardized_inputs(network, x)
    assert [keras.backend.standardize_dtype(v.dtype) for v in inputs] == ["float32"]

    def operation_run(operation):
        seen.append(operation.name)
        return operation

    output = keras_internals.run_operations(network, inputs, operation_run)
    kernel, bias = network.get_layer("code").get_weights()
    expected = 1 / (1 + np.exp(-(x @ kernel + bias)))
    np.testing.assert_allclose(keras.tree.flatten(output)[0], expected, rtol=1e-5)
    assert seen == ["code"]


def test_which_operations_are_told_training():
    x = keras.Input((3,))
    dropout, dense = layers.Dropout(0.5), layers.Dense(2)
    dense(dropout(x))
    assert keras_internals.takes_training(dropout)
    symbolic = keras.Input((3,)) + 1.0  # by an operation that is not a layer
    assert not keras_internals.takes_training(keras_internals.call_that_made(symbolic)[0])


def test_keras_reads_and_writes_masks_where_we_do():
    x = np.array([[[1.0], [0.0]], [[0.0], [2.0]]], "float32")
    masked = layers.Masking(0.0)(x)
    np.testing.assert_array_equal(keras_internals.mask_of(masked), [[1, 0], [0, 1]])
    assert keras_internals.mask_of(ops.convert_to_tensor(x)) is None
    tensor = ops.convert_to_tensor(x)
    keras_internals.set_mask(tensor, ops.convert_to_tensor([[True, False], [False, True]]))
    # A layer that reads masks reads it: the mean of what is not hidden.
    mean = layers.GlobalAveragePooling1D()(tensor)
    np.testing.assert_allclose(mean, [[1.0], [2.0]])


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_keras_notes_logits(activation):
    logits = np.array([[50.0, -50.0]], "float32")

    @tf.function
    def noted(values):
        return keras_internals.keras_logits(keras.activations.get(activation)(values))

    np.testing.assert_array_equal(noted(tf.constant(logits)), logits)


def test_the_strategy_that_a_model_was_made_under():
    assert keras_internals.own_strategy(_network()) is None
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        assert keras_internals.own_strategy(_network()) is strategy
        optimizer = keras.optimizers.SGD()
    assert keras_internals.strategy_of(optimizer) is strategy
    assert keras_internals.strategy_of(keras.optimizers.SGD()) is tf.distribute.get_strategy()


def _all_metrics(network):
    return [part for metric in network.metrics for part in getattr(metric, "metrics", [metric])]


def test_compiled_metrics_can_be_made_anew():
    network, x = _network(), np.zeros((4, 3), "float32")
    network.compile("sgd", "mse", metrics=["mae"])
    network.evaluate(x, np.zeros((4, 2)), verbose=0)
    assert any(isinstance(m, keras.metrics.MeanAbsoluteError) for m in _all_metrics(network))
    keras_internals.forget_compiled_metrics(network)
    assert not any(isinstance(m, keras.metrics.MeanAbsoluteError) for m in _all_metrics(network))


def test_fit_can_be_told_to_begin_at_an_epoch():
    network, x = _network(), np.zeros((4, 3), "float32")
    network.compile("sgd", "mse")
    keras_internals.begin_at_epoch(network, 2)
    assert network.fit(x, np.zeros((4, 2)), epochs=3, verbose=0).epoch == [2]
    keras_internals.begin_at_epoch(network, None)
    assert network.fit(x, np.zeros((4, 2)), epochs=3, verbose=0).epoch == [0, 1, 2]


def test_fit_says_that_it_is_fit_when_it_evaluates():
    class Noted(type(_network())):
        calls = []

        def evaluate(self, *args, **kwargs):
            self.calls.append(keras_internals.is_validation_of_fit(kwargs))
            return super().evaluate(*args, **kwargs)

    x = keras.Input((3,))
    network = Noted(x, layers.Dense(2)(x))
    network.compile("sgd", "mse")
    data = np.zeros((4, 3), "float32"), np.zeros((4, 2), "float32")
    network.fit(*data, validation_data=data, verbose=0)
    network.evaluate(*data, verbose=0)
    assert Noted.calls == [True, False]


def test_keras_builds_by_the_method_that_we_override():
    """Beside the whole test of it, training between two workers."""
    called = []

    class Noted(type(_network())):
        def _maybe_symbolic_build(self, iterator=None, data_batch=None):
            called.append(iterator is not None)
            return super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    x = keras.Input((3,))
    network = Noted(x, layers.Dense(2)(x))
    network.compile("sgd", "mse")
    network.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)
    assert called == [True]


def test_when_xla_is_unwelcome():
    assert not keras_internals.is_xla_unwelcome()
    tf.debugging.enable_check_numerics()
    try:
        assert keras_internals.is_xla_unwelcome()
    finally:
        tf.debugging.disable_check_numerics()
    assert not keras_internals.is_xla_unwelcome()


def test_what_optimizers_hold():
    network = _network()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    optimizer = keras.optimizers.AdamW(schedule, clipvalue=0.5)
    assert not keras_internals.excluded_from_weight_decay(optimizer)
    optimizer.exclude_from_weight_decay(var_list=network.trainable_variables[:1])
    assert len(keras_internals.excluded_from_weight_decay(optimizer)) == 1
    optimizer.build(network.trainable_variables)
    trained = keras_internals.trained_by(optimizer)
    assert [id(w) for w in trained] == [id(w) for w in network.trainable_variables]
    scaled = keras.optimizers.LossScaleOptimizer(optimizer)
    assert [id(w) for w in keras_internals.trained_by(scaled)] == [id(w) for w in trained]
    assert keras_internals.learning_rate_of(optimizer) is schedule
    gradients = [ops.full(w.shape, 3.0) for w in trained]
    np.testing.assert_array_equal(keras_internals.clipped(optimizer, gradients)[0], 0.5)
    optimizer.apply(gradients)
    assert int(keras_internals.steps_of(optimizer)) == 1
    plain = keras.optimizers.SGD(0.1)
    assert isinstance(keras_internals.learning_rate_of(plain), keras.Variable)
    keras_internals.set_learning_rate(plain, lambda: 0.25)
    assert float(plain.learning_rate) == 0.25


def test_keras_says_when_it_writes_its_older_format(tmp_path):
    heard = []

    class Heard(layers.Dense):
        def get_config(self):
            heard.append(keras_internals.is_written_as_hdf5())
            return super().get_config()

    network = keras.Sequential([keras.Input((3,)), Heard(2)])
    network.save(tmp_path / "model.keras")
    assert set(heard) == {False}
    with warnings.catch_warnings(action="ignore"):  # that the format is an old one
        network.save(tmp_path / "model.h5")
    assert True in heard


def test_a_signature_can_be_chosen(tmp_path):
    network = _network()
    archive = keras.export.ExportArchive()
    archive.track(network)
    double = tf.function(lambda count: count + tf.ones_like(count))
    double.get_concrete_function(tf.TensorSpec((), "int64", name="count"))
    wanted = double.get_concrete_function(tf.TensorSpec((), "int32", name="count"))
    archive.add_endpoint("next", double)
    keras_internals.set_signature(archive, "next", wanted)
    archive.write_out(str(tmp_path / "model"), verbose=False)
    signature = tf.saved_model.load(str(tmp_path / "model")).signatures["next"]
    assert signature.structured_input_signature[1]["count"].dtype == tf.int32


def test_a_pickled_optimizer_is_made_again():
    unpickle = keras_internals.unpickler_of(keras.optimizers.SGD)
    _, arguments = keras.optimizers.SGD(0.25).__reduce__()
    assert float(unpickle(*arguments).learning_rate) == 0.25


def test_the_writer_of_summaries(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    before = keras_internals.summaries().writer
    with writer.as_default():
        assert keras_internals.summaries().writer is writer
    assert keras_internals.summaries().writer is before


def test_exchanges_of_two_strategies_have_other_numbers():
    """Beside the whole test of it, two strategies in one process."""
    keys = []
    for _ in range(2):
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        keras_internals.number_collectives(strategy)
        for launcher in strategy.extended._collective_ops._launchers:
            assert launcher._collective_keys is strategy.extended._collective_ops._collective_keys
        keys.append(strategy.extended._collective_ops._collective_keys)
    assert keys[0] is keys[1]
