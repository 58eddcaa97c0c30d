"""Several players' optimizers under the one that Keras asks for."""

import keras


class PlayersOptimizer(keras.optimizers.Optimizer):
    """What `model.optimizer` is where several players train: the set of their optimizers.

    Keras's callbacks look at `model.optimizer`, and where it has `optimizers` they go to each
    of those: `LearningRateScheduler`, `ReduceLROnPlateau`, `SwapEMAWeights`, `TensorBoard` and
    `BackupAndRestore` so reach every player. `keras.optimizers.MultiOptimizer` would do the
    same, but refuses the `LossScaleOptimizer` that float16 needs, and steps all together.

    Args:
        optimizers: dict, a player's name to its optimizer, built.
        name: the optimizer's name.
    """

    def __init__(self, optimizers, name="players_optimizer"):
        super().__init__(learning_rate=0.0, name=name)
        self.by_player = optimizers
        self.built = True

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
        raise AttributeError("Each player has its own `learning_rate`: see `model.optimizers`.")

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError("Each player has its own `learning_rate`: see `model.optimizers`.")

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
            inner = getattr(optimizer, "inner_optimizer", optimizer)
            own = [v for v in inner._trainable_variables if id(v) in wanted]
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
    if isinstance(optimizer, dict) and "class_name" not in optimizer:
        if set(optimizer) != set(players):
            raise ValueError(
                f"`optimizer` must have a key for each player, {players}. "
                f"Received: keys {sorted(optimizer)}"
            )
        optimizers = {player: _get(optimizer[player]) for player in players}
    else:
        optimizer = _get(optimizer)
        # One player keeps the very object, as in Keras; several get one each, named after
        # them: Keras logs learning rates by the optimizer's name.
        config, clone = optimizer.get_config(), optimizer.from_config
        optimizers = {
            player: clone({**config, "name": f"{player}_optimizer"}) for player in players
        }
        if len(players) == 1:
            optimizers = {players[0]: optimizer}
    if len({id(o) for o in optimizers.values()}) < len(players):
        raise ValueError(
            "`optimizer` must hold another instance for each player: an optimizer's state "
            f"belongs to one. Received: one object for several of {players}"
        )
    return optimizers


def _get(identifier):
    """The optimizer that a name, a config or an instance stands for; refuses `None`."""
    optimizer = keras.optimizers.get(identifier)
    if optimizer is None:
        raise ValueError("`optimizer` must be a Keras optimizer or its name. Received: None")
    return optimizer


def computes_in_float16(networks):
    """Whether gradients may underflow, so that the loss must be scaled."""
    return any(
        layer.dtype_policy.name == "mixed_float16"
        for network in networks
        for layer in network._flatten_layers()
    )


def scale_loss(optimizer):
    """The optimizer, scaling its loss as float16 needs."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
