"""What all tests share: two logical CPUs, so that replicas can be had on any machine."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import pytest
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

# The modules of TensorFlow are no garbage: without them a collection is several times faster.
gc.freeze()


@pytest.fixture(autouse=True)
def _seeded():
    # To collect garbage before each test took more than half of the time of all.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="module")
def _collected():
    yield
    gc.collect()
