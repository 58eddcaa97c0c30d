"""What the callbacks that draw a picture an epoch share."""

from __future__ import annotations

import io
import os
import pathlib
from typing import TYPE_CHECKING

import keras

from keras_aegan.arguments import check_positive_integer
from keras_aegan.distribution import is_chief
from keras_aegan.files import warned_of_files
from keras_aegan.models.data_checks import check_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class EpochPictures(keras.callbacks.Callback):
    """Abstract: writes a picture each epoch, and all of them as one animation at the end.

    A subclass draws in `draw()`, refuses in `check_model()` models that it cannot draw, and names
    its files in `stem`. Under several workers the chief alone draws. Where the folder cannot be
    written to, a warning says so and training goes on.

    Args:
        folder: where `<stem>_0001.png` and so on, and `<stem>.gif`, are written; made if it is
            not there. Pictures of an earlier, interrupted training stay part of the animation.
        every: epochs between pictures.
        log_dir: a folder for TensorBoard's image tab too, or `None`.
    """

    stem = None

    def __init__(
        self, folder: str | os.PathLike, every: int = 1, log_dir: str | os.PathLike | None = None
    ):
        super().__init__()
        check_path("folder", folder)
        check_positive_integer("every", every)
        self.folder = pathlib.Path(folder)
        self.every = every
        self.log_dir = log_dir

    def draw(self) -> Figure:
        """A matplotlib Figure of the model as it is."""
        raise NotImplementedError(f"{type(self).__name__} must define `draw`.")

    def check_model(self) -> None:
        """Refuses, when training begins, a model that cannot be drawn."""

    def on_train_begin(self, logs=None):
        """Draws once, and makes the folder: better to fail here than after an epoch."""
        self.check_model()
        if not is_chief(self.model.distribute_strategy):
            return
        self.draw()
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log_dir is not None:
            import tensorflow as tf

            # One file of events a training, not one a picture.
            self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch, logs=None):
        """Draws."""
        if (epoch + 1) % self.every or not is_chief(self.model.distribute_strategy):
            return
        picture = io.BytesIO()
        self.draw().savefig(picture, format="png", dpi=100)
        with warned_of_files(self.folder):
            (self.folder / f"{self.stem}_{epoch + 1:04d}.png").write_bytes(picture.getvalue())
            if self.log_dir is not None:
                self._write_to_tensorboard(picture.getvalue(), epoch)

    def on_train_end(self, logs=None):
        """Joins the pictures to one animation."""
        from PIL import Image

        if not is_chief(self.model.distribute_strategy):
            return
        if self.log_dir is not None:
            self._writer.close()
        # One palette for all frames, so that colours do not flicker.
        frames = [Image.open(path).convert("RGB") for path in self._pictures()]
        if frames:
            with warned_of_files(self.folder):
                frames[0].save(
                    self.folder / f"{self.stem}.gif",
                    save_all=True,
                    append_images=frames[1:],
                    duration=250,
                    loop=0,
                )

    def _pictures(self):
        return sorted(self.folder.glob(f"{self.stem}_[0-9]*.png"))

    def _write_to_tensorboard(self, png, epoch):
        import tensorflow as tf

        with self._writer.as_default():
            image = tf.image.decode_png(png, channels=3)
            tf.summary.image(self.stem, image[None], step=epoch)
        self._writer.flush()
