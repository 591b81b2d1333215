#!/usr/bin/env python3
"""Writes pytorch-normalization.json beside itself.

Made with Python 3.11, PyTorch 2.15.0 (CPU), float64 and seed 31; another version may differ in the last digits.

    python3 make_normalization_fixtures.py

One case a layer: input, parameters, output, and the gradients of Σ coefficient · output. Channels come last in all arrays.
Batch normalization also has the running statistics after the pass in training and the output in evaluation behind it.
"""
import json
import pathlib

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent


def last(tensor):
    """Channels of [N, C, …] moved last, flattened."""
    return tensor.detach().movedim(1, -1).reshape(-1).tolist()


def rounded(value):
    """14 digits of every number."""
    if isinstance(value, float):
        return float(f"{value:.14g}")
    if isinstance(value, dict):
        return {key: rounded(element) for key, element in value.items()}
    return [rounded(element) for element in value] if isinstance(value, list) else value


def case(kind, module, input, channels_first=False, **options):
    arrange = last if channels_first else lambda tensor: tensor.detach().reshape(-1).tolist()
    shape = list(input.shape[1:])
    if channels_first:
        shape = shape[1:] + shape[:1]
    module = module.double()
    for name, parameter in module.named_parameters():
        parameter.data = torch.randn_like(parameter) + (1 if name == "weight" else 0)
    for name, buffer in module.named_buffers():
        if name in ("running_mean", "running_var"):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    statistics = {n: b.tolist() for n, b in module.named_buffers() if n != "num_batches_tracked"}
    input = input.clone().requires_grad_()
    output = module(input)
    coefficients = torch.randn_like(output)
    (coefficients * output).sum().backward()
    result = {
        "kind": kind, "options": options, "samples": len(input), "shape": shape, "input": arrange(input),
        "parameters": {n: p.tolist() for n, p in module.named_parameters()}, "output": arrange(output),
        "coefficients": arrange(coefficients), "input_gradient": arrange(input.grad),
        "gradients": {n: p.grad.tolist() for n, p in module.named_parameters()},
    }
    if statistics:
        result["statistics"] = statistics
        result["updated"] = {n: b.tolist() for n, b in module.named_buffers() if n != "num_batches_tracked"}
        result["evaluation"] = arrange(module.eval()(input))
    return result


class Rectified(nn.Module):
    """Batch normalization and ReLU, its parameters named as the former's."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def named_parameters(self):
        return self.norm.named_parameters()

    def named_buffers(self):
        return self.norm.named_buffers()

    def forward(self, x):
        return torch.relu(self.norm(x))


def main():
    torch.manual_seed(31)
    torch.set_default_dtype(torch.float64)
    images = torch.randn(3, 10, 3, 2) * 2 + 1
    cases = [
        case("batch_norm", nn.BatchNorm1d(19), torch.randn(5, 19) + 3),
        case("batch_norm", nn.BatchNorm1d(9, eps=0.01, momentum=0.3), torch.randn(4, 9, 5), True, epsilon=0.01, momentum=0.3),
        case("batch_norm", nn.BatchNorm2d(10), images, True),
        case("batch_norm", Rectified(nn.BatchNorm2d(10)), images, True, rectifies=True),
        case("layer_norm", nn.LayerNorm(21), torch.randn(4, 21) * 3),
        case("layer_norm", nn.LayerNorm(8, eps=0.01), torch.randn(3, 5, 8), epsilon=0.01),
        case("softmax", nn.Softmax(-1), torch.randn(3, 2, 11) * 4),
        case("elu", nn.ELU(0.7), torch.randn(3, 20) * 4, alpha=0.7),
        case("silu", nn.SiLU(), torch.randn(3, 20) * 4),
        case("group_norm", nn.GroupNorm(2, 12), torch.randn(4, 12) * 3 + 2, groups=2),
        case("group_norm", nn.GroupNorm(4, 20, eps=0.01), torch.randn(2, 20, 5) - 1, True, groups=4, epsilon=0.01),
        case("group_norm", nn.GroupNorm(5, 10), images, True, groups=5),
        case("group_norm", nn.GroupNorm(1, 10), images, True, groups=1),
        case("group_norm", nn.GroupNorm(10, 10), images, True, groups=10),
        case("group_norm", nn.GroupNorm(3, 24, affine=False), torch.randn(2, 24, 4, 3) + 5, True, groups=3,
             affine=False),
    ]
    (FOLDER / "pytorch-normalization.json").write_text(json.dumps(rounded(cases), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
