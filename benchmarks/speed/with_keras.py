"""Plain Keras, as in the examples on keras.io: a subclass with its own `train_step`.

`steps_per_execution` and the feeding of arrays are Keras's defaults, and so is `jit_compile`, which
on a machine without GPU is False (Keras 3.15); with XLA it is a separate contestant. The networks
are the Functional models that keras_aegan gets.
"""

import keras
import keras_networks
import numpy as np
import tensorflow as tf
from keras import ops
from naive_contractive import NaiveContractiveAutoencoder
from workloads import ALPHA


class Sampling(keras.layers.Layer):
    """Uses (z_mean, z_log_var) to sample z."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


class VAE(keras.Model):
    """Follows https://keras.io/examples/generative/vae."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.sampling = Sampling()
        self.total_loss_tracker = keras.metrics.Mean(name="loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            z_mean, z_log_var = self.encoder(data, training=True)
            z = self.sampling([z_mean, z_log_var])
            reconstruction = self.decoder(z, training=True)
            reconstruction_loss = ops.mean(ops.square(data - reconstruction))
            kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
            kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
            total_loss = ALPHA * reconstruction_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights, strict=True))
        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {m.name: m.result() for m in self.metrics}


class GAN(keras.Model):
    """Follows https://keras.io/examples/generative/dcgan_overriding_train_step.

    Data and fakes go through the discriminator one after the other, as in the other contestants.
    """

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator, self.generator = discriminator, generator
        self.latent_dim = latent_dim
        self.seed_generator = keras.random.SeedGenerator(1337)

    def compile(self, d_optimizer, g_optimizer, loss_fn, **kwargs):
        super().compile(**kwargs)
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
        self.d_loss_metric = keras.metrics.Mean(name="discriminator_loss")
        self.g_loss_metric = keras.metrics.Mean(name="generator_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images):
        batch_size = ops.shape(real_images)[0]
        ones, zeros = ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))

        z = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
        generated_images = self.generator(z, training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator(real_images, training=True)
            fake_logits = self.discriminator(generated_images, training=True)
            d_loss = self.loss_fn(ones, real_logits) + self.loss_fn(zeros, fake_logits)
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(
            zip(grads, self.discriminator.trainable_weights, strict=True)
        )

        z = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            fake_logits = self.discriminator(self.generator(z, training=True), training=True)
            g_loss = self.loss_fn(ones, fake_logits)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights, strict=True))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {m.name: m.result() for m in self.metrics}


def _by_fit(model, workload, x):
    def fit(num_epochs):
        history = model.fit(x, batch_size=workload.batch_size, epochs=num_epochs, verbose=0)
        return {name: values[-1] for name, values in history.history.items()}

    return fit, keras_networks.num_parameters(model)


def vae(workload, x, xla=False):
    model = VAE(*keras_networks.vae())
    optimizer = keras.optimizers.Adam(workload.learning_rate, *workload.betas)
    model.compile(optimizer=optimizer, jit_compile=xla or "auto")
    return _by_fit(model, workload, x)


def gan(workload, x, xla=False):
    generator, discriminator = getattr(keras_networks, workload.networks)()
    model = GAN(discriminator, generator, latent_dim=generator.input_shape[-1])
    model.compile(
        d_optimizer=keras.optimizers.Adam(workload.learning_rate, *workload.betas),
        g_optimizer=keras.optimizers.Adam(workload.learning_rate, *workload.betas),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=xla or "auto",
    )
    return _by_fit(model, workload, x)


def contractive(workload, x):
    model = NaiveContractiveAutoencoder(*keras_networks.contractive())
    model.compile(keras.optimizers.Adam(workload.learning_rate, *workload.betas))
    return _by_fit(model, workload, x)


def _by_predict(network, make_inputs, batch_size):
    def run(times):
        for _ in range(times):
            network.predict(make_inputs(), batch_size=batch_size, verbose=0)

    return run, keras_networks.num_parameters(network)


def sample(workload, x, predict_batch):
    _, decoder = keras_networks.vae()
    generator = np.random.default_rng()

    def noise():
        return generator.standard_normal((len(x), *decoder.input_shape[1:]), dtype="float32")

    return _by_predict(decoder, noise, predict_batch)


def encode(workload, x, predict_batch):
    encoder, _ = keras_networks.vae()
    return _by_predict(encoder, lambda: x, predict_batch)
