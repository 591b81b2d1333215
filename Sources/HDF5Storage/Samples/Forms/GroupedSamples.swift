internal import Basics

/// The path of a data set that stands in each of many groups: `/train/*/image`.
struct GroupPattern {
  let path: String
  /// The group that holds the groups.
  let parent: String
  /// The path inside each group; empty where the data sets stand in the parent themselves.
  let member: String

  /// - Throws: where there are several stars, or one that is only part of a name.
  init(_ path: String) throws(HDF5Error) {
    let parts = path.split(separator: "/").map(String.init)
    guard let star = parts.firstIndex(of: "*"), parts.count(where: { $0.contains("*") }) == 1 else {
      throw HDF5Error(
        operation: "read", subject: path.shownName,
        reason: "expected one * for the names of groups, as in /*/image or /train/*/image")
    }
    self.path = path
    parent = star == 0 ? "/" : parts[..<star].map { "/" + $0 }.joined()
    member = parts[(star + 1)...].joined(separator: "/")
  }

  func parentExists(in file: HDF5File) throws(HDF5Error) -> Bool {
    guard parent == "/" ? true : try file.kind(of: parent) == .group else { return false }
    guard let first = try file.names(in: parent).first else { return false }
    return try file.kind(of: place(first)) != nil
  }

  /// Where the data set of a group stands.
  func place(_ name: String) -> String {
    (parent == "/" ? "" : parent) + "/" + name + (member.isEmpty ? "" : "/" + member)
  }

  /// The groups, in the natural order of their names: `sample_2` before `sample_10`.
  func names(in file: HDF5File) throws(HDF5Error) -> [String] {
    guard parent == "/" ? true : try file.kind(of: parent) == .group else {
      throw HDF5Error(
        operation: "read", subject: file.subject(path), reason: "there is no group \(parent.shownName)")
    }
    let names = try file.names(in: parent)
    guard !names.isEmpty else {
      throw HDF5Error(operation: "read", subject: file.subject(path), reason: "\(parent.shownName) is empty")
    }
    return names.map { (NaturalOrder($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// A text in each group.
  func texts(in file: HDF5File) throws(HDF5Error) -> TextRows {
    let names = try names(in: file)
    return TextRows(file: file, path: path, count: names.count) { (rows) throws(HDF5Error) in
      var texts: [[UInt8]] = []
      for name in names[rows] {
        let dataset = try HDF5Dataset.open(self.place(name), in: file)
        guard dataset.elementCount == 1, try dataset.typeClass == .texts else {
          throw HDF5Error(operation: "read", subject: dataset.subject, reason: "expected one text")
        }
        texts += try dataset.texts(rows: 0..<1)
      }
      return texts
    }
  }
}

/// Names as people order them: runs of digits as numbers, and all else by its characters.
private struct NaturalOrder: Comparable {
  private let parts: [(text: String, number: String)]
  private let name: String

  init(_ name: String) {
    var parts: [(text: String, number: String)] = [("", "")]
    for character in name {
      if character.isASCII && character.isNumber {
        // Without leading zeros, the longer number is the greater.
        if !(parts[parts.count - 1].number.isEmpty && character == "0") {
          parts[parts.count - 1].number.append(character)
        }
      } else {
        if !parts[parts.count - 1].number.isEmpty { parts.append(("", "")) }
        parts[parts.count - 1].text.append(character)
      }
    }
    (self.parts, self.name) = (parts, name)
  }

  static func == (a: Self, b: Self) -> Bool { a.name == b.name }

  static func < (a: Self, b: Self) -> Bool {
    for (own, other) in zip(a.parts, b.parts) {
      if own.text != other.text { return own.text < other.text }
      if own.number.count != other.number.count { return own.number.count < other.number.count }
      if own.number != other.number { return own.number < other.number }
    }
    return a.parts.count != b.parts.count ? a.parts.count < b.parts.count : a.name < b.name
  }
}

/// A data set in each of many groups, all of one shape and type, one for each sample.
final class GroupedSamples: SampleRows {
  let file: HDF5File
  let elementType: ElementType
  /// The groups, in the order of the samples.
  let names: [String]
  private let pattern: GroupPattern
  private let sampleShape: [Int]

  init(_ pattern: GroupPattern, names: [String], sampleShape: [Int], type: ElementType, in file: HDF5File) {
    (self.pattern, self.names, self.sampleShape) = (pattern, names, sampleShape)
    (elementType, self.file) = (type, file)
  }

  /// Looks at the data set of every group.
  ///
  /// - Parameter asLabels: whether texts stand for classes.
  /// - Throws: where a group has none, or one of another shape or type than the first.
  static func open(_ pattern: GroupPattern, in file: HDF5File, asLabels: Bool) throws(HDF5Error) -> any SampleRows {
    let names = try pattern.names(in: file)
    if asLabels, try file.kind(of: pattern.place(names[0])) == .dataset,
      try HDF5Dataset.open(pattern.place(names[0]), in: file).typeClass == .texts
    {
      return try ClassTexts(pattern.texts(in: file), classes: nil)
    }
    var first: (shape: [Int], type: ElementType)?
    for name in names {
      let place = pattern.place(name)
      guard try file.kind(of: place) == .dataset else {
        throw HDF5Error(
          operation: "read", subject: file.subject(place),
          reason: "there is no such data set, though \(pattern.path.shownName) asks for one in every group of "
            + "\(pattern.parent.shownName); add it, or move the group elsewhere")
      }
      let dataset = try HDF5Dataset.open(place, in: file)
      let found = (shape: dataset.storedShape, type: try dataset.storedType)
      try dataset.requireWritten()
      guard let expected = first else {
        first = found
        continue
      }
      guard found == expected else {
        throw HDF5Error(
          operation: "read", subject: dataset.subject,
          reason: "it is \(found.type.name) of the shape \(found.shape), but \(pattern.place(names[0]).shownName) is "
            + "\(expected.type.name) of \(expected.shape); expected samples of one shape and type")
      }
    }
    let (shape, type) = first ?? ([], .float64)
    _ = try HDF5Dataset.believed([names.count] + shape, file.subject(pattern.path))
    return GroupedSamples(pattern, names: names, sampleShape: shape, type: type, in: file)
  }

  var path: String { pattern.path }
  var shape: [Int] { [names.count] + sampleShape }
  var form: SampleForm { .groups(names: names, shape: sampleShape, type: elementType) }
  var chunkShape: [Int]? { nil }
  var filters: [String] { [] }
  var storageText: String? { "a data set in each of \(grouped(names.count)) groups" }
  var marksMissing: Bool { false }
  func value(_ number: Double) -> Double { number }
  func unwrittenPart() throws(HDF5Error) -> String? { nil }
  func requireWritten() {}

  func read(
    rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    let size = rowElementCount * type.byteCount
    for (place, name) in names[rows].enumerated() {
      let dataset = try HDF5Dataset.open(pattern.place(name), in: file)
      guard dataset.storedShape == sampleShape else {
        throw HDF5Error(
          operation: "read", subject: dataset.subject,
          reason: "its shape is \(dataset.storedShape), which it was not before; the file has changed")
      }
      try dataset.read(
        rows: 0..<dataset.rowCount, as: type,
        into: UnsafeMutableRawBufferPointer(rebasing: destination[place * size..<(place + 1) * size]))
    }
  }
}
