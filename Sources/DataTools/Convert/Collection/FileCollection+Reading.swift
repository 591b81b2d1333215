import Basics
import Foundation
import HDF5Storage

/// Why a file of a collection is no sample.
struct BrokenFile: Error {
  /// In one line, without the file's name, such as `truncated: …`.
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

extension FileCollection {
  /// How much longer it takes to read a file than to look at its head, about.
  private static let wholeFile = 10

  /// What `readEach` for heads and then `write` come to.
  var effort: Int { files.count * (1 + Self.wholeFile * (options.skipsBroken ? 2 : 1)) }

  /// Reads something of each file on all cores, in the order of the files. Files that are broken are left out of the
  /// collection where the user asked for that.
  ///
  /// - Parameters:
  ///   - effort: of a file, in the unit of `effort`; by default that of looking at its head.
  ///   - read: throws `BrokenFile` for a file that is no sample, and anything else where the work cannot go on.
  /// - Throws: `Failure` that names the first broken files and counts them all.
  mutating func readEach<Value: Sendable>(
    effort: Int = 1, _ read: @escaping @Sendable (File) throws -> Value
  ) throws -> [Value] {
    var values: [Value] = []
    var broken: [(file: File, reason: String)] = []
    var isKept: [Bool] = []
    let block = 1024
    for start in stride(from: 0, to: files.count, by: block) {
      let part = Array(files[start..<min(start + block, files.count)])
      for (file, result) in zip(part, concurrently(part.count) { try read(part[$0]) }) {
        switch result {
        case .success(let value): values.append(value)
        case .failure(let error as BrokenFile): broken.append((file, error.reason))
        case .failure(let error): throw error
        }
        if case .success = result { isKept.append(true) } else { isKept.append(false) }
      }
      WorkProgress.advance(by: part.count * effort)
    }
    guard !broken.isEmpty else { return values }
    try report(broken)
    try keep(isKept)
    return values
  }

  /// Notes files that are left out.
  ///
  /// - Throws: where the user did not ask for that, or no file is left.
  private mutating func report(_ broken: [(file: File, reason: String)]) throws {
    let names = broken.prefix(10).map { "\($0.file.id.shownName) (\($0.reason.onOneLine.escaped))" }
    let more = broken.count > names.count ? " and \(grouped(broken.count - names.count)) more" : ""
    let list = names.joined(separator: ", ") + more
    guard options.skipsBroken, broken.count < files.count else {
      let remedy = options.skipsBroken ? "" : ", or leave them out with --skip-broken"
      throw Failure.data(
        "\(place): \(grouped(broken.count)) of \(plural(files.count, kind.noun)) cannot be read: \(list); mend or "
          + "remove them\(remedy)")
    }
    notes.append("left out \(plural(broken.count, kind.noun)) that cannot be read: \(list)")
  }

  /// Writes `x`, `y` and `id` of all splits, the samples of which are read on all cores.
  ///
  /// - Parameters:
  ///   - shape: of a sample.
  ///   - describe: stores what is known of the features at a path.
  ///   - read: fills a sample's place, whose bytes are zero; throws `BrokenFile` for a file that is no sample.
  /// - Throws: `Failure` that names the first broken files and counts them all.
  mutating func write(
    to output: OutputFile, shape: [Int], elementType: ElementType, describe: (String) throws -> Void,
    read: @escaping @Sendable (File, UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    guard let byteCount = ArrayFile.byteCount(of: shape, elementType), byteCount > 0 else {
      throw Failure.data("\(place): samples of shape \(shape) fit no memory")
    }
    // A share of what is free, for each core its sample.
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let blockRows = max(1, min(1024, max(cores, (32 << 20) / byteCount)))
    try MemoryBudget.require(Double(blockRows) * Double(byteCount), for: "\(place): samples of shape \(shape)")
    if options.skipsBroken {
      _ = try readEach(effort: Self.wholeFile) { file in
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        defer { memory.deallocate() }
        memory.clear()
        try read(file, memory)
      }
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: blockRows * byteCount, alignment: 64)
    defer { memory.deallocate() }
    var broken: [(file: File, reason: String)] = []
    for split in try splits() {
      let path = "/\(split.name.rawValue)/x"
      let dataset = try output.create(path, shape: [split.places.count] + shape, elementType: elementType)
      try describe(path)
      for start in stride(from: 0, to: split.places.count, by: blockRows) {
        let part = split.places[start..<min(start + blockRows, split.places.count)].map { files[$0] }
        nonisolated(unsafe) let rows = memory
        let results = concurrently(part.count) { index in
          let row = UnsafeMutableRawBufferPointer(rebasing: rows[index * byteCount..<(index + 1) * byteCount])
          row.clear()
          try read(part[index], row)
        }
        for (file, result) in zip(part, results) {
          guard case .failure(let error) = result else { continue }
          guard let error = error as? BrokenFile else { throw error }
          broken.append((file, error.reason))
        }
        if broken.isEmpty {
          let written = UnsafeRawBufferPointer(rebasing: memory[..<(part.count * byteCount)])
          try dataset.write(rows: start..<start + part.count, from: written)
        }
        WorkProgress.advance(by: part.count * Self.wholeFile)
      }
      try writeLabels(split, to: output)
    }
    // Those that went bad since they were looked at cannot be left out any more.
    if !broken.isEmpty {
      var strict = self
      strict.options.skipsBroken = false
      try strict.report(broken)
    }
    output.notes += notes
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Makes all bytes zero.
  fileprivate func clear() {
    if let baseAddress { memset(baseAddress, 0, count) }
  }
}

/// What `body` makes of each number below `count`, in order, on all cores.
private func concurrently<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) -> [Result<Value, any Error>] {
  let results = UnsafeMutableBufferPointer<Result<Value, any Error>?>.allocate(capacity: count)
  results.initialize(repeating: nil)
  defer {
    results.deinitialize()
    results.deallocate()
  }
  nonisolated(unsafe) let places = results
  DispatchQueue.concurrentPerform(iterations: count) { index in
    places[index] = Result { try body(index) }
  }
  return results.compactMap(\.self)
}
