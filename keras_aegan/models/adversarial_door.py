"""What the GANs ask of data, noise and labels."""

from keras_aegan.checks import data_checks, data_scale
from keras_aegan.checks.arrays import as_array
from keras_aegan.engine.door import Door


class AdversarialDoor(Door):
    """Checks examples for the discriminator, and noise for the generator."""

    @property
    def input_names(self):
        """What `call` takes."""
        return ("z", *self.condition_names)

    def input_shape(self):
        """The shape of the generator's noise."""
        return self.model.latent_shape

    def check_inputs(self, z, *conditions):
        """Raises an error unless the generator can take the noise and the conditions."""
        data_checks.check_array("z", z, self.model.latent_shape)
        self.check_conditions(*conditions, other_name="z", other=z)

    def warn(self, x, y):
        """Warns of data of which the generator's output reaches twice the range."""
        data_scale.warn_of_half_range("generator", self.model.generator, x, "the data", "them")
        is_scaled = data_scale.scales_input(self.model.discriminator)
        self.unscaled = data_scale.what_is_unscaled("x", x, is_scaled)

    def examples(self, x, *conditions):
        """Examples and their conditions as arrays, checked: a list."""
        x, conditions = as_array("x", x), self.as_conditions(conditions)
        self.check_examples(x)
        self.check_conditions(*conditions, other_name="x", other=x)
        return [x, *conditions]

    def check_data(self, x):
        """Raises an error unless the discriminator can take the data; warns of a short reach."""
        span = self.check_examples(x)
        data_scale.warn_of_unreachable("generator", self.model.generator, span, "data")

    def check_examples(self, x):
        """Raises an error unless the discriminator can take the examples; gives their span."""
        return data_checks.check_array(
            "x",
            x,
            self.model.data_shape,
            advise=lambda *of: data_scale.how_to_make_floats(*of, self.model.generator),
        )
