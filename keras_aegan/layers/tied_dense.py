"""A dense layer with the transposed kernel of another."""

from collections.abc import Callable

import keras
from keras import ops

from keras_aegan.hints import Tensor


@keras.saving.register_keras_serializable(package="keras_aegan")
class TiedDense(keras.layers.Layer):
    """r = s(h Wᵀ + b), with W the kernel of a `Dense` layer of the encoder.

    With untied weights a contractive autoencoder can cheat: the encoder shrinks, the decoder
    grows, and nothing is contracted. The model that takes both networks ties them by the layer's
    name, so a tied model saves and loads like any other.

    Reference: [Rifai et al., 2011](https://icml.cc/2011/papers/455_icmlpaper.pdf), section 4.

    Args:
        units: the size of the output, which is that of the tied layer's input.
        tied_to: the name of the `Dense` layer in the encoder.
        activation: a Keras activation; linear if `None`.
        **kwargs: `name` and `dtype`, as in `keras.layers.Layer`.

    Input shape:
        `(batch_size, num_hidden)`.

    Output shape:
        `(batch_size, units)`.

    Raises:
        ValueError: if the encoder has no layer of that name, or its kernel has another shape.

    Example:
    >>> import numpy as np, keras_aegan
    >>> from keras_aegan import models, networks
    >>> model = models.Autoencoder(
    ...     networks.dense_encoder((6,), latent_dim=3, hidden_units=()),
    ...     networks.dense_decoder(3, (6,), hidden_units=(), tied_to="code"),
    ... )
    >>> [weight.path for weight in model.trainable_weights]
    ['code/kernel', 'code/bias', 'output/bias']
    """

    def __init__(
        self, units: int, tied_to: str, activation: str | Callable | None = None, **kwargs
    ):
        super().__init__(**kwargs)
        self.units = units
        self.tied_to = tied_to
        self.activation = keras.activations.get(activation)
        self._tied = None

    def build(self, input_shape):
        """Makes the bias; the kernel is the tied layer's."""
        self._num_hidden = input_shape[-1]
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def tie(self, encoder: keras.Model) -> None:
        """Takes the kernel of the encoder's layer named `tied_to`."""
        names = [layer.name for layer in encoder.layers]
        layer = encoder.get_layer(self.tied_to) if self.tied_to in names else None
        shape = (self.units, self._num_hidden)
        if not isinstance(layer, keras.layers.Dense) or tuple(layer.kernel.shape) != shape:
            raise ValueError(
                f"`tied_to` must name a Dense layer of the encoder with a kernel of shape {shape}. "
                f"Received: tied_to={self.tied_to!r}, and the encoder's layers {names}"
            )
        if self._tied is not None and self._tied.layer is not layer:
            raise ValueError(
                f"The layer {self.name!r} is tied to another encoder already: make a decoder for "
                "each encoder."
            )
        self._tied = _Reference(layer)

    @property
    def kernel(self) -> Tensor:
        """Wᵀ, the tied layer's kernel transposed, `(num_hidden, units)`."""
        if self._tied is None:
            raise ValueError(
                f"The layer {self.name!r} must be tied to an encoder: pass its network as the "
                "decoder of a model, or call tie(encoder)."
            )
        return ops.transpose(self._tied.layer.kernel)

    def call(self, inputs: Tensor) -> Tensor:
        """The output s(h Wᵀ + b)."""
        kernel = ops.cast(self.kernel, self.compute_dtype)
        return self.activation(ops.matmul(inputs, kernel) + self.bias)

    def compute_output_spec(self, inputs):
        """The output's shape, known before the layer is tied."""
        return keras.KerasTensor((*inputs.shape[:-1], self.units), dtype=self.compute_dtype)

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "tied_to": self.tied_to,
            "activation": keras.activations.serialize(self.activation),
        }


class _Reference:
    """Holds a layer that Keras must not track as a part of this one."""

    def __init__(self, layer):
        self.layer = layer
