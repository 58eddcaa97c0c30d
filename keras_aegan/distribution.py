"""Several GPUs or hosts: the strategy that fits the machine, and the worker that writes files."""

import json
import os
from collections.abc import Sequence

import keras
import tensorflow as tf

from keras_aegan.engine.devices import is_chief as is_chief
from keras_aegan.engine.keras_internals import number_collectives


def distribution_strategy(devices: Sequence[str] | None = None) -> tf.distribute.Strategy:
    """The `tf.distribute` strategy that fits the machine; prints in one line what it picked.

    The same script runs on one device, on several GPUs, and, started on each host, on several
    hosts. Call it before TensorFlow does anything else, and make the model in its scope, and also
    the optimizer unless it is a name. A step on N replicas then equals a step on one with the same
    global batch, which is `fit`'s `batch_size`.

    | found | picked |
    |---|---|
    | `devices` | `tf.distribute.MirroredStrategy(devices)` |
    | `TF_CONFIG` with several workers | `tf.distribute.MultiWorkerMirroredStrategy` |
    | several GPUs | `tf.distribute.MirroredStrategy` |
    | anything else | TensorFlow's default strategy |

    Under several workers only the chief writes files: `save`, `export`, backups and pictures do
    nothing on the others. Name folders that all hosts share.

    Reference: [TF_CONFIG](https://www.tensorflow.org/guide/distributed_training#TF_CONFIG).

    Args:
        devices: names such as `["GPU:0", "GPU:1"]` or, to try a script on one machine, logical
            CPUs; the devices that are found if `None`.

    Returns:
        A `tf.distribute.Strategy`.

    Raises:
        ValueError: if `TF_CONFIG` does not describe a cluster of workers.
        RuntimeError: if there are several workers and TensorFlow has already computed something.

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


def _cluster_and_task():
    """`TF_CONFIG`'s cluster, a job's name to its addresses, and task; both empty without it."""
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
