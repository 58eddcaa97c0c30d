"""A turn moves its own player's weights, and no others."""

import numpy as np
import pytest

from tests.conformance.table import ROWS, compiled

_TURNS = [(row, player) for row in ROWS.values() for player in row.make().players]


@pytest.mark.parametrize(
    ("row", "player"), _TURNS, ids=[f"{p}-{i}" for i, (_, p) in enumerate(_TURNS)]
)
def test_a_turn_moves_its_own_player_alone(row, player):
    model = compiled(row)
    for other, optimizer in model.optimizers.items():
        if other != player:  # it plays its turn, and its optimizer sits still
            optimizer.apply = lambda gradients, weights: None
    before = [w.numpy() for w in model.trainable_weights]
    model.fit(*row.data(16), batch_size=8, epochs=2, verbose=0)
    own = {id(w) for network in model.players[player] for w in network.trainable_weights}
    for weight, old in zip(model.trainable_weights, before, strict=True):
        moved = not np.array_equal(weight.numpy(), old)
        assert moved == (id(weight) in own), weight.path
