"""One optimizer for several players: a copy for each, steered by what the user holds."""

import collections
import functools
import inspect
import types
import warnings
import weakref

import keras
import tensorflow as tf

from keras_aegan.engine.keras_internals import (
    learning_rate_of,
    set_learning_rate,
    steps_of,
    trained_by,
    unpickler_of,
)


def copy_for_players(optimizer, players):
    """An optimizer of the same kind, with the same attributes, for each player.

    No round trip through `get_config`: a config lacks what `exclude_from_weight_decay` said and
    what a subclass without `get_config` holds, and cannot hold a function. What is set on
    `optimizer` afterwards is set on the copies: a Keras user's handle goes on to work.

    Args:
        optimizer: a Keras optimizer that trains no weights yet. It may steer copies already.
        players: the players' names, after which the copies are named: Keras logs learning rates
            by the optimizer's name.

    Returns:
        Dict, a player's name to its optimizer, not built.

    Raises:
        ValueError: if the optimizer cannot be copied whole, or has been built for weights: its
            user would go on to set the learning rate of those.
    """
    copies = {player: {} for player in players}  # each a dict, an original's id to its copy
    for player, memo in copies.items():
        try:
            _copy(optimizer, f"{player}_optimizer", memo)
            if any(original.built for original, _ in memo.values()):
                raise _CannotCopy("which trains weights already: give a new one")
        except _CannotCopy as error:
            each = ", ".join(f'"{player}": …' for player in players)
            raise ValueError(
                "`optimizer` must be one that can be copied for each player, or a dict, "
                f"{{{each}}}. Received: {_class_of(optimizer).__name__}, {error}"
            ) from error
    for original, _ in next(iter(copies.values())).values():
        _share(original, [memo[id(original)][1] for memo in copies.values()])
    return {player: memo[id(optimizer)][1] for player, memo in copies.items()}


def lacks_variables(optimizer):
    """Whether a built optimizer's settings now ask for variables that its `build` did not make.

    A momentum that was zero at `build`, for example, has none to be kept in.
    """
    try:
        new = _copy(optimizer, optimizer.name, {})
    except _CannotCopy:
        return False
    new.build(trained_by(optimizer))
    wanted, made = (
        collections.Counter((v.name, tuple(v.shape)) for v in o.variables) for o in (new, optimizer)
    )
    return bool(wanted - made)


class _CannotCopy(Exception):
    """Says why."""


def _copy(optimizer, name, memo):
    """The copy of one optimizer, and in `memo`, by id, of those that it wraps."""
    if id(optimizer) in memo:
        return memo[id(optimizer)][1]
    if isinstance(optimizer, keras.optimizers.MultiOptimizer):
        raise _CannotCopy("whose optimizers belong to the variables of one model")
    attributes = _attributes(optimizer)
    stateful = [n for n, value in attributes.items() if _variables_in(value)]
    rate = learning_rate_of((_copies(optimizer) or [optimizer])[-1])
    rate = float(rate.numpy()) if isinstance(rate, keras.Variable) else rate
    # A built optimizer's variables are those that `build` makes, for other weights.
    if stateful and not optimizer.built:
        copy = _construct_again(optimizer, name, stateful, rate)
    else:
        copy = _class_of(optimizer).__new__(_class_of(optimizer))
        # With its rate from the start: a variable that a schedule takes the place of leaves a
        # list that TensorFlow does not write into a SavedModel.
        keras.optimizers.Optimizer.__init__(copy, learning_rate=rate, name=name)
    memo[id(optimizer)] = optimizer, copy
    for attribute, value in attributes.items():
        if attribute not in stateful:
            setattr(copy, attribute, _copy_value(value, optimizer, copy, memo))
    own_rate = _copy_value(rate, optimizer, copy, memo)
    if own_rate is not rate:  # a method of the optimizer's
        set_learning_rate(copy, own_rate)
    if not optimizer.built:  # where a schedule is to begin
        steps_of(copy).assign(steps_of(optimizer).numpy())
    return copy


def _construct_again(optimizer, name, stateful, rate):
    """A copy whose constructor makes the variables that the original's made."""
    why = f"whose constructor makes variables, {stateful}, that its `get_config` does not make anew"
    try:
        config = {**optimizer.get_config(), "learning_rate": rate, "name": name}
        copy = _class_of(optimizer).from_config(config)
    except Exception as error:  # whatever a user's constructor asks for
        raise _CannotCopy(why) from error
    for attribute in stateful:
        theirs = _variables_in(vars(optimizer)[attribute])
        ours = _variables_in(vars(copy).get(attribute))
        if [v.shape for v in ours] != [v.shape for v in theirs]:
            raise _CannotCopy(why)
        for variable, value in zip(ours, theirs, strict=True):
            variable.assign(value)
    return copy


def _attributes(optimizer):
    """What an optimizer holds beside what every optimizer's constructor makes."""
    return {n: value for n, value in vars(optimizer).items() if n not in _own_names()}


@functools.cache
def _own_names():
    """Names of what belongs to one optimizer alone: its variables and how Keras keeps them."""
    bare = vars(keras.optimizers.Optimizer(learning_rate=0.0))
    return {n for n in bare if n.startswith("_")} | {"built", "name", _COPIES}


def _copy_value(value, optimizer, copy, memo):
    """A container anew, a wrapped optimizer's copy, a method of the copy; else the same object."""

    def again(each):
        return _copy_value(each, optimizer, copy, memo)

    if isinstance(value, keras.optimizers.Optimizer):
        return _copy(value, value.name, memo)
    if inspect.ismethod(value) and value.__self__ is optimizer:
        return types.MethodType(value.__func__, copy)
    if isinstance(value, dict):
        kind = collections.OrderedDict if isinstance(value, collections.OrderedDict) else dict
        return kind((key, again(each)) for key, each in value.items())
    if isinstance(value, tuple):
        items = [again(each) for each in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [again(each) for each in value]
    return set(value) if isinstance(value, set) else value


def _variables_in(value):
    """The variables that a value is or contains."""
    if isinstance(value, (keras.Variable, tf.Variable)):
        return [value]
    if isinstance(value, keras.random.SeedGenerator):
        return [value.state]
    if isinstance(value, keras.metrics.Metric):
        return list(value.variables)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple, set)):
        return [variable for each in value for variable in _variables_in(each)]
    return []


# ------------------------------------------------------------------ the user's handle

_COPIES = "_copies_of_players"
# What `build` goes by: without it there are no variables to average or to sum in.
_SETTLED_BY_BUILD = ("use_ema", "gradient_accumulation_steps")


class _SharedOptimizer:
    """What an optimizer is beside its own class while several players have copies of it.

    In Keras the object given to `compile` is the one that trains: a learning rate set on it acts,
    one read from it is the current one. So an attribute set here is set on the copies, and what
    changes in training is read from them. Where the optimizer comes to train weights of its own,
    in another model, it is itself again. What is made of its class is the user's own class's.
    """

    def __new__(cls, *args, **kwargs):
        return cls._users_class(*args, **kwargs)

    def __reduce__(self):
        """What pickles and copies hold: the optimizer as it is, steering nothing."""
        self._read_learning_rate()
        _, arguments = super().__reduce__()
        return unpickler_of(self._users_class), arguments

    def __setattr__(self, name, value):
        if name in _SETTLED_BY_BUILD and _copies(self) and value != getattr(self, name):
            raise AttributeError(
                f"`{name}` must be set before `compile`, which makes the variables for it. Set it "
                "on a new optimizer and compile again."
            )
        super().__setattr__(name, value)
        if name not in _own_names() | {"learning_rate"} and not _variables_in(value):
            for copy in _copies(self):
                setattr(copy, name, _copy_value(value, self, copy, {}))

    def get_config(self):
        """As in Keras, with the copies' learning rate."""
        self._read_learning_rate()
        return super().get_config()

    @property
    def learning_rate(self):
        """The copies' learning rate, to read and to assign."""
        return _shared_value([copy.learning_rate for copy in _copies(self)], super().learning_rate)

    @learning_rate.setter
    def learning_rate(self, value):
        super(_SharedOptimizer, type(self)).learning_rate.fset(self, value)
        for copy in _copies(self):
            copy.learning_rate = value

    @property
    def iterations(self):
        """The steps of the player who takes its turn last."""
        return _shared_value([copy.iterations for copy in _copies(self)], super().iterations)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """As in Keras, for the copies too."""
        super().exclude_from_weight_decay(var_list, var_names)
        for copy in _copies(self):
            copy.exclude_from_weight_decay(var_list, var_names)

    def assign(self, variable, value):
        """As in Keras, for a variable of the copies too."""
        self._assign("assign", variable, value)

    def assign_add(self, variable, value):
        """As in Keras, for a variable of the copies too."""
        self._assign("assign_add", variable, value)

    def assign_sub(self, variable, value):
        """As in Keras, for a variable of the copies too."""
        self._assign("assign_sub", variable, value)

    def _assign(self, method, variable, value):
        if isinstance(variable, _SharedVariable):
            getattr(variable, method)(value)
        else:
            getattr(super(), method)(variable, value)

    def build(self, variables):
        """Builds the optimizer for weights of its own."""
        if _copies(self):
            warnings.warn(
                f"This {type(self).__name__} trains weights of its own from now on, and what is "
                "set on it no longer reaches the players of the model that it was given to "
                "before: see `model.optimizers`.",
                stacklevel=2,
            )
        _release(self)
        self.build(variables)

    def _read_learning_rate(self):
        """Takes over what callbacks have set on the copies alone."""
        for value in vars(self).values():
            if _is_shared(value):
                value._read_learning_rate()
        with tf.init_scope():  # Keras builds an optimizer inside the first step's graph
            rate, own = self.learning_rate, learning_rate_of(self)
            if isinstance(rate, _SharedVariable) and isinstance(own, keras.Variable):
                own.assign(rate.numpy())


class _SharedVariable(keras.Variable):
    """Several players' variables as one: the last is read, all are assigned."""

    def __init__(self, variables):
        last, is_eager = variables[-1], tf.executing_eagerly()
        # Keras takes a variable as it is; a tensor it makes a new one of.
        value = tf.convert_to_tensor(last.value) if is_eager else last.value
        super().__init__(value, dtype=last.dtype, trainable=False, name=last.name)
        self._shared = variables
        # Users of `value` assign to TensorFlow's variable, which passes it on.
        for method in ("assign", "assign_add", "assign_sub") if is_eager else ():
            setattr(self._value, method, getattr(self, method))

    @property
    def value(self):
        """The last player's value, as a variable of TensorFlow."""
        if self._value is not self._shared[-1].value and tf.executing_eagerly():
            type(self._value).assign(self._value, self._shared[-1].value)
            return self._value
        return self._shared[-1].value

    def assign(self, value, *_, **__):
        """Assigns the value to each."""
        for variable in self._shared:
            assigned = variable.assign(value)
        return assigned

    def assign_add(self, value, *_, **__):
        """Adds the value to each."""
        return self.assign(self + value)

    def assign_sub(self, value, *_, **__):
        """Subtracts the value from each."""
        return self.assign(self - value)

    # Keras's own fail on replicas, where the user's optimizer need not be mirrored.
    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())


def _shared_value(values, without_copies):
    if not values:
        return without_copies
    if all(isinstance(value, keras.Variable) for value in values):
        return _SharedVariable(values)
    return values[-1]


def _share(optimizer, copies):
    """Lets `optimizer` steer the copies, and those of other models that it steers already."""
    references = [r for r in vars(optimizer).get(_COPIES, []) if r() is not None]
    # Not by `setattr`, which would track the copies as a part of the optimizer.
    vars(optimizer)[_COPIES] = [*references, *map(weakref.ref, copies)]
    object.__setattr__(optimizer, "__class__", _shared_class(_class_of(optimizer)))


@functools.cache
def _shared_class(cls):
    # Under the class's own name, by which it is printed and serialized.
    attributes = {"__module__": cls.__module__, "_users_class": cls}
    return type(cls.__name__, (_SharedOptimizer, cls), attributes)


def _release(optimizer):
    """Makes an optimizer, and those that it wraps, what they were before they were shared."""
    for value in list(vars(optimizer).values()):
        if isinstance(value, keras.optimizers.Optimizer):
            _release(value)
    if _is_shared(optimizer):
        optimizer._read_learning_rate()
        vars(optimizer).pop(_COPIES, None)
        object.__setattr__(optimizer, "__class__", _class_of(optimizer))


def _is_shared(optimizer):
    return isinstance(optimizer, _SharedOptimizer)


def _class_of(optimizer):
    """The class that the user made the optimizer of."""
    return optimizer._users_class if _is_shared(optimizer) else type(optimizer)


def _copies(optimizer):
    copies = [reference() for reference in vars(optimizer).get(_COPIES, [])]
    return [copy for copy in copies if copy is not None]
