"""Samples, epoch by epoch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan import plotting
from keras_aegan.callbacks.epoch_pictures import EpochPictures
from keras_aegan.callbacks.label_checks import can_sample, check_labels_suit
from keras_aegan.callbacks.latent_shape_checks import (
    check_latent_shape_suits,
    latent_shape_argument,
)
from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.arrays import as_vector
from keras_aegan.hints import ArrayLike

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SampleGrid(EpochPictures):
    """Draws samples of a generative model each epoch, from the same noise, and animates them.

    Args:
        folder: where `samples_0001.png` … and `samples.gif` are written.
        num_samples: how many, for an unconditional model.
        labels: for a conditional model, `(num_samples,)`: one image each, in this order.
        num_columns: images in a row.
        seed: for the noise, the same each epoch, so that one sees each sample improve.
        every: epochs between pictures.
        log_dir: a folder for TensorBoard's image tab too, or `None`.
        value_range: as in `plotting.image_grid`.
        latent_shape: the shape of one code, for a model that takes codes of any size: such as
            `(8, 8, 2)`.

    Raises:
        ValueError: if `every` or `num_samples` is not positive; when training begins, if the model
            does not make images, or `labels` or `latent_shape` do not suit it.

    Example:
    >>> import keras_aegan
    >>> grid = keras_aegan.callbacks.SampleGrid("figures/gan", num_samples=64)
    >>> # model.fit(x, callbacks=[grid])
    """

    stem = "samples"

    def __init__(
        self,
        folder: str | os.PathLike,
        num_samples: int = 64,
        labels: ArrayLike | None = None,
        num_columns: int | None = None,
        seed: int = 0,
        every: int = 1,
        log_dir: str | os.PathLike | None = None,
        value_range: tuple[float, float] | None = None,
        latent_shape: tuple[int, ...] | None = None,
    ):
        super().__init__(folder, every, log_dir)
        check_positive_integer("num_samples", num_samples)
        self.num_samples = num_samples
        self.labels = None if labels is None else np.asarray(as_vector("labels", labels))
        self.num_columns = num_columns
        self.seed = seed
        self.value_range = value_range
        self.latent_shape = latent_shape

    def check_model(self) -> None:
        """Raises ValueError unless the model samples, and the labels suit it."""
        if not can_sample(self.model):
            raise ValueError(
                "SampleGrid needs a model with `sample` and a prior. "
                f"Received: a {type(self.model).__name__}"
            )
        check_labels_suit(self, self.labels)
        check_latent_shape_suits(self, self.latent_shape)

    def draw(self) -> Figure:
        """Samples in a grid."""
        what = self.num_samples if self.labels is None else self.labels
        shape = latent_shape_argument(self.latent_shape)
        samples = self.model.sample(what, seed=self.seed, **shape)
        return plotting.image_grid(samples, self.num_columns, value_range=self.value_range)
