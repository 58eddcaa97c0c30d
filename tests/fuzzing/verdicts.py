"""Whether a call ended as it should: in a result that makes sense, or in a sentence."""

import linecache
import pathlib
import signal
import warnings

import keras
import numpy as np

import keras_aegan

_SECONDS = 60
# Begins what is raised raw, but not by this package. Of files that are damaged or altered by hand
# Keras, zipfile and h5py say so in words of their own, before this package has its turn.
ELSEWHERE = "raised elsewhere: "
_OURS, _KERAS = (str(pathlib.Path(package.__file__).parent) for package in (keras_aegan, keras))


def verdict(call):
    """What is wrong with the way a call ended, or `None`.

    It may return; or raise ValueError or TypeError by a `raise` of this package or of Keras, so
    that there is a sentence. A training that returns must have finite logs and weights.
    """

    def give_up(*_):
        raise TimeoutError(f"took more than {_SECONDS} s")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_SECONDS)
    keras.config.disable_traceback_filtering()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = call()
    except (ValueError, TypeError) as error:
        raw = f"{_origin(error)}raw {type(error).__name__}: {_first(error)}"
        return None if _is_a_sentence(error) else raw
    except FileNotFoundError as error:  # of the system, and it names the path
        return None if error.filename else f"{_origin(error)}{_first(error)}"
    except Exception as error:
        return f"{_origin(error)}{type(error).__name__}: {_first(error)}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
        keras.config.enable_traceback_filtering()
    if isinstance(result, keras.callbacks.History):
        return _nonsense(result)
    if any(
        not np.all(np.isfinite(np.asarray(part)))
        for part in keras.tree.flatten(result)
        if isinstance(part, (np.ndarray, float))
    ):
        return "silent: an answer that is not finite"
    return None


def _first(error):
    return (str(error).strip().splitlines() or ["without a message"])[0][:200]


def _is_a_sentence(error):
    trace = _last_frame(error)
    name, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
    is_raise = linecache.getline(name, line).strip().startswith("raise")
    return is_raise and name.startswith((_OURS, _KERAS)) and bool(str(error))


def _origin(error):
    is_ours = _last_frame(error).tb_frame.f_code.co_filename.startswith(_OURS)
    return "" if is_ours or isinstance(error, TimeoutError) else ELSEWHERE


def _last_frame(error):
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _nonsense(history):
    if history.params["epochs"] and not history.epoch:
        return "silent: no epoch was trained"
    if not all(np.isfinite(values).all() for values in history.history.values()):
        return f"silent: logs {history.history}"
    if not all(np.isfinite(np.array(w)).all() for w in history.model.weights):
        return "silent: weights are not finite"
    return None
