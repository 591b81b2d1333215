import Basics
public import Collectives
public import Training

/// How well a configuration does on samples that it was not trained on, fold by fold.
public struct CrossValidation: Sendable {
  /// In the order of repeats and folds.
  public let results: [FoldResult]
  /// Tells the data from others; empty where it is not known.
  let data: String
  /// What a user should know of data and folds, one line each; on the first rank.
  let warnings: [String]

  public init(_ results: [FoldResult]) { self.init(results, data: "", warnings: []) }

  init(_ results: [FoldResult], data: String, warnings: [String]) {
    (self.results, self.data, self.warnings) = (results, data, warnings)
  }

  /// A figure over all folds, such as `accuracy`.
  public func estimate(_ name: String) -> FoldEstimate { FoldEstimate(name, of: results) }

  /// Trains and tests every fold of a configuration on a group of ranks, one after the other, and leaves no files: the
  /// objective of a search. Collective over the group.
  ///
  /// - Returns: the same on all ranks of the group, and the same bits on any number of them. A fold whose loss is not
  ///   finite has failed, and the figures over all folds are then not defined.
  /// - Throws: where data and configuration do not fit together, and where a signal asks to end.
  public static func score(_ configuration: TrainingConfiguration, on group: MPICommunicator) throws -> CrossValidation
  {
    let split = try FoldedSplit(configuration, ranks: group)
    var warnings = split.warnings
    let results = try FoldJob.all(split).map { job in
      let runner = try FoldRunner(configuration, job, of: split, on: group)
      warnings += runner.warnings
      guard let result = try runner.result() else { throw StopSignal.interruption }
      return result
    }
    return CrossValidation(results, data: split.fingerprint, warnings: warnings)
  }
}

/// One fold of one repeat, both from 0.
struct FoldJob: Sendable, Equatable {
  let repetition: Int
  let fold: Int

  /// As it is told, counted from 1.
  private func name(in split: FoldedSplit) -> String {
    (split.plans.count > 1 ? "repeat \(repetition + 1), " : "") + "fold \(fold + 1)"
  }

  /// Has the errors of `body` bear the fold's name.
  func naming<Result>(in split: FoldedSplit, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as CollectiveError { throw error } catch let error as any UserFacingError
      where error.exitCode != .preempted
    {
      throw Failure("\(name(in: split)): \(error.description)", exitCode: error.exitCode)
    }
  }

  static func all(_ split: FoldedSplit) -> [FoldJob] {
    split.plans.enumerated().flatMap { number, plan in (0..<plan.count).map { FoldJob(repetition: number, fold: $0) } }
  }
}
