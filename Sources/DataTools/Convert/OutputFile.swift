import Basics
import DataPipeline
import Foundation
public import HDF5Storage
public import Settings

/// A data set file in the making: it bears a temporary name until `commit()`, and vanishes if that is never reached.
public final class OutputFile {
  public let path: String
  public let file: HDF5File
  private let temporaryPath: String
  private let gzip: Int
  private var arrays: [WrittenArray] = []
  /// What was decided about the data, and the option that decides otherwise, one line each.
  var notes: [String] = []
  private var isCommitted = false

  /// - Parameters:
  ///   - inputs: the files that it is made of, none of which it may replace.
  ///   - gzip: compression level 1 to 9, or 0 for arrays stored contiguous.
  /// - Throws: `Failure` if the level makes no sense, the name is not one for the output, or the file cannot be created
  ///   beside where it is to stand.
  init(path: String, inputs: [String] = [], gzip: Int) throws {
    guard (0...9).contains(gzip) else {
      throw Failure.usage("--gzip \(gzip): expected a level from 0 (none) to 9 (smallest)")
    }
    try OutputTarget.check([OutputTarget("--output", path, .hdf5)], inputs: inputs)
    self.path = path
    self.gzip = gzip
    temporaryPath = AtomicFile.temporaryName(for: path)
    UnfinishedFile.begin(temporaryPath)
    do {
      file = try HDF5File.create(temporaryPath, replaces: false)
    } catch {
      throw HDF5Error(operation: error.operation, subject: path, reason: error.reason)
    }
  }

  deinit {
    // The file may be gone already, or never have come to be; either way nothing is left to report to anyone.
    if !isCommitted { unlink(temporaryPath) }
    UnfinishedFile.end(temporaryPath)
  }

  /// Creates an array whose rows are then written with `HDF5Dataset.write(rows:from:)`.
  public func create(_ name: String, shape: [Int], elementType: ElementType) throws -> HDF5Dataset {
    arrays.append(WrittenArray(name: name, shape: shape, type: elementType.name))
    return try file.createDataset(
      name, shape: shape, elementType: elementType, gzipLevel: gzip > 0 ? gzip : nil, shuffle: gzip > 0)
  }

  /// Writes numbers read from text, as float32 or, where that would lose what tells them apart, as float64.
  func write(numbers: [Double], _ name: String, shape: [Int], isWide: Bool) throws {
    if isWide { return try write(name, shape: shape, numbers) }
    try write(name, shape: shape, numbers.map { Float($0) })
  }

  /// Whether a float32 would merge a number with its neighbours: whole numbers beyond 2²⁴ and times with fractions, and
  /// numbers so small that they would be zero or nearly so.
  static func needsDouble(_ number: Double) -> Bool {
    let rounded = Float(number)
    guard Double(rounded) != number else { return false }
    return Swift.abs(number) >= 1_048_576 || Swift.abs(rounded) < Float.leastNormalMagnitude
  }

  /// Writes a whole array.
  public func write<T: HDF5Element>(_ name: String, shape: [Int], _ elements: [T]) throws {
    let dataset = try create(name, shape: shape, elementType: T.elementType)
    try elements.withUnsafeBufferPointer { elements throws(HDF5Error) in
      try dataset.write(rows: 0..<shape[0], from: UnsafeRawBufferPointer(elements))
    }
  }

  /// Stores how features were made of the sources, for others that are to be made alike; see `DataPreparation`.
  ///
  /// - Parameter json: an object with the key `format`, the name of the format.
  public func setPreparation(_ json: JSONValue, of features: String) throws {
    try file.setAttribute(DataPreparation.attribute, to: json.line, of: features)
  }

  /// Writes texts, one a row.
  func write(texts: [String], to name: String) throws {
    arrays.append(WrittenArray(name: name, shape: [texts.count], type: "text"))
    try file.write(texts: texts, to: name)
  }

  /// Stores a list of names as one text attribute, a line each; line breaks inside a name become spaces.
  ///
  /// - Throws: where names are the same after that: no one could tell columns or classes apart by them.
  public func setLines(_ name: String, _ lines: [String], of object: String) throws {
    var seen: Set<String> = []
    if let twice = lines.first(where: { !seen.insert($0.onOneLine).inserted }) {
      throw Failure.data(
        "\(path): \(object): two of the \(name) would be called '\(twice.onOneLine.shownName)' (line breaks are blanks "
          + "in a name); rename one of them in the source")
    }
    try file.setLines(name, lines, of: object)
  }

  /// Closes the file, syncs it and gives it its name, replacing the file that had it.
  ///
  /// - Throws: a `UserFacingError` if the last bytes cannot be written; the output's old content is then still there.
  func commit() throws -> WrittenData {
    try file.close()
    try AtomicFile.publish(temporaryPath, as: path)
    isCommitted = true
    return WrittenData(path: path, arrays: arrays, notes: notes)
  }
}

/// One array of a data set that was written.
public struct WrittenArray: Equatable, Sendable {
  /// Its path inside the file, such as `/train/x`.
  public let name: String
  /// Rows first.
  public let shape: [Int]
  /// Its element type, such as `uint8`.
  public let type: String
}

/// What a conversion or a synthesis wrote.
public struct WrittenData: Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  public let arrays: [WrittenArray]
  /// What was decided about the data, one line each.
  public var notes: [String] = []

  /// One line for the file, one for each array and one for each note.
  public var description: String {
    var table = TextTable([.left, .left], indentation: 2)
    for array in arrays { table.add([array.name, "\(array.type) \(array.shape)"]) }
    return (["wrote \(path.escaped)"] + table.lines + notes).joined(separator: "\n")
  }
}
