"""What a step that is compiled once does not see change, and what optimizers cannot follow."""

import warnings

from keras_aegan.engine.keras_internals import layers_of, own_weights, trained_by
from keras_aegan.engine.players_optimizer import (
    check_settings,
    settings,
    steps_all_or_none,
    was_built,
)


class StepConstants:
    """Whether weights have been frozen, and optimizers set otherwise, since a step was traced.

    Keras goes on with a step as it was when it was compiled. Here it is made again; what no
    optimizer can follow is an error that says so.

    Args:
        model: the model.
        optimizers: dict, a player's name to its optimizer, which is built here.

    Raises:
        ValueError: if an optimizer was built before, without some of the weights.
    """

    def __init__(self, model, optimizers):
        self.model = model
        self.optimizers = optimizers
        self.layers = layers_of(model)
        self.steppable = {}  # a player to the ids of the weights that its optimizer can step
        for player, optimizer in optimizers.items():
            weights = weights_of(model.players[player])
            known = trained_by(optimizer) if was_built(optimizer) else weights
            optimizer.build(weights)
            self.steppable[player] = {id(w) for w in known}
            unknown = [w.path for w in weights if id(w) not in self.steppable[player]]
            if unknown:
                raise ValueError(
                    "`optimizer` must be a new one, or have been built for all weights that are "
                    f"trainable now. Received: for the {player} an optimizer that was built "
                    f"without {len(unknown)} of them, such as {unknown[0]!r}"
                )
        self.settings = {player: settings(o) for player, o in optimizers.items()}
        self.traced_with = self.tested_with = None

    def has_changed_in_training(self):
        """Whether the training step must be made again; checks what it would be made with."""
        now = self._of_training()
        if self.traced_with is None or now != self.traced_with:
            self._check_ready_to_train()
        return self.traced_with not in (None, now)

    def note_traced(self):
        """Remembers what the training step is being traced with."""
        self.traced_with = self._of_training()

    def has_changed_in_test(self):
        """Whether the test step must be made again: its regularizers go by what is trainable."""
        before, self.tested_with = self.tested_with, self._of_test()
        return before not in (None, self.tested_with)

    def _of_training(self):
        return (*self._of_test(), *map(settings, self.optimizers.values()))

    def _of_test(self):
        # Batch normalisation goes by the layer's flag, also where it has no weights.
        constants = [getattr(self.model, "prior", None)]
        for layer in self.layers:
            constants.append(layer.trainable)
            for weight in own_weights(layer):
                constants += id(weight), weight.trainable
        return tuple(constants)

    def _check_ready_to_train(self):
        """Raises ValueError for weights and settings for which no optimizer was built."""
        if not self.model.trainable_weights:
            warnings.warn("The model has no trainable weights.", stacklevel=2)  # as Keras does
        for player, optimizer in self.optimizers.items():
            with self.model.distribute_strategy.scope():
                check_settings(player, optimizer, self.settings[player])
            trainable = {id(w): w for w in weights_of(self.model.players[player])}
            known = self.steppable[player]
            changed = [w.path for i, w in trainable.items() if i not in known]
            if changed:
                received = f"{len(changed)} weights that were frozen, such as {changed[0]!r}"
            elif len(trainable) < len(known) and steps_all_or_none(optimizer):
                received = (
                    f"{len(known) - len(trainable)} weights frozen since, beside an optimizer "
                    "that cannot leave out any (`use_ema`, MultiOptimizer)"
                )
            else:
                continue
            raise ValueError(
                "`trainable` must be as it was at `compile`, which makes the optimizers: call "
                f"`compile` again. Received: for the {player} {received}"
            )


def weights_of(networks):
    """The trainable weights of some networks, each once, a list."""
    return list({id(w): w for network in networks for w in network.trainable_weights}.values())
