extension TrainingConfiguration {
  /// The whole configuration with its defaults filled in: it reads back as an equal configuration.
  public var json: JSONValue {
    [
      "data": data.json,
      "model": model.json,
      "initializer": .string(initializer.rawValue),
      "loss": loss?.json ?? .null,
      "optimizer": optimizer.json,
      "schedule": schedule.json,
      "clip_norm": .optional(clipNorm),
      "epochs": .integer(epochs),
      "batch_size": .integer(batchSize),
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
      "validation": .number(validation),
      "scaling": .string(scaling.rawValue),
      "layout": .string(layout.rawValue),
      "augment": [],
    ]
  }
}

extension TrainingConfiguration.Loss {
  fileprivate var json: JSONValue {
    name == "huber" ? ["name": .string(name), "delta": .number(delta)] : .string(name)
  }
}

extension TrainingConfiguration.Optimizer {
  fileprivate var json: JSONValue {
    let common: [JSONValue.Member] = [
      .init("name", .string(name)), .init("learning_rate", .number(learningRate)),
      .init("weight_decay", .number(weightDecay)),
    ]
    if name == "sgd" {
      return .object(common + [.init("momentum", .number(momentum)), .init("nesterov", .bool(nesterov))])
    }
    return .object(
      common + [.init("beta1", .number(beta1)), .init("beta2", .number(beta2)), .init("epsilon", .number(epsilon))])
  }
}

extension TrainingConfiguration.Schedule {
  fileprivate var json: JSONValue {
    let common: [JSONValue.Member] = [
      .init("name", .string(name.rawValue)), .init("warmup_steps", .integer(warmupSteps)),
    ]
    let options: [JSONValue.Member] =
      switch name {
      case .constant: []
      case .step: [.init("step_epochs", .optional(stepEpochs)), .init("gamma", .number(gamma))]
      case .exponential: [.init("gamma", .number(gamma))]
      case .cosine: [.init("minimum_learning_rate", .number(minimumLearningRate))]
      }
    return .object(common + options)
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
