"""Strategies and workers: what a model asks of them, who writes files, and who is lost."""

import contextlib
import socket
from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf

# What TensorFlow raises where a worker of a collective operation is gone.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


def is_chief(strategy: tf.distribute.Strategy | None = None) -> bool:
    """Whether this process is the one that writes files: always, except beside a chief.

    Args:
        strategy: a `tf.distribute.Strategy`; the one in scope if `None`.

    Returns:
        A bool.

    Example:
    >>> from keras_aegan import distribution
    >>> distribution.is_chief()
    True
    """
    strategy = tf.distribute.get_strategy() if strategy is None else strategy
    if not has_several_workers(strategy):
        return True
    resolver = strategy.cluster_resolver
    if resolver.task_type == "chief":
        return True
    has_chief = bool(resolver.cluster_spec().as_dict().get("chief"))
    return not has_chief and resolver.task_id == 0


def check_made_in_scope(networks: Sequence[keras.Model], strategy: tf.distribute.Strategy) -> None:
    """Raises ValueError unless a model's networks and its `compile` are of its own strategy."""
    ask = "Make the networks, the model and the optimizer, and compile, in one `strategy.scope()`."
    if tf.distribute.has_strategy() and tf.distribute.get_strategy() is not strategy:
        raise ValueError(
            "`compile` must be called in the scope of the model's own strategy, a "
            f"{type(strategy).__name__}, or outside of any. {ask} Received: the scope of another "
            f"{type(tf.distribute.get_strategy()).__name__}"
        )
    with strategy.scope():
        is_default = not tf.distribute.has_strategy()
    for network in networks:
        for weight in network.weights:
            value = weight.value
            if is_default:
                is_strange = isinstance(value, tf.distribute.DistributedValues)
            else:
                is_strange = not strategy.extended.variable_created_in_scope(value)
            if is_strange:
                raise ValueError(
                    f"The networks must be made in the scope of the model's strategy. {ask} "
                    f"Received: {network.name!r}, made elsewhere than the model's "
                    f"{type(strategy).__name__}"
                )


def has_several_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether a strategy spans processes, each of which runs the same script."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


@contextlib.contextmanager
def lost_workers_named(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Says which worker is gone where TensorFlow says that a collective operation failed.

    Raises:
        RuntimeError: in place of TensorFlow's error, if a worker does not answer.
    """
    try:
        yield
    except _LOST as error:
        lost = _lost_workers(strategy) if has_several_workers(strategy) else []
        if not lost:
            raise
        raise RuntimeError(
            f"Training broke off: {' and '.join(lost)} no longer answers. Start the same command "
            "again on every host; with callbacks.BackupAndRestore it goes on from the last "
            "backup."
        ) from error


def _lost_workers(strategy):
    """Names of workers on whose address nothing listens."""
    resolver, lost = strategy.cluster_resolver, []
    for job, addresses in resolver.cluster_spec().as_dict().items():
        for index, address in enumerate(addresses):
            if (job, index) == (resolver.task_type, resolver.task_id):
                continue
            host, _, port = address.rpartition(":")
            try:
                socket.create_connection((host, int(port)), timeout=5).close()
            except OSError:
                lost.append(f"{job} {index} ({address})")
    return lost
