"""Makes the files in import/ that DataImportTests reads. Made with Python 3.11 and numpy 2.4.6.

All hold x[i, j, k] = 100 i + 10 j + k of shape [4, 3, 2] in some type (taken modulo 100 for 8-bit types), or labels
[0, 1, 2, 1], so that every element has its own known value.
"""

import gzip
import struct
import zipfile
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


def with_large_sizes(source: Path, target: Path) -> None:
    """Writes an archive anew with all sizes and places of its directory in 64 bits, as one beyond 4 GiB has them."""
    data = source.read_bytes()
    end = data.rindex(b"PK\5\6")
    count, size, place = struct.unpack_from("<HII", data, end + 10)
    directory, at = b"", place
    for _ in range(count):
        packed, content = struct.unpack_from("<II", data, at + 20)
        name_size, extra_size, comment_size = struct.unpack_from("<HHH", data, at + 28)
        assert extra_size == comment_size == 0
        own = struct.unpack_from("<I", data, at + 42)[0]
        name = data[at + 46:at + 46 + name_size]
        directory += (
            data[at:at + 20] + b"\xff" * 8 + struct.pack("<HHH", name_size, 28, 0) + data[at + 34:at + 42] + b"\xff" * 4
            + name + struct.pack("<HHQQQ", 1, 24, content, packed, own))
        at += 46 + name_size
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), place)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, place + len(directory), 1)
    last = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    target.write_bytes(data[:place] + directory + record + locator + last)


def save_archives() -> None:
    """Several arrays in a file, by NumPy itself."""
    x, y = X.astype("<f4"), Y.astype("<i8")
    np.savez(DIRECTORY / "x-y.npz", x=x, y=y)
    np.savez_compressed(DIRECTORY / "deflated.npz", x=X.astype("<u2"), y=y)
    np.savez(DIRECTORY / "fortran.npz", X=np.asfortranarray(x), y=y)
    np.savez(DIRECTORY / "positional.npz", x, y)
    np.savez(DIRECTORY / "a-b.npz", a=np.array([[{}], [None]]), b=Y[:2])
    # The names of Keras's and of MedMNIST's files.
    np.savez(DIRECTORY / "keras.npz", x_test=x + 1, x_train=x, y_test=y[::-1], y_train=y)
    np.savez_compressed(
        DIRECTORY / "images.npz", train_images=x, val_images=x + 2, test_images=x + 1, train_labels=y, val_labels=y,
        test_labels=y)
    # As scikit-learn's data sets have them, with a table and its names.
    table = np.arange(24, dtype="<f8").reshape(12, 2)
    bunch = {"data": table, "target": np.arange(12) % 3, "feature_names": ["width", "height"]}
    np.savez(
        DIRECTORY / "bunch.npz", target_names=np.array(["ant", "bee", "cow"]), id=np.array([f"s{i}" for i in range(12)]),
        weight=np.linspace(0, 1, 12, dtype="<f4"), **bunch)
    np.savez(DIRECTORY / "short-names.npz", target_names=["ant", "bee"], **bunch)
    np.savez(DIRECTORY / "x-alone.npz", x=x)
    large = ((np.arange(900)[:, None] ** 2 + 7 * np.arange(700)) % 251).astype("u1")
    np.savez_compressed(DIRECTORY / "large.npz", data=large, target=np.arange(900) % 3)
    with_large_sizes(DIRECTORY / "x-y.npz", DIRECTORY / "zip64.npz")
    assert zipfile.ZipFile(DIRECTORY / "zip64.npz").testzip() is None
    with np.load(DIRECTORY / "zip64.npz") as archive:
        assert (archive["x"] == x).all() and (archive["y"] == y).all()


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
    save("half-big.npy", X.astype(">f2"))
    save("text-big.npy", np.array(["zebra", "ameise", "zebra", "käfer"], dtype=">U8"))
    save("bytes.npy", np.array([["b"], ["a"], ["b"], ["c"]], dtype="S3"))
    save("records.npy", np.array([(1.0, 2), (3.0, 4)], dtype=[("a", "<f8"), ("b", "<i4")]))
    save("complex.npy", X.astype("<c8"))
    save("text.npy", np.array(["a", "b", "c", "d"]))
    save("scalar.npy", np.array(1.0))
    save("labels.npy", Y.astype("<i8"))
    save("three-labels.npy", Y[:3].astype("<i8"))
    save_archives()
    with open(DIRECTORY / "u1-little.npy", "rb") as file:
        write_gzip("u1-little.npy.gz", file.read())

    write_gzip("train-images-idx3-ubyte.gz", idx((X % 100).astype("u1"), 0x08))
    write_gzip("train-labels-idx1-ubyte.gz", idx(Y.astype("u1"), 0x08))
    for code, name, kind in [(0x09, "i1", "i1"), (0x0B, "i2", "i2"), (0x0C, "i4", "i4"), (0x0D, "f4", "f4"), (0x0E, "f8", "f8")]:
        values = X % 100 if kind == "i1" else X
        (DIRECTORY / f"{name}.idx3").write_bytes(idx(values.astype(kind), code))


if __name__ == "__main__":
    main()
