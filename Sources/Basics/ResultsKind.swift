import Foundation

/// What a directory of results is of, and so which files it holds.
package enum ResultsKind: CaseIterable, Sendable {
  case run
  /// Of many runs: `tune` and `compare`.
  case study
  case crossValidation

  package var noun: String {
    switch self {
    case .run: "run"
    case .study: "study"
    case .crossValidation: "cross-validation"
    }
  }

  /// The files, by name, but for those of the inner directory.
  package var records: [String] {
    switch self {
    case .run:
      [
        "config.json", "run.json", "metrics.jsonl", "metrics.csv", "steps.jsonl", "summary.json", "report.json",
        "report.html", "log.txt",
      ]
    case .study: ["study.json", "study.jsonl", "study.html", "best.json5"]
    case .crossValidation: ["config.json", "run.json", "folds.jsonl", "predictions.h5", "summary.json"]
    }
  }

  /// The directory that the directory holds.
  package var innerDirectory: String {
    switch self {
    case .run: "checkpoints"
    case .study: "trials"
    case .crossValidation: "folds"
    }
  }

  /// The file that says that a directory is of this kind.
  private var mark: String {
    switch self {
    case .run: "run.json"
    case .study: "study.json"
    case .crossValidation: "folds.jsonl"
    }
  }

  /// What a directory holds that a file of this name is a record of; nil for other files.
  package static func owner(of name: String, in directory: String) -> ResultsKind? {
    allCases.first { kind in
      kind.records.contains(name) && access(directory + "/" + kind.mark, F_OK) == 0
    }
  }
}
