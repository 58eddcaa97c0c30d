"""PyTorch Lightning as its users write it: a LightningModule, a DataLoader, a Trainer.

Logger, checkpoints, progress bar and summary are off. Losses are logged once per epoch or, as a
separate contestant, not at all.
"""

import lightning as L
import torch
import torch.nn.functional as F
import torch_networks
from torch.utils.data import DataLoader, TensorDataset


class LitVAE(L.LightningModule):
    """A VAE, by automatic optimization."""

    def __init__(self, workload, log):
        super().__init__()
        self.model = torch_networks.VAE()
        self.learning_rate, self.betas = workload.learning_rate, workload.betas
        self.logs_losses = log

    def training_step(self, batch, batch_idx):
        (x,) = batch
        loss = self.model(x)
        if self.logs_losses:
            self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate, betas=self.betas)


class LitGAN(L.LightningModule):
    """Follows https://lightning.ai/docs/pytorch/stable/notebooks/lightning_examples/basic-gan."""

    def __init__(self, workload, log):
        super().__init__()
        self.automatic_optimization = False
        nets = getattr(torch_networks, workload.networks)()
        self.latent_dim, self.generator, self.discriminator = nets
        self.learning_rate, self.betas = workload.learning_rate, workload.betas
        self.logs_losses = log

    def adversarial_loss(self, logits, is_real):
        labels = torch.full_like(logits, float(is_real))
        return F.binary_cross_entropy_with_logits(logits, labels)

    def training_step(self, batch, batch_idx):
        (x,) = batch
        d_optimizer, g_optimizer = self.optimizers()

        self.toggle_optimizer(d_optimizer)
        fakes = self.generator(self.noise(x)).detach()
        d_loss = self.adversarial_loss(self.discriminator(x), True)
        d_loss = d_loss + self.adversarial_loss(self.discriminator(fakes), False)
        self.manual_backward(d_loss)
        d_optimizer.step()
        d_optimizer.zero_grad()
        self.untoggle_optimizer(d_optimizer)

        self.toggle_optimizer(g_optimizer)
        fakes = self.generator(self.noise(x))
        g_loss = self.adversarial_loss(self.discriminator(fakes), True)
        self.manual_backward(g_loss)
        g_optimizer.step()
        g_optimizer.zero_grad()
        self.untoggle_optimizer(g_optimizer)

        if self.logs_losses:
            losses = {"discriminator_loss": d_loss, "generator_loss": g_loss}
            self.log_dict(losses, on_step=False, on_epoch=True)

    def noise(self, x):
        return torch.randn(len(x), self.latent_dim).type_as(x)

    def configure_optimizers(self):
        return [
            torch.optim.Adam(network.parameters(), lr=self.learning_rate, betas=self.betas)
            for network in (self.discriminator, self.generator)
        ]


def _by_trainer(module, workload, x):
    data = TensorDataset(torch_networks.from_numpy(x))
    loader = DataLoader(data, batch_size=workload.batch_size, shuffle=True)

    def fit(num_epochs):
        trainer = L.Trainer(
            max_epochs=num_epochs,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, loader)
        return {name: value.item() for name, value in trainer.callback_metrics.items()}

    return fit, sum(p.numel() for p in module.parameters())


def vae(workload, x, log):
    return _by_trainer(LitVAE(workload, log), workload, x)


def gan(workload, x, log):
    return _by_trainer(LitGAN(workload, log), workload, x)
