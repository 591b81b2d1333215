#!/usr/bin/env python3
"""Writes pytorch-curves.json beside itself: the loss of every epoch of datasets/logistic.json5 and datasets/binary-mlp.json5, and
losses and accuracies of datasets/classifier.json5 every ten epochs at three learning rates.

Made with Python 3.11, PyTorch 2.13.0 (CPU), h5py 3.16 and a release build of this package; another version may differ in the
last digits.

    python3 make_curve_fixtures.py

ddp-train makes the data; `ddp-selftest steps` tells the initial parameters and the rows of each step. PyTorch takes the same steps
with its own layers, loss and optimizer: binary cross-entropy with logits, Adam, learning rate 0.01. The loss of an epoch is the mean
over its samples, each before the update of its step.
"""
import json
import pathlib
import subprocess
import tempfile

import h5py
import numpy
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent
ROOT = FOLDER.parent.parent
DATA = ["data", "make", "moons", "--samples", "1250", "--test", "0.2", "--noise", "0.2"]
MODELS = {
    "logistic": lambda: nn.Sequential(nn.Linear(2, 1)),
    "binary-mlp": lambda: nn.Sequential(nn.Linear(2, 10), nn.Tanh(), nn.Linear(10, 1)),
}


def program(name, *arguments):
    command = [ROOT / ".build/release" / name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def curve(name, data, scratch):
    configuration = ROOT / f"datasets/{name}.json5"
    plan = json.loads(program("ddp-selftest", "steps", configuration, "--data", data, "--run", scratch / name))
    with h5py.File(data) as file:
        x, y = (torch.from_numpy(file[f"train/{part}"][()].astype(numpy.float32)) for part in "xy")
        test_x, test_y = (torch.from_numpy(file[f"test/{part}"][()].astype(numpy.float32)) for part in "xy")
    model = MODELS[name]()
    model.load_state_dict(
        {key: torch.tensor(value["values"]).reshape(value["shape"]) for key, value in plan["parameters"].items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_of = nn.BCEWithLogitsLoss()
    losses = []
    for start in range(0, len(plan["steps"]), plan["steps_per_epoch"]):
        total = 0.0
        for rows in plan["steps"][start:start + plan["steps_per_epoch"]]:
            loss = loss_of(model(x[rows])[:, 0], y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(x))
    with torch.no_grad():
        right = (model(test_x)[:, 0] > 0) == (test_y > 0.5)
    return {"train_loss": losses, "test_accuracy": right.double().mean().item()}


CLASSES = ["data", "make", "classification", "--features", "2", "--samples", "1000", "--test", "0"]
RATES = [0.1, 0.01, 0.001]


def classifier(rate, data, scratch):
    """The figures of every tenth epoch, in double: training as the samples were learned from, validation after the epoch."""
    configuration = ROOT / "datasets/classifier.json5"
    options = ["--data", data, "--learning-rate", str(rate), "--run", scratch / f"classifier-{rate}"]
    plan = json.loads(program("ddp-selftest", "steps", configuration, *options))
    with h5py.File(data) as file:
        x, y = (torch.from_numpy(file[f"train/{part}"][()].astype(float)) for part in "xy")
    is_train = torch.zeros(len(x), dtype=torch.bool)
    is_train[sorted({row for rows in plan["steps"] for row in rows})] = True
    # The program scales in double, and hands singles to the model.
    x = ((x - x[is_train].mean(0)) / x[is_train].std(0, correction=0)).float().double()
    model = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 1)).double()
    model.load_state_dict(
        {key: torch.tensor(value["values"]).reshape(value["shape"]) for key, value in plan["parameters"].items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    loss_of = nn.BCEWithLogitsLoss()
    figures = []
    for epoch, start in enumerate(range(0, len(plan["steps"]), plan["steps_per_epoch"]), 1):
        total, right = 0.0, 0
        for rows in plan["steps"][start:start + plan["steps_per_epoch"]]:
            logits = model(x[rows])[:, 0]
            loss = loss_of(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
            right += ((logits > 0) == (y[rows] > 0.5)).sum().item()
        if epoch % 10:
            continue
        with torch.no_grad():
            logits = model(x[~is_train])[:, 0]
        count = int(is_train.sum())
        figures.append({
            "epoch": epoch, "train_loss": total / count, "train_accuracy": right / count,
            "val_loss": loss_of(logits, y[~is_train]).item(),
            "val_accuracy": ((logits > 0) == (y[~is_train] > 0.5)).double().mean().item()})
    return {"rate": rate, "figures": figures}


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        data = scratch / "moons.h5"
        program("ddp-train", *DATA, "--output", data)
        curves = {name: curve(name, data, scratch) for name in MODELS}
        data = scratch / "classes.h5"
        program("ddp-train", *CLASSES, "--output", data)
        rates = [classifier(rate, data, scratch) for rate in RATES]
    fixture = {"data": DATA, "curves": curves, "classes": CLASSES, "rates": rates}
    (FOLDER / "pytorch-curves.json").write_text(json.dumps(fixture, indent=1) + "\n")


main()
