import Basics
import Settings

/// What `ddp-bench` is asked to measure.
struct BenchArguments: OptionGroup {
  enum Subject {
    case workload(Workload)
    case layers
    case sequence
    case stream
    case exchange
  }

  static let options = [
    Option(
      "--shards", \BenchArguments.shards, "V", .atLeast(1), default: "the ranks",
      "logical shards of a workload, at least the ranks"),
    Option("--seconds", \BenchArguments.seconds, "T", .above(0), "how long a workload is measured"),
    Option(flag: "--json", \BenchArguments.json, "of exchange a JSON line for each size in place of a table"),
  ]

  var subject = Subject.layers
  /// nil for one a rank.
  var shards: Int?
  var seconds = 6.0
  var json = false

  init() {}

  /// - Parameter arguments: without the program's own name.
  init(_ arguments: [String]) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "", options: Self.optionHelp)
    try read(scanned.options)
    try ScannedArguments.check(scanned.words, atMost: 1, of: "", in: "ddp-bench")
    let names = Workload.all.map(\.name) + ["layers", "sequence", "stream", "exchange"]
    guard let word = scanned.words.first else {
      throw SettingsError("expected one of \(names.joined(separator: ", "))")
    }
    switch (word, Workload.all.first { $0.name == word }) {
    case (_, let workload?): subject = .workload(workload)
    case ("layers", nil): subject = .layers
    case ("sequence", nil): subject = .sequence
    case ("stream", nil): subject = .stream
    case ("exchange", nil): subject = .exchange
    case (_, nil): throw SettingsError("unknown workload '\(word)' (\(names.suggestion(for: word)))")
    }
  }

  static var help: String {
    var table = TextTable([.left, .left], indentation: 2, width: HelpText.width)
    for workload in Workload.all {
      let sizes = workload.sizes.map(String.init).joined(separator: "-")
      table.add([workload.name, "training steps of a network of \(sizes), beside their matrix products; one JSON line"])
    }
    table.add(["layers", "convolutions beside a large matrix product, normalization beside a copy; two tables"])
    table.add(["sequence", "sequence layers beside a large matrix product; a JSON line each"])
    table.add(["stream", "reading samples that are streamed, beside zlib alone; two JSON lines"])
    table.add(["exchange", "the sum of a step beside MPI_Allreduce, 4 KiB to 64 MiB, over all ranks; a table"])
    let head = ["Usage: ddp-bench WORKLOAD [options]", "       mpirun -np 2 ddp-bench WORKLOAD [options]", ""]
    let options = HelpText.options(optionHelp + [OptionSpelling("--help, -h", "", "prints this")])
    return (head + table.lines + [""] + options).joined(separator: "\n")
  }
}
