"""What the models with an encoder and a decoder ask of data and targets."""

import warnings

import keras
import numpy as np

from keras_aegan import losses
from keras_aegan.checks import data_checks, data_scale, network_checks
from keras_aegan.checks.arrays import as_array
from keras_aegan.engine.door import Door
from keras_aegan.losses.reconstruction_loss import parts


class ReconstructionDoor(Door):
    """Checks examples, what they are compared with, and what conditions them.

    It remembers whether the model was trained on targets, and not on the examples themselves.
    """

    def __init__(self, model):
        super().__init__(model)
        self.trained_on_targets = False

    @property
    def input_names(self):
        """What `call` takes."""
        return self.model.input_names

    # ------------------------------------------------------------------ in `fit` and `evaluate`

    def check_inputs(self, x, *conditions):
        """Raises an error unless the networks can take the data and what conditions them."""
        self.check_examples(x, "real")
        self.check_conditions(*conditions, other_name="x", other=x)

    def note(self, x, y):
        """Remembers whether this is `fit(x, target)`, with another target than x."""
        if not self.condition_names:
            is_x = x is not None and y is not None and is_same(x, y)
            self.trained_on_targets = y is not None and not is_x

    def check_as_trained(self, y):
        """Raises ValueError where nothing says what to compare a reconstruction with."""
        if y is None and self.trained_on_targets:
            raise ValueError(self._what_target("y", "y=x"))

    def warn(self, x, y):
        """Warns of data that a VAE's KL may overflow on, or of a decoder of twice their range."""
        y = None if self.condition_names else y
        counted = data_scale.mask_of_data(self.model.encoder, x)
        shown, targets = (
            v if v is None or not _is_masked(counted, v) else np.asarray(v)[counted] for v in (x, y)
        )
        data_scale.warn_of_half_range(
            "decoder", self.model.decoder, shown if y is None else targets, "targets", "the data"
        )
        self.unscaled = data_scale.what_is_unscaled(
            "x", shown, data_scale.scales_input(self.model.encoder)
        )
        if self.unscaled is None and y is not None and self.target_domain() == "real":
            is_scaled = data_scale.scales_output(self.model.decoder)
            self.unscaled = data_scale.what_is_unscaled("y", targets, is_scaled)
        if self.unscaled and "z_log_var" in self.model.encoder_outputs:
            warnings.warn(
                f"{self.unscaled}. A VAE compares the codes of such data with N(0, 1): its KL may "
                "become so large that nothing is learned, or NaN.",
                stacklevel=5,
            )

    # ------------------------------------------------------------------ in abilities

    def examples(self, x, *conditions, name="x", domain="real"):
        """Examples and their conditions as arrays, checked: a list."""
        x, conditions = as_array(name, x), self.as_conditions(conditions)
        self.check_examples(x, domain, name)
        self.check_conditions(*conditions, other_name=name, other=x)
        return [x, *conditions]

    def examples_for_loss(self, x, *conditions):
        """As `examples`, for what compares a reconstruction with x."""
        x, conditions = as_array("x", x), self.as_conditions(conditions)
        self.check_pair(x, None)
        self.check_conditions(*conditions, other_name="x", other=x)
        return [x, *conditions]

    def codes(self, z, *conditions):
        """Codes and their conditions as arrays, checked: a list."""
        z, conditions = as_array("z", z), self.as_conditions(conditions)
        data_checks.check_array("z", z, self.model.latent_shape)
        self.check_conditions(*conditions, other_name="z", other=z)
        return [z, *conditions]

    def pair(self, x, target, name="x", target_name="target"):
        """Examples and their targets, `None` where x is its own, as arrays, checked."""
        x = as_array(name, x)
        if target is None and self.trained_on_targets:
            raise ValueError(self._what_target(target_name, f"{target_name}={name}"))
        target = None if target is None else as_array(target_name, target)
        self.check_pair(x, target, name, target_name)
        if target is not None:
            data_checks.check_as_many(name, x, target_name, target)
        return x, target

    # ------------------------------------------------------------------ checks

    def check_pair(self, x, y, x_name="x", y_name="y"):
        """Raises an error unless the networks and the loss can take examples and targets."""
        domain = self.target_domain()
        if y is None and self.has_levels():
            raise ValueError(
                f"`{y_name}` must hold the targets of a categorical loss, such as fit(x, levels) "
                "with levels = keras_aegan.datasets.quantize(x, num_levels). "
                f"Received: {y_name}=None"
            )
        if y is None and self.takes_integers():
            raise ValueError(
                f"`{y_name}` must hold the targets, real numbers, where the encoder takes "
                "integers: such as fit(x, x / 255.0) of images. "
                f"Received: {y_name}=None"
            )
        counted = data_scale.mask_of_data(self.model.encoder, x)
        span = self.check_examples(x, domain if y is None else "real", x_name, counted)
        if None in self.model.data_shape and None not in x.shape[1:]:
            network_checks.check_sizes(x_name, x.shape[1:], self.model.encoder, self.model.decoder)
        span = span if y is None else self._check_targets(y, y_name, counted)
        for part in parts(self.model.loss_function):
            data_checks.check_span(x_name if y is None else y_name, span, part)
        if domain == "real":
            data_scale.warn_of_unreachable("decoder", self.model.decoder, span, "targets")

    def check_examples(self, x, domain="real", name="x", counted=None):
        """Raises an error unless the encoder can take the examples.

        Returns:
            `(smallest, largest)` value, or `None` where it is not known.
        """
        domain = "integer" if self.takes_integers() else domain
        return data_checks.check_array(
            name,
            x,
            self.model.encoder.inputs[0].shape[1:],
            domain,
            advise=lambda *of: data_scale.how_to_make_floats(
                *of, self.model.decoder, self.model.encoder
            ),
            counted=counted,
        )

    def target_domain(self):
        """What the loss takes as a target (see `losses.target_domain`)."""
        return losses.target_domain(self.model.loss_function)

    def has_levels(self):
        """Whether a reconstruction has one more axis than x, of levels."""
        has_axis = len(self.model.decoder.output_shape[1:]) == len(self.model.data_shape) + 1
        return has_axis or (self.model.compiled and self.target_domain() == "levels")

    def takes_integers(self):
        """Whether the encoder takes integers."""
        return keras.backend.is_int_dtype(self.model.encoder.inputs[0].dtype)

    def _check_targets(self, y, name="y", counted=None):
        shape, domain = self.model.decoder.output_shape[1:], self.target_domain()
        num_levels = shape[-1] if domain == "levels" else None
        hint = ""
        if len(y.shape) == 1 or (len(y.shape) == 2 and len(shape) > 1):
            hint = (
                " Class labels are not an autoencoder's targets: call fit(x), or "
                "fit(dataset.map(lambda x, label: x))."
            )
        return data_checks.check_array(
            name,
            y,
            shape[:-1] if num_levels else shape,
            domain,
            num_levels,
            hint,
            advise=lambda *of: data_scale.how_to_make_floats(*of, self.model.decoder),
            counted=counted if _is_masked(counted, y) else None,
        )

    def _what_target(self, name, otherwise):
        """A sentence: this model compares with targets, and how they are to be had."""
        layers = data_scale.leading_rescalings(self.model.encoder)
        how = ""
        if len(layers) == 1 and layers[0] in self.model.encoder.layers:
            how = (
                f" The encoder begins with {type(layers[0]).__name__}: "
                f"model.encoder.get_layer({layers[0].name!r})(x) are such targets."
            )
        elif layers:
            names = ", then ".join(repr(layer.name) for layer in layers)
            how = f" What the encoder's first layers, {names}, make of x are such targets."
        return (
            f"`{name}` must hold targets: this model was trained by fit(x, target), and a "
            f"reconstruction is compared with them.{how} Where x is meant itself, say so: "
            f"{otherwise}. Received: {name}=None"
        )


def _is_masked(counted, values):
    """Whether booleans of leading axes are of these values too."""
    return counted is not None and tuple(values.shape[: counted.ndim]) == counted.shape


def is_same(x, y):
    """Whether targets are the examples themselves, as in `fit(x, x)`."""
    if x is y or x.shape != y.shape:
        return x is y
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype.kind == y.dtype.kind == "f":  # one may be the other, rounded
        coarser = min(x.dtype, y.dtype, key=lambda dtype: dtype.itemsize)
        x, y = x.astype(coarser), y.astype(coarser)
    return np.array_equal(x, y)
