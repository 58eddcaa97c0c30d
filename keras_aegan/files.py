"""Files that are written in training: whole or not at all, and not worth a training."""

import contextlib
import os
import pathlib
import shutil
import warnings


@contextlib.contextmanager
def warned_of_files(folder):
    """Turns an error of the file system into a warning: a full disk must not end a training."""
    try:
        yield
    except OSError as error:
        warnings.warn(
            f"`{folder}` cannot be written to ({error.strerror or error}): training goes on "
            "without what would be there.",
            stacklevel=2,
        )


@contextlib.contextmanager
def whole_folder(folder):
    """A temporary folder to fill, which then becomes `folder` in one step of the file system.

    Whoever reads `folder`, at whatever moment this process is killed, finds what was there before,
    or nothing, or all of it.
    """
    temporary = folder.with_name(f"{folder.name}.unfinished")
    remove_folder(temporary)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in temporary.iterdir():
            _flush(path)
        os.replace(temporary, folder)
        _flush(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextlib.contextmanager
def whole_file(path):
    """A temporary file to write, which then becomes `path` in one step of the file system.

    Its name begins with `unfinished_` and ends as `path` does: Keras tells formats by endings.
    Where writing fails, or the process is killed, what was at `path` before is still there.
    """
    path = pathlib.Path(os.path.realpath(path))  # behind a link, which stays one
    temporary = path.with_name(f"unfinished_{path.name}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_folder(folder):
    """Removes a folder, which nobody can find half-removed under its name."""
    if folder.exists():
        unfinished = folder.with_name(f"{folder.name.removesuffix('.unfinished')}.removed")
        shutil.rmtree(unfinished, ignore_errors=True)
        os.replace(folder, unfinished)
        shutil.rmtree(unfinished)


def _flush(path):
    """Has the disk itself hold what was written, for a loss of power."""
    with contextlib.suppress(OSError):  # some systems can neither open nor flush a folder
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
