#!/usr/bin/env python3
"""Writes pytorch-losses.json, pytorch-optimizers.json and pytorch-schedules.json beside itself.

Made with Python 3.11, PyTorch 2.13.0 (CPU) and seed 20240; another version may differ in the last digits.

    python3 make_pytorch_fixtures.py

pytorch-losses.json: the loss of 50 training steps of a 12-16-8-4 network for each loss and optimizer, from equal initial
weights and over the same five batches of eight samples in turn. Activations take turns, each with several cases.
pytorch-optimizers.json: parameters after 1 and 10 steps from given gradients, each option on and off.
pytorch-schedules.json: learning rates of 30 steps.
"""
import json
import pathlib

import torch
from torch import nn
from torch.optim import lr_scheduler

SEED = 20240
FOLDER = pathlib.Path(__file__).parent
STEPS, BATCHES, SAMPLES, SIZES = 50, 5, 8, (12, 16, 8, 4)

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
}
LOSSES = {
    "cross_entropy": nn.CrossEntropyLoss(),
    "binary_cross_entropy": nn.BCEWithLogitsLoss(),
    "mse": nn.MSELoss(),
    "huber": nn.HuberLoss(delta=0.75),
}
OPTIMIZERS = {
    "sgd": {"lr": 0.1},
    "sgd_momentum": {"lr": 0.03, "momentum": 0.9},
    "sgd_nesterov": {"lr": 0.03, "momentum": 0.9, "nesterov": True},
    "sgd_weight_decay": {"lr": 0.1, "weight_decay": 0.01},
    "sgd_momentum_weight_decay": {"lr": 0.03, "momentum": 0.9, "weight_decay": 0.01},
    "sgd_nesterov_weight_decay": {"lr": 0.03, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "adam": {"lr": 0.005},
    "adam_weight_decay": {"lr": 0.005, "weight_decay": 0.01},
    "adam_options": {"lr": 0.005, "betas": (0.8, 0.99), "eps": 1e-4},
    "adamw": {"lr": 0.005, "weight_decay": 0.1},
    "adamw_no_weight_decay": {"lr": 0.005, "weight_decay": 0.0},
}


def optimizer(name, parameters):
    options = OPTIMIZERS[name]
    if name.startswith("adamw"):
        return torch.optim.AdamW(parameters, **options)
    if name.startswith("adam"):
        return torch.optim.Adam(parameters, **options)
    return torch.optim.SGD(parameters, **options)


def numbers(tensor):
    """The shortest decimals that give the same single-precision numbers back."""
    return [json.loads(str(x)) for x in tensor.detach().flatten().numpy().astype("float32")]


def network(activation):
    layers = []
    for fan_in, fan_out in zip(SIZES, SIZES[1:]):
        layers += [nn.Linear(fan_in, fan_out), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def loss_fixture():
    initial = network("relu").state_dict()
    inputs = torch.randn(BATCHES, SAMPLES, SIZES[0])
    targets = {
        "cross_entropy": torch.randint(0, SIZES[-1], (BATCHES, SAMPLES)),
        "binary_cross_entropy": torch.randint(0, 2, (BATCHES, SAMPLES, SIZES[-1])).float(),
        "mse": torch.randn(BATCHES, SAMPLES, SIZES[-1]),
        "huber": torch.randn(BATCHES, SAMPLES, SIZES[-1]),
    }
    cases = []

    def run(loss_name, optimizer_name, activation, clip):
        model = network(activation)
        model.load_state_dict(initial)
        step = optimizer(optimizer_name, model.parameters())
        losses = []
        for index in range(STEPS):
            batch = index % BATCHES
            step.zero_grad()
            loss = LOSSES[loss_name](model(inputs[batch]), targets[loss_name][batch])
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            step.step()
            losses.append(loss.detach())
        cases.append({
            "loss": loss_name, "optimizer": optimizer_name, "activation": activation, "clip_norm": clip,
            "losses": numbers(torch.stack(losses)),
        })

    turn = 0
    for loss_name in LOSSES:
        for optimizer_name in OPTIMIZERS:
            run(loss_name, optimizer_name, list(ACTIVATIONS)[turn % len(ACTIVATIONS)], None)
            turn += 1
    # These clip the first step alone, all 50, and 6 of 50.
    run("mse", "sgd_momentum", "tanh", 1.0)
    run("cross_entropy", "sgd", "relu", 0.2)
    run("huber", "adam", "gelu", 0.2)
    return {
        "parameters": {name: numbers(value) for name, value in initial.items()},
        "inputs": [numbers(x) for x in inputs],
        "targets": {name: [numbers(x) for x in value] for name, value in targets.items()},
        "optimizers": OPTIMIZERS,
        "cases": cases,
    }


def optimizer_fixture():
    initial, gradients = torch.randn(37), torch.randn(10, 37) * torch.logspace(-3, 1, 37)
    cases = []
    for name in OPTIMIZERS:
        parameter = nn.Parameter(initial.clone())
        step = optimizer(name, [parameter])
        after = {}
        for index, gradient in enumerate(gradients):
            parameter.grad = gradient.clone()
            step.step()
            after[index + 1] = numbers(parameter)
        cases.append({"optimizer": name, "after_1": after[1], "after_10": after[10]})
    return {
        "initial": numbers(initial), "gradients": [numbers(g) for g in gradients], "optimizers": OPTIMIZERS,
        "cases": cases,
    }


def schedule_fixture():
    base, warmup, steps = 0.4, 6, 30

    def rates(make):
        step = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
        scheduler = make(step)
        result = []
        for _ in range(steps):
            result.append(step.param_groups[0]["lr"])
            step.step()
            scheduler.step()
        return result

    def warm(step):
        return lr_scheduler.LinearLR(step, start_factor=1 / warmup, total_iters=warmup - 1)

    return {
        "constant": rates(lambda step: lr_scheduler.ConstantLR(step, factor=1)),
        "step": rates(lambda step: lr_scheduler.StepLR(step, step_size=7, gamma=0.3)),
        "exponential": rates(lambda step: lr_scheduler.ExponentialLR(step, gamma=0.9)),
        "cosine": rates(lambda step: lr_scheduler.CosineAnnealingLR(step, T_max=steps, eta_min=0.01)),
        "constant_warmup": rates(warm),
        "cosine_warmup": rates(
            lambda step: lr_scheduler.SequentialLR(
                step, [warm(step), lr_scheduler.CosineAnnealingLR(step, T_max=steps - warmup)], milestones=[warmup])),
    }


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    for name, make in [("losses", loss_fixture), ("optimizers", optimizer_fixture), ("schedules", schedule_fixture)]:
        (FOLDER / f"pytorch-{name}.json").write_text(json.dumps(make(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
