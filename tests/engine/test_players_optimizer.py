"""One optimizer for several players: copied whole, and steered by the user's own object."""

import copy
import functools
import pickle
import re

import keras
import numpy as np
import pytest
from keras import ops, optimizers

from keras_aegan import models, networks

X = np.random.default_rng(0).uniform(-1, 1, (32, 6)).astype("float32")


def _gan():
    keras.utils.set_random_seed(3)
    return models.GAN(
        networks.dense_generator(3, (6,), (8,)), networks.dense_discriminator((6,), (8,)), seed=1
    )


def _autoencoder():
    return models.Autoencoder(
        networks.dense_encoder((6,), 2, (4,)), networks.dense_decoder(2, (6,), (4,))
    )


def _trained(optimizer, epochs=3, **arguments):
    model = _gan()
    model.compile(optimizer, jit_compile=False)
    model.fit(X, batch_size=8, epochs=epochs, verbose=0, **arguments)
    return model


def _rates(model):
    return [float(ops.convert_to_numpy(o.learning_rate)) for o in model.optimizers.values()]


def _excluding(**arguments):
    optimizer = optimizers.AdamW(1e-3, weight_decay=50.0)
    optimizer.exclude_from_weight_decay(**arguments)
    return optimizer


class Hyperbolic(optimizers.schedules.LearningRateSchedule):
    """A schedule without `get_config`."""

    def __call__(self, step):
        return 0.1 / (1.0 + ops.cast(step, "float32"))


class Scaled(optimizers.SGD):
    """A subclass as users write it: attributes of its own, and no `get_config`."""

    def __init__(self, factor, parts=(), **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.parts = list(parts)

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * self.factor * sum(self.parts))


class OwnRate(optimizers.SGD):
    """Its learning rate is a method of its own."""

    def __init__(self, rate, **kwargs):
        super().__init__(learning_rate=self.current, **kwargs)
        self.rate = rate

    def current(self):
        return self.rate


class Wrapping(optimizers.Optimizer):
    """Steps another optimizer, as user-made wrappers do."""

    def __init__(self, inner, **kwargs):
        super().__init__(learning_rate=0.0, **kwargs)
        self.inner = inner

    def build(self, variables):
        self.inner.build(variables)
        super().build(variables)

    def update_step(self, gradient, variable, learning_rate):
        self.inner.update_step(gradient, variable, self.inner.learning_rate)


class Counting(optimizers.SGD):
    """Its constructor makes a variable, and `get_config` holds what that needs."""

    def __init__(self, start=0.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start
        self.scale = self.add_variable((), keras.initializers.Constant(start), name="scale")

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * self.scale)

    def get_config(self):
        return {**super().get_config(), "start": self.start}


class Unnamed(Counting):
    """The same, whose constructor asks for what no config holds."""

    def __init__(self, needed, **kwargs):
        super().__init__(**kwargs)


OPTIMIZERS = {
    "excluded by name": lambda: _excluding(var_names=["bias", "gamma", "beta"]),
    "in a loss scale": lambda: optimizers.LossScaleOptimizer(
        _excluding(var_names=["bias", "gamma", "beta"]), initial_scale=4.0
    ),
    "a function": lambda: optimizers.Adam(lambda: 1e-2),
    "a partial function": lambda: optimizers.Adam(functools.partial(float, 1e-2)),
    "a method": lambda: OwnRate(0.1),
    "a schedule": lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    "a schedule without a config": lambda: optimizers.SGD(Hyperbolic()),
    "a subclass without a config": lambda: Scaled(2.0, [0.5, 1.0], learning_rate=0.05),
    "a wrapper": lambda: Wrapping(optimizers.Adam(1e-2)),
    "variables of the constructor": lambda: Counting(3.0, learning_rate=0.05),
    "averages": lambda: optimizers.Adam(
        1e-2, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2
    ),
    "clipped": lambda: optimizers.SGD(0.1, momentum=0.9, clipvalue=1e-3),
    "accumulated": lambda: optimizers.Adam(1e-2, gradient_accumulation_steps=3),
    "scaled": lambda: optimizers.SGD(0.1, loss_scale_factor=8.0),
    "other variables in build": lambda: optimizers.Nadam(1e-2),
}


@pytest.mark.parametrize("make", list(OPTIMIZERS.values()), ids=list(OPTIMIZERS))
def test_one_optimizer_trains_as_one_given_to_each(make):
    one = _trained(make())
    each = _trained({"discriminator": make(), "generator": make()})
    for a, b in zip(one.weights, each.weights, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=a.path)


def test_variables_are_excluded_from_weight_decay():
    model = _gan()
    gamma = next(w for w in model.generator.trainable_weights if "gamma" in w.path)
    beta = next(w for w in model.generator.trainable_weights if "beta" in w.path)
    beta.assign(ops.ones_like(beta))
    model.compile(_excluding(var_list=[gamma]), jit_compile=False)
    model.fit(X, batch_size=8, epochs=5, verbose=0)
    # 20 steps of Adam move by at most 1e-3 each; a decay of 50 · 1e-3 leaves 0.95²⁰ = 0.36.
    np.testing.assert_allclose(gamma, 1.0, atol=0.021)
    np.testing.assert_allclose(beta, 0.95**20, atol=0.021)


def test_mutable_attributes_are_each_players_own():
    optimizer = Scaled(1.0, [1.0])
    model = _gan()
    model.compile(optimizer)
    model.optimizers["generator"].parts.append(2.0)
    assert model.optimizers["discriminator"].parts == optimizer.parts == [1.0]


@pytest.mark.parametrize(
    "make",
    [lambda: optimizers.MultiOptimizer(lambda v: optimizers.SGD()), lambda: Unnamed(1)],
    ids=["MultiOptimizer", "Unnamed"],
)
def test_what_cannot_be_copied_is_refused_with_the_way_out(make):
    with pytest.raises(ValueError, match='copied.*{"discriminator": …, "generator": …}'):
        _gan().compile(make())


@pytest.mark.parametrize("wrap", [lambda o: o, optimizers.LossScaleOptimizer], ids=["", "scaled"])
def test_the_handle_steers_all_players(wrap):
    optimizer = wrap(optimizers.SGD(0.1))
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    model = _trained(optimizer, epochs=1)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert int(optimizer.iterations) == 4
    optimizer.learning_rate = 0.0
    before = [w.numpy() for w in model.trainable_weights]
    model.fit(X, verbose=0)  # in the step that was compiled before
    for a, b in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(a, b)
    optimizer.learning_rate.assign(0.25)
    assert _rates(model) == [0.25, 0.25]
    optimizer.learning_rate.assign_sub(0.125)
    assert _rates(model) == [0.125, 0.125]


def test_the_handle_reads_what_callbacks_set_once_for_each_player():
    optimizer = optimizers.SGD(0.5)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model = _trained(optimizer, epochs=3, callbacks=[halve])
    assert _rates(model) == [0.0625, 0.0625]
    assert float(optimizer.learning_rate) == 0.0625
    model.optimizers["discriminator"].learning_rate = 0.5
    assert _rates(model) == [0.5, 0.0625]


def test_a_schedule_set_on_the_handle_acts():
    schedule = optimizers.schedules.PiecewiseConstantDecay([100], [0.0, 1.0])
    optimizer = optimizers.SGD(0.1)
    model = _trained(optimizer, epochs=1)
    optimizer.learning_rate = schedule
    before = [w.numpy() for w in model.trainable_weights]
    model.fit(X, verbose=0)
    for a, b in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert float(optimizer.learning_rate) == 0.0


@pytest.mark.parametrize("make", [_gan, _autoencoder], ids=["several players", "one"])
def test_a_weight_decay_set_after_training_began_acts(make):
    optimizer = optimizers.SGD(0.0)
    model = make()
    model.compile(optimizer, jit_compile=False)
    model.fit(X, verbose=0)
    optimizer.learning_rate, optimizer.weight_decay = 1e-3, 500.0
    (kernel,) = [w for w in model.trainable_weights if w.name == "kernel"][:1]
    before = kernel.numpy()
    model.fit(X, verbose=0)
    np.testing.assert_allclose(kernel, 0.5 * before, atol=2e-3)  # one step: w − ληw − ηg


def test_exclusions_set_on_the_handle_reach_the_copies():
    optimizer = optimizers.AdamW(1e-3, weight_decay=50.0)
    model = _gan()
    model.compile(optimizer, jit_compile=False)
    optimizer.exclude_from_weight_decay(var_names=["gamma"])
    model.fit(X, batch_size=8, epochs=5, verbose=0)
    gamma = next(w for w in model.generator.trainable_weights if "gamma" in w.path)
    np.testing.assert_allclose(gamma, 1.0, atol=0.021)


def test_what_the_handle_can_no_longer_change_is_refused():
    optimizer = optimizers.Adam()
    _ = _trained(optimizer, epochs=1)
    with pytest.raises(AttributeError, match="`use_ema` must be set before `compile`"):
        optimizer.use_ema = True


def test_a_handle_serves_again():
    optimizer = optimizers.Adam(1e-2)
    first = _trained(optimizer, epochs=1)
    second = _trained(optimizer, epochs=1)
    first.compile(optimizer, jit_compile=False)
    first.fit(X, verbose=0)
    optimizer.learning_rate = 0.5
    assert _rates(first) == _rates(second) == [0.5, 0.5]
    config = optimizers.deserialize(optimizers.serialize(optimizer)).get_config()
    assert config["learning_rate"] == 0.5

    alone = _autoencoder()
    with pytest.warns(UserWarning, match="Adam trains weights of its own from now on") as warned:
        alone.compile(optimizer, jit_compile=False)
    assert len(warned) == 1
    alone.fit(X, verbose=0)
    assert alone.optimizer is optimizer
    assert type(optimizer) is optimizers.Adam
    optimizer.learning_rate = 0.25  # it trains a model of its own now
    assert _rates(first) == [0.5, 0.5]
    assert _rates(alone) == [0.25]


BUILT = {
    "trained": lambda: _trained_alone(optimizers.Adam()),
    "built": lambda: _built(optimizers.Adam()),
    "in a loss scale": lambda: optimizers.LossScaleOptimizer(_built(optimizers.Adam())),
    "in a wrapper": lambda: Wrapping(_built(optimizers.Adam())),
}


def _built(optimizer):
    optimizer.build(_autoencoder().trainable_weights)
    return optimizer


def _trained_alone(optimizer):
    model = _autoencoder()
    model.compile(optimizer, jit_compile=False)
    model.fit(X, verbose=0)
    return optimizer


@pytest.mark.parametrize("make", list(BUILT.values()), ids=list(BUILT))
def test_an_optimizer_that_trains_other_weights_is_refused(make):
    with pytest.raises(ValueError, match="trains weights already: give a new one"):
        _gan().compile(make())


@pytest.mark.parametrize(
    "again",
    [
        lambda o: type(o).from_config(o.get_config()),
        lambda o: type(o)(learning_rate=0.5),
        lambda o: o.__class__.__new__(type(o), learning_rate=0.5),
        lambda o: pickle.loads(pickle.dumps(o)),
        copy.copy,
        copy.deepcopy,
    ],
    ids=["from_config", "class", "new", "pickle", "copy", "deepcopy"],
)
def test_what_is_made_of_a_handle_is_an_optimizer_of_its_own(again):
    optimizer = optimizers.SGD(0.1)
    model = _trained(optimizer, epochs=1)
    optimizer.learning_rate.assign(0.5)
    new = again(optimizer)
    assert type(new) is optimizers.SGD
    plain = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    kernel = np.array(plain.layers[0].kernel.numpy())
    plain.compile(new, "mse")
    plain.fit(X, X[:, :1], batch_size=32, verbose=0)
    slope = X.T @ (X @ kernel - X[:, :1]) * 2 / 32
    np.testing.assert_allclose(plain.layers[0].kernel, kernel - 0.5 * slope, atol=1e-5)
    new.learning_rate = 0.25
    assert _rates(model) == [0.5, 0.5]
    optimizer.learning_rate = 0.125
    assert _rates(model) == [0.125, 0.125]


def test_every_way_of_assigning_steers_all_players():
    optimizer = optimizers.SGD(0.5)
    model = _trained(optimizer, epochs=1)
    ways = {
        0.25: lambda: optimizer.assign(optimizer.learning_rate, 0.25),
        0.5: lambda: optimizer.assign_add(optimizer.learning_rate, 0.25),
        0.375: lambda: optimizer.assign_sub(optimizer.learning_rate, 0.125),
        0.125: lambda: optimizer.learning_rate.value.assign(0.125),
        0.625: lambda: optimizer.learning_rate.value.assign_add(0.5),
        0.0625: lambda: optimizer.learning_rate.value.assign_sub(0.5625),
        0.75: lambda: optimizer.learning_rate.assign(0.75),
    }
    for rate, assign in ways.items():
        assign()
        assert _rates(model) == [rate, rate]
        assert float(optimizer.learning_rate) == float(optimizer.learning_rate.value) == rate
    optimizer.assign(optimizer.iterations, 7)
    assert [int(o.iterations) for o in model.optimizers.values()] == [7, 7]


SETTLED_BY_BUILD = {
    "momentum": (lambda: optimizers.SGD(0.1), 0.9),
    "amsgrad": (lambda: optimizers.Adam(), True),
    "centered": (lambda: optimizers.RMSprop(), True),
    "use_ema": (lambda: optimizers.Adam(), True),
    "gradient_accumulation_steps": (lambda: optimizers.SGD(), 2),
}


@pytest.mark.parametrize("epochs", [0, 1], ids=["before fit", "after fit"])
@pytest.mark.parametrize("scaled", [False, True], ids=["", "scaled"])
@pytest.mark.parametrize("make", [_gan, _autoencoder], ids=["several players", "one"])
@pytest.mark.parametrize("name", SETTLED_BY_BUILD)
def test_a_setting_that_needs_variables_is_refused_after_compile(name, make, scaled, epochs):
    make_optimizer, value = SETTLED_BY_BUILD[name]
    model, optimizer = make(), make_optimizer()
    model.compile(
        optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer, jit_compile=False
    )
    if epochs:
        model.fit(X, verbose=0)
    last = list(model.optimizers.values())[-1]
    setattr(last.inner_optimizer if scaled else last, name, value)
    for _ in range(2):
        sentence = f"`{name}` must be set before `compile`.*Received: for the .* {name}={value}"
        with pytest.raises(ValueError, match=sentence):
            model.fit(X, verbose=0)


def test_a_setting_whose_variables_are_there_acts():
    one, other = _autoencoder(), _autoencoder()
    other.set_weights(one.get_weights())
    changed = optimizers.SGD(0.1, momentum=0.5)
    one.compile(changed, jit_compile=False)
    other.compile(optimizers.SGD(0.1, momentum=0.9), jit_compile=False)
    changed.momentum = 0.9
    for model in (one, other):
        model.fit(X, batch_size=8, verbose=0, shuffle=False)
    for a, b in zip(one.trainable_weights, other.trainable_weights, strict=True):
        np.testing.assert_array_equal(a, b)


class Traced(optimizers.SGD):
    """Counts in Python how often its step is traced."""

    steps = 0

    def update_step(self, gradient, variable, learning_rate):
        self.steps += 1
        super().update_step(gradient, variable, learning_rate)


@pytest.mark.parametrize("make", [_gan, _autoencoder], ids=["several players", "one"])
def test_an_optimizer_that_counts_is_traced_once(make):
    model = make()
    model.compile(Traced(0.1), jit_compile=False)
    model.train_on_batch(X)
    first = model.train_function
    for _ in range(3):
        model.train_on_batch(X)
    assert model.train_function is first


def test_a_models_own_optimizer_is_taken_back():
    model = _trained("adam", epochs=1)
    own = model.optimizers
    for optimizer in (model.optimizer, own):
        model.compile(optimizer, jit_compile=False)
        model.fit(X, batch_size=8, verbose=0)
        assert model.optimizers == own
    assert int(own["generator"].iterations) == 12


def test_the_set_of_players_optimizers_has_no_settings_of_its_own():
    model = _trained("adam", epochs=1)
    for name in ("learning_rate", "weight_decay", "clipnorm"):
        with pytest.raises(AttributeError, match=f"Each player has its own `{name}`"):
            setattr(model.optimizer, name, 0.1)


def test_files_hold_the_copies(tmp_path):
    optimizer = optimizers.AdamW(0.25, weight_decay=0.125, clipnorm=2.0, use_ema=True)
    model = _trained(optimizer, epochs=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for player, ours in model.optimizers.items():
        theirs = loaded.optimizers[player]
        assert theirs.get_config() == ours.get_config()
        for a, b in zip(ours.variables, theirs.variables, strict=True):
            np.testing.assert_array_equal(a, b)


def test_half_precision_scales_each_players_copy():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        optimizer = _excluding(var_names=["gamma"])
        model = _trained(optimizer, epochs=5)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {type(o) for o in model.optimizers.values()} == {optimizers.LossScaleOptimizer}
    gamma = next(w for w in model.generator.trainable_weights if "gamma" in w.path)
    np.testing.assert_allclose(gamma, 1.0, atol=0.021)
    optimizer.learning_rate = 0.5
    assert _rates(model) == [0.5, 0.5]


REFUSED = {
    "a tutorial's arguments": (
        lambda model: model.compile(d_optimizer="adam", g_optimizer="adam", loss_fn="bce"),
        'optimizer={"discriminator": …, "generator": …} and loss=….*d_optimizer, g_optimizer',
    ),
    "optimizers in a row": (
        lambda model: model.compile(optimizers.Adam(), optimizers.Adam()),
        'optimizer={"discriminator": …, "generator": …}.*loss=<.*Adam',
    ),
    "no argument": (
        lambda model: model.compile("adam", learning_rate=1.0),
        "it takes optimizer, loss, loss_weights, .*auto_scale_loss. Received: learning_rate",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), list(REFUSED.values()), ids=list(REFUSED))
def test_arguments_that_compile_lacks(call, sentence):
    with pytest.raises(TypeError, match=sentence):
        call(_gan())


def test_one_player_needs_no_dict():
    with pytest.raises(TypeError, match=re.escape("optimizer=…: it takes")):
        _autoencoder().compile(opt="adam")


def test_a_handle_trains_a_plain_model_of_keras():
    optimizer = optimizers.SGD(0.1)
    model = _trained(optimizer, epochs=1)
    optimizer.learning_rate.assign(0.5)
    plain = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, use_bias=False)])
    kernel = np.array(plain.layers[0].kernel.numpy())
    plain.compile(optimizer, "mse")
    with pytest.warns(UserWarning, match="trains weights of its own"):
        plain.fit(X, X[:, :1], batch_size=32, verbose=0)
    slope = X.T @ (X @ kernel - X[:, :1]) * 2 / 32
    np.testing.assert_allclose(plain.layers[0].kernel.numpy(), kernel - 0.5 * slope, atol=1e-5)
    optimizer.learning_rate = 0.25
    assert _rates(model) == [0.5, 0.5]
