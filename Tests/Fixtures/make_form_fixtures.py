"""Makes HDF5 files in the forms that other programs write, and damaged ones of each, next to this script in forms/.

expected.json holds what h5py, pandas and scipy read of them. Made with Python 3.11, h5py 3.16 (HDF5 2.0.0), NumPy,
pandas, PyTables, SciPy and anndata.
"""

import json
import os
import warnings
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sparse
import tables

warnings.simplefilter("ignore")
here = Path(__file__).parent / "forms"
here.mkdir(exist_ok=True)
os.chdir(here)
for old in here.iterdir():
    old.unlink()
random = np.random.default_rng(1)
expected = {}


def create(name, **options):
    return h5py.File(name, "w", **({"libver": "earliest"} | options))


def expect(name, array):
    array = np.asarray(array, dtype="f8")
    expected[name] = {"shape": list(array.shape), "values": array.ravel().tolist()}


# Texts as labels, of fixed and variable length; the test split lacks a class and begins with another.
species = ["setosa", "virginica", "versicolor", "setosa", "zürich", "versicolor", "virginica", "setosa"]
x = random.normal(size=(8, 3)).astype("f4")
with create("texts.h5") as f:
    f["train/x"], f["test/x"] = x, x[:3]
    f["train/y"] = np.array([s.encode() for s in species], dtype=h5py.string_dtype("utf-8", 16))
    f["test/y"] = np.array(["virginica", "setosa", "virginica"], dtype=h5py.string_dtype())
    f["unknown/y"] = np.array(["setosa"] * 7 + ["rose"], dtype=h5py.string_dtype())
    f["empty/y"] = np.array(["setosa"] * 7 + [""], dtype=h5py.string_dtype())
    f["latin/y"] = np.array([b"setosa"] * 7 + ["z\u00fc".encode("latin-1")], dtype="S8")
expect("texts.h5 /train/y", [sorted(set(species)).index(s) for s in species])

for number, words in [(1, ["pear", "cherry", "pear"]), (2, ["cherry", "apple", "pear"])]:
    with create(f"fruit_{number}.h5") as f:
        f["x"], f["y"] = x[:3], np.array(words, dtype=h5py.string_dtype())

# Enumerations, booleans, bits, half precision.
enum = h5py.enum_dtype({"cat": 0, "dog": 1, "eel": 2}, basetype="u1")
with create("kinds.h5") as f:
    f["train/x"] = x.astype("f2")
    f["train/y"] = np.array([0, 2, 1, 0, 1, 2, 2, 0], dtype=enum)
    f["flags"] = np.array([True, False] * 4)
    space = h5py.h5s.create_simple((8, 2))
    bits = h5py.h5d.create(f.id, b"bits", h5py.h5t.STD_B16BE, space)
    bits.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(16, dtype="u2").reshape(8, 2) * 4000, h5py.h5t.NATIVE_B16)
expect("kinds.h5 /train/x", x.astype("f2"))
expect("kinds.h5 /bits", np.arange(16).reshape(8, 2) * 4000)

# Tables: records of h5py, of PyTables, and pandas in both formats.
records = np.zeros(8, dtype=[("a", "<f4"), ("n", ">i2"), ("wide", "<i8"), ("box", "f4", (2, 2)), ("kind", "S8"), ("ok", enum)])
records["a"], records["n"], records["wide"] = x[:, 0], np.arange(8) - 3, np.arange(8) * 10**12
records["box"], records["kind"], records["ok"] = random.normal(size=(8, 2, 2)), ["one", "two"] * 4, [0, 1] * 4
with create("records.h5") as f:
    f.create_dataset("table", data=records, chunks=(3,))
    f["numbers"] = records[["a", "n", "wide"]].astype([("a", "f4"), ("n", "i2"), ("wide", "i8")])
expect("records.h5 /table:{n,a}", np.stack([records["n"], records["a"]], 1))
expect("records.h5 /table:{wide,n}", np.stack([records["wide"], records["n"]], 1))
expect("records.h5 /table:box", records["box"])
expect("records.h5 /table:n", records["n"])
with tables.open_file("pytables.h5", "w") as f:
    table = f.create_table("/", "table", chunkshape=8, description={"a": tables.Float64Col(pos=0), "b": tables.BoolCol(pos=1), "c": tables.Int32Col(pos=2), "y": tables.StringCol(8, pos=3)})
    for i in range(8):
        table.append([(i / 4, i % 3 == 0, i - 2, ["up", "down"][i % 2])])
expect("pytables.h5 /table:{c,b,a}", [[i - 2, i % 3 == 0, i / 4] for i in range(8)])
frame = pd.DataFrame(
    {
        "height": random.normal(size=8), "weight": random.normal(size=8), "age": np.arange(8) + 20, "male": [True, False] * 4,
        "größe": random.normal(size=8), "species": ["iris", "rose", "lily", "iris"] * 2,
        "kind": pd.Categorical(["p", "q", "r", "q"] * 2), "day": pd.date_range("2024-01-01", periods=8),
    },
    index=[f"plant {i}" for i in range(8)],
)
small = {"complevel": 9, "complib": "zlib"}
frame.to_hdf("pandas_table.h5", key="df", format="table", index=False, **small)
frame.reset_index(drop=True).to_hdf("pandas_columns.h5", key="df", format="table", data_columns=True, index=False, **small)
frame.drop(columns=["kind", "species"]).to_hdf("pandas_fixed.h5", key="df", format="fixed", **small)
wanted = frame[["age", "größe", "male", "height"]].astype("f8").to_numpy()
for name in ["pandas_table.h5", "pandas_columns.h5", "pandas_fixed.h5"]:
    expect(name + " /df:{age,größe,male,height}", wanted)
expect("pandas_table.h5 /df:kind", frame["kind"].cat.codes)
expect("pandas_table.h5 /df:species", [sorted(set(frame["species"])).index(s) for s in frame["species"]])

# Sparse matrices: of anndata with labels in /obs, of 10x Genomics, in compressed columns, and damaged ones.
matrix = sparse.random(8, 5, 0.4, format="csr", dtype="f4", random_state=2)
cells = pd.DataFrame({"cell_type": pd.Categorical(["B", "T", "NK", "T"] * 2), "n": np.arange(8), "batch": ["u", "v"] * 4}, index=[f"cell{i}" for i in range(8)])
genes = pd.DataFrame(index=["g1", "g2", "g3", "g4", "g5"])
anndata.AnnData(matrix, obs=cells, var=genes).write_h5ad("cells.h5ad")
anndata.AnnData(matrix.toarray(), obs=cells, var=genes).write_h5ad("cells_dense.h5ad")
expect("cells.h5ad /X", matrix.toarray())
expect("cells.h5ad /obs/cell_type", cells["cell_type"].cat.codes)
expect("cells.h5ad /obs:n", cells["n"])


def csr(name, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr, shape=(8, 5), **attributes):
    with create(name) as f:
        f["X/data"], f["X/indices"], f["X/indptr"] = data, indices, indptr
        f["X"].attrs.update({"shape": shape} | attributes)
        f["y"] = np.arange(8) % 2


back = matrix.indptr.copy()
back[3], back[4] = back[4] + 1, back[3]
beyond = matrix.indices.copy()
beyond[4] = 5
twice = matrix.indices.copy()
row = int(np.argmax(np.diff(matrix.indptr) > 1))
twice[matrix.indptr[row] + 1] = twice[matrix.indptr[row]]
csr("csr.h5")
csr("csr_back.h5", indptr=back)
csr("csr_beyond.h5", indices=beyond)
csr("csr_negative.h5", indices=beyond - 9)
csr("csr_twice.h5", indices=twice)
csr("csr_end.h5", indptr=matrix.indptr + 1)
csr("csr_short.h5", indices=matrix.indices[:-1])
csr("csr_shape.h5", shape=(9, 5))
csr("csr_huge.h5", shape=(8, 2**60))
csc = matrix.tocsc()
csr("csc.h5", csc.data, csc.indices, csc.indptr, **{"encoding-type": "csc_matrix"})
with create("tenx.h5") as f:
    f["matrix/data"], f["matrix/indices"], f["matrix/indptr"] = matrix.data, matrix.indices, matrix.indptr
    f["matrix/shape"] = [5, 8]
    f["matrix/barcodes"] = np.array([f"cell{i}" for i in range(8)], dtype="S8")
    f["y"] = np.arange(8) % 2

# A group for each sample.
images = random.integers(0, 255, size=(12, 2, 3)).astype("u1")
with create("groups.h5") as f:
    for i in range(12):
        f[f"sample_{i}/image"] = images[i]
        f[f"sample_{i}/label"] = np.int64(i % 3)
expect("groups.h5 /*/image", images)
expect("groups.h5 /*/label", np.arange(12) % 3)
with create("groups_split.h5") as f:
    for i in range(12):
        part = "train" if i < 9 else "test"
        f[f"{part}/case{i:03}/image"] = images[i]
        f[f"{part}/case{i:03}/label"] = ["no", "yes"][i % 2]
for name in ["odd", "missing"]:
    with create(f"groups_{name}.h5") as f:
        for i in range(12):
            f[f"sample_{i}/image"] = images[i, :1] if name == "odd" and i == 7 else images[i]
            if not (name == "missing" and i == 7):
                f[f"sample_{i}/label"] = np.int64(i % 3)

# Samples along another axis.
columns = random.normal(size=(6, 8)).astype("f4")
volumes = random.integers(0, 99, size=(2, 8, 3)).astype("i2")
with create("axes.h5") as f:
    f["columns"], f["volumes"] = columns, volumes
    f["y"], f["targets"] = np.arange(8) % 2, random.normal(size=(2, 8))
    expect("axes.h5 targets", f["targets"][:].T)
expect("axes.h5 columns", columns.T)
expect("axes.h5 volumes", np.moveaxis(volumes, 1, 0))


# MATLAB (save -v7.3): reversed axes, MATLAB_class.
def matlab(f, name, array, kind, **attributes):
    f[name] = array
    f[name].attrs["MATLAB_class"] = np.bytes_(kind)
    f[name].attrs.update(attributes)


with h5py.File("matlab.mat", "w", userblock_size=512) as f:
    matlab(f, "X", x.T.astype("f8"), "double")
    width = max(map(len, species))
    characters = np.array([[ord(c) for c in s.ljust(width)] for s in species], dtype="u2")
    matlab(f, "names", characters.T, "char", MATLAB_int_decode=np.int32(2))
    references = []
    for i, s in enumerate(species):
        matlab(f, f"#refs#/{chr(97 + i)}", np.array([[ord(c) for c in s]], dtype="u2").T, "char", MATLAB_int_decode=np.int32(2))
        references.append(f[f"#refs#/{chr(97 + i)}"].ref)
    cells = f.create_dataset("cells", shape=(1, 8), dtype=h5py.ref_dtype)
    cells[0] = references
    cells.attrs["MATLAB_class"] = np.bytes_("cell")
    f.create_group("S").attrs["MATLAB_class"] = np.bytes_("struct")
    matlab(f, "S/inner", x.T, "single")
    matlab(f, "L", np.array([[1, 0, 1, 0, 1, 0, 1, 1]], dtype="u1"), "logical", MATLAB_int_decode=np.int32(1))
expect("matlab.mat X", x)
with open("matlab_head.bin", "wb") as f:
    f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + b" " * 8 + b"\x00\x02IM")
with open("matlab.mat", "r+b") as f, open("matlab_head.bin", "rb") as head:
    f.write(head.read())
os.remove("matlab_head.bin")
import scipy.io

scipy.io.savemat("old.mat", {"X": x, "y": np.arange(8)})

# Features and labels in files of their own, as PatchCamelyon is published; with ids in another order; too few.
patches = random.integers(0, 255, size=(12, 4, 4, 3)).astype("u1")
patch_labels = (np.arange(12) % 2).astype("u1")
for split, rows in [("train", slice(0, 8)), ("valid", slice(8, 10)), ("test", slice(10, 12))]:
    with create(f"patches_{split}_x.h5") as f:
        f["x"] = patches[rows]
    with create(f"patches_{split}_y.h5") as f:
        f["y"] = patch_labels[rows].reshape(-1, 1, 1, 1)
with create("kaggle_images.h5") as f:
    f["images"] = patches
    f["id"] = np.array([f"img{i}" for i in range(12)], dtype="S8")
order = random.permutation(12)
with create("kaggle_labels.h5") as f:
    f["target"] = patch_labels[order]
    f["id"] = np.array([f"img{i}" for i in order], dtype="S8")
with create("kaggle_fewer.h5") as f:
    f["target"] = patch_labels[:11]
    f["id"] = np.array([f"img{i}" for i in range(11)], dtype="S8")
with create("kaggle_short.h5") as f:
    f["target"] = patch_labels[:11]
expect("patches", patch_labels)

Path("expected.json").write_text(json.dumps(expected))
for path in sorted(here.iterdir()):
    print(path.name, path.stat().st_size)
