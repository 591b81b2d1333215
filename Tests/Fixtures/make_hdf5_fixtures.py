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

# Names of columns and classes, by the customs of several programs; read with data.features and data.labels.
with create("names.h5") as f:
    x, y = np.arange(12, dtype="f4").reshape(4, 3), np.array([0, 1, 1, 0], dtype="i1")
    texts = h5py.string_dtype()

    def pair(group):
        f.create_dataset(f"{group}/x", data=x)
        f.create_dataset(f"{group}/y", data=y)
        return f[f"{group}/x"], f[f"{group}/y"]

    features, labels = pair("lists")  # lists of texts, of variable and of fixed length
    features.attrs.create("names", ["a", "b", "größer"], dtype=texts)
    labels.attrs["classes"] = np.array([b"cat", b"dog"])
    features, labels = pair("text")  # one text
    features.attrs["columns"] = "a, b,c"
    labels.attrs["class_names"] = "cat\ndog"
    pair("beside")  # data sets beside them
    f.create_dataset("beside/feature_names", data=["a", "b", "c"], dtype=texts)
    f.create_dataset("beside/list_classes", data=np.array([b"cat", b"dog"]))
    features, labels = pair("flags")  # CF conventions
    labels.attrs["flag_meanings"] = "dog cat"
    labels.attrs["flag_values"] = np.array([1, 0], dtype="i1")
    members = h5py.enum_dtype({"dog": 1, "cat": 0}, basetype="i1")  # HDF5's own enumerations
    f.create_dataset("enum/x", data=x)
    f.create_dataset("enum/y", data=y.astype(members))
    f.create_dataset("df/block0_values", data=x)  # pandas, to_hdf
    f.create_dataset("df/block0_items", data=np.array([b"a", b"b", b"c"]))
    f.create_dataset("X", data=x)  # anndata
    f.create_dataset("var/gene", data=["a", "b", "c"], dtype=texts)
    f["var"].attrs["_index"] = "gene"
    f.create_dataset("obs/cell_type/codes", data=y)
    f.create_dataset("obs/cell_type/categories", data=["cat", "dog"], dtype=texts)
    features, labels = pair("scale")  # netCDF's coordinates, h5py's dimension scales
    f.create_dataset("scale/column", data=["a", "b", "c"], dtype=texts).make_scale("column")
    features.dims[1].attach_scale(f["scale/column"])
    features, labels = pair("unfit")  # two names for three columns
    features.attrs.create("names", ["a", "b"], dtype=texts)
    features, labels = pair("twice")
    labels.attrs.create("classes", ["cat", "cat"], dtype=texts)

whole = (here / "layouts.h5").read_bytes()
(here / "truncated.h5").write_bytes(whole[: len(whole) * 2 // 3])
(here / "text.h5").write_text("1,2,3\n")
(here / "zero.h5").write_bytes(b"")
