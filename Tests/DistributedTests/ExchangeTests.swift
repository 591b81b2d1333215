import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// The cases of `ddp-selftest`, each of which compares with its own reference on every rank.
  @Suite(.serialized) struct ExchangeTests {
    private func expectSuccess(
      _ arguments: [String], ranks: Int, ranksPerNode: Int? = nil, summary: String, timeout: Duration = .seconds(90)
    ) throws {
      let finished = try mpirun(
        ranks: ranks, selfTest, arguments,
        environment: ["DDP_TRAIN_RANKS_PER_NODE": ranksPerNode.map { "\($0)" }], timeout: timeout)
      #expect(finished.status == 0 && finished.output.hasPrefix(summary), "\(finished)")
    }

    @Test(arguments: 1...4) func collectivesDeliver(ranks: Int) throws {
      try expectSuccess(["collectives"], ranks: ranks, summary: "collectives: \(ranks) ranks")
    }

    @Test(arguments: 1...4) func exchangeHasTheBitsOfTheReference(ranks: Int) throws {
      try expectSuccess(["exchange"], ranks: ranks, summary: "exchange: \(ranks) ranks on nodes [\(ranks)]")
    }

    /// The path between nodes, on nodes of equal and of unequal size.
    @Test(arguments: [(2, 1, "[1, 1]"), (4, 3, "[3, 1]"), (5, 2, "[2, 2, 1]")])
    func severalNodesHaveTheBitsOfTheReference(ranks: Int, ranksPerNode: Int, nodes: String) throws {
      try expectSuccess(
        ["exchange"], ranks: ranks, ranksPerNode: ranksPerNode, summary: "exchange: \(ranks) ranks on nodes \(nodes)")
    }

    @Test(arguments: [(2, 1, "[1, 1]"), (4, 3, "[3, 1]"), (5, 2, "[2, 2, 1]")])
    func roundedExchangesLoseNothingOverManySteps(ranks: Int, ranksPerNode: Int, nodes: String) throws {
      try expectSuccess(
        ["rounding"], ranks: ranks, ranksPerNode: ranksPerNode, summary: "rounding: \(ranks) ranks on nodes \(nodes)")
    }

    /// More ranks than most test machines have cores: those that wait must let the others run.
    @Test func barriersHoldWithMoreRanksThanCores() throws {
      try expectSuccess(["barrier"], ranks: 7, summary: "barrier: 7 ranks on nodes [7]")
      try expectSuccess(["barrier"], ranks: 5, ranksPerNode: 2, summary: "barrier: 5 ranks on nodes [2, 2, 1]")
    }

    /// Also the threads that OpenBLAS has when it is loaded.
    @Test(arguments: [nil, "1"]) func subnormalNumbersAreZeroOnEveryThread(threads: String?) throws {
      let finished = try run(selfTest, ["subnormals"], environment: ["OPENBLAS_NUM_THREADS": threads])
      #expect(finished.status == 0, "\(finished)")
    }

    @Test(arguments: ["exchange", "mpi"]) func aFailingRankEndsTheJob(waitingIn place: String) throws {
      let finished = try mpirun(ranks: 3, selfTest, ["fail", place], timeout: .seconds(20))
      #expect(finished.status == 4, "the exit code of the failure: \(finished)")
      #expect(finished.errorLines(beginningWith: "ddp-selftest:") == ["ddp-selftest: provoked failure"], "\(finished)")
    }

    /// Where the launcher takes its time, a barrier notices by itself that a rank has ended.
    @Test(.disabled(if: usesMPICH, "MPICH's launcher kills the other ranks at once"))
    func aBarrierNoticesThatARankHasEnded() throws {
      let finished = try mpirun(
        ranks: 2, selfTest, ["fail", "exchange-deaf"], environment: ["OMPI_MCA_odls_base_sigkill_timeout": "6"],
        timeout: .seconds(40))
      #expect(!finished.timedOut && finished.errors.contains("rank 1 of this node, has ended"), "\(finished)")
    }
  }
}
