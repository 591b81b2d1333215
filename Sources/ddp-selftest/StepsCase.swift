import Collectives
import Training
import Settings

/// Trains on one rank and tells, as JSON, what another program needs to take the same steps: the initial parameters,
/// and the rows of the training split that each step takes.
struct StepsCase {
  private let arguments: TrainArguments

  /// - Parameter arguments: those of `train`.
  init(_ arguments: [String]) throws { self.arguments = try TrainArguments(arguments + ["--quiet"]) }

  func run(_ ranks: MPICommunicator) throws -> String {
    try expect(ranks.size == 1, "steps: start one rank")
    let run = try TrainingRun(arguments, ranks: ranks)
    let (layout, values) = (run.trainer.model.parameterLayout, run.trainer.exchange.parameters)
    let parameters = layout.entries.map { entry -> JSONValue.Member in
      let elements = values.view(entry.range).map { JSONValue.number(Double($0)) }
      return JSONValue.Member(
        entry.name, ["shape": .array(entry.shape.extents.map(JSONValue.integer)), "values": .array(elements)])
    }
    // A step's rows come shard by shard.
    var steps: [[JSONValue]] = []
    run.audit { step, rows in
      if step == steps.count { steps.append([]) }
      steps[step] += rows.map(JSONValue.integer)
    }
    let code = try run.run().exitCode
    try expect(code == .done, "the run ended with \(code)")
    let json: JSONValue = [
      "steps_per_epoch": .integer(run.trainer.plan.stepsPerEpoch), "parameters": .object(parameters),
      "steps": .array(steps.map(JSONValue.array)),
    ]
    return json.line
  }
}
