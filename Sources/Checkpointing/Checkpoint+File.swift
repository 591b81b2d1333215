import Basics
import HDF5Storage

extension Checkpoint {
  /// The version of the layout that this program writes, and the newest that it reads.
  static let formatVersion = 1
  private static let checksumName = "checksum"
  private static let versionName = "format_version"

  // MARK: Writing

  /// The bytes of its file, composed in memory, so that the only calls that can meet a full disk are our own.
  ///
  /// - Parameter path: for errors.
  public func image(named path: String) throws -> [UInt8] {
    do {
      return try ForkGate.pass { () throws(HDF5Error) in try makeImage(named: path) }
    } catch {
      throw Failure.data(error.description)
    }
  }

  private func makeImage(named name: String) throws(HDF5Error) -> [UInt8] {
    let file = try HDF5File.createInMemory(named: name, userBlock: CheckpointSeal.byteCount)
    for group in ["/model", "/optimizer", "/data", "/progress"] { try file.createGroup(group) }
    for (moment, _) in optimizer { try file.createGroup("/optimizer/\(moment)") }
    for (path, array) in datasets { try file.write(path, shape: array.shape, elements: array.elements) }
    for (group, attributes) in groups {
      for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
        switch value {
        case .integer(let value): try file.setAttribute(name, to: value, of: group)
        case .number(let value): try file.setAttribute(name, to: value, of: group)
        case .text(let value): try file.setAttribute(name, to: value, of: group)
        }
      }
    }
    try file.setAttribute(Self.versionName, to: Self.formatVersion)
    var image = try file.image(userBlock: CheckpointSeal.byteCount)
    try file.close()
    image.withUnsafeMutableBytes { image in
      let seal = CheckpointSeal(UnsafeRawBufferPointer(rebasing: image.dropFirst(CheckpointSeal.byteCount)))
      image.copyBytes(from: seal.block)
    }
    return image
  }

  // MARK: Reading

  /// Reads a checkpoint that is what was written.
  ///
  /// A seal is checked before the HDF5 library sees any of the file. Files of earlier versions have none, but a
  /// checksum of what the library reads; a child process tries that first.
  ///
  /// - Throws: where the file is missing, is no checkpoint, was written by a newer version, or is not what was written.
  public static func read(_ path: String) throws -> Checkpoint {
    do {
      let image = try HDF5Image(of: path)
      let head = UnsafeRawBufferPointer(rebasing: image.bytes.prefix(CheckpointSeal.byteCount))
      switch CheckpointSeal.head(head) {
      case .seal:
        let seal = try CheckpointSeal(head, fileByteCount: image.bytes.count, in: path)
        try seal.check(UnsafeRawBufferPointer(rebasing: image.bytes.dropFirst(head.count)), in: path)
        return try read(HDF5File.open(image)).checkpoint
      case .plainHDF5: return try readUnsealed(image)
      case .other: throw Failure.data("\(path): it is not a checkpoint of ddp-train, or its beginning is damaged")
      }
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure.data("\(error)")
    }
  }

  private static func readUnsealed(_ image: HDF5Image) throws -> Checkpoint {
    let seconds = 1 + image.bytes.count >> 25
    guard ChildProcess.survives(seconds: seconds, { _ = try? read(HDF5File.open(image)) }) else {
      throw corrupted(image.path, "the HDF5 library crashes on it, or comes to no end")
    }
    let (checkpoint, checksum) = try read(HDF5File.open(image))
    guard let checksum else {
      throw corrupted(
        image.path, "another program has rewritten it without its first \(CheckpointSeal.byteCount) bytes")
    }
    guard checkpoint.checksum == checksum else {
      throw corrupted(
        image.path, "the checksum of its contents is \(checkpoint.checksum), expected \(checksum)")
    }
    return checkpoint
  }

  /// - Returns: also the checksum that earlier versions stored.
  private static func read(_ file: HDF5File) throws -> (checkpoint: Checkpoint, checksum: String?) {
    let paths = try file.datasetPaths()
    guard let version = try file.intAttribute(versionName), try file.exists("/progress") else {
      throw Failure.data("\(file.path): this HDF5 file is not a checkpoint of ddp-train")
    }
    guard version <= formatVersion else {
      throw Failure.data(
        "\(file.path): format version \(version) is newer than this program's \(formatVersion); use a newer ddp-train")
    }
    var checkpoint = Checkpoint()
    for path in paths {
      let parts = path.split(separator: "/", maxSplits: 2).map(String.init)
      func array(_ name: String) throws -> Array {
        let dataset = try file.dataset(path)
        guard try dataset.elementType == .float32, try dataset.isStoredInOnePiece else {
          throw corrupted(file.path, "\(path) is not stored as a checkpoint's arrays are")
        }
        return Array(name: name, shape: dataset.shape, elements: try dataset.readAll())
      }
      switch (parts.first, parts.count) {
      case ("model", 2): checkpoint.model.append(try array(parts[1]))
      case ("data_transform", 2): checkpoint.transform.append(try array(parts[1]))
      case ("target_transform", 2): checkpoint.targetTransform.append(try array(parts[1]))
      case ("optimizer", 3):
        if checkpoint.optimizer.last?.moment != parts[1] { checkpoint.optimizer.append((parts[1], [])) }
        checkpoint.optimizer[checkpoint.optimizer.count - 1].arrays.append(try array(parts[2]))
      default: throw Failure.data("\(file.path): unexpected data set \(path)")
      }
    }
    checkpoint.attributes = try attributes(of: "/", in: file, except: [versionName, checksumName])
    if try file.exists("/data") { checkpoint.data = try attributes(of: "/data", in: file) }
    checkpoint.progress = try attributes(of: "/progress", in: file)
    return (checkpoint, try file.stringAttribute(checksumName))
  }

  private static func attributes(
    of group: String, in file: HDF5File, except reserved: Set<String> = []
  ) throws -> [String: Attribute] {
    var result: [String: Attribute] = [:]
    for name in try file.attributeNames(of: group) where !reserved.contains(name) {
      // Each getter refuses the other types.
      if let text = try? file.stringAttribute(name, of: group) {
        result[name] = .text(text)
      } else if let value = try? file.intAttribute(name, of: group) {
        result[name] = .integer(value)
      } else if let value = try file.doubleAttribute(name, of: group) {
        result[name] = .number(value)
      }
    }
    return result
  }
}
