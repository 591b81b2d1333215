#!/usr/bin/env python3
"""Writes iris.csv, wine.csv and tumours.csv beside itself: three small tables from scikit-learn's copies.

    python3 make_tables.py

Sources, all of the UCI Machine Learning Repository under the licence CC BY 4.0: R. A. Fisher (1936), Iris,
https://doi.org/10.24432/C56C76; S. Aeberhard and M. Forina (1992), Wine, https://doi.org/10.24432/C5PC7J; W. Wolberg,
O. Mangasarian, N. Street and W. Street (1993), Breast Cancer Wisconsin (Diagnostic), https://doi.org/10.24432/C5DW2B.
"""
import csv
import pathlib

from sklearn.datasets import load_breast_cancer, load_iris, load_wine


def main():
    for name, label, data in [
            ("iris", "species", load_iris()), ("wine", "cultivar", load_wine()),
            ("tumours", "diagnosis", load_breast_cancer())]:
        with open(pathlib.Path(__file__).parent / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([column.replace(" (cm)", "").replace(" ", "_") for column in data.feature_names] + [label])
            for row, target in zip(data.data, data.target):
                writer.writerow([f"{value:.6g}" for value in row] + [data.target_names[target]])


main()
