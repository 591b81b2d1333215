import Basics
public import HDF5Storage
public import NumericCore

/// One split of a data set on disk: samples, each with features and targets, over one or more files.
public struct SplitSource: Sendable {
  /// The arrays of a split.
  public enum Column: Sendable {
    case features, targets
    /// What each sample counts in the loss, one number a row.
    case weights
  }

  /// The rows that one file contributes.
  struct Part: Sendable {
    let file: String
    let features: Array
    /// Nil where there are no labels.
    var targets: Array?
    /// Nil where all samples count the same.
    var weights: Array?
    /// The part's rows among those of the split.
    let rows: Range<Int>

    /// Rows inside a file.
    struct Array: Sendable {
      /// That of the features, or one of its own.
      let file: String
      let path: String
      /// How the file keeps them.
      let form: SampleForm
      /// The shape of a row, `[1]` where a row is a single number.
      fileprivate(set) var shape: Shape
      let type: ElementType
      /// The attribute `valid_max` (netCDF and CF conventions): the greatest value of a sensor or scale that does not
      /// fill its type, such as 4095 for 12 bits in a uint16.
      let validMaximum: Double?
      /// Whether some of the file's numbers stand for missing values.
      let marksMissing: Bool
      /// What was never written, in words; nil where all of it was.
      let unwritten: String?
    }

    /// What may spoil training on these rows.
    var warnings: [String] {
      [features, targets, weights].compactMap(\.self).compactMap { array in
        array.unwritten.map { "\(array.file): of \(array.path.shownName), \($0), and read as the fill value" }
      }
    }

    /// What the file says that its numbers stand for.
    let names: DataNames
    /// What is done to the rows so that they mean the same as those of other files.
    var alignment = RowAlignment()

    func array(_ column: Column) -> Array? {
      switch column {
      case .features: features
      case .targets: targets
      case .weights: weights
      }
    }
  }

  public let name: SplitName
  var parts: [Part]
  /// What the numbers of the rows stand for.
  public internal(set) var names: DataNames
  /// How the features lie in memory; nil for as in the file.
  var arrangement: SampleArrangement?
  /// Whether the targets of a sample are its own features, scaled; labels are then not read.
  public let reconstructs: Bool

  /// The number of rows, at least one.
  public var sampleCount: Int { parts[parts.count - 1].rows.upperBound }
  /// The shape of one sample's features in memory, without the sample axis; a data set of one axis has `[1]`.
  public var featureShape: Shape { arrangement?.shape ?? parts[0].features.shape }
  /// The type of the features in memory.
  public var featureType: ElementType { parts[0].features.type }
  /// How the features lie in the files.
  public var featureStorage: FeatureStorage {
    FeatureStorage(shape: parts[0].features.shape, isChannelsFirst: arrangement?.isTransposed ?? false)
  }
  /// The greatest value that the features can have, where the data set says so with its attribute `valid_max`.
  public var featureValidMaximum: Double? { parts[0].features.validMaximum }
  /// How many whole numbers from 0 on the features can be, where the data set says so with its attribute `valid_max`.
  public var indexCount: Int? {
    featureType.isInteger ? featureValidMaximum.flatMap { Int(exactly: $0.rounded(.down) + 1) } : nil
  }
  /// The characters that the features stand for by number, where the data set lists them in its attribute `vocabulary`.
  public var vocabulary: String? { names.characters }
  /// The shape of one sample's targets: `[1]` for labels [N] and [N, 1], `[D]` for [N, D], `[0]` without labels.
  public var targetShape: Shape { reconstructs ? featureShape : parts[0].targets?.shape ?? [0] }
  /// The number of a sample's target values.
  public var targetSize: Int { targetShape.elementCount }
  /// The type of the targets; nil without labels.
  public var targetType: ElementType? { reconstructs ? .float32 : parts[0].targets?.type }

  /// The parts' rows must follow one another from zero on.
  ///
  /// - Throws: if the parts have unlike shapes or types, or no rows at all.
  init(name: SplitName, parts: [Part], reconstructs: Bool = false) throws {
    guard let sample = parts.first(where: { !$0.rows.isEmpty }) else {
      let place = parts.map { "\($0.file): \($0.features.path)" }.first ?? name.rawValue
      throw Failure.data("\(place) is empty; the split '\(name.rawValue)' needs at least one row")
    }
    for part in parts {
      try Self.checkLikeness(of: part, .features, to: sample)
      try Self.checkLikeness(of: part, .targets, to: sample)
    }
    try Self.checkWeights(of: parts)
    self.name = name
    self.parts = parts.filter { !$0.rows.isEmpty }
    names = sample.names
    self.reconstructs = reconstructs
  }

  private static func checkLikeness(of part: Part, _ column: Column, to sample: Part) throws {
    let found = part.array(column)
    let expected = sample.array(column)
    guard found?.shape != expected?.shape || found?.type != expected?.type else { return }
    func text(_ array: Part.Array?) -> String { array.map { "\($0.shape) \($0.type.name)" } ?? "no labels" }
    throw Failure.data(
      "\(found?.file ?? part.file): \(found?.path ?? part.features.path) has rows of \(text(found)), but "
        + "\(sample.file) has rows of \(text(expected)); files of one data set must agree")
  }

  /// The same samples, whose labels are not read.
  public var withoutTargets: SplitSource {
    guard !reconstructs else { return self }
    var result = self
    result.parts = parts.map { part in
      var part = part
      part.targets = nil
      return part
    }
    return result
  }

  /// Which file and row of it a row of the split is, for messages: `a.h5: /train/x row 3`.
  public func place(_ column: Column, row: Int) -> String {
    let part = part(ofRow: row)
    let column = reconstructs && column == .targets ? .features : column
    let array = part.array(column)
    let own = row - part.rows.lowerBound
    return "\(array?.file ?? part.file): \(array?.path ?? "") row \(array?.form.row(own) ?? own)"
  }

  func part(ofRow row: Int) -> Part {
    precondition(0 <= row && row < sampleCount, "row \(row) of \(sampleCount)")
    var low = 0
    var high = parts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if parts[middle].rows.lowerBound <= row { low = middle } else { high = middle }
    }
    return parts[low]
  }

  /// - Throws: if this machine has not enough memory for its ranks' parts of the split.
  package func requireMemory() throws {
    try MemoryBudget.require(byteCount, for: "\(parts[0].file): \(name.rawValue) of \(sizeText)")
  }

  /// The bytes of all rows in memory.
  package var byteCount: Double {
    Double(sampleCount) * [Column.features, .targets, .weights].reduce(0.0) { $0 + Double(rowByteCount($1)) }
  }

  /// Such as `1,437 rows of 8×8 uint8`.
  var sizeText: String {
    let shape = featureShape.extents.map(String.init).joined(separator: "×")
    return "\(plural(sampleCount, "row")) of \(shape) \(featureType.name)"
  }

  /// The bytes of one row in memory; targets that are the features take none of their own.
  package func rowByteCount(_ column: Column) -> Int {
    switch column {
    case .features: featureShape.elementCount * featureType.byteCount
    case .targets: reconstructs ? 0 : targetSize * (targetType?.byteCount ?? 0)
    case .weights: parts[0].weights?.type.byteCount ?? 0
    }
  }
}

extension SplitSource.Part {
  /// Reads the shapes and types, not the rows.
  init(
    _ paths: SplitPaths, in file: HDF5File, firstRow: Int, names: DataNames, weights: WeightChoice = .none
  ) throws {
    self.names = names
    let samples = try paths.open(in: file)
    let features = samples.features
    self.file = file.path
    self.features = try Array(features)
    let (end, overflow) = firstRow.addingReportingOverflow(features.rowCount)
    guard !overflow else {
      throw Failure.data("\(file.path): \(paths.features.shownName) has more rows than can be counted")
    }
    rows = firstRow..<end
    self.weights = try Self.weights(weights, of: paths, rows: features.rowCount, in: file)
    guard let targets = samples.labels else {
      self.targets = nil
      return
    }
    self.targets = try Array(targets).asLabels
    guard features.rowCount == targets.rowCount else {
      let isLast = features.shape.count > 1 && [targets.rowCount, targets.shape.last].contains(features.shape.last)
      let other = targets.file.path == file.path ? "" : " in \(targets.file.path.shownName)"
      throw Failure.data(
        "\(file.path): \(paths.features.shownName) has \(features.rowCount) rows but "
          + "\(targets.path.shownName)\(other) has \(targets.rowCount); expected one label a row"
          + (isLast ? "; its last axis is as long: say so with --set data.samples_axis=-1" : ""))
    }
  }
}

extension SplitSource.Part.Array {
  init(_ dataset: any SampleRows) throws {
    guard !dataset.shape.isEmpty, dataset.rowElementCount > 0 else {
      throw Failure.data(
        "\(dataset.file.path): \(dataset.path) has the shape \(dataset.shape), expected rows of numbers")
    }
    file = dataset.file.path
    path = dataset.path
    form = dataset.form
    shape = dataset.shape.count == 1 ? [1] : Shape(Swift.Array(dataset.shape.dropFirst()))
    type = try dataset.elementType
    let stated = try dataset.object.flatMap { try dataset.file.doubleAttribute("valid_max", of: $0) }
    guard stated.map({ $0.isFinite && $0 > 0 }) ?? true else {
      throw Failure.data(
        "\(dataset.file.path): \(dataset.path) has the attribute valid_max \(stated ?? 0), expected a number above 0; "
          + "repair or remove it")
    }
    validMaximum = stated.map(dataset.value)
    marksMissing = dataset.marksMissing
    unwritten = try dataset.unwrittenPart()
  }

  /// The same, but that a label with axes of 1, as of [N, 1, 1, 1], is a single number.
  fileprivate var asLabels: Self {
    var result = self
    if shape.elementCount == 1 { result.shape = [1] }
    return result
  }

  /// The rows, to be read.
  ///
  /// - Throws: also if nothing was ever written.
  func open() throws(HDF5Error) -> any SampleRows {
    let rows = try HDF5File.open(file).rows(path, form)
    try rows.requireWritten()
    return rows
  }
}
