"""The exact contraction as a user of plain Keras would write it, by `batch_jacobian`."""

import keras
import tensorflow as tf


class NaiveContractiveAutoencoder(keras.Model):
    """The penalty by `batch_jacobian`, as plain Keras offers it."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def train_step(self, x):
        """One step on the sum of both terms."""
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(x)
                code = self.encoder(x, training=True)
            jacobian = inner.batch_jacobian(code, x)
            error = tf.reduce_mean(tf.square(self.decoder(code, training=True) - x))
            contraction = tf.reduce_mean(tf.reduce_sum(tf.square(jacobian), axis=(1, 2)))
            loss = error + 0.1 * contraction
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"total_loss": loss}
