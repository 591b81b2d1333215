import Basics
import CZlib
import HDF5Storage
import Metrics
import Settings
import Training

/// The file of a fold that is done: its result as the attribute `result`, and what `predict` would write of its test
/// samples, whose numbers in the training split are `/rows`. A fold that has failed has no samples there. The attribute
/// `checksum` is of all that.
enum FoldFile {
  private static let attribute = "result", checksumName = "checksum"
  static let rowsPath = "/rows"

  static func write(
    _ result: FoldResult, sums: MetricSums?, rows: [Int], outputs: [Float], of run: TrainingRun, to path: String
  ) throws {
    let file = try HDF5File.createInMemory(named: path)
    try file.setAttribute(attribute, to: result.json.line)
    if !outputs.isEmpty {
      try file.write(rowsPath, shape: [rows.count], elements: rows.map { Int64($0) })
      try run.write(outputs, rows: rows.count, to: file)
      try sums?.inUnitsOfData.write(to: file)
    }
    try file.setAttribute(checksumName, to: checksum(of: file))
    let image = try file.image()
    try file.close()
    try AtomicFile.write(image, to: path, isOfRun: true)
  }

  /// The result that a file holds; nil where there is no such file, or it is not whole.
  static func result(in path: String) -> FoldResult? {
    guard let file = try? HDF5File.open(path), let text = try? file.stringAttribute(attribute),
      let sum = try? checksum(of: file), (try? file.stringAttribute(checksumName)) == sum,
      let value = try? JSON5Parser.parse(text, file: path)
    else { return nil }
    return FoldResult(value)
  }

  /// CRC-32 (ISO 3309, by zlib) of the result and of all values, data set by data set in the order of their paths.
  private static func checksum(of file: HDF5File) throws -> String {
    var sum = crc32(0, nil, 0)
    func add(_ bytes: UnsafeRawBufferPointer) {
      sum = crc32_z(sum, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
    Array((try file.stringAttribute(attribute) ?? "").utf8).withUnsafeBytes(add)
    for path in try file.datasetPaths().sorted() {
      let dataset = try file.dataset(path)
      let size = try dataset.rowCount * dataset.rowElementCount * dataset.elementType.byteCount
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
      defer { bytes.deallocate() }
      try dataset.read(rows: 0..<dataset.rowCount, into: bytes)
      Array(path.utf8).withUnsafeBytes(add)
      add(UnsafeRawBufferPointer(bytes))
    }
    return String(sum, radix: 16)
  }

  /// Whether a file of all folds' predictions is there with as many samples as it had.
  static func isMerged(_ path: String, samples: Int) -> Bool {
    guard let file = try? HDF5File.open(path), let rows = try? file.dataset(rowsPath) else { return false }
    return rows.rowCount == samples
  }

  /// The figures of all samples of the folds that are done.
  static func pool(_ results: [FoldResult], files: (FoldResult) -> String) throws -> PooledFigures {
    var pooled = PooledFigures()
    for result in results where result.state == .done {
      if let sums = try MetricSums.read(from: HDF5File.open(files(result))) { pooled.add(result, sums) }
    }
    return pooled
  }

  /// Writes what all folds have predicted as one file: the rows of each repeat in the order of the training split, with
  /// `/rows`, `/folds` and `/repeats`, the latter two from 1.
  static func merge(_ results: [FoldResult], files: (FoldResult) -> String, to path: String) throws {
    let results = results.filter { $0.state == .done }
    guard !results.isEmpty else { return }
    let parts = try results.map { try HDF5File.open(files($0)) }
    // Where each row of the merged file stands: the part, and the row there.
    var places: [(part: Int, row: Int, id: Int)] = []
    for (index, part) in parts.enumerated() {
      let rows: [Int64] = try part.dataset(rowsPath).readAll()
      places += rows.enumerated().map { (index, $0.offset, Int($0.element)) }
    }
    places.sort { (results[$0.part].repetition, $0.id) < (results[$1.part].repetition, $1.id) }
    let merged = try HDF5File.createInMemory(named: path)
    try merged.write(rowsPath, shape: [places.count], elements: places.map { Int64($0.id) })
    try merged.write("/folds", shape: [places.count], elements: places.map { Int32(results[$0.part].fold) })
    try merged.write("/repeats", shape: [places.count], elements: places.map { Int32(results[$0.part].repetition) })
    for dataset in try parts[0].datasetPaths() where dataset != rowsPath && dataset != MetricSums.path {
      try copy(dataset, from: parts, places.map { ($0.part, $0.row) }, to: merged)
    }
    let image = try merged.image()
    try merged.close()
    try AtomicFile.write(image, to: path, isOfRun: true)
  }

  private static func copy(
    _ path: String, from parts: [HDF5File], _ places: [(part: Int, row: Int)], to merged: HDF5File
  ) throws {
    let sources = try parts.map { try $0.dataset(path) }
    let type = try sources[0].elementType
    let size = sources[0].rowElementCount * type.byteCount
    let blocks = try sources.map { source in
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: source.rowCount * size, alignment: 16)
      try source.read(rows: 0..<source.rowCount, into: bytes)
      return bytes
    }
    defer { for block in blocks { block.deallocate() } }
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: places.count * size, alignment: 16)
    defer { all.deallocate() }
    for (index, place) in places.enumerated() {
      UnsafeMutableRawBufferPointer(rebasing: all[index * size..<(index + 1) * size]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: blocks[place.part][place.row * size..<(place.row + 1) * size]))
    }
    let target = try merged.createDataset(
      path, shape: [places.count] + sources[0].shape.dropFirst(), elementType: type)
    try target.write(rows: 0..<places.count, from: UnsafeRawBufferPointer(all))
    for name in try parts[0].attributeNames(of: path) {
      if let text = try parts[0].stringAttribute(name, of: path) { try merged.setAttribute(name, to: text, of: path) }
    }
  }
}
