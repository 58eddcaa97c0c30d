"""The version, where both `setup.cfg` and the package read it without importing TensorFlow."""

__version__ = "0.1.0"
