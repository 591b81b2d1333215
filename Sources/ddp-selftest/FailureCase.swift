import Collectives
import Basics
import Foundation
import NumericCore

/// The last rank fails while the others wait for it: the job must end, soon and with the failure's exit code.
enum FailureCase {
  static func run(_ ranks: MPICommunicator, waitingIn place: String) throws -> String {
    let topology = try Topology(ranks)
    let exchange = try SharedMemoryExchange(
      ExchangeLayout(parameterCount: 1, statisticCount: 0, stateCount: 1),
      assignment: ShardAssignment(shardCount: ranks.size, rankCount: ranks.size), topology: topology)
    try ranks.barrier()
    if ranks.rank == ranks.size - 1 {
      // The others are waiting by now.
      Thread.sleep(forTimeInterval: 0.3)
      throw ProvokedFailure()
    }
    switch place {
    case "exchange": _ = try exchange.step(NoUpdate(), clipNorm: nil)
    case "mpi": try ranks.barrier()
    case "exchange-deaf":
      // As a program does that takes SIGTERM for a request to stop at the end of a step.
      signal(SIGTERM, SIG_IGN)
      _ = try exchange.step(NoUpdate(), clipNorm: nil)
    default: throw SelfTestFailure("fail: expected exchange, exchange-deaf or mpi")
    }
    throw SelfTestFailure("rank \(ranks.rank) was let out of the barrier")
  }

  private struct ProvokedFailure: UserFacingError {
    let description = "provoked failure"
    let exitCode = ExitCode.numeric
  }
}
