"""Files that are written in training: whole or not at all, and not worth a training."""

import contextlib
import ctypes
import errno
import os
import pathlib
import shutil
import sys
import warnings

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def warned_of_files(folder, callback):
    """Turns an error of the file system into a warning, one per callback and training.

    Args:
        folder: what is written to.
        callback: the callback that writes.
    """
    try:
        yield
    except OSError as error:
        warn_once(
            callback,
            f"`{folder}` cannot be written to ({error.strerror or error}): training goes on "
            "without what would be there.",
        )


def warn_once(callback, sentence):
    """Warns, unless this callback has been warned of in the same training."""
    if not getattr(callback, "_is_warned_of", False):
        callback._is_warned_of = True
        warnings.warn(sentence, stacklevel=3)


def is_disk_full(error):
    """Whether an error says that a disk, or a quota of it, is full.

    HDF5 and TensorFlow say it in words; and what is cut short by such an error, an archive for
    example, raises another as it is closed. One that was raised `from` it is its author's own.
    """
    while isinstance(error, Exception):
        has_number = isinstance(error, OSError) and error.errno in _DISK_FULL
        if has_number or any(os.strerror(number) in str(error) for number in _DISK_FULL):
            return True
        error = None if error.__cause__ is not None else error.__context__
    return False


def is_local(path):
    """Whether a path is one of this machine, not an address such as `gs://bucket/model`."""
    return "://" not in os.fspath(path)


@contextlib.contextmanager
def whole_folder(folder):
    """A temporary folder to fill, which then becomes `folder` in one step of the file system.

    Whoever reads `folder`, at whatever moment this process is killed, finds what was there before,
    or nothing where nothing was, or all of it. Where the system cannot exchange two folders (see
    `_exchange`), one that was there is out of its place for the moment between two renamings; if
    the process is killed in that moment, the next call puts it back first.
    """
    folder = pathlib.Path(os.path.realpath(folder))  # behind a link, which stays one
    temporary, old = (folder.with_name(f"{folder.name}.{end}") for end in ("unfinished", "before"))
    if old.exists() and not folder.exists():
        os.replace(old, folder)
    remove_folder(temporary)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in temporary.rglob("*"):
            _flush(path)
        _flush(temporary)
        if not folder.exists():
            os.replace(temporary, folder)
        elif not _exchange(temporary, folder):
            remove_folder(old)
            os.replace(folder, old)
            os.replace(temporary, folder)
            remove_folder(old)
        _flush(folder.parent)
        remove_folder(temporary)  # after an exchange, what was there before
    except BaseException:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
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


def _exchange(one, other):
    """Gives each of two folders the other's name in one step; whether the system can.

    Linux can since 3.15, on ext4, XFS, Btrfs, tmpfs and others, macOS on APFS. Python has no
    function for it.
    """
    one, other = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return library.renamex_np(one, other, 0x2) == 0  # RENAME_SWAP
        here = -100  # AT_FDCWD
        return library.renameat2(here, one, here, other, 0x2) == 0  # RENAME_EXCHANGE
    except (OSError, AttributeError, TypeError):  # another system, or an older one
        return False


def _flush(path):
    """Has the disk itself hold what was written, for a loss of power."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # some systems cannot open a folder
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some cannot flush one; but what a disk had no room for may be said only here.
        if error.errno in (*_DISK_FULL, errno.EIO):
            raise
    finally:
        os.close(descriptor)
