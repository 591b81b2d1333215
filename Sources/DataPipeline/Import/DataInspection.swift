import Foundation
internal import HDF5Storage

/// Looks at a data set the way a careful person would before training on it.
public enum DataInspection {
  /// Reads every value of the file's splits once, in blocks of rows, and reports shapes, ranges and what spoils training.
  ///
  /// The duplicate search keeps 8 bytes a row in memory; rows of equal hash are compared value by value.
  ///
  /// - Parameters:
  ///   - features: the path of the features inside the file, if it is none of the usual names.
  ///   - labels: likewise of the labels; ignored without `features`.
  /// - Throws: `ImportError` if the file cannot be read or has no features under a known name. Problems inside the data are
  ///   findings, not errors.
  public static func inspect(
    path: String, features: String? = nil, labels: String? = nil
  ) throws(ImportError) -> InspectionReport {
    let file = try translated { () throws(HDF5Error) in try HDF5File.open(path) }
    let located = try SplitNames.locate(in: file, features: features, labels: labels)
    var splits: [SplitScan] = []
    for names in located { splits.append(try SplitScan(names, file)) }

    var findings: [InspectionFinding] = []
    let training = splits.first { $0.name == "train" }
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
}

/// Where a split's arrays stand in the file.
struct SplitNames: Equatable {
  let split: String
  let features: String
  let labels: String?

  /// The splits of the first layout, in the order of preference, that is in the file.
  ///
  /// - Throws: `ImportError` listing what is there if no layout fits or a path does not exist.
  static func locate(in file: HDF5File, features: String?, labels: String?) throws(ImportError) -> [SplitNames] {
    let known = try translated { () throws(HDF5Error) in try file.datasetPaths() }
    let list = known.isEmpty ? "nothing" : known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
    func checked(_ path: String, _ option: String) throws(ImportError) -> String {
      let absolute = path.hasPrefix("/") ? path : "/" + path
      guard try translated({ () throws(HDF5Error) in try file.exists(absolute) }) else {
        throw .data("\(option) \(path): no such data set in \(file.path), which has \(list)")
      }
      return absolute
    }
    if let features {
      return [
        SplitNames(
          split: "train", features: try checked(features, "--features"),
          labels: try labels.map { path throws(ImportError) in try checked(path, "--labels") })
      ]
    }
    for layout in layouts {
      let splits = layout.filter { known.contains($0.features) }
      guard !splits.isEmpty else { continue }
      return splits.map { names in
        let labels = names.labels.flatMap { known.contains($0) ? $0 : nil }
        return SplitNames(split: names.split, features: names.features, labels: labels)
      }
    }
    throw .data(
      "\(file.path): no features under a known name such as /train/x; it has \(list); name them with --features and --labels")
  }

  /// The layouts that training recognizes.
  private static let layouts: [[SplitNames]] = {
    let splits = ["train", "val", "test"]
    let pairs = [("/data", "/label"), ("/X", "/y"), ("/features", "/targets"), ("/images", "/labels")]
    return [
      splits.map { SplitNames(split: $0, features: "/\($0)/x", labels: "/\($0)/y") },
      splits.map { SplitNames(split: $0, features: "/x_\($0)", labels: "/y_\($0)") },
    ] + pairs.map { [SplitNames(split: "train", features: $0.0, labels: $0.1)] }
  }()
}
