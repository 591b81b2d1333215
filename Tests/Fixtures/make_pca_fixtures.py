#!/usr/bin/env python3
"""Writes numpy-pca.json beside itself: how well principal components reconstruct the bundled digits.

Made with Python 3.11 and NumPy 2.x, in double; needs h5py. Another version may differ in the last digits.

    python3 make_pca_fixtures.py

Features are divided by 16, as the scaling `unit` does. Mean and components are those of the training split (singular value
decomposition of the centred features); the error is the mean squared error per feature of each split.
"""
import json
import pathlib

import h5py
import numpy

FOLDER = pathlib.Path(__file__).parent
RANKS = (2, 4, 8, 16, 32)


def main():
    with h5py.File(FOLDER.parent.parent / "datasets/digits.h5") as file:
        train, test = (file[f"/{split}/x"][()].reshape(-1, 64) / 16.0 for split in ("train", "test"))
    mean = train.mean(axis=0)
    components = numpy.linalg.svd(train - mean, full_matrices=False)[2]

    def error(data, rank):
        codes = (data - mean) @ components[:rank].T
        return float(((codes @ components[:rank] + mean - data) ** 2).mean())

    cases = [{"rank": rank, "train": error(train, rank), "test": error(test, rank)} for rank in RANKS]
    (FOLDER / "numpy-pca.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
