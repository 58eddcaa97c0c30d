"""Reconstructions, epoch by epoch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from keras_aegan import plotting
from keras_aegan.callbacks.epoch_pictures import EpochPictures
from keras_aegan.callbacks.label_checks import check_labels_suit
from keras_aegan.checks.arrays import as_numpy, as_vector
from keras_aegan.hints import ArrayLike
from keras_aegan.plotting.image_grids import check_images

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ReconstructionGrid(EpochPictures):
    """Draws images above their reconstructions each epoch, and animates them at the end.

    Args:
        x: the images, `(num_images, height, width, channels)`; about ten fit on a page.
        folder: where `reconstructions_0001.png` … and `reconstructions.gif` are written.
        labels: for a conditional model, `(num_images,)`.
        every: epochs between pictures.
        log_dir: a folder for TensorBoard's image tab too, or `None`.
        value_range: as in `plotting.reconstruction_grid`.

    Raises:
        ValueError: if `every` is not positive, or `x` does not hold images; when training begins,
            if the model does not rebuild them, or needs labels or takes none.

    Example:
    >>> import numpy as np, keras_aegan
    >>> images = np.zeros((8, 28, 28, 1), "float32")
    >>> grid = keras_aegan.callbacks.ReconstructionGrid(images, "figures/vae")
    >>> # model.fit(x, callbacks=[grid])
    """

    stem = "reconstructions"

    def __init__(
        self,
        x: ArrayLike,
        folder: str | os.PathLike,
        labels: ArrayLike | None = None,
        every: int = 1,
        log_dir: str | os.PathLike | None = None,
        value_range: tuple[float, float] | None = None,
    ):
        super().__init__(folder, every, log_dir)
        check_images("x", x)
        self.x = as_numpy("x", x)
        self.labels = None if labels is None else np.asarray(as_vector("labels", labels))
        self.value_range = value_range

    def check_model(self) -> None:
        """Raises ValueError unless the labels suit the model."""
        check_labels_suit(self, self.labels, "input_names")

    def draw(self) -> Figure:
        """Originals above reconstructions."""
        inputs = self.x if self.labels is None else [self.x, self.labels]
        rows = {"original": self.x, "reconstruction": np.asarray(self.model(inputs))}
        return plotting.reconstruction_grid(rows, self.value_range)
