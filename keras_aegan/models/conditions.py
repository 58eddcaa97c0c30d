"""Conditions: what the networks of a conditional model take beside their first input."""

import tensorflow as tf


def split(inputs):
    """What `call` takes as `(first, conditions)`; an unconditional model's tensor has none."""
    if isinstance(inputs, (list, tuple)):
        return inputs[0], list(inputs[1:])
    return inputs, []


def joined(first, conditions):
    """What a network takes: its first input alone, or a list of it and the conditions."""
    return [first, *conditions] if len(conditions) else first


def wanted_samples(arguments, condition_names):
    """What the endpoint `sample` is asked for, as `(num_samples, conditions)`.

    It takes a number, or of a conditional model the conditions, one of each for each sample.
    """
    if condition_names:
        return tf.shape(arguments[0])[0], arguments
    return arguments[0], ()
