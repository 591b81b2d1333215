import Basics
import DataPipeline
import HDF5Storage
import NumericCore

/// One split of a file, read through once, and what is wrong with it.
struct SplitScan {
  let name: SplitName
  /// The number of classes and their names, if labels are classes and the names are known.
  private(set) var classes: (count: Int, names: [String]?)?
  let features: any SampleRows
  private let labels: (any SampleRows)?
  let featureScan: ValueScan
  private let labelScan: ValueScan?
  let labelValues: [Double]
  private var labelClasses: LabelScan?
  /// Which labels stand for the classes.
  private var numbering = TargetTransform.identity
  private let labelColumns: LabelColumns?
  /// The features' attribute `valid_max`, if they have it.
  private let validMaximum: Double?
  /// Whether the features number characters or words, which models look up.
  private let isText: Bool
  private let elementTypes: (features: ElementType, labels: ElementType?)

  /// - Parameter textClasses: the names that labels of texts number; nil for those of the split itself.
  init(_ paths: SplitPaths, _ file: HDF5File, textClasses: [String]?) throws {
    name = paths.split
    let samples = try paths.open(in: file, textClasses: textClasses)
    let features = samples.features
    self.features = features
    let type = try features.elementType
    for dataset in [features, samples.labels].compactMap(\.self) {
      try dataset.requireWritten()
      // A hash of each row, and the range of each feature.
      try MemoryBudget.require(
        (Double(dataset.rowCount) + 3 * Double(dataset.rowElementCount)) * 8,
        for: "\(file.path): inspecting the \(plural(dataset.rowCount, "row")) of \(dataset.path.shownName)")
    }
    featureScan = try ValueScan(features)
    let object = features.object
    validMaximum = try object.flatMap { try file.doubleAttribute("valid_max", of: $0) }.map(features.value)
    isText =
      try object.map { object in
        try ["vocabulary", "words"].contains { try file.stringAttribute($0, of: object) != nil }
      } ?? false
    guard let labels = samples.labels else {
      self.labels = nil
      labelScan = nil
      labelValues = []
      labelClasses = nil
      labelColumns = nil
      classes = nil
      elementTypes = (type, nil)
      return
    }
    self.labels = labels
    let labelType = try labels.elementType
    elementTypes = (type, labelType)
    labelScan = try ValueScan(labels)
    // Targets of several columns are values, unless one of them is named as the class.
    labelColumns = try LabelColumns(labels)
    labelValues =
      labels.rowElementCount == 1
      ? try labels.readAll() : labelColumns?.labels ?? []
    labelClasses = LabelScan(labelValues, areIntegers: labelType.isInteger)
    let classNames = try labels.form.isOfTexts ? labels.classNames : DataNames(paths, in: file).classes
    classes = labelClasses.map { scan in (classNames?.count ?? scan.classCount, classNames) }
  }

  /// Takes the labels for no classes, since training does not.
  mutating func forgetClasses() { (labelClasses, classes) = (nil, nil) }

  /// Whether far more classes would have no sample than have one.
  var hasStrayLabels: Bool { (classes?.count ?? 0) > max(1_000, 10 * (labelClasses?.counts.count ?? 0)) }

  /// Keeps to what training takes the targets for.
  mutating func take(_ reading: TargetReading?) {
    guard let reading, let scan = labelClasses, labels?.rowElementCount == 1 else { return }
    if reading.kind == .values && scan.nonIntegral.count == 0 { forgetClasses() }
    guard reading.numbering.kind == .classes, classes?.names == nil else { return }
    numbering = reading.numbering
    classes = (scan.counts.keys.compactMap(numbering.index).max().map { $0 + 1 } ?? 0, nil)
  }

  /// How training scales the features.
  var scaling: ScalingChoice? {
    guard features.rowCount > 0, featureScan.statistics.minimum != nil else { return nil }
    let shape = features.shape.count == 1 ? [1] : Array(features.shape.dropFirst())
    return ScalingChoice(
      type: elementTypes.features, shape: Shape(shape), validMaximum: validMaximum, use: isText ? .indices : .plain,
      minimum: featureScan.featureMinima, maximum: featureScan.featureMaxima)
  }

  var report: InspectedSplit {
    let counts = labelClasses.map { scan in
      scan.counts.sorted { $0.key < $1.key }.map { label, count in
        let names = classes?.names ?? []
        return ClassCount(label: label, name: names.indices.contains(label) ? names[label] : nil, count: count)
      }
    }
    return InspectedSplit(
      name: name.rawValue, features: array(features, elementTypes.features, featureScan),
      labels: labels.map { array($0, elementTypes.labels ?? .float64, labelScan ?? featureScan) },
      labelColumns: labelColumns?.report, classCounts: counts)
  }

  private func array(_ dataset: any SampleRows, _ type: ElementType, _ scan: ValueScan) -> InspectedArray {
    InspectedArray(
      path: dataset.path, shape: dataset.shape, type: type.name, chunkShape: dataset.chunkShape,
      filters: dataset.filters, form: dataset.storageText,
      statistics: scan.statistics)
  }

  func finding(_ kind: InspectionFinding.Kind, _ count: Int, _ message: String) -> InspectionFinding {
    InspectionFinding(kind: kind, split: name.rawValue, count: count, message: message)
  }
}

// MARK: Findings in the arrays themselves
extension SplitScan {
  var arrayFindings: [InspectionFinding] {
    var findings: [InspectionFinding] = []
    if features.rowCount == 0 { findings.append(finding(.emptySplit, 0, "\(features.path) has no rows")) }
    if let labels {
      if labels.rowCount != features.rowCount {
        findings.append(
          finding(
            .lengthMismatch, abs(labels.rowCount - features.rowCount),
            "\(features.path) has \(features.rowCount) rows and \(labels.path) \(labels.rowCount)"))
      }
      findings += labelScan.map { nonFinite($0, labels) } ?? []
      if let unfit = labelColumns?.unfitBoxes, unfit.count > 0 {
        findings.append(
          finding(
            .unfitBoxes, unfit.count,
            "\(unfit.count) rows of \(labels.path) are no box, a centre from 0 to 1 and a width and height above 0: "
              + unfit.examples.joined(separator: ", ") + (unfit.count > unfit.examples.count ? ", …" : "")))
      }
    } else {
      findings.append(finding(.missingLabels, features.rowCount, "\(features.path) has no labels beside it"))
    }
    findings += nonFinite(featureScan, features)
    for dataset in [features, labels].compactMap(\.self) {
      guard let unwritten = try? dataset.unwrittenPart() else { continue }
      findings.append(
        finding(.unwrittenValues, 1, "of \(dataset.path), \(unwritten), and read as the fill value"))
    }
    if let type = try? features.elementType,
      let doubt = ChunkReview.doubt(about: features, rowByteCount: features.rowElementCount * type.byteCount)
    {
      findings.append(finding(.slowChunks, 1, doubt))
    }
    if let validMaximum, let maximum = featureScan.statistics.maximum, maximum > validMaximum {
      findings.append(
        finding(
          .aboveValidMaximum, 1,
          "values in \(features.path) go up to \(maximum), above its attribute valid_max of \(validMaximum)"))
    }
    let constant = featureScan.constantFeatures
    if name == .train, features.rowCount > 1, !constant.isEmpty {
      let examples = constant.prefix(5).map(place).joined(separator: ", ") + (constant.count > 5 ? ", …" : "")
      findings.append(
        finding(
          .constantFeatures, constant.count,
          "\(constant.count) of \(features.rowElementCount) features have one and the same value in all rows: "
            + examples
        ))
    }
    return findings
  }

  private func nonFinite(_ scan: ValueScan, _ dataset: any SampleRows) -> [InspectionFinding] {
    let count = scan.nanCount + scan.infiniteCount
    guard count > 0 else { return [] }
    let examples = scan.nonFinitePlaces.map { place in
      "row \(place.row)" + (dataset.rowElementCount > 1 ? " feature \(self.place(place.feature))" : "")
    }
    return [
      finding(
        .nonFiniteValues, count,
        "\(scan.nanCount) NaN and \(scan.infiniteCount - scan.tooLargeCount) infinite values"
          + (scan.tooLargeCount > 0 ? ", and \(scan.tooLargeCount) beyond float32" : "") + " in \(dataset.path): "
          + examples.joined(separator: ", ") + (count > examples.count ? ", …" : ""))
    ]
  }

  /// A feature by its indices, as in [3, 5] for an image.
  private func place(_ feature: Int) -> String {
    var rest = feature
    let indices = features.shape.dropFirst().reversed().map { size in
      defer { rest /= max(1, size) }
      return rest % max(1, size)
    }
    return "[\(indices.reversed().map(String.init).joined(separator: ", "))]"
  }
}

// MARK: Findings in the labels
extension SplitScan {
  /// - Parameter classCount: The number of classes of the training split, which all splits must keep to.
  func labelFindings(classCount: Int?) -> [InspectionFinding] {
    guard let scan = labelClasses, let labels, let classCount = classCount ?? classes?.count else { return [] }
    var findings: [InspectionFinding] = []
    if scan.nonIntegral.count > 0 {
      let examples = scan.nonIntegral.examples.map { "row \($0.row) is \($0.value)" }.joined(separator: ", ")
      findings.append(
        finding(
          .nonIntegralLabels, scan.nonIntegral.count,
          "whole numbers expected in \(labels.path), found \(scan.nonIntegral.count) other: \(examples)"))
    }
    let outside = scan.counts.filter { !(0..<classCount).contains(numbering.index(ofLabel: $0.key) ?? -1) }.sorted {
      $0.key < $1.key
    }
    if !outside.isEmpty {
      let count = outside.reduce(0) { $0 + $1.value }
      let examples = outside.prefix(5).map { "\($0.key) (\($0.value)×)" }.joined(separator: ", ")
      findings.append(
        finding(
          .labelsOutOfRange, count,
          "\(count) labels in \(labels.path) are outside \(numbering.label(ofClass: 0)) to "
            + "\(numbering.label(ofClass: classCount - 1)): \(examples)"
            + (outside.count > 5 ? ", …" : "")))
    }
    let missing = scan.missingClasses(of: classCount, numbering)
    if missing.count > 0 {
      findings.append(
        finding(
          .missingClasses, missing.count, "\(missing.count) of \(classCount) classes have no sample: \(missing.text)"))
    }
    if name == .train, let rarest = scan.counts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
      let commonest = scan.counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
      Double(commonest.value) > Self.imbalanceLimit * Double(rarest.value)
    {
      let ratio = (Double(commonest.value) / Double(rarest.value) * 10).rounded() / 10
      findings.append(
        finding(
          .classImbalance, scan.counts.count,
          "classes are imbalanced \(ratio) to 1: class \(commonest.key) has \(commonest.value) samples, "
            + "class \(rarest.key) \(rarest.value)"))
    }
    return findings
  }

  /// The ratio of the commonest to the rarest class above which accuracy begins to mislead.
  private static let imbalanceLimit = 3.0
}
