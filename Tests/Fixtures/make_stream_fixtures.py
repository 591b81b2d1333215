"""Makes Tests/Fixtures/hdf5/streams.h5 and user-block.h5: 57 rows stored in all the ways that rows are read in.

Run from the repository's root, with h5py.
"""
import zlib

import h5py
import numpy as np

rows = 57
values = (np.arange(rows * 6).reshape(rows, 6) * 7919 % 60013).astype("int64")

with h5py.File("Tests/Fixtures/hdf5/streams.h5", "w", libver="earliest") as f:
    def put(name, data, **options):
        f.create_dataset(name, data=data, track_times=False, **options)

    put("bytes/contiguous", values.astype("i4"))
    put("bytes/labels", (values[:, 0] % 10).astype("u1"))
    for dtype in ["u1", "u2", "i4", "f4", "f8", "u8"]:
        put(f"chunks/gzip-shuffle-{dtype}", values.astype(dtype), chunks=(8, 6), compression="gzip", shuffle=True)
    put("chunks/gzip", values.astype("i2"), chunks=(10, 6), compression="gzip")
    put("chunks/shuffle", values.astype("i2"), chunks=(10, 6), shuffle=True)
    put("chunks/plain", values.astype("i2"), chunks=(10, 6))
    put("chunks/one-row", values.astype("f4"), chunks=(1, 6), compression="gzip")
    put("chunks/whole", values.astype("f4"), chunks=(rows, 6), compression="gzip")
    # Chunks that some filters have left as they were: none, both, the second one.
    mixed = f.create_dataset("chunks/masks", shape=(30, 6), dtype="<i4", chunks=(10, 6), compression="gzip",
                             shuffle=True, track_times=False)
    pieces = values[:30].astype("<i4").reshape(3, 60)
    shuffled = pieces.view("u1").reshape(3, 60, 4).transpose(0, 2, 1)
    mixed.id.write_direct_chunk((0, 0), zlib.compress(shuffled[0].tobytes()), 0)
    mixed.id.write_direct_chunk((10, 0), pieces[1].tobytes(), 3)
    mixed.id.write_direct_chunk((20, 0), shuffled[2].tobytes(), 2)
    # Of this one the middle chunk was never written.
    part = f.create_dataset("chunks/unwritten", shape=(30, 6), dtype="f4", chunks=(10, 6), compression="gzip",
                            fillvalue=-3, track_times=False)
    part[:10], part[20:] = values[:10], values[20:30]
    put("library/big-endian", values.astype(">i4"))
    put("library/half", values.astype("f2"))
    put("library/fletcher", values.astype("i4"), chunks=(10, 6), compression="gzip", fletcher32=True)
    put("library/parts-of-rows", values.astype("i4"), chunks=(10, 3), compression="gzip")
    put("library/packed", values.astype("i4"))
    f["library/packed"].attrs["scale_factor"] = 0.5

with h5py.File("Tests/Fixtures/hdf5/user-block.h5", "w", userblock_size=512) as f:
    f.create_dataset("library/contiguous", data=values.astype("i4"), track_times=False)
    f["library/chunks"] = h5py.ExternalLink("streams.h5", "chunks/gzip")
