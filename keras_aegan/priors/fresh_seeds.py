"""Seeds for what is served: new numbers at each call, in each process."""

import keras
import tensorflow as tf


class FreshSeeds(keras.random.SeedGenerator):
    """Gives what draws from it new numbers at each call, in each process that serves a SavedModel.

    A generator with a state would write that state into the file, and `tf.random.normal` the seed
    of `keras.utils.set_random_seed`: every server would begin with the same samples. This one has
    no state, and so no variable that a file would need.
    """

    def __init__(self):
        self.name = "fresh_seeds"

    def next(self, ordered: bool = True) -> tf.Tensor:
        """Two random words, `(2,)`, int32, zero or more."""
        # An op whose two seeds are zero asks the system for one, in each process anew.
        return tf.raw_ops.RandomUniformInt(
            shape=[2], minval=0, maxval=tf.int32.max, seed=0, seed2=0
        )
