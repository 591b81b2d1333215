import Basics
import DataPipeline
import HDF5Storage
import Settings

/// The arrays of a split.
struct ArraySplit {
  let name: SplitName
  let features: NPYArray
  let labels: NPYArray?
  /// Ids, groups and weights, by the names under which they are kept.
  var beside: [(name: String, array: NPYArray)] = []
}

/// Writes arrays as a data set, with the names that are known, and draws splits.
struct ArrayWriter {
  /// The name of the format.
  let format: String
  let drawing: SplitOptions
  let followed: FollowedNames?
  var names = ArrayNames()

  /// Rows of one split of the sources that make a split of the output, in ascending order.
  private typealias Part = (name: String, rows: [Int])

  /// - Throws: `Failure` where arrays do not fit each other or their names, or a split is to be drawn that is there.
  func write(_ splits: [ArraySplit], to file: OutputFile) throws {
    let classes = try classNames(splits)
    for split in splits {
      guard case .numbers(let features) = split.features else {
        throw Failure.data(
          "\(split.features.path): texts, expected numbers; are features and labels exchanged? Texts to learn from are "
            + "converted by data convert text-csv")
      }
      try features.checkFeatures(labels: split.labels?.path, rows: split.labels?.rowCount ?? 0)
      let labels = try Labels(split.labels, classes: classes, followed: followed)
      let parts = try parts(split, of: splits, labels, rows: features.rowCount)
      try file.copy(features, to: parts.map { ("/\($0.name)/x", $0.rows) })
      try labels?.write(parts, to: file)
      for (name, array) in split.beside { try write(array, as: name, beside: features, parts, to: file) }
      for part in parts {
        try file.setPreparation(["format": .string(format)], of: "/\(part.name)/x")
        try nameColumns(features, part.name, in: file)
        if let labels { try nameLabels(labels, classes, part.name, in: file) }
      }
    }
    if splits.allSatisfy({ $0.labels == nil }), followed == nil {
      file.notes.append("no labels: x alone, as for an autoencoder (data.target=features)")
    }
  }

  /// The names of the classes of labels that are texts, over all splits; nil where labels are numbers.
  private func classNames(_ splits: [ArraySplit]) throws -> [String]? {
    let texts = splits.compactMap { split -> [String]? in
      if case .texts(let texts, _)? = split.labels { texts } else { nil }
    }
    guard !texts.isEmpty else { return nil }
    guard texts.count == splits.count else {
      throw Failure.data(
        "\(splits.compactMap { $0.labels?.path }.shownList()): labels of some splits are texts, of others numbers; "
          + "write all as texts")
    }
    if let followed, followed.names.classes == nil {
      throw Failure.data(
        "\(splits[0].labels?.path ?? ""): labels are texts, but \(followed.owner) knows no names of classes")
    }
    return followed?.names.classes ?? CSVLabels.classNames(texts.joined())
  }

  /// Which rows of a split of the sources make which split of the output.
  private func parts(
    _ split: ArraySplit, of splits: [ArraySplit], _ labels: Labels?, rows: Int
  ) throws -> [Part] {
    // What follows other data and is one set is there to be tested.
    let name = followed != nil && splits.count == 1 ? SplitName.test : split.name
    if let option = drawing.asked.first {
      guard followed == nil else {
        throw Failure.usage("\(option.option): data that follow others are not divided; leave it out")
      }
      if let other = drawing.asked.first(where: { asked in splits.contains { $0.name == asked.split } }) {
        throw Failure.usage("\(other.option): the sources have this split already; leave the option out")
      }
      if name == .train {
        let drawn = try TestSplit.drawn(groups: labels?.groups ?? Array(repeating: 0, count: rows), drawing)
        return SplitName.allCases.compactMap { name in drawn[name].map { (name.rawValue, $0) } }
      }
    }
    return [(name.rawValue, Array(0..<rows))]
  }

  private func write(
    _ array: NPYArray, as name: String, beside features: ArrayFile, _ parts: [Part], to file: OutputFile
  ) throws {
    guard array.rowCount == features.rowCount else {
      throw Failure.data(
        "\(array.path) has \(array.rowCount) rows and \(features.path) \(features.rowCount); they must be of "
          + "equal number")
    }
    switch array {
    case .numbers(let numbers): try file.copy(numbers, to: parts.map { ("/\($0.name)/\(name)", $0.rows) })
    case .texts(let texts, _):
      for part in parts { try file.write(texts: part.rows.map { texts[$0] }, to: "/\(part.name)/\(name)") }
    }
  }

  // MARK: Names

  private func nameColumns(_ features: ArrayFile, _ split: String, in file: OutputFile) throws {
    guard let (key, columns) = names.columns, features.shape.count == 2 else { return }
    guard columns.count == features.shape[1] else {
      throw Failure.data(
        "\(features.path) has \(features.shape[1]) columns, but \(key) names \(columns.count); name each once")
    }
    try file.setLines("names", columns, of: "/\(split)/x")
  }

  private func nameLabels(_ labels: Labels, _ classes: [String]?, _ split: String, in file: OutputFile) throws {
    let path = "/\(split)/y"
    if let classes { return try file.setLines("classes", classes, of: path) }
    guard let (key, texts) = names.classes, case .numbers(let array, let integers) = labels else { return }
    let width = array.shape.dropFirst().reduce(1, *)
    if let integers {
      let least = integers.min() ?? 0, greatest = integers.max() ?? 0
      guard least >= 0, greatest < texts.count else {
        throw Failure.data(
          "\(array.path): labels from \(least) to \(greatest), but \(key) names the classes 0 to \(texts.count - 1); "
            + "count labels from 0, or take the names out")
      }
      try file.setLines("classes", texts, of: path)
    } else if texts.count == width {
      try file.setLines(width == 1 ? "name" : "columns", texts, of: path)
    } else {
      file.notes.append("\(key) has \(plural(texts.count, "name")) for \(plural(width, "target")) and is left out")
    }
  }
}

/// Labels of a split, as they are to be written.
private enum Labels {
  /// Indices of classes, by the names that the labels are.
  case classes([Int32])
  /// Numbers as they are stored; where rows are whole numbers, those numbers, which have then been read.
  case numbers(ArrayFile, [Int]?)

  init?(_ array: NPYArray?, classes: [String]?, followed: FollowedNames?) throws {
    switch array {
    case nil: return nil
    case .numbers(let array): self = .numbers(array, try array.readIntegers())
    case .texts(let texts, let path):
      let numbers = Dictionary(zip(classes ?? [], Int32(0)...), uniquingKeysWith: { first, _ in first })
      self = .classes(
        try texts.enumerated().map { row, text in
          guard !text.isEmpty else { throw Failure.data("\(path): row \(row): an empty text, expected a label") }
          guard let number = numbers[text] else {
            throw Failure.data(
              "\(path): the label '\(text.onOneLine.shownName)' of row \(row) is none of the classes of "
                + "\(followed?.owner ?? ""): \((classes ?? []).shownList())")
          }
          return number
        })
    }
  }

  /// The class of each row for a stratified draw; nil where labels are no classes.
  var groups: [Int]? {
    switch self {
    case .classes(let numbers): numbers.map(Int.init)
    case .numbers(_, let integers?) where Set(integers).count <= max(2, integers.count / 4): integers
    case .numbers: nil
    }
  }

  func write(_ parts: [(name: String, rows: [Int])], to file: OutputFile) throws {
    func write<T: HDF5Element>(_ convert: (Int) -> T) throws {
      for (name, rows) in parts { try file.write("/\(name)/y", shape: shape(rows.count), rows.map(convert)) }
    }
    switch self {
    case .classes(let numbers): try write { numbers[$0] }
    case .numbers(let array, nil): try file.copy(array, to: parts.map { ("/\($0.name)/y", $0.rows) })
    case .numbers(let array, let numbers?):
      switch array.elementType {
      case .int8: try write { Int8(truncatingIfNeeded: numbers[$0]) }
      case .int16: try write { Int16(truncatingIfNeeded: numbers[$0]) }
      case .int32: try write { Int32(truncatingIfNeeded: numbers[$0]) }
      case .int64: try write { Int64(numbers[$0]) }
      case .uint8: try write { UInt8(truncatingIfNeeded: numbers[$0]) }
      case .uint16: try write { UInt16(truncatingIfNeeded: numbers[$0]) }
      case .uint32: try write { UInt32(truncatingIfNeeded: numbers[$0]) }
      case .uint64: try write { UInt64(truncatingIfNeeded: numbers[$0]) }
      case .float32, .float64: preconditionFailure("whole numbers of \(array.elementType)")
      }
    }
  }

  /// That of the array with so many rows.
  private func shape(_ rows: Int) -> [Int] {
    if case .numbers(let array, _) = self { [rows] + array.shape.dropFirst() } else { [rows] }
  }
}
