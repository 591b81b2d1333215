#!/usr/bin/env python3
"""Writes sklearn-folds.json and sklearn-folds.h5 beside itself: scikit-learn's splits, and scores on a small data set.

Made with Python 3.11, scikit-learn 1.9.1, h5py 3.16; a version before 1.9 breaks ties of GroupKFold in another order.

    python3 make_fold_fixtures.py

The models have one best answer, which any optimizer that converges finds: logistic regression of three classes that no plane parts,
without a penalty, and least squares. Features are scaled inside each fold.
"""
import json
import pathlib

import h5py
import numpy
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    GroupKFold, KFold, LeaveOneOut, PredefinedSplit, StratifiedKFold, TimeSeriesSplit, cross_validate)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = pathlib.Path(__file__).parent
RANDOM = numpy.random.default_rng(9)


def splits():
    """Each rule on several sizes, those that do not divide among them."""
    cases = []

    def add(rule, splitter, rows, count, labels=None, groups=None, **extra):
        folds = [[part.tolist() for part in fold] for fold in splitter.split(numpy.zeros(rows), labels, groups)]
        values = labels if labels is not None else groups
        cases.append({
            "rule": rule, "rows": rows, "count": count, "values": [] if values is None else numpy.asarray(values).tolist(),
            "train": [fold[0] for fold in folds], "test": [fold[1] for fold in folds], "gap": 0, **extra})

    for rows, count in [(12, 3), (13, 5), (7, 7), (50, 4)]:
        add("plain", KFold(count), rows, count)
        add("time", TimeSeriesSplit(min(count, rows - 1)), rows, min(count, rows - 1))
        labels = RANDOM.choice([0, 1, 2, 5], size=rows, p=[.1, .5, .3, .1])
        most = numpy.unique(labels, return_counts=True)[1].max()
        add("stratified", StratifiedKFold(min(count, most)), rows, int(min(count, most)), labels=labels)
    add("time", TimeSeriesSplit(4, gap=3), 41, 4, gap=3)
    add("leave_one_out", LeaveOneOut(), 9, 9)
    for rows, groups, count in [(30, 9, 4), (64, 12, 5), (10, 10, 3)]:
        ids = RANDOM.integers(0, groups, size=rows) if groups < rows else numpy.arange(rows)
        # Numbered without gaps, as the ranks of any ids are.
        ids = numpy.unique(ids, return_inverse=True)[1]
        add("group", GroupKFold(count), rows, count, groups=ids)
    numbers = RANDOM.choice([-1, 3, 4, 8], size=40)
    add("given", PredefinedSplit(numbers), 40, 3)
    cases[-1]["values"] = numbers.tolist()
    return cases


def main():
    x, label = make_classification(
        n_samples=180, n_features=5, n_informative=3, n_redundant=0, n_classes=3, n_clusters_per_class=1, flip_y=0.25, class_sep=0.6,
        random_state=4)
    x = (x * [1, 5, .2, 30, 1] + [0, 100, 3, -7, .5]).astype(numpy.float32)
    target = x @ [1.5, -.3, 4, .02, 0] + 20 + RANDOM.normal(size=180)
    target = target.astype(numpy.float32)
    group = numpy.sort(RANDOM.integers(0, 17, size=180))
    fold = RANDOM.permutation(numpy.arange(180) % 4)
    with h5py.File(FOLDER / "sklearn-folds.h5", "w", track_order=False) as file:
        file.create_dataset("classes/train/x", data=x)
        file.create_dataset("classes/train/y", data=label.astype(numpy.int8))
        file.create_dataset("values/x", data=x)
        file.create_dataset("values/y", data=target)
        # Texts, as ids of people and places are.
        file.create_dataset("group", data=[f"person {number:02d}" for number in group])
        file.create_dataset("fold", data=fold.astype(numpy.int16))

    divisions = {
        "stratified": dict(cv=StratifiedKFold(5)), "plain": dict(cv=KFold(5)), "time": dict(cv=TimeSeriesSplit(5)),
        "group": dict(cv=GroupKFold(5), groups=group), "given": dict(cv=PredefinedSplit(fold)),
    }

    def scores(model, y, y_type, names, divisions):
        result = {}
        for name, division in divisions.items():
            found = cross_validate(
                make_pipeline(StandardScaler(), model), x.astype(float), y.astype(y_type), scoring=names, **division)
            result[name] = {key: found[f"test_{key}"].tolist() for key in names}
        return result

    classifier = LogisticRegression(C=numpy.inf, tol=1e-10, max_iter=10000)
    fixture = {
        "splits": splits(),
        "classes": scores(
            classifier, label, int, ["accuracy", "neg_log_loss", "f1_macro"],
            # The few samples that the first fold in time is trained on are parted by planes.
            {name: division for name, division in divisions.items() if name != "time"}),
        "values": scores(
            LinearRegression(), target, float, ["r2", "neg_mean_squared_error", "neg_mean_absolute_error"],
            {name: division for name, division in divisions.items() if name != "stratified"}),
    }
    (FOLDER / "sklearn-folds.json").write_text(json.dumps(fixture) + "\n")


main()
