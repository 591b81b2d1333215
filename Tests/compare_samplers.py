"""Holds the default sampler, `gp`, against Optuna's default: the best value after so many trials, median over seeds.

    python Tests/compare_samplers.py .build/release [TRIALS] [GENERATION] [SEEDS]
    python Tests/compare_samplers.py .build/release digits [TRIALS] [GENERATION] [SEEDS]

Needs Optuna, and in the directory ddp-selftest or, for the bundled digits, ddp-train. Both search the same functions, minimizing, with the same number of trials. ddp-train chooses the trials of
a generation without knowing each other's results, as it runs them side by side; Optuna is asked one by one, which is to
its advantage.
"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from math import cos, exp, pi, sqrt
from statistics import median

import optuna

ALPHA = [1.0, 1.2, 3.0, 3.2]
A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]


def branin(x):
    a = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6
    return a * a + 10 * (1 - 1 / (8 * pi)) * cos(x[0]) + 10


def hartmann6(x):
    return -sum(ALPHA[i] * exp(-sum(A[i][j] * (x[j] - P[i][j] * 1e-4) ** 2 for j in range(6))) for i in range(4))


def rosenbrock4(x):
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def ackley5(x):
    n = len(x)
    return (-20 * exp(-0.2 * sqrt(sum(v * v for v in x) / n)) - exp(sum(cos(2 * pi * v) for v in x) / n) + 20 + exp(1))


FUNCTIONS = {
    "branin": (branin, [(-5, 10), (0, 15)]),
    "hartmann6": (hartmann6, [(0, 1)] * 6),
    "rosenbrock4": (rosenbrock4, [(-5, 10)] * 4),
    "ackley5": (ackley5, [(-32.768, 32.768)] * 5),
}


def optuna_best(name, trials, seed):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    function, ranges = FUNCTIONS[name]
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(
        lambda trial: function([trial.suggest_float(f"x{i}", *r) for i, r in enumerate(ranges)]), n_trials=trials)
    return study.best_value


# Five keys of a small network on the bundled digits, judged by the least validation loss of six epochs.
DIGITS = {"epochs": 6, "data": {"validation": 0.2}, "model": {"layers": [{"dense": 32}, "relu", "dense"]}}
SPACE = {
    "optimizer.name": ["sgd", "adam", "rmsprop"],
    "optimizer.learning_rate": {"low": 1e-5, "high": 1.0, "log": True},
    "batch_size": {"low": 16, "high": 256, "log": True},
    "regularization.l2": {"low": 1e-7, "high": 1e-1, "log": True},
    "initializer": ["kaiming", "xavier"],
}


def digits_optuna(program, trials, seed):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))

    def objective(trial):
        settings = {}
        for path, domain in SPACE.items():
            if isinstance(domain, list):
                settings[path] = trial.suggest_categorical(path, domain)
            elif isinstance(domain["low"], int):
                settings[path] = trial.suggest_int(path, domain["low"], domain["high"], log=True)
            else:
                settings[path] = trial.suggest_float(path, domain["low"], domain["high"], log=True)
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/base.json5", "w") as file:
                json.dump(DIGITS, file)
            arguments = [f"--set={path}={json.dumps(value)}" for path, value in settings.items()]
            done = subprocess.run(
                [program, f"{folder}/base.json5", "--run", f"{folder}/run", "--quiet"] + arguments, capture_output=True)
            if done.returncode == 4:
                return float("nan")
            done.check_returncode()
            with open(f"{folder}/run/metrics.jsonl") as file:
                return min(json.loads(line)["val_loss"] for line in file)

    study.optimize(objective, n_trials=trials)
    return study.best_value


def digits_tune(program, trials, generation, seed, sampler):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/study.json5", "w") as file:
            json.dump({"base": DIGITS, "space": SPACE, "trials": trials, "generation": generation, "seed": seed,
                       "sampler": sampler}, file)
        subprocess.run(
            [program, "tune", f"{folder}/study.json5", "--run", f"{folder}/run", "--quiet"], check=True,
            capture_output=True)
        with open(f"{folder}/run/study.jsonl") as file:
            return min(value for line in file if (value := json.loads(line)["value"]) is not None)


def digits(program, trials=30, generation=4, seeds=20):
    with ProcessPoolExecutor(2) as pool:
        theirs = list(pool.map(digits_optuna, [program] * seeds, [trials] * seeds, range(seeds)))
    found = {
        sampler: [digits_tune(program, trials, generation, seed, sampler) for seed in range(seeds)]
        for sampler in ("gp", "tpe", "random")}
    print(f"{trials} trials, generations of {generation}, {seeds} seeds; median of the least validation loss found")
    print(f"{'data':12} {'Optuna':>10} {'gp':>10} {'tpe':>10} {'random':>10}")
    print(f"{'digits':12} {median(theirs):10.4f} " + " ".join(f"{median(values):10.4f}" for values in found.values()))


def main():
    if sys.argv[2:3] == ["digits"]:
        return digits(f"{sys.argv[1]}/ddp-train", *[int(a) for a in sys.argv[3:6]])
    program = f"{sys.argv[1]}/ddp-selftest"
    trials, generation, seeds = [int(a) for a in sys.argv[2:5]] + [100, 4, 20][len(sys.argv) - 2:]
    print(f"{trials} trials, generations of {generation}, {seeds} seeds; median of the best value found")
    print(f"{'function':12} {'Optuna':>10} {'gp':>10} {'tpe':>10} {'random':>10}")
    with ProcessPoolExecutor(2) as pool:
        for name in FUNCTIONS:
            theirs = list(pool.map(optuna_best, [name] * seeds, [trials] * seeds, range(seeds)))
            ours, tpe, random = (
                json.loads(subprocess.run(
                    [program, "sampler", name, sampler, str(trials), str(generation), str(seeds)],
                    check=True, capture_output=True, text=True).stdout) for sampler in ("gp", "tpe", "random"))
            print(f"{name:12} {median(theirs):10.4f} {median(ours):10.4f} {median(tpe):10.4f} {median(random):10.4f}", flush=True)


if __name__ == "__main__":
    main()
