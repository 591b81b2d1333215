import Basics
import DataPipeline
import Foundation
import HDF5Storage

/// Looks at a data set the way a careful person would before training on it.
public enum DataInspection {
  /// Reads every value of the file's splits once, in blocks of rows, and reports shapes, ranges and what spoils
  /// training.
  ///
  /// The duplicate search keeps 8 bytes a row in memory; rows of equal hash are compared value by value.
  ///
  /// - Parameters:
  ///   - features: the path of the features inside the file, if it is none of the usual names.
  ///   - labels: likewise of the labels; needs `features`.
  ///   - samplesAxis: that of the samples, where it is not the first.
  ///   - progress: is given the share of the values that have been read.
  /// - Throws: `Failure` if the file cannot be read or has no features under a known name. Problems inside the data are
  ///   findings, not errors.
  public static func inspect(
    path: String, features: String? = nil, labels: String? = nil, samplesAxis: Int? = nil,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws -> InspectionReport {
    let file = try DataSource.openFile(path)
    var splits: [SplitScan] = []
    let location = DataLocation(path, features: features, labels: labels, samplesAxis: samplesAxis)
    let layout = try locate(file, location)
    let total = layout.splits.reduce(0.0) { total, paths in
      let rows = try? paths.open(in: file)
      return total + Double((rows?.features.elementCount ?? 0) + (rows?.labels?.elementCount ?? 0))
    }
    try WorkProgress.watching(total: total, progress) {
      let classes = try textClasses(of: layout.splits, in: file)
      for paths in layout.splits { splits.append(try SplitScan(paths, file, textClasses: classes)) }
    }

    var findings: [InspectionFinding] = []
    var reading: TargetReading?
    do { reading = try Self.reading(location) } catch {
      findings.append(
        InspectionFinding(kind: .unfitTargets, split: SplitName.train.rawValue, count: 1, message: error.description))
      for index in splits.indices where splits[index].hasStrayLabels { splits[index].forgetClasses() }
    }
    for index in splits.indices { splits[index].take(reading) }
    let training = splits.first { $0.name == .train }
    for split in splits {
      findings += split.arrayFindings
      findings += split.labelFindings(classCount: training?.classes?.count)
      if let training { findings += try split.rowFindings(against: training) }
    }
    let source = try? DataSource.open(path, features: features, labels: labels, labelsRequired: false)
    let weights = (source?.splits.values).map { $0.compactMap(\.weightsPath) } ?? []
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return InspectionReport(
      path: path, byteCount: (attributes?[.size] as? NSNumber)?.intValue ?? 0, splits: splits.map(\.report),
      targets: reading?.lines ?? [], scaling: training?.scaling?.lines ?? [],
      unused: layout.unused.filter { !weights.contains($0) }, findings: findings)
  }

  /// The names of classes that labels of texts have, those of the training split first; nil where there are none.
  private static func textClasses(of splits: [SplitPaths], in file: HDF5File) throws -> [String]? {
    var classes: [String] = []
    for paths in splits {
      guard let labels = try paths.open(in: file).labels, labels.form.isOfTexts else { continue }
      classes += (labels.classNames ?? []).filter { !classes.contains($0) }
    }
    return classes.isEmpty ? nil : classes
  }

  /// What training takes the targets for; nil where it cannot begin to read them, which is a finding of its own.
  ///
  /// - Throws: what training says of labels that are none.
  private static func reading(_ location: DataLocation) throws(Failure) -> TargetReading? {
    guard let source = try? DataSource.open(location, labelsRequired: false, weights: .none),
      let split = source.splits[.train], split.vocabulary == nil, let summary = try? TargetSummary(split)
    else { return nil }
    do {
      return try TargetReading(summary, nameCount: split.names.classes?.count) { split.place(.targets, row: $0) }
    } catch let failure as Failure {
      throw failure
    } catch { return nil }
  }

  /// The splits that training would find; labels may be missing, which is a finding.
  private static func locate(
    _ file: HDF5File, _ location: DataLocation
  ) throws -> DataLayout {
    // The layout names the options of training; here they have names of their own.
    let layout = try Failure.replacing([DataLayout.remedy: "--features /PATH --labels /PATH"]) {
      try DataLayout(of: file, location, labelsRequired: false)
    }
    if let labels = location.labels, layout.splits.first?.labels == nil {
      throw Failure.data("\(file.path): there is no data set \(labels), which --labels names")
    }
    return layout
  }
}
