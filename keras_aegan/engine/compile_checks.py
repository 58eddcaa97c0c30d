"""What is asked of the arguments of `compile`."""

import math
import numbers

import keras


def check_compile_arguments(players, loss, unknown):
    """Raises TypeError for what `compile` does not take, and an optimizer in the loss's place.

    Args:
        players: the players' names.
        loss: `compile`'s argument.
        unknown: dict, further arguments that came.
    """
    by_player = "{" + ", ".join(f'"{player}": …' for player in players) + "}"
    one_or_dict = f"optimizer={by_player}" if len(players) > 1 else "optimizer=…"
    if isinstance(loss, keras.optimizers.Optimizer):
        raise TypeError(
            f"`compile` takes all players' optimizers as {one_or_dict}. Received: loss={loss!r}"
        )
    if unknown:
        meant = [one_or_dict] if any("opt" in name for name in unknown) else []
        meant += ["loss=…"] if any("loss" in name for name in unknown) else []
        known = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"]
        known += ["run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"]
        raise TypeError(
            f"`compile` must be given {' and '.join(meant) or 'arguments that it has'}: it "
            f"takes {', '.join(known)}. Received: {', '.join(map(str, unknown))}"
        )


def resolve_loss_weights(model_name, defaults, loss_weights):
    """Each term's weight: the class's defaults, and over them `compile`'s argument.

    Args:
        model_name: for the message.
        defaults: dict, a term's name to its weight.
        loss_weights: dict, some terms' names to their weights; or `None`.

    Raises:
        TypeError: if `loss_weights` is not a dict.
        ValueError: if a key is not a term, or a weight is not a finite number, zero or more.
    """
    weights = dict(defaults)
    if loss_weights is not None and not isinstance(loss_weights, dict):
        raise TypeError(
            f"`loss_weights` must be a dict keyed by {sorted(weights)}. "
            f"Received: loss_weights={loss_weights!r}"
        )
    for term, weight in (loss_weights or {}).items():
        if term not in weights:
            raise ValueError(
                f"`loss_weights` must be keyed by terms of {model_name}, "
                f"{sorted(weights)}. Received: key {term!r}"
            )
        if not isinstance(weight, numbers.Real) or not (math.isfinite(weight) and weight >= 0):
            raise ValueError(
                "`loss_weights` must hold finite numbers, zero or more. "
                f"Received: loss_weights[{term!r}]={weight!r}"
            )
        weights[term] = weight
    return weights
