"""Conditions: what the networks of a conditional model take beside their first input."""


def split(inputs):
    """What `call` takes as `(first, conditions)`; an unconditional model's tensor has none."""
    if isinstance(inputs, (list, tuple)):
        return inputs[0], list(inputs[1:])
    return inputs, []


def joined(first, conditions):
    """What a network takes: its first input alone, or a list of it and the conditions."""
    return [first, *conditions] if len(conditions) else first
