"""The models: each takes networks, is compiled with an objective, and is fitted to data."""

from keras_aegan.engine.latent_variable_model import LatentVariableModel as LatentVariableModel
from keras_aegan.models.adversarial_autoencoder import (
    AdversarialAutoencoder as AdversarialAutoencoder,
)
from keras_aegan.models.autoencoder import Autoencoder as Autoencoder
from keras_aegan.models.conditional_gan import ConditionalGAN as ConditionalGAN
from keras_aegan.models.conditional_vae import ConditionalVAE as ConditionalVAE
from keras_aegan.models.contractive_autoencoder import (
    ContractiveAutoencoder as ContractiveAutoencoder,
)
from keras_aegan.models.denoising_autoencoder import DenoisingAutoencoder as DenoisingAutoencoder
from keras_aegan.models.gan import GAN as GAN
from keras_aegan.models.semi_supervised_vae import SemiSupervisedVAE as SemiSupervisedVAE
from keras_aegan.models.vae import VAE as VAE
from keras_aegan.models.vae_gan import VAEGAN as VAEGAN
from keras_aegan.models.vq_vae import VQVAE as VQVAE
from keras_aegan.models.wasserstein_autoencoder import (
    WassersteinAutoencoder as WassersteinAutoencoder,
)
