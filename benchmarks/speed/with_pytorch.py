"""A training loop written by hand in PyTorch, by somebody who knows where the time goes.

Data lie in memory as one tensor, and a batch is an index; Adam is fused; the discriminator's
gradients are switched off in the generator's turn; losses are read once per epoch. Compilation and
the channels-last layout are separate contestants.
"""

import torch
import torch.nn.functional as F
import torch_networks


def _loop(step, x, batch_size, *networks):
    """`step(batch)` returns a dict of losses."""

    def fit(num_epochs):
        for _ in range(num_epochs):
            totals = {}
            batches = torch.randperm(len(x)).split(batch_size)
            for indices in batches:
                for name, loss in step(x[indices]).items():
                    totals[name] = totals.get(name, 0.0) + loss.detach()
        return {name: total.item() / len(batches) for name, total in totals.items()}

    return fit, sum(p.numel() for network in networks for p in network.parameters())


def vae(workload, x, compiled=False):
    model = torch_networks.VAE()
    optimizer = torch.optim.Adam(
        model.parameters(), workload.learning_rate, workload.betas, fused=True
    )
    # The last, smaller batch gets a program of its own: dynamic shapes would slow all batches.
    loss_of = torch.compile(model, dynamic=False) if compiled else model

    def step(batch):
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    return _loop(step, torch.from_numpy(x), workload.batch_size, model)


def gan(workload, x, compiled=False, channels_last=False):
    latent_dim, generator, discriminator = getattr(torch_networks, workload.networks)()
    x = torch_networks.from_numpy(x)
    if channels_last:
        x = x.to(memory_format=torch.channels_last)
        generator.to(memory_format=torch.channels_last)
        discriminator.to(memory_format=torch.channels_last)
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), workload.learning_rate, workload.betas, fused=True)
        for network in (discriminator, generator)
    )
    criterion = F.binary_cross_entropy_with_logits

    def discriminator_loss(batch):
        with torch.no_grad():
            fakes = generator(torch.randn(len(batch), latent_dim))
        real_logits, fake_logits = discriminator(batch), discriminator(fakes)
        real_loss = criterion(real_logits, torch.ones_like(real_logits))
        return real_loss + criterion(fake_logits, torch.zeros_like(fake_logits))

    def generator_loss(batch):
        logits = discriminator(generator(torch.randn(len(batch), latent_dim)))
        return criterion(logits, torch.ones_like(logits))

    if compiled:
        discriminator_loss = torch.compile(discriminator_loss, dynamic=False)
        generator_loss = torch.compile(generator_loss, dynamic=False)

    def step(batch):
        d_loss = discriminator_loss(batch)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        discriminator.requires_grad_(False)
        g_loss = generator_loss(batch)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        discriminator.requires_grad_(True)
        return {"discriminator_loss": d_loss, "generator_loss": g_loss}

    return _loop(step, x, workload.batch_size, generator, discriminator)
