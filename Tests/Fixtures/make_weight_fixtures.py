#!/usr/bin/env python3
"""Writes counted-samples.json beside itself: losses, metrics and thresholds of samples that do not all count the same.

Made with Python 3.11, PyTorch 2.15.0 (CPU), scikit-learn 1.9.1 and seed 4713; another version may differ in the last
digits.

    python3 make_weight_fixtures.py

Labels of -100 stand for no class (PyTorch's `ignore_index`). Losses of weighted samples are (loss * w).sum() / w.sum(), with
the weight of a sample times that of its class where classes have weights. Figures are those of scikit-learn with `sample_weight`.
A threshold is the best of all that tell scores apart; the figure is what the best one reaches.
"""
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from sklearn import metrics as sk
from sklearn.utils.class_weight import compute_class_weight

SEED = 4713
NONE = -100


def loss_case(name, options, outputs, targets, function, weights=None):
    outputs = outputs.clone().requires_grad_(True)
    loss = function(outputs, targets)
    loss.backward()
    return {
        "name": name,
        "options": options,
        "samples": outputs.shape[0],
        "outputs": outputs.detach().flatten().tolist(),
        "targets": targets.to(torch.float64).flatten().tolist(),
        "weights": None if weights is None else weights.tolist(),
        "loss": loss.item(),
        "gradient": outputs.grad.flatten().tolist(),
    }


def losses():
    n, k, t = 7, 5, 4
    logits, sequence = 3 * torch.randn(n, k), 3 * torch.randn(n, t, k)
    labels, steps = torch.randint(k, (n,)), torch.randint(k, (n, t))
    some, some_steps = labels.clone(), steps.clone()
    some[[1, 4]] = NONE
    some_steps[0, 2:] = NONE
    some_steps[3] = NONE
    some_steps[5, 0] = NONE
    classes = torch.tensor([0.5, 2.0, 1.0, 0.25, 3.0])
    weights = torch.tensor([1.0, 0.0, 2.5, 0.5, 1.0, 4.0, 0.25])
    bits, values = torch.randint(2, (n, k)).double(), 2 * torch.randn(n, k)

    def ce(x, y, **options):
        return F.cross_entropy(x.reshape(-1, k), y.reshape(-1), ignore_index=NONE, **options)

    def weighted(each, own=None):
        """The weighted mean of the losses of samples; `own` is what each counts beside its weight."""
        def function(x, y):
            total = weights if own is None else weights * own
            return (each(x, y) * weights).sum() / total.sum()
        return function

    mean = dict(reduction="none")
    return [
        loss_case("cross_entropy", {"ignore_index": NONE}, logits, some, ce),
        loss_case("cross_entropy", {"ignore_index": NONE}, sequence, some_steps, ce),
        loss_case(
            "cross_entropy", {"ignore_index": NONE, "class_weights": classes.tolist()}, sequence, some_steps,
            lambda x, y: ce(x, y, weight=classes)),
        loss_case(
            "cross_entropy", {"ignore_index": NONE, "label_smoothing": 0.1}, logits, some,
            lambda x, y: ce(x, y, label_smoothing=0.1)),
        loss_case(
            "cross_entropy", {}, logits, labels, weighted(lambda x, y: F.cross_entropy(x, y, **mean)), weights),
        loss_case(
            "cross_entropy", {"class_weights": classes.tolist()}, logits, labels,
            weighted(lambda x, y: F.cross_entropy(x, y, weight=classes, **mean), classes[labels]), weights),
        loss_case(
            "cross_entropy", {}, sequence, steps,
            weighted(lambda x, y: F.cross_entropy(x.transpose(1, 2), y, **mean).mean(1)), weights),
        loss_case(
            "binary_cross_entropy", {}, logits, bits,
            weighted(lambda x, y: F.binary_cross_entropy_with_logits(x, y, **mean).mean(1)), weights),
        loss_case("mse", {}, logits, values, weighted(lambda x, y: F.mse_loss(x, y, **mean).mean(1)), weights),
        loss_case("huber", {}, logits, values, weighted(lambda x, y: F.huber_loss(x, y, **mean).mean(1)), weights),
    ]


def pooling():
    n, t, c = 4, 5, 3
    lengths = [5, 2, 1, 3]
    x = torch.randn(n, t, c)
    for row, length in enumerate(lengths):
        x[row, length:] = 0
    given = x.clone().requires_grad_(True)
    mask = torch.arange(t)[None, :, None] < torch.tensor(lengths)[:, None, None]
    means = (given * mask).sum(1) / torch.tensor(lengths)[:, None]
    upstream = torch.randn(n, c)
    (means * upstream).sum().backward()
    return {
        "steps": t, "channels": c, "inputs": x.flatten().tolist(), "means": means.detach().flatten().tolist(),
        "upstream": upstream.flatten().tolist(), "gradient": given.grad.flatten().tolist(),
    }


def figures(rng):
    n, k = 60, 3
    weights = rng.integers(0, 5, n) / 2
    logits = np.round(rng.normal(0, 2, (n, k)), 1).astype(np.float32)
    labels = rng.integers(0, k, n)
    p = torch.softmax(torch.tensor(logits).double(), 1).numpy()
    found, w = logits.argmax(1), dict(sample_weight=weights)
    counted = weights > 0
    classes = {"accuracy": sk.accuracy_score(labels, found, **w), "log_loss": sk.log_loss(labels, p, **w)}
    for kind in ("macro", "micro", "weighted"):
        figures = sk.precision_recall_fscore_support(labels, found, average=kind, zero_division=0, **w)
        classes |= {f"{name}_{kind}": value for name, value in zip(("precision", "recall", "f1"), figures)}
    classes["cohen_kappa"] = sk.cohen_kappa_score(labels, found, **w)
    scores = np.log(p)
    classes["roc_auc"] = np.mean([
        sk.roc_auc_score(labels[counted] == i, scores[counted, i], sample_weight=weights[counted]) for i in range(k)])
    classes["average_precision"] = np.mean([
        sk.average_precision_score(labels[counted] == i, scores[counted, i], sample_weight=weights[counted])
        for i in range(k)])
    values, targets = rng.normal(0, 1, (n, 2)).astype(np.float32), rng.normal(0, 1, (n, 2)).astype(np.float32)
    a, b = targets.astype(float), values.astype(float)
    numbers = {
        "mse": sk.mean_squared_error(a, b, **w), "mae": sk.mean_absolute_error(a, b, **w),
        "rmse": sk.root_mean_squared_error(a, b, **w), "r2": sk.r2_score(a, b, **w),
    }
    answers = logits[:, :1]
    bits = (labels > 0).astype(int)
    yes = answers[:, 0] > 0
    single = {
        "accuracy": sk.accuracy_score(bits, yes, **w), "f1": sk.f1_score(bits, yes, **w),
        "precision": sk.precision_score(bits, yes, **w), "recall": sk.recall_score(bits, yes, **w),
        "roc_auc": sk.roc_auc_score(bits[counted], answers[counted, 0], sample_weight=weights[counted]),
    }
    def case(kind, size, outputs, targets, result):
        return {
            "kind": kind, "output_size": size, "outputs": outputs.flatten().tolist(),
            "targets": np.asarray(targets, float).flatten().tolist(), "weights": weights.tolist(),
            "figures": {name: float(value) for name, value in result.items()},
        }
    return [
        case("labels", k, logits, labels, classes), case("binary", 1, answers, bits, single),
        case("values", 2, values, targets, numbers),
    ]


def thresholds(rng):
    cases = []
    for n, share, step in ((40, 0.5, 0.01), (90, 0.15, 0.5), (30, 0.8, 1.0)):
        positive = (rng.random(n) < share).astype(int)
        positive[:2] = (0, 1)
        scores = (np.round((rng.normal(0, 1.5, n) + positive - 1.5) / step) * step).astype(np.float32)
        weights = rng.integers(1, 4, n)
        for w in (None, weights):
            # Every way to tell the scores apart.
            cuts = [-np.inf, *np.unique(scores)]
            def best(merit):
                return max(float(merit(positive, scores > cut)) for cut in cuts)
            def youden(y, yes):
                return (np.average(yes[y == 1], weights=None if w is None else w[y == 1])
                        - np.average(yes[y == 0], weights=None if w is None else w[y == 0]))
            cases.append({
                "scores": scores.tolist(), "positive": positive.tolist(), "weights": [] if w is None else w.tolist(),
                "f1": best(lambda y, yes: sk.f1_score(y, yes, sample_weight=w)), "youden": best(youden),
                "accuracy": best(lambda y, yes: sk.accuracy_score(y, yes, sample_weight=w)),
            })
    return cases


def main():
    torch.manual_seed(SEED)
    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(SEED)
    labels = rng.integers(0, 4, 50)
    result = {
        "losses": losses(), "pooling": pooling(), "figures": figures(rng), "thresholds": thresholds(rng),
        "balanced": {
            "counts": np.bincount(labels).tolist(),
            "weights": compute_class_weight("balanced", classes=np.arange(4), y=labels).tolist(),
        },
    }
    assert all(math.isfinite(case["loss"]) for case in result["losses"])
    path = pathlib.Path(__file__).with_name("counted-samples.json")
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
