import Collectives
import DDPTrain
import Training

/// Trains, and spoils one step on one rank: what the tests of the sentinel look at.
struct DisturbanceCase {
  /// What is spoiled.
  private enum Kind: String, CaseIterable {
    /// A bit of an element of the parameters, or of the first moment, as the rank's node has them, worth an eighth of
    /// its value.
    case parameter, moment
    /// The highest bit of the exponent of an element of the gradient that the loss gives back, before any rank sums it.
    case gradient
    /// The loss.
    case loss
  }

  private let kind: Kind
  /// Steps before it, and the rank.
  private let step: Int
  private let rank: Int
  private let arguments: [String]

  /// The element of the buffers that is spoiled.
  private static let element = 5

  /// - Parameter arguments: KIND STEP RANK, then options of `train`.
  init(_ arguments: [String]) throws {
    guard arguments.count > 3, let kind = Kind(rawValue: arguments[0]), let step = Int(arguments[1]),
      let rank = Int(arguments[2])
    else {
      throw SelfTestFailure(
        "disturbance: expected \(Kind.allCases.map(\.rawValue).joined(separator: "|")) STEP RANK and options of train")
    }
    (self.kind, self.step, self.rank) = (kind, step, rank)
    self.arguments = Array(arguments.dropFirst(3))
  }

  func run(_ ranks: MPICommunicator) throws -> String {
    let arguments = try TrainArguments(["--quiet", "--set", "loss=\(DisturbedLoss.name)"] + arguments)
    let run = try TrainingRun(arguments, extensions: Extensions(losses: [DisturbedLoss.self]), ranks: ranks)
    let exchange = run.trainer.exchange
    // Once, also where the run comes to the step again.
    var isDone = false
    run.audit { step, _ in
      // Called for each shard of the rank.
      if step != self.step { DisturbedLoss.disturbance = nil }
      guard step == self.step, ranks.rank == self.rank, !isDone else { return }
      isDone = true
      switch kind {
      case .parameter: Self.flip(exchange.parameters)
      case .moment: Self.flip(exchange.optimizerState[0])
      case .gradient: DisturbedLoss.disturbance = .gradient
      case .loss: DisturbedLoss.disturbance = .loss
      }
    }
    let result = try run.run()
    try expect(result.exitCode == .done, "the run ended with \(result.exitCode)")
    return "disturbance: \(run.trainer.progress.sentinel.skipped) left out, rollbacks "
      + "\(run.trainer.progress.sentinel.rollbacks)"
  }

  private static func flip(_ values: BufferView<Float>) {
    values[element] = Float(bitPattern: values[element].bitPattern ^ 1 << 20)
  }
}

/// A loss that can be told to give something wrong.
struct DisturbedLoss: Loss {
  enum Disturbance { case gradient, loss }
  /// Of the next step of this process, which has one thread that trains.
  nonisolated(unsafe) static var disturbance: Disturbance?

  static let name = "disturbed"
  static let summary = "a loss that the tests spoil"
  static let settings: [Setting<DisturbedLoss>] = []
  var targetKind: TargetKind { .classIndex }

  func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    var sums = PowerLoss().evaluate(outputs: outputs, targets: targets, samples: samples, gradient: gradient)
    // Not where it is looked for the culprit.
    guard let gradient, samples > 0 else { return sums }
    switch Self.disturbance {
    case .gradient: gradient[0] = S(Float(bitPattern: Float(1).bitPattern ^ 1 << 30))
    case .loss: sums.loss = .nan
    case nil: break
    }
    return sums
  }
}
