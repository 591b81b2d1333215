"""Writes pytorch-bfloat16.json: outputs and gradients of networks whose matrix products PyTorch computes of factors that
were rounded to bfloat16, with all else in float32.

    python3 make_precision_fixtures.py

Made with torch 2.15.0 on the CPU. Parameters have the names that ddp-train gives them.
"""

import json
import math
import pathlib

import torch

torch.manual_seed(31)


class Product(torch.autograd.Function):
    """a · b, forward and backward, of rounded factors."""

    @staticmethod
    def forward(context, a, b):
        context.save_for_backward(a, b)
        return rounded(a) @ rounded(b)

    @staticmethod
    def backward(context, gradient):
        a, b = context.saved_tensors
        gradient = rounded(gradient)
        return gradient @ rounded(b).transpose(-1, -2), rounded(a).transpose(-1, -2) @ gradient


def rounded(x):
    return x.bfloat16().float()


def product(a, b):
    return Product.apply(a, b)


def perceptron(x, p):
    hidden = torch.tanh(product(x, p["0.weight"].T) + p["0.bias"])
    return product(hidden, p["2.weight"].T) + p["2.bias"]


def attention(x, p, heads=2):
    samples, steps, width = x.shape
    projected = product(x.reshape(-1, width), p["0.in_proj_weight"].T) + p["0.in_proj_bias"]
    q, k, v = (
        part.reshape(samples, steps, heads, width // heads).transpose(1, 2)
        for part in projected.reshape(samples, steps, 3 * width).split(width, dim=-1)
    )
    weights = torch.softmax(product(q, k.transpose(-1, -2)) / math.sqrt(width // heads), dim=-1)
    context = product(weights, v).transpose(1, 2).reshape(-1, width)
    return (product(context, p["0.out_proj.weight"].T) + p["0.out_proj.bias"]).reshape(x.shape)


def lstm(x, p):
    samples, steps, _ = x.shape
    units = p["0.weight_hh_l0"].shape[1]
    hidden, cell, outputs = torch.zeros(samples, units), torch.zeros(samples, units), []
    for step in range(steps):
        gates = product(x[:, step], p["0.weight_ih_l0"].T) + p["0.bias_ih_l0"] + p["0.bias_hh_l0"]
        if step > 0:
            gates = gates + product(hidden, p["0.weight_hh_l0"].T)
        i, f, g, o = gates.split(units, dim=-1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        outputs.append(hidden)
    return torch.stack(outputs, dim=1)


def case(layers, run, shape, samples, **shapes):
    def values(*shape):
        return torch.round(torch.randn(*shape) * 1000) / 1000

    parameters = {name.replace("__", "."): (values(*s) * 0.5).requires_grad_() for name, s in shapes.items()}
    x = values(samples, *shape).requires_grad_()
    output = run(x, parameters)
    gradient = values(*output.shape)
    output.backward(gradient)
    flat = lambda tensor: [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]
    return {
        "layers": layers,
        "samples": samples,
        "shape": list(shape),
        "parameters": {name: flat(p) for name, p in parameters.items()},
        "input": flat(x),
        "output": flat(output),
        "output_gradient": flat(gradient),
        "input_gradient": flat(x.grad),
        "parameter_gradients": {name: flat(p.grad) for name, p in parameters.items()},
    }


cases = [
    case(
        "[{ dense: 17 }, 'tanh', { dense: 5 }]", perceptron, (21,), 13,
        **{"0__weight": (17, 21), "0__bias": (17,), "2__weight": (5, 17), "2__bias": (5,)},
    ),
    case(
        "[{ multi_head_attention: 2 }]", attention, (7, 6), 3,
        **{
            "0__in_proj_weight": (18, 6), "0__in_proj_bias": (18,),
            "0__out_proj__weight": (6, 6), "0__out_proj__bias": (6,),
        },
    ),
    case(
        "[{ lstm: 5 }]", lstm, (6, 3), 4,
        **{"0__weight_ih_l0": (20, 3), "0__weight_hh_l0": (20, 5), "0__bias_ih_l0": (20,), "0__bias_hh_l0": (20,)},
    ),
]
path = pathlib.Path(__file__).with_name("pytorch-bfloat16.json")
path.write_text(json.dumps({"cases": cases}) + "\n")
