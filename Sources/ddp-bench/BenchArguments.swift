import Basics
import NumericCore
import Settings
import Training

/// What `ddp-bench` is asked to measure.
struct BenchArguments: OptionGroup {
  static let options = [
    Option(
      "--shards", \BenchArguments.shards, "V", .atLeast(1), default: "the ranks",
      "logical shards of a workload, at least the ranks"),
    Option(
      "--precision", \BenchArguments.precision, "NAME", "what a workload's factors of matrix products are rounded to"),
    Option("--seconds", \BenchArguments.seconds, "T", .above(0), "how long a workload is measured"),
    Option(flag: "--json", \BenchArguments.json, "leaves out the table before a workload's line of JSON"),
    Option(
      "--files", \BenchArguments.files, "DIR", default: "none",
      "measures nothing, and writes a workload's data.h5 and run.json5 for ddp-train there"),
    Option("--latency", \BenchArguments.latency, "TIME", "of a message between hosts, for scaling-model"),
    Option("--bandwidth", \BenchArguments.bandwidth, "RATE", "of a host's link in each direction"),
    Option(
      "--ranks-per-node", \BenchArguments.ranksPerNode, "R", .atLeast(1), default: "the ranks", "ranks of each host"),
    Option("--hosts", \BenchArguments.hosts, "N", .atLeast(1), default: "for 8 to 1,024 ranks", "one row of the table"),
    Option(
      "--config", \BenchArguments.config, "FILE", default: "none", "a configuration of ddp-train to predict for"),
    Option("--step-time", \BenchArguments.stepTime, "TIME", default: "measured", "of a step on one host"),
    Option("--backward-time", \BenchArguments.backwardTime, "TIME", default: "measured", "of it in backward"),
    Option("--bytes", \BenchArguments.bytes, "N", .atLeast(1), default: "measured", "that are exchanged in a step"),
  ]

  var subject = Subject.all[0]
  /// What `scaling-model` measures; nil for none.
  var workload: Workload?
  /// nil for one a rank.
  var shards: Int?
  var precision = ProductPrecision.float32
  var seconds = 6.0
  var json = false
  /// nil to measure.
  var files: String?

  var latency = TimeText("10us")
  var bandwidth = RateText("10Gbit/s")
  var ranksPerNode: Int?
  var hosts: Int?
  var config: String?
  var stepTime: TimeText?
  var backwardTime: TimeText?
  var bytes: Int?

  init() {}

  /// - Parameter arguments: without the program's own name.
  init(_ arguments: [String]) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "", options: Self.optionHelp)
    try read(scanned.options)
    guard let word = scanned.words.first else {
      throw SettingsError("expected one of \(Subject.all.map(\.name).joined(separator: ", "))")
    }
    subject = try Self.named(word, Subject.all, \.name)
    try ScannedArguments.check(scanned.words, atMost: subject.takesWorkload ? 2 : 1, of: "", in: "ddp-bench")
    if scanned.words.count > 1 { workload = try Self.named(scanned.words[1], Workload.all, \.name) }
  }

  private static func named<Item>(
    _ word: String, _ items: [Item], _ name: (Item) -> String
  ) throws(SettingsError) -> Item {
    guard let item = items.first(where: { name($0) == word }) else {
      throw SettingsError("unknown workload '\(word)' (\(items.map(name).suggestion(for: word)))")
    }
    return item
  }

  static var help: String {
    var table = TextTable([.left, .left], indentation: 2, width: HelpText.width)
    for subject in Subject.all { table.add([subject.name, subject.summary]) }
    let head = ["Usage: ddp-bench WORKLOAD [options]", "       mpirun -np 2 ddp-bench WORKLOAD [options]", ""]
    let options = HelpText.options(optionHelp + [OptionSpelling("--help, -h", "", "prints this")])
    return (head + table.lines + [""] + options).joined(separator: "\n")
  }
}
