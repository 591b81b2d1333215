internal import CHDF5

/// The HDF5 library of this process.
public enum HDF5Library {
  /// Such as `HDF5 1.10.8`.
  public static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    guard H5get_libversion(&major, &minor, &release) >= 0 else { return "HDF5" }
    return "HDF5 \(major).\(minor).\(release)"
  }
}
