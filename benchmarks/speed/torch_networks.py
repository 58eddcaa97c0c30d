"""The workloads' networks in PyTorch, the same layers as those of `keras_aegan.networks`.

Initial values and the decay of batch normalisation are PyTorch's defaults, which do not change the
speed.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import nn
from workloads import ALPHA


def from_numpy(x):
    """The array as a tensor, images with their channels first."""
    x = torch.from_numpy(x)
    return x.permute(0, 3, 1, 2).contiguous() if x.ndim == 4 else x


def dense(sizes, activation, batch_norm):
    """Linear layers between `sizes`, the last one without activation."""
    layers = []
    for inputs, outputs in itertools.pairwise(sizes[:-1]):
        layers.append(nn.Linear(inputs, outputs, bias=not batch_norm))
        layers += [nn.BatchNorm1d(outputs)] if batch_norm else []
        layers.append(activation())
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


def leaky_relu():
    return nn.LeakyReLU(0.2)


class VAE(nn.Module):
    """784-196-49-28 and back."""

    def __init__(self):
        super().__init__()
        # One layer of 56 for both heads.
        self.encoder = dense((784, 196, 49, 2 * 28), leaky_relu, batch_norm=True)
        self.decoder = nn.Sequential(
            dense((28, 49, 196, 784), leaky_relu, batch_norm=True), nn.Tanh()
        )

    def forward(self, x):
        """The loss, reconstruction error and KL of a batch."""
        z_mean, z_log_var = self.encoder(x).chunk(2, dim=1)
        z = z_mean + torch.exp(0.5 * z_log_var) * torch.randn_like(z_mean)
        reconstruction_loss = F.mse_loss(self.decoder(z), x)
        kl_loss = -0.5 * (1 + z_log_var - z_mean.square() - z_log_var.exp()).sum(dim=1).mean()
        return ALPHA * reconstruction_loss + kl_loss


def small_gan():
    """Generator 4-64-64-2, discriminator 2-64-64-1."""
    generator = dense((4, 64, 64, 2), nn.ReLU, batch_norm=False)
    return 4, generator, dense((2, 64, 64, 1), leaky_relu, batch_norm=False)


def lecture_gan():
    """Generator 100-128-256-512-1024-2, discriminator 2-512-256-1."""
    generator = dense((100, 128, 256, 512, 1024, 2), leaky_relu, batch_norm=True)
    return 100, generator, dense((2, 512, 256, 1), leaky_relu, batch_norm=False)


def dcgan():
    """The DCGAN of 64, 128 and 256 filters for 32×32×3."""

    def up(inputs, outputs):
        return [
            nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]

    def down(inputs, outputs):
        return [
            nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
            nn.BatchNorm2d(outputs),
            leaky_relu(),
        ]

    generator = nn.Sequential(
        nn.Linear(100, 4096, bias=False),
        nn.BatchNorm1d(4096),
        nn.ReLU(),
        nn.Unflatten(1, (256, 4, 4)),
        *up(256, 128),
        *up(128, 64),
        nn.ConvTranspose2d(64, 3, 4, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(3, 64, 4, 2, 1),
        leaky_relu(),
        *down(64, 128),
        *down(128, 256),
        nn.Flatten(),
        nn.Linear(4096, 1),
    )
    return 100, generator, discriminator
