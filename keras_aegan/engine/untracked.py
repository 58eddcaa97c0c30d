"""What Keras is not to see of a model."""


class Untracked:
    """Holds what Keras must neither track nor save as part of a model."""

    def __init__(self, value):
        self.value = value
