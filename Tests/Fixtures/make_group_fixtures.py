#!/usr/bin/env python3
"""Writes pytorch-groups.json beside itself: steps of PyTorch's optimizers with parameter groups of their own learning rate and
weight decay.

Made with Python 3.11 and PyTorch 2.15.0 (CPU) in float64.

    python3 make_group_fixtures.py
"""
import json
import pathlib

import torch

INITIAL = [[[0.5, -1.0], [2.0, 0.25]], [0.75, -0.5], [[1.5, -0.125]]]
STEPS = 4


def gradients(step):
    return [torch.tensor(values, dtype=torch.float64) * factor for values, factor in zip(INITIAL, (
        0.3 / step, -0.2 * step, 0.1 * (-1) ** step))]


def case(name, make, **options):
    parameters = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in INITIAL]
    groups = [
        {"params": [parameters[0]]},
        {"params": [parameters[1]], "weight_decay": 0.3},
        {"params": [parameters[2]], "lr": 0.002, "weight_decay": 0.0},
    ]
    optimizer = make(groups, lr=0.01, weight_decay=0.1, **options)
    after = []
    for step in range(1, STEPS + 1):
        for parameter, gradient in zip(parameters, gradients(step)):
            parameter.grad = gradient
        optimizer.step()
        after.append([parameter.detach().reshape(-1).tolist() for parameter in parameters])
    return {"optimizer": name, "after": after}


cases = [
    case("sgd", torch.optim.SGD, momentum=0.9), case("adam", torch.optim.Adam), case("adamw", torch.optim.AdamW),
    case("rmsprop", torch.optim.RMSprop),
]
path = pathlib.Path(__file__).parent / "pytorch-groups.json"
path.write_text(json.dumps({
    "torch": torch.__version__,
    "initial": [torch.tensor(values).reshape(-1).tolist() for values in INITIAL],
    "gradients": [[gradient.reshape(-1).tolist() for gradient in gradients(step)] for step in range(1, STEPS + 1)],
    "cases": cases}, separators=(",", ":")) + "\n")
