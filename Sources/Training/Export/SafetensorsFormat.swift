import Basics
import Interchange
import NumericCore
import Settings

/// Weights by name in a safetensors file: what PyTorch's `load_state_dict(strict=True)` of the same module takes.
///
/// Names and shapes are those of the checkpoint, which are PyTorch's; a batch normalization gets PyTorch's counter
/// `num_batches_tracked` beside its running statistics, with the number of the run's steps; those of weights that it
/// started from are not in it.
enum SafetensorsFormat: ExportFormat {
  static let kind = OutputTarget.Kind.safetensors

  static func file(of trained: TrainedModel) throws -> (bytes: [UInt8], remarks: [String]) {
    var writer = SafetensorsWriter(metadata: metadata(of: trained))
    let (model, values) = (trained.model, trained.values)
    for entry in model.parameterLayout.entries {
      writer.add(entry.name, shape: entry.shape.extents, Array(values.parameters.view(entry.range)))
    }
    for entry in model.statisticLayout.entries {
      writer.add(entry.name, shape: entry.shape.extents, Array(values.statistics.view(entry.range)))
      if entry.name.hasSuffix(".running_var") {
        writer.add(entry.name.dropLast("running_var".count) + counterName, Int64(trained.progress.step))
      }
    }
    return (writer.bytes, [])
  }

  /// PyTorch's counter of the batches that running statistics have seen.
  static let counterName = "num_batches_tracked"

  /// What the weights alone do not tell, as texts; lists and the configuration are JSON.
  private static func metadata(of trained: TrainedModel) -> [(key: String, text: String)] {
    let metadata = trained.metadata, transform = metadata.transform
    var result = [
      ("format", "pt"), ("program", "ddp-train \(programVersion)"), ("step", "\(trained.progress.step)"),
      ("averaged", "\(trained.isAveraged)"), ("loss", metadata.lossName),
      ("input_shape", list(metadata.inputShape.extents.map { .integer($0) })),
      ("output_size", "\(metadata.outputSize)"), ("scaling", transform.kind.rawValue),
      // x is scaled as (x − offset) · factor, by one pair for all features or one for each.
      ("scaling_offset", list(transform.offset.map { .number($0) })),
      ("scaling_factor", list(transform.factor.map { .number(Double($0)) })),
      ("configuration", ResumeRule.withoutStart(metadata.configuration.json).line),
    ]
    let names = metadata.data.names, targets = metadata.targetTransform
    for (key, texts) in [
      ("columns", names.columns), ("targets", names.targets), ("classes", names.classes), ("words", names.words),
    ] {
      if let texts { result.append((key, list(texts.map { .string($0) }))) }
    }
    for (key, text) in [("characters", names.characters), ("preparation", names.preparation)] {
      if let text { result.append((key, text)) }
    }
    if targets.kind != .none {
      result += [
        ("target_scaling", targets.kind.rawValue), ("target_offset", list(targets.offset.map { .number($0) })),
        ("target_factor", list(targets.factor.map { .number(Double($0)) })),
      ]
    }
    return result
  }

  private static func list(_ elements: [JSONValue]) -> String { JSONValue.array(elements).line }
}
