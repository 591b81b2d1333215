import Foundation

/// Files that are no HDF5 files, by their first bytes.
enum ForeignFile {
  private static let kinds: [(beginning: [UInt8], kind: String)] = [
    (
      Array("MATLAB 5.0 MAT-file".utf8),
      "a MAT-file of an older format; in MATLAB, save(\"F.mat\", \"-v7.3\") writes HDF5"
    ),
    ([0x1F, 0x8B], "compressed by gzip; unpack it first: gunzip -k F.h5.gz"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed by xz; unpack it first: unxz -k F.h5.xz"),
    ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd; unpack it first: unzstd F.h5.zst"),
    ([0x93] + Array("NUMPY".utf8), "an array of NumPy; `ddp-train data convert npy` takes it"),
    (Array("PK\u{3}\u{4}".utf8), "an archive; `ddp-train data convert npz` takes one of NumPy; unpack all others"),
    (Array("CDF".utf8), "a netCDF file of an older format; nccopy -k nc4 OLD.nc NEW.nc writes HDF5"),
    ([0x0E, 0x03, 0x13, 0x01], "an HDF4 file; h4toh5 OLD.hdf NEW.h5 writes HDF5"),
    (
      Array("PAR1".utf8),
      "a Parquet file; in Python, pandas.read_parquet(F).to_csv(…) writes what data convert csv takes"
    ),
    (Array("version https://git-lfs".utf8), "a pointer of Git LFS; git lfs pull brings the file itself"),
  ]

  /// What a file is, and the way out, behind a semicolon; the converter where that does not show.
  static func hint(_ path: String) -> String {
    let usual = "; `ddp-train data convert` makes one of other formats"
    guard let file = FileHandle(forReadingAtPath: path) else { return usual }
    defer { try? file.close() }
    guard let head = try? file.read(upToCount: 32) else { return usual }
    return kinds.first { head.starts(with: $0.beginning) }.map { "; it is \($0.kind)" } ?? usual
  }
}
