#!/usr/bin/env python3
"""Writes optimizers.json and schedules.json beside itself: what make_pytorch_fixtures.py does for the first optimizers.

Made with Python 3.11, PyTorch 2.15.0 (CPU), NumPy 2 and seed 20241; another version may differ in the last digits.

    python3 make_optimizer_fixtures.py

optimizers.json: parameters after 1 and 10 steps from given gradients, each option on and off. Two parameters, a matrix and a
vector, which decays only where `decay_biases` is true. PyTorch has no Lion, LARS and LAMB: theirs are computed in double by
NumPy from the papers' formulas, as the functions below state them.
schedules.json: learning rates of 40 steps, and for `plateau` those of 30 epochs with the metrics that led to them.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler

SEED = 20241
FOLDER = pathlib.Path(__file__).parent
STEPS, SHAPES = 10, [(4, 5), (7,)]

OPTIMIZERS = {
    "adagrad": {"lr": 0.1},
    "adagrad_options": {"lr": 0.1, "eps": 0.01, "weight_decay": 0.1},
    "rmsprop": {"lr": 0.01},
    "rmsprop_momentum": {"lr": 0.01, "momentum": 0.9, "alpha": 0.9},
    "rmsprop_centered": {"lr": 0.01, "centered": True, "eps": 1e-4, "weight_decay": 0.1},
    "rmsprop_centered_momentum": {"lr": 0.01, "centered": True, "momentum": 0.8, "eps": 1e-4},
    "adadelta": {"lr": 1.0},
    "adadelta_options": {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    "nadam": {"lr": 0.02},
    "nadam_options": {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.1, "momentum_decay": 0.2},
    "nadam_no_biases": {"lr": 0.02, "weight_decay": 0.5, "decay_biases": False},
    "adamw_no_biases": {"lr": 0.05, "weight_decay": 0.5, "decay_biases": False},
    "sgd_no_biases": {"lr": 0.05, "weight_decay": 0.5, "momentum": 0.9, "decay_biases": False},
    "adagrad_no_biases": {"lr": 0.1, "weight_decay": 0.5, "decay_biases": False},
    "rmsprop_no_biases": {"lr": 0.01, "weight_decay": 0.5, "decay_biases": False},
    "adadelta_no_biases": {"lr": 1.0, "weight_decay": 0.5, "decay_biases": False},
    "lion": {"lr": 0.01, "betas": (0.9, 0.99)},
    "lion_options": {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.1},
    "lion_no_biases": {"lr": 0.02, "betas": (0.9, 0.99), "weight_decay": 0.5, "decay_biases": False},
    "lars": {"lr": 2.0, "momentum": 0.9, "trust_coefficient": 0.01, "eps": 1e-8},
    "lars_weight_decay": {"lr": 2.0, "momentum": 0.0, "trust_coefficient": 0.02, "eps": 1e-3, "weight_decay": 0.1},
    "lars_no_biases": {
        "lr": 0.5, "momentum": 0.9, "trust_coefficient": 0.05, "eps": 1e-8, "weight_decay": 0.1, "decay_biases": False},
    "lamb": {"lr": 0.05, "betas": (0.9, 0.999), "eps": 1e-6},
    "lamb_options": {"lr": 0.05, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1},
    "lamb_no_biases": {
        "lr": 0.05, "betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.1, "decay_biases": False},
}
TORCH = {
    "sgd": torch.optim.SGD, "adamw": torch.optim.AdamW, "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop,
    "adadelta": torch.optim.Adadelta, "nadam": torch.optim.NAdam,
}


def numbers(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, dtype=np.float64).ravel()]


def lion(theta, g, state, t, options, decays):
    beta1, beta2 = options["betas"]
    m = state.setdefault("m", np.zeros_like(theta))
    decay = options.get("weight_decay", 0) if decays else 0
    theta = theta - options["lr"] * (np.sign(beta1 * m + (1 - beta1) * g) + decay * theta)
    state["m"] = beta2 * m + (1 - beta2) * g
    return theta


def lars(theta, g, state, t, options, decays):
    decay = options.get("weight_decay", 0) if decays else 0
    weight, grad = np.linalg.norm(theta), np.linalg.norm(g)
    trust = 1.0
    if decays and weight > 0 and grad > 0:
        trust = options["trust_coefficient"] * weight / (grad + decay * weight + options["eps"])
    state["v"] = options["momentum"] * state.get("v", 0) + trust * (g + decay * theta)
    return theta - options["lr"] * state["v"]


def lamb(theta, g, state, t, options, decays):
    beta1, beta2 = options["betas"]
    decay = options.get("weight_decay", 0) if decays else 0
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
    u = m / (np.sqrt(v) + options["eps"]) + decay * theta
    weight, step = np.linalg.norm(theta), np.linalg.norm(u)
    trust = weight / step if decays and weight > 0 and step > 0 else 1.0
    return theta - options["lr"] * trust * u


NUMPY = {"lion": lion, "lars": lars, "lamb": lamb}


def by_torch(family, options, initial, gradients):
    options = dict(options)
    decay_biases = options.pop("decay_biases", True)
    parameters = [nn.Parameter(torch.tensor(x)) for x in initial]
    groups = [{"params": [p]} if decay_biases or p.dim() > 1 else {"params": [p], "weight_decay": 0.0} for p in parameters]
    step = TORCH[family](groups, **options)
    for gradient in gradients:
        for parameter, g in zip(parameters, gradient):
            parameter.grad = torch.tensor(g)
        step.step()
        yield [p.detach().numpy().copy() for p in parameters]


def by_numpy(family, options, initial, gradients):
    options = dict(options)
    decay_biases = options.pop("decay_biases", True)
    parameters = [x.astype(np.float64) for x in initial]
    states = [{} for _ in parameters]
    for index, gradient in enumerate(gradients):
        parameters = [
            NUMPY[family](p, g.astype(np.float64), state, index + 1, options, decay_biases or p.ndim > 1)
            for p, g, state in zip(parameters, gradient, states)
        ]
        yield parameters


def optimizer_fixture(random):
    initial = [random.standard_normal(shape).astype(np.float32) for shape in SHAPES]
    gradients = [[(random.standard_normal(s) * 10.0 ** random.uniform(-3, 1, s)).astype(np.float32) for s in SHAPES]
                 for _ in range(STEPS)]
    cases = []
    for name, options in OPTIMIZERS.items():
        family = name.split("_")[0]
        make = by_numpy if family in NUMPY else by_torch
        after = list(make(family, options, initial, gradients))
        cases.append({
            "optimizer": name, "after_1": [numbers(x) for x in after[0]], "after_10": [numbers(x) for x in after[-1]]})
    return {
        "shapes": SHAPES, "initial": [numbers(x) for x in initial],
        "gradients": [[numbers(x) for x in g] for g in gradients], "optimizers": OPTIMIZERS, "cases": cases,
    }


def schedule_fixture(random):
    base, warmup, steps = 0.4, 6, 40

    def start(lr=base):
        return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)

    def rates(make):
        step = start()
        scheduler = make(step)
        result = []
        for index in range(steps):
            result.append(step.param_groups[0]["lr"])
            step.step()
            if index + 1 < steps:
                scheduler.step()
        return result

    def warm(make):
        return lambda step: lr_scheduler.SequentialLR(
            step, [lr_scheduler.LinearLR(step, start_factor=1 / warmup, total_iters=warmup - 1), make(step)], milestones=[warmup])

    def plateau(metrics, **options):
        step = start()
        scheduler = lr_scheduler.ReduceLROnPlateau(step, **options)
        result = []
        for metric in metrics:
            scheduler.step(metric)
            result.append(step.param_groups[0]["lr"])
        return {"metrics": metrics, "learning_rates": result}

    losses = [float(f"{x:.6g}") for x in 1 + 0.5 * np.exp(-np.arange(30) / 4) + 0.01 * random.standard_normal(30)]
    accuracies = [float(f"{1.7 - x:.6g}") for x in losses]
    return {
        "rates": {
            "multi_step": rates(lambda s: lr_scheduler.MultiStepLR(s, [5, 12, 13], gamma=0.3)),
            "polynomial": rates(lambda s: lr_scheduler.PolynomialLR(s, total_iters=30, power=1.0)),
            "polynomial_power": rates(lambda s: lr_scheduler.PolynomialLR(s, total_iters=steps, power=2.0)),
            "polynomial_warmup": rates(warm(lambda s: lr_scheduler.PolynomialLR(s, total_iters=steps - warmup, power=2.0))),
            "linear": rates(lambda s: lr_scheduler.LinearLR(s, start_factor=1.0, end_factor=0.0, total_iters=30)),
            "linear_options": rates(
                lambda s: lr_scheduler.LinearLR(s, start_factor=0.3, end_factor=0.8, total_iters=15)),
            "linear_warmup": rates(warm(
                lambda s: lr_scheduler.LinearLR(s, start_factor=1.0, end_factor=0.1, total_iters=steps - warmup))),
            "restarts": rates(lambda s: lr_scheduler.CosineAnnealingWarmRestarts(s, T_0=7, eta_min=0.01)),
            "restarts_growth": rates(lambda s: lr_scheduler.CosineAnnealingWarmRestarts(s, T_0=5, T_mult=2)),
            "one_cycle": rates(lambda s: lr_scheduler.OneCycleLR(s, max_lr=base, total_steps=steps, cycle_momentum=False)),
            "one_cycle_options": rates(lambda s: lr_scheduler.OneCycleLR(
                s, max_lr=base, total_steps=steps, pct_start=0.45, div_factor=10, final_div_factor=100, cycle_momentum=False)),
        },
        "plateaus": {
            "loss": plateau(losses, patience=2, factor=0.5),
            "loss_cooldown": plateau(losses, patience=1, cooldown=3, factor=0.3, min_lr=0.02, threshold=0.01),
            "accuracy": plateau(accuracies, mode="max", patience=3, factor=0.2),
        },
    }


def main():
    torch.set_num_threads(1)
    random = np.random.default_rng(SEED)
    for name, make in [("optimizers", optimizer_fixture), ("schedules", schedule_fixture)]:
        (FOLDER / f"{name}.json").write_text(json.dumps(make(random), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
