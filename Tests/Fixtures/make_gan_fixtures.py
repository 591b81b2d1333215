#!/usr/bin/env python3
"""Writes pytorch-gan.json beside itself: a few training steps of a small GAN in PyTorch.

Made with Python 3.11 and PyTorch 2.13.0 (CPU); another version may differ in the last digits.

    python3 make_gan_fixtures.py

The steps are simultaneous: both losses are differentiated at the same parameters, then both optimizers step. Initial weights and
latent vectors are drawn here as ddp-train draws them, by a Philox4x32-10 of our own that PyTorch and NumPy know nothing of: equal
losses say that the keys of the draws, too, are what the documentation says. Samples are dealt to two shards row by row;
batch normalization is over a shard's samples, and the discriminator's running statistics learn from the reals alone.
"""
import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
SEED, STEPS, SAMPLES, SHARDS, LATENT, SIDE = 7, 6, 10, 2, 3, 4
INITIALIZATION, DROPOUT, LATENT_PURPOSE = 1, 3, 7
MASK = 0xFFFFFFFF


def philox(counter, key):
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        a, b = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


class Source:
    def __init__(self, key):
        self.key = key

    def stream(self, purpose, first=0, second=0):
        return Source(philox((first & MASK, first >> 32, second & MASK, purpose), self.key)[:2])

    def words(self, index, lane):
        return philox((index & MASK, index >> 32, lane & MASK, lane >> 32), self.key)

    def uniform(self, count, bound, lane):
        words = [self.words(i // 4, lane)[i % 4] for i in range(count)]
        return [(2 * (w + 0.5) * 2**-32 - 1) * bound for w in words]

    def normal(self, count, lane):
        """Box and Muller's transform on each half of four words."""
        values = []
        for block in range((count + 3) // 4):
            u = [(w + 0.5) * 2**-32 for w in self.words(block, lane)]
            for a, b in ((u[0], u[1]), (u[2], u[3])):
                radius, angle = math.sqrt(-2 * math.log(a)), 2 * math.pi * b
                values += [radius * math.cos(angle), radius * math.sin(angle)]
        return values[:count]


def single(values):
    return torch.tensor(values, dtype=torch.float32).double()


def networks():
    generator = nn.Sequential(
        nn.Linear(LATENT, 8), nn.Unflatten(1, (2, 2, 2)), nn.BatchNorm2d(2), nn.ReLU(),
        nn.ConvTranspose2d(2, 1, 4, stride=2, padding=1), nn.Sigmoid())
    discriminator = nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.BatchNorm2d(3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(12, 1))
    both = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
    source = Source((SEED, 0)).stream(INITIALIZATION)
    for lane, (name, parameter) in enumerate(both.named_parameters()):
        if parameter.dim() == 1:
            continue  # Ones and zeros.
        # PyTorch's fan-in, of a transposed convolution too.
        fan_in = parameter[0].numel()
        values = source.uniform(parameter.numel(), math.sqrt(6 / fan_in), lane)
        parameter.data = single(values).reshape(parameter.shape)
    for name, parameter in both.named_parameters():
        if name.endswith("bias"):
            parameter.data.zero_()
    return both


class Statistics:
    """Sums of what batch normalizations see in the passes that they learn from."""

    def __init__(self, both):
        self.norms = {n: m for n, m in both.named_modules() if isinstance(m, nn.BatchNorm2d)}
        self.learns, self.sums = True, {}
        for name, norm in self.norms.items():
            norm.momentum = 0.0
            norm.register_forward_pre_hook(lambda m, inputs, name=name: self.record(name, inputs[0].detach()))

    def record(self, name, x):
        if self.learns:
            mean, variance = self.sums.get(name, (0, 0))
            self.sums[name] = (
                mean + len(x) * x.mean((0, 2, 3)), variance + len(x) * x.var((0, 2, 3), unbiased=True))

    def update(self):
        for name, norm in self.norms.items():
            mean, variance = self.sums[name]
            norm.running_mean.mul_(0.9).add_(0.1 * mean / SAMPLES)
            norm.running_var.mul_(0.9).add_(0.1 * variance / SAMPLES)
        self.sums = {}


def main():
    both = networks()
    g, d = both["generator"], both["discriminator"]
    torch.manual_seed(20240)
    reals = torch.rand(SAMPLES, SIDE, SIDE).float().double()
    d_optimizer = torch.optim.SGD(d.parameters(), lr=0.05, momentum=0.9)
    g_optimizer = torch.optim.Adam(g.parameters(), lr=0.02, betas=(0.5, 0.999))
    statistics = Statistics(both)
    steps = []
    for step in range(1, STEPS + 1):
        latent = Source((SEED, 0)).stream(DROPOUT, step).stream(LATENT_PURPOSE)
        d_loss = g_loss = correct = 0
        for shard in range(SHARDS):
            rows = list(range(shard, SAMPLES, SHARDS))
            z = single([latent.normal(LATENT, row) for row in rows])
            statistics.learns = True
            fakes = g(z)
            on_reals = d(reals[rows][:, None])
            statistics.learns = False
            on_fakes = d(fakes.detach())
            d_loss = d_loss + F.softplus(-on_reals).sum() + F.softplus(on_fakes).sum()
            g_loss = g_loss + F.softplus(-d(fakes)).sum()
            correct += ((on_reals > 0).sum() + (on_fakes <= 0).sum()).item() / 2
        d_gradients = torch.autograd.grad(d_loss / SAMPLES, list(d.parameters()))
        g_gradients = torch.autograd.grad(g_loss / SAMPLES, list(g.parameters()))
        for network, gradients in ((d, d_gradients), (g, g_gradients)):
            for parameter, gradient in zip(network.parameters(), gradients):
                parameter.grad = gradient
        d_optimizer.step()
        g_optimizer.step()
        statistics.update()
        steps.append({
            "loss": (d_loss / SAMPLES).item(), "generator_loss": (g_loss / SAMPLES).item(),
            "accuracy": correct / SAMPLES,
            "arrays": {
                name: value.flatten().tolist() for name, value in both.state_dict().items()
                if not name.endswith("num_batches_tracked")},
        })
    fixture = {
        "seed": SEED, "samples": SAMPLES, "shards": SHARDS, "side": SIDE, "reals": reals.flatten().tolist(), "steps": steps}
    path = pathlib.Path(__file__).parent / "pytorch-gan.json"
    path.write_text(json.dumps(fixture) + "\n")


main()
