import Settings

extension TrainingConfiguration {
  /// The whole configuration with its defaults filled in: it reads back as an equal configuration.
  public var json: JSONValue {
    [
      "data": data.json,
      "model": model.json,
      "initializer": .string(initializer.rawValue),
      "loss": loss?.json ?? .null,
      "optimizer": optimizer.json,
      "generator_optimizer": generatorOptimizer?.json ?? .null,
      "schedule": schedule.json,
      "clip_norm": .optional(clipNorm),
      "clip_value": .optional(clipValue),
      "regularization": regularization.json,
      "ema_decay": .optional(emaDecay),
      "early_stopping": earlyStopping?.json ?? .null,
      "metrics": .array(metrics.map { .string($0.rawValue) }),
      "epochs": .integer(epochs),
      "batch_size": .integer(batchSize),
      "accumulate": .integer(accumulate),
      "seed": .integer(Int(clamping: seed)),
      "shards": .optional(shards),
      "exchange": .string(exchange.rawValue),
      "threads": .integer(threads),
      "checkpoint": checkpoint.json,
      "run": .optional(run),
      "name": .optional(name),
      "resume": resume?.json ?? .null,
      "quiet": .bool(quiet),
    ]
  }
}

extension TrainingConfiguration.Data {
  fileprivate var json: JSONValue {
    [
      "path": .optional(path),
      "features": .optional(features),
      "labels": .optional(labels),
      "target": .optional(target?.rawValue),
      "validation": .number(validation),
      "scaling": .string(scaling.rawValue),
      "layout": .string(layout.rawValue),
      "augment": .array(augment.map(\.json)),
    ]
  }
}

extension TrainingConfiguration.Checkpoint {
  /// Rules that are off are 0: null would bring their defaults back.
  fileprivate var json: JSONValue {
    [
      "every_epochs": .integer(everyEpochs ?? 0),
      "every_steps": .integer(everySteps ?? 0),
      "every_minutes": .number(everyMinutes ?? 0),
      "keep": .integer(keep),
    ]
  }
}

extension TrainingConfiguration.Resume {
  fileprivate var json: JSONValue {
    switch self {
    case .auto: "auto"
    case .path(let path): .string(path)
    }
  }
}
