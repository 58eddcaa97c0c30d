"""Whether a callback has labels exactly where the model is conditional."""


def takes_labels(model, attribute="condition_names"):
    """Whether a model of this package takes labels; `None` for other models.

    Args:
        model: the model.
        attribute: `"condition_names"`, what it needs to sample; `"input_names"`, what `call` takes.
    """
    names = getattr(model, attribute, None)
    return None if names is None else "labels" in names


def can_sample(model):
    """Whether a model has `sample`, and where that draws from a fitted prior, the prior too."""
    lacks_prior = hasattr(model, "fit_prior") and model.prior is None
    return hasattr(model, "sample") and not lacks_prior


def check_labels_suit(callback, labels, attribute="condition_names"):
    """Raises ValueError, when training begins, unless labels are given exactly where needed.

    Args:
        callback: the callback, with its model.
        labels: its labels, or `None`.
        attribute: as of `takes_labels`.

    Raises:
        ValueError: if a conditional model gets no labels, or an unconditional one gets some.
    """
    model, name = callback.model, type(callback).__name__
    if takes_labels(model, attribute) and labels is None:
        raise ValueError(
            f"`labels` must be given to {name}, one per example: a {type(model).__name__} is "
            "conditional. Received: labels=None"
        )
    if takes_labels(model, attribute) is False and labels is not None:
        raise ValueError(
            f"`labels` must not be given to {name}: a {type(model).__name__} takes none. "
            f"Received: {len(labels)} labels"
        )
