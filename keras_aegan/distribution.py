"""Several GPUs or hosts: which strategy fits what is there, who writes files, and who is lost."""

import contextlib
import json
import os
import socket
import weakref
from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf
from tensorflow.python.distribute.cross_device_utils import (
    INSTANCE_KEY_START_NUMBER,
    CollectiveKeys,
)

# What TensorFlow raises where a worker of a collective operation is gone.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)
# Far from where TensorFlow begins to count, for each strategy anew.
_COLLECTIVE_KEYS = CollectiveKeys(group_key_start=1_000_000)
_NUMBERED = weakref.WeakSet()


def distribution_strategy(devices: Sequence[str] | None = None) -> tf.distribute.Strategy:
    """The `tf.distribute` strategy that fits what is there; says in one line what it picked.

    The same script runs on one device, on several GPUs, and, started on each host, on several
    hosts. Call it before any other work of TensorFlow, and make the model in its scope, and the
    optimizer, where it is not a name. A step on N replicas then equals a step on one with the same
    global batch, which is `fit`'s `batch_size`.

    | found | picked |
    |---|---|
    | `devices` | `tf.distribute.MirroredStrategy(devices)` |
    | `TF_CONFIG` with several workers | `tf.distribute.MultiWorkerMirroredStrategy` |
    | several GPUs | `tf.distribute.MirroredStrategy` |
    | anything else | TensorFlow's default strategy |

    Under several workers the chief alone writes files: `save`, `export`, backups and pictures
    do nothing elsewhere. Name folders that all hosts share.

    Reference: [TF_CONFIG](https://www.tensorflow.org/guide/distributed_training#TF_CONFIG).

    Args:
        devices: names such as `["GPU:0", "GPU:1"]` or, to try a script on one machine, logical
            CPUs; what is found if `None`.

    Returns:
        A `tf.distribute.Strategy`.

    Raises:
        ValueError: if `TF_CONFIG` is no cluster of workers.
        RuntimeError: if there are several workers and TensorFlow has begun to work.

    Example:
    >>> import keras_aegan
    >>> from keras_aegan import models, networks
    >>> strategy = keras_aegan.distribution_strategy()  # doctest: +ELLIPSIS
    distribution_strategy: ...
    >>> with strategy.scope():
    ...     model = models.Autoencoder(
    ...         networks.dense_encoder((12,), 3), networks.dense_decoder(3, (12,))
    ...     )
    >>> model.compile("adam")
    """
    cluster, task = _cluster_and_task()
    num_workers = sum(map(len, cluster.values()))
    gpus = tf.config.list_physical_devices("GPU")
    if devices is not None:
        strategy = tf.distribute.MirroredStrategy(devices)
        picked = f"MirroredStrategy on {', '.join(devices)}"
    elif num_workers > 1:
        strategy = _multi_worker_strategy()
        picked = (
            f"MultiWorkerMirroredStrategy, {task['type']} {task['index']} of {num_workers} "
            f"workers, {strategy.num_replicas_in_sync} replicas in all"
        )
    elif len(gpus) > 1:
        strategy = tf.distribute.MirroredStrategy()
        picked = f"MirroredStrategy on {len(gpus)} GPUs"
    else:
        strategy = tf.distribute.get_strategy()
        picked = f"one device, a {'GPU' if gpus else 'CPU'}"
    number_collectives(strategy)
    if keras.config.is_interactive_logging_enabled():
        print(f"distribution_strategy: {picked}.")
    return strategy


def number_collectives(strategy: tf.distribute.Strategy) -> None:
    """Numbers a strategy's exchanges between devices on from those of the process's other ones.

    TensorFlow tells exchanges by a number for the devices and one for each exchange, and each
    `MirroredStrategy` counts both from the same start: in a process's second one, an exchange
    would meet that of another model.

    Args:
        strategy: any strategy; what is no `MirroredStrategy`, or has exchanged already, is left
            as it is.
    """
    # Of MirroredStrategy alone: there can be but one strategy for several workers.
    operations = getattr(getattr(strategy, "extended", None), "_collective_ops", None)
    launchers = getattr(operations, "_launchers", [])  # none between a CPU and a GPU
    if not launchers or strategy in _NUMBERED:
        return
    _NUMBERED.add(strategy)
    counts = strategy.extended._collective_keys._instance_key_table.values()
    has_begun = any(set(count.values()) != {INSTANCE_KEY_START_NUMBER} for count in counts)
    if not has_begun:
        operations._collective_keys = _COLLECTIVE_KEYS
        for launcher in launchers:
            launcher._collective_keys = _COLLECTIVE_KEYS
            launcher._group_key = _COLLECTIVE_KEYS.get_group_key(operations._devices)


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


def _cluster_and_task():
    """`TF_CONFIG`'s cluster, a job's name to its addresses, and task; empty ones without it."""
    text = os.environ.get("TF_CONFIG", "")
    if not text.strip():
        return {}, {}
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        workers = {job: list(cluster[job]) for job in ("chief", "worker") if job in cluster}
        is_known = not cluster or task["index"] < len(workers[task["type"]])
    except (ValueError, TypeError, KeyError, AttributeError):
        is_known = False
    if not is_known or set(cluster) - set(workers):
        raise ValueError(
            'The environment variable TF_CONFIG must hold {"cluster": {"worker": ["host:port", '
            '...]}, "task": {"type": "worker", "index": 0}} with jobs among chief and worker. '
            f"Received: TF_CONFIG={text}"
        )
    return workers, task


def _multi_worker_strategy():
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise RuntimeError(
            "`distribution_strategy` must be called before TensorFlow computes anything, at the "
            "top of the script, where there are several workers."
        ) from error
