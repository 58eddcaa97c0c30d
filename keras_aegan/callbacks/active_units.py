"""A callback that watches posterior collapse."""

import keras

from keras_aegan import metrics
from keras_aegan.callbacks.label_checks import check_labels_suit
from keras_aegan.checks.arrays import as_array, as_vector
from keras_aegan.hints import Array


class ActiveUnits(keras.callbacks.Callback):
    """Logs how many latent dimensions a VAE uses, and says at the end which have collapsed.

    Reference: [Burda et al., 2016](https://arxiv.org/abs/1509.00519), section 5.2.

    Args:
        x: examples to encode, `(num_examples, ...)`; a few hundred are enough.
        labels: for a conditional VAE, `(num_examples,)`.
        threshold: as in `metrics.active_units`.
        log_name: the name in the logs.

    Raises:
        ValueError: when training begins, if the encoder gives no vector `z_mean`, or `x` or
            `labels` do not suit the model.

    Example:
    >>> import keras, keras_aegan
    >>> watch = keras_aegan.callbacks.ActiveUnits(keras.random.uniform((256, 784)))
    >>> # vae.fit(x, callbacks=[watch]) logs `active_units` at each epoch
    """

    def __init__(
        self,
        x: Array,
        labels: Array | None = None,
        threshold: float = 0.01,
        log_name: str = "active_units",
    ):
        super().__init__()
        self.x = as_array("x", x)
        self.labels = None if labels is None else as_vector("labels", labels)
        self.threshold = threshold
        self.log_name = log_name
        self.is_active = None

    def on_train_begin(self, logs=None):
        """Counts once, to fail here rather than after an epoch."""
        model = self.model
        has_means = "z_mean" in getattr(model, "encoder_outputs", ())
        if not has_means or len(model.latent_shape) != 1:
            codes = f" with codes of shape {model.latent_shape}" if has_means else ""
            raise ValueError(
                "ActiveUnits needs a model whose encoder gives `z_mean`, (batch_size, latent_dim), "
                f"such as a VAE. Received: a {type(model).__name__}{codes}"
            )
        check_labels_suit(self, self.labels, "input_names")
        self._count()
        self.is_active = None

    def on_epoch_end(self, epoch, logs=None):
        """Counts."""
        self.is_active = self._count()
        if logs is not None:
            logs[self.log_name] = int(self.is_active.sum())

    def _count(self):
        inputs = (self.x,) if self.labels is None else (self.x, self.labels)
        return metrics.active_units(self.model.encode(*inputs), self.threshold)

    def on_train_end(self, logs=None):
        """Says which dimensions collapsed."""
        if self.is_active is None or self.is_active.all():
            return
        collapsed = [i for i, is_active in enumerate(self.is_active) if not is_active]
        print(
            f"{len(collapsed)} of {len(self.is_active)} latent dimensions have collapsed to the "
            f"prior: {collapsed}. A smaller σ (a larger weight of the reconstruction), or a "
            "schedule that raises the KL's weight slowly, keeps more of them."
        )
