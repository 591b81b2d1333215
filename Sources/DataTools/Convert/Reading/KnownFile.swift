/// Files that are often given for others, by how they begin.
enum KnownFile {
  /// What a file is, and what to do with it; nil for one that is not known.
  static func remedy(_ start: [UInt8]) -> String? {
    func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
    if begins(Array("MATLAB 5".utf8)) {
      return "a MATLAB file of the older format (version 5 to 7); write it with save('F.mat', 'x', 'y', '-v7.3'), "
        + "which is HDF5 and read as it is"
    }
    if begins([0x89] + Array("HDF".utf8)) || begins(Array("MATLAB 7".utf8)) {
      return "an HDF5 file, which needs no conversion; give it as it is"
    }
    if begins(Array("PK".utf8)) { return "a zip archive; if NumPy wrote it, give it to data convert npz" }
    if begins([0x93] + Array("NUMPY".utf8)) { return "one array of numpy.save; give it to data convert npy" }
    if begins([0x80]), let version = start.dropFirst().first, (2...5).contains(version) {
      return "a pickle of Python; write its arrays with numpy.savez"
    }
    return nil
  }
}
