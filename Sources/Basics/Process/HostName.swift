import Glibc

/// This host's name, as the system has it; nothing is asked of a name server.
package let hostName: String = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
  guard let base = name.baseAddress, gethostname(base, name.count - 1) == 0 else { return "host" }
  name[name.count - 1] = 0
  let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
  return bytes.isEmpty ? "host" : String(decoding: bytes, as: UTF8.self)
}
