import Basics
import Checkpointing
import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Training

/// Files that are damaged at random, each read in a child process of its own: how do they end?
///
/// mutants KIND COUNT SEED FILE…, where KIND is verify, inspect, load or a format of `data convert`, whose sources the
/// files are, of which one is damaged. Prints the number of mutants by exit code, signal, or time that ran out; those
/// that end in another way than a documented one stay in the directory `mutants-KIND`.
enum MutantsCase {
  static func run(_ arguments: [String]) throws -> String {
    guard arguments.count > 3, let count = Int(arguments[1]), let seed = UInt64(arguments[2]) else {
      throw SelfTestFailure("mutants: expected KIND COUNT SEED FILE…")
    }
    let (kind, files) = (arguments[0], Array(arguments[3...]))
    let contents = try files.map { try [UInt8](Data(contentsOf: URL(filePath: $0))) }
    let folder = "mutants-\(kind)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var mutator = Mutator(state: seed)
    var endings: [String: Int] = [:]
    for number in 0..<count {
      let chosen = number % files.count
      let name = "\(folder)/\(URL(filePath: files[chosen]).lastPathComponent)"
      let mutant = mutator.mutant(of: contents[chosen])
      try Data(mutant).write(to: URL(filePath: name))
      var sources = files
      sources[chosen] = name
      let ending = ChildProcess.ending(seconds: 12) {
        CrashHandler.install(prefix: "", product: "", waits: false)
        do {
          try read(kind, name, sources: sources, scratch: folder)
          return 0
        } catch {
          return ((error as? any UserFacingError)?.exitCode ?? .data).rawValue
        }
      }
      // Some mutations put what was there already.
      endings[(mutant == contents[chosen] ? "unchanged, " : "") + "\(ending)", default: 0] += 1
      if case .exit(let code) = ending, [0, 2, 3, 4].contains(code) { continue }
      try FileManager.default.moveItem(atPath: name, toPath: "\(name)-\(seed)-\(number)-\(ending)")
    }
    let tally = endings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    return "mutants \(kind): " + tally.joined(separator: ", ")
  }

  private static func read(_ kind: String, _ path: String, sources: [String], scratch: String) throws {
    switch kind {
    case "verify": _ = try CheckpointVerification(path)
    case "inspect": _ = try DataInspection.inspect(path: path).description
    case "load":
      let source = try DataSource.open(path)
      try source.requireMemory(for: SplitName.allCases)
      for split in source.splits.values {
        for column in [SplitSource.Column.features, .targets, .weights] {
          try split.forEachRun(column, [0..<split.sampleCount]) { _, _, _ in }
        }
      }
    default:
      guard let format = DataFormats.all.first(where: { $0.name == kind }) else {
        throw SelfTestFailure("mutants: \(kind) is no format")
      }
      try format.init().convert(sources, output: scratch + "/converted.h5")
    }
  }
}

/// Damages bytes, by splitmix64.
private struct Mutator {
  var state: UInt64

  private mutating func below(_ limit: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((word ^ (word >> 31)) % UInt64(limit))
  }

  private static let numbers: [UInt64] = [
    0, 1, 2, 7, 8, 255, 256, 65_535, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 40, 1 << 62, 1 << 63 - 1, 1 << 63,
    .max, .max - 7,
  ]

  /// A few changes: bits, bytes, whole numbers, pieces that are lost, added or copied elsewhere; most of them at the
  /// front, where files describe what they hold.
  mutating func mutant(of original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0..<[1, 1, 1, 2, 3, 5, 8][below(7)] {
      if bytes.isEmpty { bytes = [0] }
      func place(_ draw: (Int) -> Int) -> Int { draw(draw(10) < 7 ? min(bytes.count, 8192) : bytes.count) }
      let start = place { below($0) }
      switch below(8) {
      case 0, 1: bytes[start] ^= 1 << UInt8(below(8))
      case 2: bytes[start] = [0, 1, 0x7F, 0x80, 0xFF, UInt8(below(256))][below(6)]
      case 3, 4:
        let width = [2, 4, 8][below(3)]
        let number = Self.numbers[below(Self.numbers.count)]
        let isBigEndian = below(3) == 0
        for offset in 0..<min(width, bytes.count - start / width * width) {
          let shift = 8 * (isBigEndian ? width - 1 - offset : offset)
          bytes[start / width * width + offset] = UInt8(truncatingIfNeeded: number >> UInt64(shift))
        }
      case 5: bytes.removeSubrange(start..<min(start + [1, 2, 8, 64, 1000][below(5)], bytes.count))
      case 6: bytes.insert(contentsOf: (0..<[1, 2, 8, 16][below(4)]).map { _ in UInt8(below(256)) }, at: start)
      default:
        let target = place { below($0) }
        let count = min([8, 32, 256][below(3)], bytes.count - max(start, target))
        bytes.replaceSubrange(target..<target + count, with: Array(bytes[start..<start + count]))
      }
    }
    return bytes
  }
}
