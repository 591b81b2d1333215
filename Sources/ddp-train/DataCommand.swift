import DataTools
import Basics
import Foundation

/// `ddp-train data …`: makes data sets and looks at them. This layer reads arguments; the work is in `DataPipeline`.
enum DataCommand {
  /// Runs `data` with the arguments that follow the word.
  ///
  /// - Returns: the exit code, 0.
  /// - Throws: a `UserFacingError`.
  static func run(_ arguments: [String]) throws -> ExitCode {
    let subcommands = ["convert", "make", "inspect"]
    guard let name = arguments.first else {
      throw Failure.usage("data: expected convert, make or inspect; see ddp-train data --help")
    }
    let rest = Array(arguments.dropFirst())
    switch name {
    case "convert": return try convert(rest)
    case "make": return try make(rest)
    case "inspect": return try inspect(rest)
    case "--help", "-h", "help":
      print(DataHelp.overview)
      return .done
    default: throw Failure.usage("data \(name): unknown command; \(subcommands.suggestion(for: name))")
    }
  }

  private static func convert(_ arguments: [String]) throws -> ExitCode {
    let parsed = try DataArguments(
      arguments, command: "data convert",
      valued: [
        "--output", "--gzip", "--header", "--label", "--labels", "--features", "--delimiter", "--test", "--test-file",
        "--test-features", "--test-labels", "--seed", "--context", "--stride", "--validation",
        "--text", "--length", "--vocabulary", "--like",
      ])
    guard !parsed.wantsHelp else { return say(DataHelp.convert) }
    let format: SourceFormat = try parsed.kind("format")
    var options = ConversionOptions()
    options.gzip = try parsed.number("--gzip") ?? options.gzip
    options.seed = try parsed.number("--seed") ?? options.seed
    options.testFraction = try parsed.number("--test")
    options.testFile = parsed["--test-file"]
    options.label = parsed["--label"]
    options.text = parsed["--text"]
    options.length = try parsed.number("--length")
    options.vocabulary = try parsed.number("--vocabulary")
    options.like = parsed["--like"]
    options.context = try parsed.number("--context") ?? options.context
    options.stride = try parsed.number("--stride")
    options.validationFraction = try parsed.number("--validation") ?? options.validationFraction
    if let header: HeaderRule = try parsed.choice("--header") { options.header = header }
    if let delimiter = parsed["--delimiter"] {
      let character = ["tab": "\t", "\\t": "\t"][delimiter] ?? delimiter
      guard let byte = character.utf8.first, character.utf8.count == 1 else {
        throw Failure.usage("--delimiter '\(delimiter)': expected one character, or tab")
      }
      options.delimiter = byte
    }
    var sources = Array(parsed.positional.dropFirst())
    if format == .npy {
      sources = try npySources(sources, parsed)
    } else if format == .csv, let kind: LabelKind = try parsed.choice("--labels") {
      options.labelKind = kind
    }
    try parsed.refuse(options: Set(parsed.given).subtracting(known(to: format)).sorted(), for: format.rawValue)
    let summary = try DataConversion.convert(
      format: format, sources: sources, output: parsed.output(), options: options)
    return say(summary.description)
  }

  /// The options that mean something to a format.
  private static func known(to format: SourceFormat) -> Set<String> {
    let common: Set = ["--output", "--gzip"]
    return switch format {
    case .idx, .cifar10: common
    case .csv: common.union(["--header", "--label", "--labels", "--delimiter", "--test", "--test-file", "--seed"])
    case .textCSV:
      common.union([
        "--header", "--text", "--label", "--delimiter", "--test", "--test-file", "--seed", "--length", "--vocabulary",
        "--like",
      ])
    case .npy: common.union(["--features", "--labels", "--test-features", "--test-labels"])
    case .text: common.union(["--context", "--stride", "--validation"])
    }
  }

  /// The files of npy in order, given as options or one after the other.
  private static func npySources(_ positional: [String], _ parsed: DataArguments) throws -> [String] {
    let named = ["--features", "--labels", "--test-features", "--test-labels"].map { parsed[$0] }
    if named.allSatisfy({ $0 == nil }) { return positional }
    guard positional.isEmpty, named[0] != nil, named[1] != nil, (named[2] == nil) == (named[3] == nil) else {
      throw Failure.usage(
        "data convert npy: give --features with --labels and, for a test split, --test-features with --test-labels, "
          + "or the files in that order without options")
    }
    return named.compactMap(\.self)
  }

  private static func make(_ arguments: [String]) throws -> ExitCode {
    let parsed = try DataArguments(
      arguments, command: "data make",
      valued: ["--output", "--samples", "--noise", "--seed", "--features", "--classes", "--test", "--gzip"])
    guard !parsed.wantsHelp else { return say(DataHelp.make) }
    let kind: SynthesisKind = try parsed.kind("kind")
    guard parsed.positional.count == 1 else {
      throw Failure.usage("data make: '\(parsed.positional[1])' is one argument too many")
    }
    var options = SynthesisOptions()
    options.samples = try parsed.number("--samples")
    options.noise = try parsed.number("--noise")
    options.seed = try parsed.number("--seed") ?? options.seed
    options.features = try parsed.number("--features")
    options.classes = try parsed.number("--classes")
    options.testFraction = try parsed.number("--test") ?? options.testFraction
    options.gzip = try parsed.number("--gzip") ?? options.gzip
    return say(try DataSynthesis.make(kind: kind, output: parsed.output(), options: options).description)
  }

  private static func inspect(_ arguments: [String]) throws -> ExitCode {
    let parsed = try DataArguments(
      arguments, command: "data inspect", valued: ["--features", "--labels"], flags: ["--json"])
    guard !parsed.wantsHelp else { return say(DataHelp.inspect) }
    guard parsed.positional.count == 1 else {
      throw Failure.usage("data inspect: expected one HDF5 file, found \(parsed.positional.count)")
    }
    if parsed["--labels"] != nil, parsed["--features"] == nil {
      throw Failure.usage("data inspect: --labels needs --features beside it")
    }
    let report = try DataInspection.inspect(
      path: parsed.positional[0], features: parsed["--features"], labels: parsed["--labels"])
    guard parsed.given.contains("--json") else { return say(report.description) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return say(String(decoding: try encoder.encode(report), as: UTF8.self))
  }

  /// Prints what the command is to say, and succeeds.
  private static func say(_ text: String) -> ExitCode {
    print(text)
    return .done
  }
}
