"""The workloads' networks, for keras_aegan and plain Keras alike."""

from keras_aegan import networks


def vae():
    """784-196-49-28 and back: encoder, decoder."""
    return networks.lecture_vae((784,), latent_dim=28)


def small_gan():
    """Generator 4-64-64-2, discriminator 2-64-64-1."""
    generator = networks.dense_generator(4, (2,), (64, 64), "relu", batch_normalization=False)
    return generator, networks.dense_discriminator((2,), (64, 64))


def lecture_gan():
    """Generator 100-128-256-512-1024-2, discriminator 2-512-256-1."""
    return networks.dense_generator(100, (2,)), networks.dense_discriminator((2,))


def dcgan():
    """The DCGAN of 64, 128 and 256 filters for 32×32×3."""
    shape = (32, 32, 3)
    return networks.dcgan_generator(100, shape), networks.dcgan_discriminator(shape)


def contractive():
    """784-1000-784 of sigmoid units."""
    encoder = networks.dense_encoder((784,), 1000, (), latent_activation="sigmoid")
    return encoder, networks.dense_decoder(1000, (784,), (), output_activation="sigmoid")


def num_parameters(model):
    """Of what is trained."""
    return sum(weight.value.shape.num_elements() for weight in model.trainable_weights)
