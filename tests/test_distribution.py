"""Which strategy is picked, and what is refused; `tests/conformance/test_workers.py` trains."""

import json
import re
import socket
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_aegan
from keras_aegan import distribution, models, networks
from keras_aegan.engine import devices


def _config(monkeypatch, **config):
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))


def test_one_device_needs_no_strategy(monkeypatch, capsys):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert keras_aegan.distribution_strategy() is tf.distribute.get_strategy()
    assert capsys.readouterr().out == "distribution_strategy: one device, a CPU.\n"


def test_a_cluster_of_one_worker_is_one_device(monkeypatch):
    _config(monkeypatch, cluster={"worker": ["a:1"]}, task={"type": "worker", "index": 0})
    assert keras_aegan.distribution_strategy() is tf.distribute.get_strategy()


def test_several_gpus_are_mirrored(monkeypatch, capsys):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    made = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0", "GPU:1"])
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda *a: made.append(a) or "mirrored")
    assert keras_aegan.distribution_strategy() == "mirrored"
    assert keras_aegan.distribution_strategy(["CPU:0", "CPU:1"]) == "mirrored"
    assert made == [(), (["CPU:0", "CPU:1"],)]
    assert capsys.readouterr().out.splitlines() == [
        "distribution_strategy: MirroredStrategy on 2 GPUs.",
        "distribution_strategy: MirroredStrategy on CPU:0, CPU:1.",
    ]


@pytest.mark.parametrize(
    "config",
    [
        "no JSON",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_cluster_that_is_none_is_refused(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match="TF_CONFIG must hold"):
        keras_aegan.distribution_strategy()


def test_workers_are_picked_first_thing_in_a_script(monkeypatch):
    cluster = {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}
    _config(monkeypatch, cluster=cluster, task={"type": "worker", "index": 1})
    tf.constant(0.0)  # TensorFlow is at work
    with pytest.raises(RuntimeError, match="before TensorFlow computes anything"):
        keras_aegan.distribution_strategy()


def test_the_only_process_is_the_chief():
    assert distribution.is_chief()
    assert distribution.is_chief(tf.distribute.MirroredStrategy(["CPU:0"]))


def test_a_lost_worker_is_named():
    # Of three workers, the first is this process, the second listens, the third did.
    with socket.create_server(("127.0.0.1", 0)) as alive:
        with socket.create_server(("127.0.0.1", 0)) as lost:
            addresses = ["{}:{}".format(*s.getsockname()) for s in (alive, alive, lost)]
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": addresses}), task_type="worker", task_id=0
        )
        kind = tf.distribute.MultiWorkerMirroredStrategy
        strategy = mock.Mock(spec=kind, cluster_resolver=resolver)
        error = tf.errors.UnavailableError(None, None, "Collective ops is aborted")
        named = re.escape(f"Training broke off: worker 2 ({addresses[2]}) no longer answers")
        with pytest.raises(RuntimeError, match=named), devices.lost_workers_named(strategy):
            raise error


def test_where_there_is_one_worker_none_is_lost():
    error = tf.errors.InternalError(None, None, "a bug")
    strategy = tf.distribute.get_strategy()
    with pytest.raises(tf.errors.InternalError), devices.lost_workers_named(strategy):
        raise error


def test_strategies_one_after_the_other():
    """The exchanges of one are not taken for another's, made by whom and where they may be."""
    x = np.random.default_rng(0).random((16, 6)).astype("float32")
    strategies = [
        tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
        keras_aegan.distribution_strategy(["CPU:0", "CPU:1"]),
        keras_aegan.distribution_strategy(["CPU:1", "CPU:0"]),
        tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
    ]
    with strategies[-1].scope():  # plain Keras has exchanged by TensorFlow's own numbers
        plain = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6)])
        plain.compile("sgd", "mse")
    plain.fit(x, x, verbose=0)
    trained = []
    for latent_dim, strategy in enumerate(strategies, start=1):
        with strategy.scope():
            model = models.Autoencoder(
                networks.dense_encoder((6,), latent_dim, ()),
                networks.dense_decoder(latent_dim, (6,), ()),
            )
        model.compile("sgd", jit_compile=False)
        model.fit(x, verbose=0)
        trained.append(model)
    for model in (*reversed(trained), plain):
        model.fit(x, x, verbose=0)
