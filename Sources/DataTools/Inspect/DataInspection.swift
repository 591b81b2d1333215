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
  ///   - progress: is given the share of the values that have been read.
  /// - Throws: `Failure` if the file cannot be read or has no features under a known name. Problems inside the data are
  ///   findings, not errors.
  public static func inspect(
    path: String, features: String? = nil, labels: String? = nil, progress: @escaping (Double) -> Void = { _ in }
  ) throws -> InspectionReport {
    let file = try HDF5File.open(path)
    var splits: [SplitScan] = []
    let layout = try locate(file, features: features, labels: labels)
    let arrays = layout.splits.flatMap { [$0.features, $0.labels].compactMap(\.self) }
    let total = arrays.reduce(0.0) { $0 + Double((try? file.dataset($1))?.elementCount ?? 0) }
    try WorkProgress.watching(total: total, progress) {
      for paths in layout.splits { splits.append(try SplitScan(paths, file)) }
    }

    var findings: [InspectionFinding] = []
    var reading: TargetReading?
    do { reading = try Self.reading(path, features: features, labels: labels) } catch {
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

  /// What training takes the targets for; nil where it cannot begin to read them, which is a finding of its own.
  ///
  /// - Throws: what training says of labels that are none.
  private static func reading(_ path: String, features: String?, labels: String?) throws(Failure) -> TargetReading? {
    guard
      let source = try? DataSource.open(
        path, features: features, labels: labels, labelsRequired: false, weights: .none),
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
    _ file: HDF5File, features: String?, labels: String?
  ) throws -> DataLayout {
    // The layout names the options of training; here they have names of their own.
    let layout = try Failure.replacing([DataLayout.remedy: "--features /PATH --labels /PATH"]) {
      try DataLayout(of: file, features: features, labels: labels, labelsRequired: false)
    }
    if let labels, layout.splits.first?.labels == nil {
      throw Failure.data("\(file.path): there is no data set \(labels), which --labels names")
    }
    return layout
  }
}
