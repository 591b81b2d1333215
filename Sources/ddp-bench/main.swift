import Settings
import Training

// Measures the parts of ddp-train: see `Subject`.

/// Seconds that `count` calls take.
func time(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  for _ in 0..<count { try body() }
  return start.duration(to: .now).seconds
}

/// The middle value.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

DistributedProgram.main {
  let line = Array(CommandLine.arguments.dropFirst())
  if ScannedArguments.asksForHelp(line) {
    print(BenchArguments.help)
    return .done
  }
  let arguments = try BenchArguments(line)
  return try DistributedProgram.withMPI { ranks in
    if ranks.isRoot || arguments.subject.isCollective { try arguments.subject.run(arguments, ranks) }
    return .done
  }
}
