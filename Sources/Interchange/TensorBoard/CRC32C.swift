/// The cyclic redundancy check of Castagnoli's polynomial 0x1EDC6F41 (RFC 3720, appendix B.4), as TFRecord files have
/// it.
enum CRC32C {
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      let place = UInt8(truncatingIfNeeded: sum) ^ byte
      sum = (sum >> 8) ^ table[Int(place)]
    }
    return ~sum
  }

  /// Rotated and shifted, so that a checksum of data that hold checksums is no special case.
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    let rotated = (sum >> 15) | (sum << 17)
    return rotated &+ 0xA282_EAD8
  }

  /// The sums of single bytes, of the polynomial with its bits reversed.
  private static let table: [UInt32] = (0..<256).map { byte in
    var sum = UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0x82F6_3B78 : sum >> 1 }
    return sum
  }
}
