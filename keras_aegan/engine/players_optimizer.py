"""Several players' optimizers under the one that Keras asks for."""

import numbers
import re

import keras
import tensorflow as tf

from keras_aegan.engine.keras_internals import (
    excluded_from_weight_decay,
    layers_of,
    learning_rate_of,
    strategy_of,
    trained_by,
)
from keras_aegan.engine.optimizer_copies import copy_for_players, lacks_variables

# What an optimizer does in some steps only, and what does the same on replicas.
_IN_SOME_STEPS = {
    "gradient_accumulation_steps": "Take a larger batch",
    "ema_overwrite_frequency": "Without it the averages are written at the end of `fit`",
}
# Those that are common first: a step asks after each attribute.
_CONSTANTS = (int, float, str, re.Pattern, numbers.Number)


class PlayersOptimizer(keras.optimizers.Optimizer):
    """What `model.optimizer` is where several players train: the set of their optimizers.

    Keras's callbacks look at `model.optimizer`, and where it has `optimizers` they go to each
    of those: `LearningRateScheduler`, `ReduceLROnPlateau`, `SwapEMAWeights`, `TensorBoard` and
    `BackupAndRestore` so reach every player. `keras.optimizers.MultiOptimizer` would do the
    same, but cannot hold the `LossScaleOptimizer` that float16 needs, and steps all together.

    Args:
        optimizers: dict, a player's name to its optimizer, built.
        name: the optimizer's name.
    """

    def __init__(self, optimizers, name="players_optimizer"):
        super().__init__(learning_rate=0.0, name=name)
        self.built = True
        self.by_player = optimizers

    def __setattr__(self, name, value):
        if name in vars(self) and "by_player" in vars(self) and not name.startswith("_"):
            raise AttributeError(_of_each(name))
        super().__setattr__(name, value)

    @property
    def optimizers(self):
        """The players' optimizers, in the players' order."""
        return list(self.by_player.values())

    @property
    def iterations(self):
        """The steps of the player who takes its turn last: whole training steps."""
        return self.optimizers[-1].iterations

    @property
    def learning_rate(self):
        """Refused: each player has its own."""
        raise AttributeError(_of_each("learning_rate"))

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(_of_each("learning_rate"))

    @property
    def variables(self):
        """All players' optimizer variables."""
        return [variable for optimizer in self.optimizers for variable in optimizer.variables]

    def apply(self, grads, trainable_variables=None):
        """Refused: `minimize` steps the player whose turn it is."""
        raise RuntimeError("Call the model's `minimize(player, terms)`: players step in turns.")

    def finalize_variable_values(self, var_list):
        """Lets each optimizer with a moving average write it into its own player's weights."""
        wanted = {id(variable) for variable in var_list}
        for optimizer in self.optimizers:
            own = [v for v in trained_by(optimizer) if id(v) in wanted]
            optimizer.finalize_variable_values(own)

    def save_own_variables(self, store):
        """Nothing of its own: the players' optimizers are saved, each by itself."""

    def load_own_variables(self, store):
        """Nothing of its own: the players' optimizers are loaded, each by itself."""


def resolve_optimizers(optimizer, players):
    """Each player's optimizer, from `compile`'s argument.

    Args:
        optimizer: a Keras name, config or instance; or a dict, a player's name to one.
        players: the players' names.

    Returns:
        Dict, a player's name to its optimizer.

    Raises:
        ValueError: if a dict has other keys than the players, or players share an instance.
    """
    if isinstance(optimizer, PlayersOptimizer):  # a model's own `optimizer`, given back
        optimizer = optimizer.by_player
    if is_by_player(optimizer):
        if set(optimizer) != set(players):
            raise ValueError(
                f"`optimizer` must have a key for each player, {players}. "
                f"Received: keys {sorted(optimizer)}"
            )
        optimizers = {player: _get(optimizer[player]) for player in players}
    elif len(players) == 1:  # keeps the very object, as in Keras
        optimizers = {players[0]: _get(optimizer)}
    else:
        optimizers = copy_for_players(_get(optimizer), players)
    if len({id(o) for o in optimizers.values()}) < len(players):
        raise ValueError(
            "`optimizer` must hold another instance for each player: an optimizer's state "
            f"belongs to one. Received: one object for several of {players}"
        )
    return optimizers


def is_by_player(optimizer):
    """Whether `compile`'s argument holds each player's optimizer, and not one for all."""
    is_config = isinstance(optimizer, dict) and "class_name" in optimizer
    return isinstance(optimizer, (dict, PlayersOptimizer)) and not is_config


def average_each_weight_once(optimizers, weights, are_copies):
    """Leaves a weight that several players train to the moving average of the first of them.

    Keras's `SwapEMAWeights` exchanges weights and averages, one optimizer after the other: of two
    averages of a weight, the second would come back in the weight's place.

    Args:
        optimizers: dict, a player's name to its optimizer, not built.
        weights: dict, a player's name to the weights that it trains.
        are_copies: whether the optimizers are copies of one, whose averages may be left out.

    Raises:
        ValueError: if two would average a weight.
    """
    averaged = set()
    for player, optimizer in optimizers.items():
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        own = {id(weight) for weight in weights[player]} if inner.use_ema else set()
        if are_copies and own and own <= averaged:
            inner.use_ema = False
        elif own & averaged:
            raise ValueError(
                "`optimizer` must have use_ema=False for all but one of the players that train "
                "the same weights: a weight has one average. "
                f"Received: for the {player} use_ema=True, as for a player before it"
            )
        averaged |= own


def _of_each(name):
    return f"Each player has its own `{name}`: see `model.optimizers`."


def _get(identifier):
    """The optimizer that a name, a config or an instance stands for.

    Raises:
        ValueError: for `None`.
    """
    optimizer = keras.optimizers.get(identifier)
    if optimizer is None:
        raise ValueError("`optimizer` must be a Keras optimizer or its name. Received: None")
    return optimizer


def was_built(optimizer):
    """Whether an optimizer has its variables already."""
    return getattr(optimizer, "inner_optimizer", optimizer).built


def steps_all_or_none(optimizer):
    """Whether an optimizer cannot leave out a weight that it was built for.

    Keras writes moving averages back into the weights by their places in the list, and
    `MultiOptimizer` counts its gradients.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner.use_ema or isinstance(inner, keras.optimizers.MultiOptimizer)


def check_strategy_suits(optimizers, strategy):
    """Raises ValueError unless the replicas of a strategy can step these optimizers together."""
    for player, optimizer in optimizers.items():
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if strategy_of(inner) is not strategy:
            raise ValueError(
                "`optimizer` must be made in the scope of the model's strategy: its variables "
                "must be where the model's are, and one from outside counts each step once for "
                f"each replica. Received: for the {player} {type(inner).__name__}, made outside"
            )
        if (
            isinstance(strategy, tf.distribute.OneDeviceStrategy)
            or not tf.distribute.has_strategy()
        ):
            continue
        for name, instead in _IN_SOME_STEPS.items():
            value = getattr(inner, name)
            if value and (inner.use_ema or name != "ema_overwrite_frequency"):
                raise ValueError(
                    f"`optimizer` must have {name}=None under a {type(strategy).__name__}: "
                    "TensorFlow cannot let replicas exchange values in some steps only. "
                    f"{instead}. Received: for the {player} {name}={value}"
                )


def settings(optimizer):
    """What a compiled step holds of an optimizer as constants: numbers, schedules, exclusions.

    Returns:
        A tuple of an attribute's name and its value, in turn: it is compared at each step.
    """
    found = []
    for name, value in vars(optimizer).items():
        if isinstance(value, _CONSTANTS):
            if not name.startswith("_self"):
                found += name, value
        elif isinstance(value, keras.optimizers.Optimizer):
            found += name, settings(value)
    found += "excluded", frozenset(excluded_from_weight_decay(optimizer))
    rate = learning_rate_of(optimizer)
    return (*found, "schedule", None if isinstance(rate, keras.Variable) else rate)


def check_settings(player, optimizer, before):
    """Raises ValueError where a setting has changed that needs variables made at `build`.

    Args:
        player: the optimizer's player.
        optimizer: a built optimizer.
        before: its `settings` at `compile`.
    """
    now = settings(optimizer)
    if now == before or not lacks_variables(optimizer):
        return
    changed = sorted(set(_items(now)) - set(_items(before)))
    names = " and ".join(f"`{name}`" for name, _ in changed)
    values = ", ".join(f"{name}={value}" for name, value in changed)
    raise ValueError(
        f"{names} must be set before `compile`, which makes the optimizer's variables: compile "
        f"again with a new optimizer. Received: for the {player} {values}, set since"
    )


def _items(found):
    """Pairs of a setting's name and value, as a string; those of wrapped optimizers among them."""
    for name, value in zip(found[::2], found[1::2], strict=True):
        if isinstance(value, tuple):
            yield from _items(value)
        else:
            yield name, str(value)


def computes_in_float16(networks):
    """Whether gradients may underflow, so that the loss must be scaled."""
    return any(
        layer.dtype_policy.name == "mixed_float16"
        for network in networks
        for layer in layers_of(network)
    )


def scale_loss(optimizer):
    """The optimizer, scaling its loss as float16 needs."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
