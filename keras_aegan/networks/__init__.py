"""Networks: functions that return Functional models, to use unchanged or to copy from."""

from keras_aegan.networks.alexnet import alexnet as alexnet
from keras_aegan.networks.convolutional import convolutional_decoder as convolutional_decoder
from keras_aegan.networks.convolutional import convolutional_encoder as convolutional_encoder
from keras_aegan.networks.dcgan import dcgan_discriminator as dcgan_discriminator
from keras_aegan.networks.dcgan import dcgan_generator as dcgan_generator
from keras_aegan.networks.dense import dense_decoder as dense_decoder
from keras_aegan.networks.dense import dense_encoder as dense_encoder
from keras_aegan.networks.dense_adversarial import dense_discriminator as dense_discriminator
from keras_aegan.networks.dense_adversarial import dense_generator as dense_generator
from keras_aegan.networks.gaussian_encoder import gaussian_encoder as gaussian_encoder
from keras_aegan.networks.lecture_vae import lecture_vae as lecture_vae
from keras_aegan.networks.pretrain_backbone import pretrain_backbone as pretrain_backbone
