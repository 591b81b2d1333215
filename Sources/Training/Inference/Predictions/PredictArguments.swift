import Basics
public import Settings

/// What to predict, and where to.
public struct PredictArguments: Sendable, Equatable {
  /// A file, or a run directory, of which the best is meant.
  public var checkpoint: String
  public var data: String
  /// The file to write, or `-` for standard output; its name decides the form.
  public var output: String
  /// nil for the test split if there is one.
  public var split: String?
  /// The classes to give for each row, the likeliest first; nil for all in their order.
  public var top: Int?
  /// The picture of samples to write beside.
  public var grid: String?
  /// nil for the one that the name of `output` asks for, or CSV.
  public var format: PredictionFormat?

  public init(
    checkpoint: String, data: String, output: String, split: String? = nil, top: Int? = nil,
    format: PredictionFormat? = nil, grid: String? = nil
  ) {
    (self.checkpoint, self.data, self.output, self.split) = (checkpoint, data, output, split)
    (self.top, self.format, self.grid) = (top, format, grid)
  }

  /// What stands for standard input and output.
  package static let standard = "-"
  package static let standardInput = "/dev/stdin"
  package var readsInput: Bool { data == Self.standard }
  package var writesOutput: Bool { output == Self.standard }

  /// The form of what is written.
  ///
  /// - Throws: where the name of the output is one of no form, or of another than was asked for.
  package func outputFormat() throws -> PredictionFormat {
    if writesOutput {
      guard format != .hdf5 else {
        throw Failure.usage("--format h5: cannot go to standard output; give --output F.h5")
      }
      return format ?? .csv
    }
    guard let named = PredictionFormat.allCases.first(where: { $0.kind.isName(output) }) else {
      let forms = PredictionFormat.allCases.map(\.kind.suffixWords).joined(separator: ", ")
      throw Failure.usage(
        "--output \(output): the form follows the name, expected one that ends in \(forms), or - for standard output")
    }
    guard format == nil || format == named else {
      throw Failure.usage(
        "--format \(format?.rawValue ?? ""): --output \(output) asks for \(named.rawValue); leave one out")
    }
    return named
  }

  /// - Throws: where the output has the name of no form, or would replace what is predicted.
  package func checkOutput() throws { try OutputTarget.check(targets(outputFormat()), inputs: [data, checkpoint]) }

  /// The files to write and their kinds; none for standard output.
  func targets(_ format: PredictionFormat) -> [OutputTarget] {
    (writesOutput ? [] : [OutputTarget("--output", output, format.kind)])
      + [grid.map { OutputTarget("--grid", $0, .png) }].compactMap(\.self)
  }
}

/// The forms of predictions.
public enum PredictionFormat: String, SettingChoice {
  /// Arrays in HDF5.
  case hdf5 = "h5"
  /// Comma-separated values with a heading, a line for each row.
  case csv
  /// JSON Lines: an object for each row.
  case jsonLines = "jsonl"

  var kind: OutputTarget.Kind {
    switch self {
    case .hdf5: .hdf5
    case .csv: .csv
    case .jsonLines: .jsonLines
    }
  }
}
