"""Makes the small HDF5 files that HDF5StorageTests reads, next to this script in hdf5/.

Made with Python 3.11.7, h5py 3.16.0 (HDF5 2.0.0), NumPy 2.4.6. Running it again writes files of the same contents.
"""

from pathlib import Path

import h5py
import numpy as np

here = Path(__file__).parent / "hdf5"
here.mkdir(exist_ok=True)


def create(name):
    return h5py.File(here / name, "w", libver="earliest")


# Each type of each byte order. Values reach the ends of the integer ranges and include fractions.
with create("types.h5") as f:
    for order, prefix in (("<", "little"), (">", "big")):
        for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
            dtype = np.dtype(order + kind)
            info = np.iinfo(dtype)
            f.create_dataset(f"{prefix}/{kind}", data=np.array([info.min, 1, 2, info.max], dtype=dtype))
        for kind in ("f2", "f4", "f8"):
            f.create_dataset(f"{prefix}/{kind}", data=np.array([-1.5, 0, 0.25, 1024], dtype=order + kind))
    f.create_dataset("bool", data=np.array([True, False, True]))
    f.create_dataset("text", data=np.array([b"one", b"two"]))
    f.create_dataset("compound", data=np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]))
    f.create_dataset("scalar", data=np.float32(2.5))
    f.create_dataset("empty", shape=(0, 3), dtype="f4")

# x[i, j, k] = 20 i + 4 j + k, stored in each layout.
with create("layouts.h5") as f:
    x = np.arange(13 * 5 * 4, dtype=np.int32).reshape(13, 5, 4)
    f.create_dataset("contiguous", data=x)
    f.create_dataset("chunked", data=x, chunks=(4, 5, 2))
    f.create_dataset("deep/er/packed", data=x, chunks=(3, 2, 4), compression="gzip", shuffle=True)
    f.create_dataset("lzf", data=x, chunks=(3, 2, 4), compression="lzf")
    f["again"] = f["contiguous"]  # a second hard link
    f["deep/up"] = f["/"]  # a cycle
    f["soft"] = h5py.SoftLink("/contiguous")
    f["dangling"] = h5py.SoftLink("/nowhere")
    f["outside"] = h5py.ExternalLink("types.h5", "/scalar")

with create("attributes.h5") as f:
    f.attrs["variable"] = "größer than ASCII"
    f.attrs["fixed"] = np.bytes_("fixed")
    f.attrs.create("padded", "pad", dtype=h5py.string_dtype("ascii", 8))
    f.attrs["int"] = np.int32(-7)
    f.attrs["double"] = 0.5
    f.attrs["ints"] = np.array([1, 2, 3], dtype=">i2")
    f.attrs["doubles"] = np.array([0.5, -2.0])
    f.create_group("group").attrs["note"] = "on a group"
    f.create_dataset("data", data=np.zeros(2)).attrs["note"] = "on a data set"

whole = (here / "layouts.h5").read_bytes()
(here / "truncated.h5").write_bytes(whole[: len(whole) * 2 // 3])
(here / "text.h5").write_text("1,2,3\n")
(here / "zero.h5").write_bytes(b"")
