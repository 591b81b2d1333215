"""Compares the scalings of features on real and made sets: compare_scalings.py PROGRAM; needs scikit-learn and h5py.

Prints a Markdown table: test accuracy in percent, or R² of a regression, for each scaling of each set and model.
"""
import json
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split

SCALINGS = ["none", "unit", "standard", "min_max", "auto"]
rng = np.random.default_rng(5)


def table(load, dtype="f4"):
    x, y = load(return_X_y=True)
    return x.astype(dtype), y


def pixels12():
    """The digits as a 12-bit sensor gives them, in uint16 [N, 8, 8]."""
    x, y = datasets.load_digits(return_X_y=True)
    noise = rng.integers(0, 60, x.shape)
    return np.minimum(x * 255 + noise, 4095).astype("u2").reshape(-1, 8, 8), y


def times():
    """A time in seconds since 1970, a thousandth, and a fraction: the class is the hour of an otherwise useless day."""
    n = 1500
    t = 1.7e9 + rng.uniform(0, 86400, n)
    f, g = rng.uniform(0, 1, n), rng.uniform(0, 1e-3, n)
    return np.stack([t, f, g], 1), ((t - 1.7e9) / 86400 + f + g * 1e3 > 1.5).astype(int)


def booleans():
    y = np.arange(1200) % 2
    return rng.random((1200, 12)) < np.where(y[:, None] == 1, .7, .3), y


def constants():
    x, y = datasets.load_wine(return_X_y=True)
    return np.hstack([x, np.full((len(x), 3), 1e6)]).astype("f4"), y


def heavy_tails():
    n = 1500
    z = rng.normal(size=(n, 6))
    return np.exp(2.5 * z).astype("f4"), (z[:, 0] + z[:, 1] > z[:, 2]).astype(int)


def one_hot_ages():
    n = 1500
    age, job, income = rng.integers(18, 91, n), rng.integers(0, 8, n), rng.lognormal(10, 1, n)
    score = (age - 54) / 20 + np.array([-2, -1, -.5, 0, 0, .5, 1, 2])[job] + (np.log(income) - 10)
    return np.hstack([age[:, None], np.eye(8)[job], income[:, None]]).astype("f4"), (score > 0).astype(int)


def counts():
    """Words of 400 texts' worth of counts, most of them 0."""
    n, d = 1200, 400
    y = rng.integers(0, 4, n)
    rates = rng.gamma(.1, .6, (4, d)) + rng.gamma(.1, .3, d)
    return np.minimum(rng.poisson(rates[y]), 255).astype("u1"), y


def houses():
    n = 2000
    area, rooms, year = rng.lognormal(4.6, .4, n), rng.integers(1, 8, n), rng.integers(1900, 2021, n)
    near = rng.random(n) < .3
    price = 2500 * area * (1 + .4 * near) + 8000 * rooms + 400 * (year - 1900) + rng.normal(0, 15000, n)
    return np.stack([area, rooms, year, near], 1).astype("f4"), price


def clock():
    """The end of a job, in seconds since 1970, of its start and its length."""
    n = 1500
    start, size = 1.7e9 + rng.uniform(0, 3600, n), rng.uniform(0, 1e-6, n)
    return np.stack([start, size], 1), start + 2e9 * size


def housing():
    return table(datasets.fetch_california_housing)


SETS = {
    "iris": lambda: table(datasets.load_iris), "wine": lambda: table(datasets.load_wine),
    "breast cancer": lambda: table(datasets.load_breast_cancer),
    "digits, float table": lambda: table(datasets.load_digits),
    "digits, uint8 table": lambda: table(datasets.load_digits, "u1"), "digits, 12 bits in uint16": pixels12,
    "times beside fractions": times, "booleans": booleans, "wine, constant columns": constants,
    "heavy tails": heavy_tails, "one-hot beside ages": one_hot_ages, "sparse counts, uint8": counts,
    "diabetes (R²)": lambda: table(datasets.load_diabetes), "houses (R²)": houses, "clock times (R²)": clock,
    "california (R²)": housing,
}


def main(program):
    print("| set | model | " + " | ".join(SCALINGS) + " |\n|---|---|" + "---|" * len(SCALINGS))
    for name, make in SETS.items():
        try:
            x, y = make()
        except Exception as error:  # a set that has to be fetched
            print(f"{name}: {error}", file=sys.stderr)
            continue
        values = "R²" in name
        parts = train_test_split(x, y, test_size=.25, random_state=1, stratify=None if values else y)
        with tempfile.TemporaryDirectory() as directory:
            path = directory + "/d.h5"
            with h5py.File(path, "w") as f:
                for key, part in zip(["train/x", "test/x", "train/y", "test/y"], parts):
                    f[key] = part
            for model in ["mlp", "linear" if values else "logistic"]:
                cells = []
                for scaling in SCALINGS:
                    run = f"{directory}/{model}-{scaling}"
                    words = [program, "--data", path, "--model", model, "--set", f"data.scaling={scaling}",
                             "--run", run, "--quiet", "--epochs", "40",
                             "--batch-size", "16" if len(y) < 600 else "32",
                             "--learning-rate", "0.001" if model == "mlp" else "0.01"]
                    if values:
                        words += ["--loss", "mse", "--set", "metrics=['r2']"]
                    done = subprocess.run(words, capture_output=True, text=True)
                    if done.returncode:
                        cells.append(f"exit {done.returncode}")
                        continue
                    test = json.load(open(run + "/summary.json"))["test"]
                    cells.append(f"{test['r2']:.3f}" if values else f"{100 * test['accuracy']:.1f}")
                print(f"| {name} | {model} | " + " | ".join(cells) + " |", flush=True)


main(sys.argv[1])
