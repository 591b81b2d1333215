"""Makes HDF5 files that are valid and do not hold what they seem to, next to this script in doubtful/.

Made with Python 3.11.7, h5py 3.16.0 (HDF5 2.0.0), NumPy 2.4.6.
"""

import os
from pathlib import Path

import h5py
import numpy as np

here = Path(__file__).parent / "doubtful"
here.mkdir(exist_ok=True)
os.chdir(here)
x = np.arange(24, dtype="f4").reshape(8, 3)
y = np.arange(8, dtype="i4") % 2


def create(name, **options):
    return h5py.File(name, "w", **({"libver": "earliest"} | options))


# Virtual data sets: of sources that are there, gone, too short, only half of the rows, never written, in a circle.
with create("part.h5") as f:
    f["x"] = x[:4]
    f["y"] = y[:4]
    f.create_dataset("empty", shape=(4, 3), dtype="f4", chunks=(2, 3))


def virtual(name, sources, shape=(8, 3), dtype="f4", maxshape=None):
    layout = h5py.VirtualLayout(shape, dtype, maxshape=maxshape)
    for place, source in sources:
        layout[place] = source
    with h5py.File(name, "w") as f:
        f.create_virtual_dataset("train/x", layout, fillvalue=0)
        f["train/y"] = y[: shape[0]]


part = h5py.VirtualSource("part.h5", "x", shape=(4, 3))
virtual("virtual_whole.h5", [(np.s_[0:4], part), (np.s_[4:8], part)])
virtual("virtual_gone.h5", [(np.s_[0:4], part), (np.s_[4:8], h5py.VirtualSource("gone.h5", "x", shape=(4, 3)))])
virtual("virtual_name.h5", [(np.s_[0:8], h5py.VirtualSource("part.h5", "z", shape=(8, 3)))])
virtual("virtual_short.h5", [(np.s_[0:8], h5py.VirtualSource("part.h5", "x", shape=(8, 3)))])
virtual("virtual_partial.h5", [(np.s_[0:4], part)])
virtual("virtual_columns.h5", [(np.s_[0:8, 0:2], h5py.VirtualSource("virtual_whole.h5", "train/x", shape=(8, 3))[:, 0:2])])
virtual("virtual_unwritten.h5", [(np.s_[0:4], h5py.VirtualSource("part.h5", "empty", shape=(4, 3))), (np.s_[4:8], part)])
virtual("virtual_circle.h5", [(np.s_[0:8], h5py.VirtualSource("virtual_circle.h5", "train/x", shape=(8, 3)))])

# Raw values outside of the file.
Path("raw.bin").write_bytes(x.tobytes())
for name, raw, size in (("external_whole", "raw.bin", 96), ("external_gone", "gone.bin", 96), ("external_short", "raw.bin", 960)):
    with create(name + ".h5") as f:
        f.create_dataset("train/x", shape=(size // 12, 3), dtype="f4", external=[(raw, 0, size)])
        f["train/y"] = np.arange(size // 12, dtype="i4") % 2

# Links that lead nowhere, in a circle, and to a file that is there.
with create("links.h5") as f:
    f["soft"] = h5py.SoftLink("/nowhere")
    f["circle"] = h5py.SoftLink("/circle")
    f["outside"] = h5py.ExternalLink("gone.h5", "/x")
    f["inside"] = h5py.ExternalLink("part.h5", "/z")
    f["good"] = h5py.ExternalLink("part.h5", "/x")

# Declared, and never or only partly written.
with create("unwritten.h5") as f:
    f.create_dataset("train/x", shape=(8, 3), dtype="f4", chunks=(2, 3))
    f["train/y"] = y
with create("partly.h5") as f:
    f.create_dataset("train/x", shape=(8, 3), dtype="f4", chunks=(2, 3))[:4] = x[:4]
    f["train/y"] = y

# Packed values: signed as unsigned, scaled, missing.
with create("packed.h5") as f:
    d = f.create_dataset("train/x", data=np.array([[1, 2], [3, 4], [-32768, 6]], "i2"))
    d.attrs["scale_factor"] = np.float32(0.5)
    d.attrs["add_offset"] = np.float32(10)
    d.attrs["_FillValue"] = np.int16(-32768)
    d = f.create_dataset("train/y", data=np.array([0, 1, -1], "i4"))
    d.attrs["missing_value"] = np.int32(-1)
    d = f.create_dataset("unsigned", data=np.array([1, -1, -2], "i1"))
    d.attrs["_Unsigned"] = "true"
    d.attrs["_FillValue"] = np.int8(-2)
    d = f.create_dataset("double", data=np.array([1, 2, 3], "u1"))
    d.attrs["scale_factor"] = 0.1
    d = f.create_dataset("zero", data=np.array([1, 2, 3], "u1"))
    d.attrs["scale_factor"] = 0.0
with create("netcdf.h5") as f:
    f.attrs["_NCProperties"] = "version=2,netcdf=4.9.2,hdf5=1.14.2"
    f["x"] = np.array([1, 9.969209968386869e36], "f4")

# What MATLAB writes: all axes reversed. m[i, j] = 10 i + j; images [H, W, C, N] of 100 h + 10 w + n.
matrix = 10 * np.arange(4)[:, None] + np.arange(3)[None]
square = 10 * np.arange(3)[:, None] + np.arange(3)[None]
images = 100 * np.arange(2)[:, None, None, None] + 10 * np.arange(3)[None, :, None, None] + np.arange(5) + np.zeros((1, 1, 1, 1))
for name, features, labels in (
    ("matlab_matrix", matrix, np.arange(4)[:, None]), ("matlab_square", square, np.arange(3)[:, None]),
    ("matlab_columns", matrix.T, np.arange(4)[None]), ("matlab_images", images, np.arange(5)[:, None]),
    ("matlab_neither", matrix, np.arange(7)[:, None]),
):
    with create(name + ".mat", userblock_size=512) as f:
        for path, array in (("X", features), ("y", labels)):
            d = f.create_dataset(path, data=np.ascontiguousarray(array.astype("f8").T))
            d.attrs["MATLAB_class"] = np.bytes_("double")
    with open(name + ".mat", "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM")

# Groups and tables where a data set is expected; a filter that is not installed; an overflowing shape.
with create("kinds.h5") as f:
    for path, array in (("data", np.ones(3, "f4")), ("indices", np.arange(3)), ("indptr", np.arange(4))):
        f["sparse/" + path] = array
    f["folder/inner"] = x
    f["table"] = np.zeros(4, [("features", "f4", (3,)), ("label", "i4")])
    f.create_dataset("lzf", data=np.zeros((80, 3), "f4"), chunks=(40, 3), compression="lzf")
    f.create_dataset("overflow", shape=(60, 2**40, 2**30), chunks=(1, 1, 1024), dtype="f4")
    f.create_dataset("rows", shape=(10**12, 64), chunks=(1024, 64), dtype="f4")
    f["long"] = x.astype(np.longdouble)
with h5py.File("newer.h5", "w", libver=("v114", "latest")) as f:
    layout = h5py.VirtualLayout((8, 3), "f4")
    layout[0:8] = h5py.VirtualSource("virtual_whole.h5", "train/x", shape=(8, 3))
    f.create_virtual_dataset("train/x", layout)
