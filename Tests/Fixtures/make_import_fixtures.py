"""Makes the files in import/ that DataImportTests reads. Made with Python 3.11 and numpy 2.4.6.

All hold x[i, j, k] = 100 i + 10 j + k of shape [4, 3, 2] in some type (taken modulo 100 for 8-bit types), or labels
[0, 1, 2, 1], so that every element has its own known value.
"""

import gzip
import struct
from pathlib import Path

import numpy as np

DIRECTORY = Path(__file__).with_name("import")
X = np.array([[[100 * i + 10 * j + k for k in range(2)] for j in range(3)] for i in range(4)])
Y = np.array([0, 1, 2, 1])


def save(name: str, array: np.ndarray, version: tuple[int, int] = (1, 0)) -> None:
    with open(DIRECTORY / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def idx(array: np.ndarray, code: int) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_gzip(name: str, data: bytes) -> None:
    (DIRECTORY / name).write_bytes(gzip.compress(data, mtime=0))


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    for code in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]:
        values = X % 100 if code.endswith("1") else X
        for order, word in [("<", "little"), (">", "big")]:
            if code.endswith("1") and order == ">":
                continue
            save(f"{code}-{word}.npy", values.astype(order + code))
    save("bool.npy", X % 2 == 1)
    save("fortran.npy", np.asfortranarray(X.astype("<f4")))
    save("fortran-big.npy", np.asfortranarray(X.astype(">i2")))
    save("version2.npy", X.astype("<i4"), version=(2, 0))
    save("version3.npy", X.astype("<i4"), version=(3, 0))
    save("half.npy", X.astype("<f2"))
    save("complex.npy", X.astype("<c8"))
    save("text.npy", np.array(["a", "b", "c", "d"]))
    save("scalar.npy", np.array(1.0))
    save("labels.npy", Y.astype("<i8"))
    save("three-labels.npy", Y[:3].astype("<i8"))
    with open(DIRECTORY / "u1-little.npy", "rb") as file:
        write_gzip("u1-little.npy.gz", file.read())

    write_gzip("train-images-idx3-ubyte.gz", idx((X % 100).astype("u1"), 0x08))
    write_gzip("train-labels-idx1-ubyte.gz", idx(Y.astype("u1"), 0x08))
    for code, name, kind in [(0x09, "i1", "i1"), (0x0B, "i2", "i2"), (0x0C, "i4", "i4"), (0x0D, "f4", "f4"), (0x0E, "f8", "f8")]:
        values = X % 100 if kind == "i1" else X
        (DIRECTORY / f"{name}.idx3").write_bytes(idx(values.astype(kind), code))


if __name__ == "__main__":
    main()
