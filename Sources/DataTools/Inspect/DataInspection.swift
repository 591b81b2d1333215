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
  /// - Throws: `Failure` if the file cannot be read or has no features under a known name. Problems inside the data are
  ///   findings, not errors.
  public static func inspect(
    path: String, features: String? = nil, labels: String? = nil
  ) throws -> InspectionReport {
    let file = try HDF5File.open(path)
    var splits: [SplitScan] = []
    for paths in try locate(file, features: features, labels: labels) { splits.append(try SplitScan(paths, file)) }

    var findings: [InspectionFinding] = []
    let training = splits.first { $0.name == .train }
    for split in splits {
      findings += split.arrayFindings
      findings += split.labelFindings(classCount: training?.classes?.count)
      if let training { findings += try split.rowFindings(against: training) }
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return InspectionReport(
      path: path, byteCount: (attributes?[.size] as? NSNumber)?.intValue ?? 0, splits: splits.map(\.report),
      findings: findings)
  }

  /// The splits that training would find; labels may be missing, which is a finding.
  private static func locate(
    _ file: HDF5File, features: String?, labels: String?
  ) throws -> [SplitPaths] {
    // The layout names the options of training; here they have names of their own.
    let splits = try Failure.replacing([
      "--set data.features=/PATH --set data.labels=/PATH": "--features /PATH --labels /PATH"
    ]) {
      try DataLayout.splits(of: file, features: features, labels: labels, labelsRequired: false)
    }
    if let labels, splits.first?.labels == nil {
      throw Failure.data("\(file.path): there is no data set \(labels), which --labels names")
    }
    return splits
  }
}
