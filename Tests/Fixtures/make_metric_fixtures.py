#!/usr/bin/env python3
"""Writes sklearn-metrics.json beside itself: metrics of scikit-learn for logits, labels and values.

Made with Python 3.11, scikit-learn 1.9.1, NumPy and seed 1234; another version may differ in the last digits.

    python3 make_metric_fixtures.py

Outputs are single-precision numbers, many of them equal, so that scores tie. Sets are balanced or imbalanced, and in some a class
is missing. Averages of ROC-AUC and average precision are means over the classes for which they are defined; scikit-learn
refuses them where a class is missing.
"""
import json
import math
import pathlib
import warnings

import numpy as np
from scipy.special import log_softmax
from sklearn import metrics as sk

SEED = 1234
warnings.simplefilter("ignore")


def ranking(is_positive, scores):
    positives = int(is_positive.sum())
    return {
        "roc_auc": float(sk.roc_auc_score(is_positive, scores)) if 0 < positives < len(is_positive) else None,
        "average_precision": float(sk.average_precision_score(is_positive, scores)) if positives else None,
    }


def mean(values):
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None


def kappa(labels, predictions):
    value = float(sk.cohen_kappa_score(labels, predictions))
    return None if math.isnan(value) else value


def averages(labels, predictions, kinds=("macro", "micro", "weighted")):
    result = {}
    for kind in kinds:
        p, r, f, _ = sk.precision_recall_fscore_support(labels, predictions, average=kind, zero_division=0)
        suffix = "" if kind == "binary" else f"_{kind}"
        result |= {f"precision{suffix}": float(p), f"recall{suffix}": float(r), f"f1{suffix}": float(f)}
    return result


def per_class(labels, predictions, count, rankings, offset=0):
    p, r, f, s = sk.precision_recall_fscore_support(labels, predictions, labels=range(count), zero_division=0)
    return [
        {"class": i, "samples": int(s[i]), "precision": float(p[i]), "recall": float(r[i]), "f1": float(f[i]), **rankings[i]}
        for i in range(count)
    ]


def classes_case(name, rng, samples, shares, spread, missing=()):
    count = len(shares)
    labels = rng.choice(count, size=samples, p=shares)
    logits = spread * rng.normal(size=(samples, count)) + 1.5 * np.eye(count)[labels]
    # Quarters: ties of logits; a column of a constant: a class that no score tells apart.
    logits = (np.round(logits * 4) / 4).astype(np.float32)
    for index in missing:
        logits[:, index] = -50
    log_p = log_softmax(logits.astype(np.float64), axis=1)
    predictions = logits.argmax(axis=1)
    # Two classes are told apart by the difference of their logits.
    difference = logits.astype(np.float64)[:, 1] - logits[:, 0]
    # Exactly rounded sums, so that rows of the same logits in another order tie.
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    exact = shifted - np.array([[math.log(math.fsum(row))] for row in np.exp(shifted)])
    scores = [-difference, difference] if count == 2 else [exact[:, i] for i in range(count)]
    rankings = [ranking((labels == i).astype(int), scores[i]) for i in range(count)]
    figures = {
        "accuracy": float(sk.accuracy_score(labels, predictions)),
        "log_loss": float(sk.log_loss(labels, np.exp(log_p), labels=range(count))),
        "roc_auc": rankings[1]["roc_auc"] if count == 2 else mean([x["roc_auc"] for x in rankings]),
        "average_precision":
            rankings[1]["average_precision"] if count == 2 else mean([x["average_precision"] for x in rankings]),
        **averages(labels, predictions, ("macro", "micro", "weighted") + (("binary",) if count == 2 else ())),
    }
    figures["cohen_kappa"] = kappa(labels, predictions)
    figures["perplexity"] = float(np.exp(figures["log_loss"]))
    if count > 2 and not missing and len(set(labels)) == count:
        # Over the probabilities, scikit-learn's own one-vs-rest agrees.
        own = sk.roc_auc_score(labels, np.exp(exact), multi_class="ovr", average="macro")
        assert abs(own - figures["roc_auc"]) < 1e-9, (own, figures["roc_auc"])
    for k in range(1, count):
        # Nudged by the place, so that of equal logits the first ranks first.
        nudged = logits - 1e-6 * np.arange(count)
        figures[f"top_{k}"] = float(sk.top_k_accuracy_score(labels, nudged, k=k, labels=range(count))) if count > 2 else \
            figures["accuracy"]
    return {
        "name": name, "kind": "labels", "output_size": count, "outputs": logits.flatten().tolist(),
        "targets": labels.tolist(), "figures": figures, "classes": per_class(labels, predictions, count, rankings),
        "confusion": sk.confusion_matrix(labels, predictions, labels=range(count)).tolist(),
    }


def binary_case(name, rng, samples, share):
    labels = (rng.random(samples) < share).astype(int)
    logits = (np.round(4 * (rng.normal(size=samples) + 1.2 * labels - 0.6)) / 4).astype(np.float32)
    predictions = (logits > 0).astype(int)
    log_p = -np.logaddexp(0, -logits.astype(np.float64))
    only = ranking(labels, logits)
    figures = {
        "accuracy": float(sk.accuracy_score(labels, predictions)),
        "log_loss": float(sk.log_loss(labels, np.exp(log_p), labels=[0, 1])),
        "cohen_kappa": kappa(labels, predictions),
        **only, **averages(labels, predictions, ("macro", "micro", "weighted", "binary")),
    }
    return {
        "name": name, "kind": "binary", "output_size": 1, "outputs": logits.tolist(), "targets": labels.tolist(),
        "figures": figures,
        "classes": per_class(labels, predictions, 2, [{"roc_auc": None, "average_precision": None}, only]),
        "confusion": sk.confusion_matrix(labels, predictions, labels=[0, 1]).tolist(),
    }


def multilabel_case(name, rng, samples, shares):
    count = len(shares)
    labels = (rng.random((samples, count)) < np.array(shares)).astype(int)
    logits = (np.round(4 * (rng.normal(size=(samples, count)) + labels - 0.5)) / 4).astype(np.float32)
    predictions = (logits > 0).astype(int)
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    rankings = [ranking(labels[:, i], logits[:, i]) for i in range(count)]
    figures = {
        "accuracy": float((labels == predictions).mean()),
        "subset_accuracy": float(sk.accuracy_score(labels, predictions)),
        "log_loss": float(np.mean([sk.log_loss(labels[:, i], p[:, i], labels=[0, 1]) for i in range(count)])),
        "roc_auc": mean([x["roc_auc"] for x in rankings]),
        "average_precision": mean([x["average_precision"] for x in rankings]),
        **averages(labels, predictions),
    }
    return {
        "name": name, "kind": "binary", "output_size": count, "outputs": logits.flatten().tolist(),
        "targets": labels.flatten().tolist(), "figures": figures,
        "classes": per_class(labels, predictions, count, rankings), "confusion": None,
    }


def values_case(name, rng, samples, count, offset, constant=False):
    targets = (offset + rng.normal(size=(samples, count)) * np.arange(1, count + 1)).astype(np.float32)
    outputs = (targets + 0.3 * rng.normal(size=(samples, count))).astype(np.float32)
    if constant:
        targets[:, 0] = 2.5
        if count > 1:
            targets[:, 1], outputs[:, 1] = -1.5, -1.5
    t, y = targets.astype(np.float64), outputs.astype(np.float64)
    figures = {
        "mse": float(sk.mean_squared_error(t, y)), "rmse": float(sk.root_mean_squared_error(t, y)),
        "mae": float(sk.mean_absolute_error(t, y)), "r2": float(sk.r2_score(t, y)),
    }
    return {
        "name": name, "kind": "values", "output_size": count, "outputs": outputs.flatten().tolist(),
        "targets": targets.flatten().tolist(), "figures": figures, "classes": [], "confusion": None,
    }


def main():
    rng = np.random.default_rng(SEED)
    cases = [
        classes_case("two balanced classes", rng, 60, [0.5, 0.5], 1),
        classes_case("two imbalanced classes", rng, 90, [0.95, 0.05], 1),
        classes_case("five classes with ties", rng, 100, [0.2] * 5, 1),
        classes_case("five imbalanced classes", rng, 120, [0.8, 0.1, 0.05, 0.03, 0.02], 1.5),
        classes_case("a class that is predicted only", rng, 80, [0.5, 0.3, 0, 0.2], 1.5),
        classes_case("a class that is never there", rng, 80, [0.5, 0.3, 0, 0.2], 1, missing=[2]),
        classes_case("one class alone", rng, 20, [1, 0], 1),
        binary_case("one output", rng, 90, 0.4),
        binary_case("one output, imbalanced", rng, 120, 0.04),
        binary_case("one output, positives alone", rng, 15, 1),
        multilabel_case("several outputs", rng, 70, [0.5, 0.2, 0.9]),
        multilabel_case("several outputs, one never", rng, 70, [0.5, 0.0, 0.05, 1.0]),
        values_case("one value", rng, 80, 1, 0),
        values_case("three values far from zero", rng, 80, 3, 1e4),
        values_case("constant targets", rng, 40, 3, 0, constant=True),
    ]
    path = pathlib.Path(__file__).parent / "sklearn-metrics.json"
    path.write_text(json.dumps({"cases": cases}, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
