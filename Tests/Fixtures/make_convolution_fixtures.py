#!/usr/bin/env python3
"""Writes pytorch-convolutions.json beside itself: forward and backward passes of PyTorch's layers for images.

Made with Python 3.11, PyTorch 2.13.0 (CPU) and seed 20241, in double precision; arrays are channels last, but for weights,
which are as PyTorch has them.

    python3 make_convolution_fixtures.py

Each case: options of the layer; input, weight, bias; output; for the coefficients g of a linear objective Σ g·output, its
gradients in input, weight and bias.
"""
import json
import pathlib

import torch
from torch import nn

SEED = 20241
FOLDER = pathlib.Path(__file__).parent

# kind, (N, H, W, C), filters, options of PyTorch's layer
CASES = [
    ("conv2d", (2, 5, 6, 3), 4, dict(kernel_size=3, padding=1)),
    ("conv2d", (1, 7, 5, 2), 3, dict(kernel_size=3, stride=2, padding=1, bias=False)),
    ("conv2d", (2, 7, 7, 2), 3, dict(kernel_size=3, dilation=2)),
    ("conv2d", (1, 6, 7, 4), 6, dict(kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), groups=2)),
    ("conv2d", (2, 5, 5, 4), 8, dict(kernel_size=3, padding=1, groups=4)),
    ("conv2d", (1, 4, 5, 9), 17, dict(kernel_size=3, padding=1)),
    ("conv2d", (2, 5, 5, 1), 9, dict(kernel_size=5, padding=2, stride=2)),
    ("conv2d", (1, 3, 3, 10), 8, dict(kernel_size=1)),
    ("conv1d", (2, 1, 9, 3), 4, dict(kernel_size=3, stride=2, padding=1)),
    ("conv_transpose2d", (2, 3, 4, 3), 2, dict(kernel_size=3, stride=2, padding=1, output_padding=1)),
    ("conv_transpose2d", (1, 3, 3, 4), 6, dict(kernel_size=4, stride=2, padding=1, groups=2, bias=False)),
    ("conv_transpose2d", (1, 4, 3, 9), 10, dict(kernel_size=3, padding=1)),
    ("max_pool2d", (2, 6, 5, 3), 0, dict(kernel_size=2)),
    ("max_pool2d", (1, 7, 6, 2), 0, dict(kernel_size=3, stride=2, padding=1)),
    ("average_pool2d", (1, 7, 6, 2), 0, dict(kernel_size=3, stride=2, padding=1)),
    ("average_pool2d", (1, 7, 6, 2), 0, dict(kernel_size=3, stride=2, padding=1, count_include_pad=False)),
    ("global_average_pool", (2, 3, 5, 4), 0, dict()),
    ("flatten", (2, 2, 3, 4), 0, dict()),
    ("upsample", (2, 2, 3, 2), 0, dict(scale_factor=3)),
]


def channels_last(array):
    return array.movedim(1, -1) if array.dim() > 2 else array


def flat(array):
    return None if array is None else [round(x, 9) for x in array.detach().flatten().tolist()]


def draw(*shape):
    # Two decimals, so that the file holds exactly what PyTorch computed with.
    return (torch.randn(*shape, dtype=torch.float64) * 100).round() / 100


def layer(kind, channels, filters, options):
    match kind:
        case "conv2d": return nn.Conv2d(channels, filters, **options)
        case "conv1d": return nn.Conv1d(channels, filters, **options)
        case "conv_transpose2d": return nn.ConvTranspose2d(channels, filters, **options)
        case "max_pool2d": return nn.MaxPool2d(**options)
        case "average_pool2d": return nn.AvgPool2d(**options)
        case "global_average_pool": return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "flatten": return nn.Flatten()
        case "upsample": return nn.Upsample(**options)


def make(kind, shape, filters, options):
    module = layer(kind, shape[3], filters, options).double()
    for parameter in module.parameters():
        parameter.data = draw(*parameter.shape)
    x = draw(shape[0], shape[3], shape[1], shape[2])
    if kind == "conv1d":
        x = x.squeeze(2)
    x.requires_grad_()
    y = module(x)
    # Drawn channels last, so that the Swift side takes them as they are.
    g = draw(*channels_last(y).shape)
    (channels_last(y) * g).sum().backward()
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    pair = lambda name, default: list(torch.broadcast_to(torch.tensor(options.get(name, default)), (2,)).tolist())
    return {
        "kind": kind, "samples": shape[0], "input_shape": list(shape[1:]), "filters": filters,
        "kernel": pair("kernel_size", 1), "stride": pair("stride", options.get("kernel_size", 1) if "pool2d" in kind else 1),
        "padding": pair("padding", 0), "output_padding": pair("output_padding", 0), "dilation": pair("dilation", 1),
        "groups": options.get("groups", 1), "has_bias": bias is not None,
        "counts_padding": options.get("count_include_pad", True), "scale": int(options.get("scale_factor", 1)),
        "input": flat(channels_last(x)), "weight": flat(weight), "bias": flat(bias),
        "output": flat(channels_last(y)), "coefficients": flat(g), "input_gradient": flat(channels_last(x.grad)),
        "weight_gradient": flat(weight.grad) if weight is not None else None,
        "bias_gradient": flat(bias.grad) if bias is not None else None,
    }


def main():
    torch.manual_seed(SEED)
    cases = [make(*case) for case in CASES]
    (FOLDER / "pytorch-convolutions.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
