#!/usr/bin/env python3
"""Writes pytorch-resnet20.json beside itself: one forward and backward pass of the model `resnet20`.

Made with Python 3.11 and PyTorch 2.13.0 (CPU) in float64; another version may differ in the last digits.

    python3 make_resnet_fixtures.py

Parameters and images are not in the file: both sides compute them from `uniform`, a hash of an array's number and the element's
index. The file has names and shapes of the parameters, the mean cross-entropy of three images, the logits, and for each
parameter the norm of its gradient with the first, a middle and the last element; the same of the running statistics after.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent
SAMPLES = 3


def uniform(count, lane):
    """`count` values on ±1: element i is the finalizer of MurmurHash3 of i + 1000003 · lane, as 32-bit words."""
    word = np.arange(count, dtype=np.uint32) + np.uint32(1000003 * lane % 2**32)
    word ^= word >> np.uint32(16)
    word *= np.uint32(0x85EBCA6B)
    word ^= word >> np.uint32(13)
    word *= np.uint32(0xC2B2AE35)
    word ^= word >> np.uint32(16)
    return torch.from_numpy(word / 2.0**31 - 1)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return self.layers(x) + (self.shortcut(x) if hasattr(self, "shortcut") else x)


class GlobalAveragePool(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    for inputs, outputs, stride in [(16, 16, 1), (16, 32, 2), (32, 64, 2)]:
        layers += [Residual(inputs, outputs, stride), nn.ReLU()]
        for _ in range(2):
            layers += [Residual(outputs, outputs, 1), nn.ReLU()]
    return nn.Sequential(*layers, GlobalAveragePool(), nn.Linear(64, 10)).double()


def summary(tensor):
    values = tensor.detach().reshape(-1)
    count = len(values)
    return {
        "norm": values.norm().item(), "values": [values[i].item() for i in (0, count // 2, count - 1)],
    }


def main():
    model = resnet20()
    parameters = dict(model.named_parameters())
    for lane, parameter in enumerate(parameters.values()):
        values = uniform(parameter.numel(), lane + 1).reshape(parameter.shape)
        # Weights of convolutions and the last layer keep the variance; those of normalizations are near one, biases small.
        fan_in = parameter[0].numel()
        parameter.data = values * (6 / fan_in) ** 0.5 if parameter.dim() > 1 else values * 0.1
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data += 1
    images = uniform(SAMPLES * 32 * 32 * 3, 0).reshape(SAMPLES, 32, 32, 3).permute(0, 3, 1, 2)
    logits = model(images)
    loss = nn.functional.cross_entropy(logits, torch.tensor([3, 0, 9]))
    loss.backward()
    statistics = {n: b for n, b in model.named_buffers() if not n.endswith("num_batches_tracked")}
    fixture = {
        "samples": SAMPLES, "labels": [3, 0, 9], "loss": loss.item(), "logits": logits.reshape(-1).tolist(),
        "parameters": [{"name": n, "shape": list(p.shape), **summary(p.grad)} for n, p in parameters.items()],
        "statistics": [{"name": n, "shape": list(b.shape), **summary(b)} for n, b in statistics.items()],
    }
    (FOLDER / "pytorch-resnet20.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
