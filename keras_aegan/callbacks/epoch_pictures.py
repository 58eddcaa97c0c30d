"""The base of callbacks that draw one picture per epoch."""

from __future__ import annotations

import io
import os
import pathlib
import warnings
from typing import TYPE_CHECKING

import keras

from keras_aegan.checks.arguments import check_positive_integer
from keras_aegan.checks.data_checks import check_path
from keras_aegan.engine.devices import is_chief
from keras_aegan.engine.files import warned_of_files, whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class EpochPictures(keras.callbacks.Callback):
    """Abstract: writes one picture per epoch, and all of them as an animation at the end.

    A subclass draws in `draw()`, raises an error in `check_model()` for models that it cannot
    draw, and names its files in `stem`. Under several workers only the chief draws. If the folder
    cannot be written to, a warning says so and training goes on.

    Args:
        folder: where `<stem>_0001.png` and so on, and `<stem>.gif`, are written; made if it does
            not exist. Pictures of an earlier, interrupted training stay part of the animation;
            other files, and pictures of another size, are left out with a warning.
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
        """A matplotlib Figure of the model at this moment."""
        raise NotImplementedError(f"{type(self).__name__} must define `draw`.")

    def check_model(self) -> None:
        """Raises an error, when training begins, for a model that cannot be drawn."""

    def on_train_begin(self, logs=None):
        """Draws once and makes the folder, to fail here rather than after an epoch."""
        self.check_model()
        if not is_chief(self.model.distribute_strategy):
            return
        self.draw()
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(
                f"`folder` must be a folder. Received: folder={str(self.folder)!r}, a file"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._last_picture = None
        if self.log_dir is not None:
            import tensorflow as tf

            # One file of events per training, not one per picture.
            self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch, logs=None):
        """Draws."""
        if (epoch + 1) % self.every or not is_chief(self.model.distribute_strategy):
            return
        picture = io.BytesIO()
        self.draw().savefig(picture, format="png", dpi=100)
        self._last_picture = picture
        with (
            warned_of_files(self.folder, self),
            whole_file(self.folder / f"{self.stem}_{epoch + 1:04d}.png") as unfinished,
        ):
            unfinished.write_bytes(picture.getvalue())
        if self.log_dir is not None:
            self._write_to_tensorboard(picture.getvalue(), epoch)

    def on_train_end(self, logs=None):
        """Joins the pictures into one animation."""
        if not is_chief(self.model.distribute_strategy):
            return
        frames, animation = self._frames(), self.folder / f"{self.stem}.gif"
        if frames:
            with warned_of_files(self.folder, self), whole_file(animation) as unfinished:
                frames[0].save(
                    unfinished, save_all=True, append_images=frames[1:], duration=250, loop=0
                )
        if self.log_dir is not None:
            self._writer.close()

    def _frames(self):
        """The pictures in the folder that have the last one's size; warns of all others."""
        from PIL import Image

        if self._last_picture is None:
            return []
        size = Image.open(self._last_picture).size
        frames, left_out = [], []
        for path in self._pictures():
            try:
                # One palette for all frames, so that colours do not flicker.
                with Image.open(path) as picture:
                    frame = picture.convert("RGB")
            except Exception as error:  # of a damaged file, PIL raises errors of many kinds
                left_out.append(f"{path.name} ({type(error).__name__})")
                continue
            if frame.size == size:
                frames.append(frame)
            else:
                left_out.append(f"{path.name} ({frame.width}×{frame.height} pixels)")
        if left_out:
            warnings.warn(
                f"Left out of `{self.folder / self.stem}.gif`, as they are not pictures of "
                f"{size[0]}×{size[1]} pixels: {', '.join(left_out)}.",
                stacklevel=2,
            )
        return frames

    def _pictures(self):
        return sorted(self.folder.glob(f"{self.stem}_[0-9]*.png"))

    def _write_to_tensorboard(self, png, epoch):
        import tensorflow as tf

        with self._writer.as_default():
            image = tf.image.decode_png(png, channels=3)
            tf.summary.image(self.stem, image[None], step=epoch)
        self._writer.flush()
