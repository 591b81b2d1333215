public import Collectives

/// A number that tells training data from others: equal for equal shapes, types and values of features and targets in
/// the same order of rows.
///
/// It is a sum over rows of a hash of the row's number and bytes, so that neither ranks and shards nor files, chunks
/// and compression show in it. It finds data that changed by mistake; it is no defence against data that were made to
/// have it.
public struct DataFingerprint: Sendable, Equatable, CustomStringConvertible {
  /// 16 hexadecimal digits.
  public let description: String

  public init(_ description: String) { self.description = description }

  private init(_ hash: RowHash) {
    let digits = String(hash.value, radix: 16)
    self.init(String(repeating: "0", count: 16 - digits.count) + digits)
  }

  /// That of the rows that `stores` hold over all ranks. Collective.
  ///
  /// - Parameter stores: of one split, with no row in common; at least one.
  public init(_ stores: [ShardStore], _ communicator: any Communicator) throws {
    let own = try stores.reduce(UInt64(0)) { $0 &+ (try $1.sumOfRowHashes()) }
    var hash = RowHash(key: try communicator.allGather([own]).joined().reduce(0, &+))
    Array(stores[0].source.layoutText.utf8).withUnsafeBytes { hash.add($0) }
    self.init(hash)
  }
}

extension DataFingerprint {
  /// That of the same data where what stands beside them, such as groups, divides them: other groups are other data to
  /// go on with.
  ///
  /// - Parameter rows: the rows that are held out, part by part.
  public func dividing(_ rows: [[Int]]) -> DataFingerprint {
    var hash = RowHash(key: UInt64(rows.count))
    Array(description.utf8).withUnsafeBytes { hash.add($0) }
    for part in rows { ([part.count] + part).withUnsafeBytes { hash.add($0) } }
    return DataFingerprint(hash)
  }
}

extension SplitSource {
  /// Shapes and types in memory, as one text.
  fileprivate var layoutText: String {
    "\(featureShape) \(featureType.name) \(targetShape) \(targetType?.name ?? "none")"
      + (weightsPath == nil ? "" : " weights")
  }

  /// The hash of a row: of its number in the split, its features and its targets.
  func hash(ofRow row: Int, _ features: UnsafeRawBufferPointer, _ targets: UnsafeRawBufferPointer) -> UInt64 {
    var hash = RowHash(key: UInt64(row))
    hash.add(features)
    hash.add(targets)
    return hash.value
  }
}

extension ShardStore {
  /// Σ of the hashes of all rows held, each of the row's number in the split, its features, its targets and its weight.
  fileprivate func sumOfRowHashes() throws -> UInt64 {
    var sum = sumOfWeightHashes()
    if let summary { return sum &+ summary.hashes }
    try forEachRow { row, features, targets in sum &+= source.hash(ofRow: row, features, targets) }
    return sum
  }
}

/// A hash of bytes, 32 at a time in four lanes of multiplications, by the finalizer of MurmurHash3 (Appleby 2011).
package struct RowHash {
  private var lanes: SIMD4<UInt64>

  package init(key: UInt64) { lanes = SIMD4(0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, key) }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var (a, b, c, d) = (lanes[0], lanes[1], lanes[2], lanes[3])
    var offset = 0
    while offset + 32 <= bytes.count {
      a = Self.mixed(a ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      b = Self.mixed(b ^ bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      c = Self.mixed(c ^ bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      d = Self.mixed(d ^ bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
      offset += 32
    }
    while offset + 8 <= bytes.count {
      a = Self.mixed(a ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      (a, b) = (b, a)
      offset += 8
    }
    // The rest of less than eight bytes, with its length behind it.
    var rest = UInt64(bytes.count) << 56
    for index in offset..<bytes.count { rest ^= UInt64(bytes[index]) << (8 * UInt64(index - offset)) }
    c = Self.mixed(c ^ rest)
    lanes = SIMD4(a, b, c, d)
  }

  package var value: UInt64 {
    Self.finished(Self.mixed(lanes[0]) ^ Self.mixed(lanes[1] &* 3) ^ Self.mixed(lanes[2] &* 5) &+ lanes[3] &* 7)
  }

  @inline(__always)
  private static func mixed(_ word: UInt64) -> UInt64 {
    let product = word &* 0xff51_afd7_ed55_8ccd
    return product ^ product >> 32
  }

  private static func finished(_ word: UInt64) -> UInt64 {
    var word = (word ^ word >> 33) &* 0xff51_afd7_ed55_8ccd
    word = (word ^ word >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return word ^ word >> 33
  }
}
