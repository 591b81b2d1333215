"""Makes digits.h5: the 1,797 handwritten 8x8 digits that scikit-learn bundles, split into train and test.

Made with Python 3.11, scikit-learn 1.9.1, h5py 3.16.0 and numpy 2.4.6; the split's seed is 0. Run it as

    python datasets/make_digits.py [OUTPUT]

OUTPUT defaults to digits.h5 beside this script. The bytes of the file depend on the versions of HDF5 and zlib; the
arrays depend on scikit-learn alone, and README.md lists a checksum of each.
"""

import sys
from pathlib import Path

import h5py
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 0
TEST_COUNT = 360

ATTRIBUTES = {
    "title": "Optical recognition of handwritten digits: 8x8 images, pixel values 0 to 16",
    "source": "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits "
    "(the test part of the original, as in sklearn.datasets.load_digits)",
    "citation": "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits [Dataset]. "
    "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49",
    "license": "Creative Commons Attribution 4.0 International (CC BY 4.0)",
    "split": f"stratified by class with sklearn.model_selection.train_test_split, random_state={SEED}",
}


def main() -> None:
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("digits.h5")
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    assert np.array_equal(images, digits.images), "the pixel values are not whole numbers of 0 to 16"
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_COUNT, stratify=labels, random_state=SEED
    )
    with h5py.File(output, "w") as file:
        for name, value in ATTRIBUTES.items():
            file.attrs[name] = value
        for split, rows in (("train", train), ("test", test)):
            options = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
            x = file.create_dataset(f"{split}/x", data=images[rows], chunks=(len(rows), 8, 8), **options)
            x.attrs["valid_max"] = 16  # the scaling "unit" divides by this, not by the 255 of the type
            file.create_dataset(f"{split}/y", data=labels[rows], chunks=(len(rows),), **options)


if __name__ == "__main__":
    main()
