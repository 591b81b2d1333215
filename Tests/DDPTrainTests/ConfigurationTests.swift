import DDPTrain
import Testing

@Suite("Configurations that a program sets")
struct ConfigurationTests {
  /// Describes all of itself.
  struct Scaled: Loss {
    var factor = 1.0
    static let name = "scaled"
    static let summary = "nothing"
    static let settings: [Setting<Scaled>] = [Setting("factor", \.factor, .above(0), "of nothing")]
    var targetKind: TargetKind { .values }
    func evaluate<S: Scalar>(
      outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
    ) -> StepScalars { StepScalars(loss: 0, samples: samples) }
  }

  /// Keeps a property to itself.
  struct Secretive: Loss {
    var factor = 1.0
    static let name = "secretive"
    static let summary = "nothing"
    var targetKind: TargetKind { .values }
    func evaluate<S: Scalar>(
      outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
    ) -> StepScalars { StepScalars(loss: 0, samples: samples) }
  }

  struct Nothing: Metric {
    var names = ["nothing"]
    let summary = "nothing"
    func figures(_ results: SplitResults) -> [MetricReport.Figure] { [] }
  }

  static let own = Extensions(losses: [Scaled.self, Secretive.self], metrics: [Nothing()])

  static func configuration(_ set: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    set(&configuration)
    return configuration
  }

  @Test("What is set in range stays as it is")
  func sound() throws {
    let set = Self.configuration {
      $0.data.augment.items = [Flip(), Crop(padding: 2)]
      $0.data.scaling = .standard
      $0.loss.value = Scaled(factor: 2)
      $0.metrics = [.accuracy, "top_3", "nothing"]
      $0.optimizer = OptimizerSettings(SGD(momentum: 0.5, nesterov: true), learningRate: 0.3)
      $0.schedule.schedule = StepDecay(stepEpochs: 2, gamma: 0.5)
      $0.earlyStopping = EarlyStopping(metric: .accuracy, patience: 3)
      $0.model = .layers([LayerEntry(Dense(4)), LayerEntry(ReLU()), LayerEntry(Dense())])
      $0.seed = 7
    }
    #expect(try set.checked(Self.own) == set)
    #expect(try TrainingConfiguration(set.json, extensions: Self.own) == set)
  }

  static let mistakes: [(configuration: TrainingConfiguration, message: String)] = [
    (configuration { $0.optimizer.learningRate = -1 }, "optimizer.learning_rate: expected more than 0, found -1.0"),
    (
      configuration { $0.optimizer.learningRate = .infinity },
      "optimizer.learning_rate: expected a finite number, found inf"
    ),
    (configuration { $0.clipNorm = .nan }, "clip_norm: expected a finite number, found nan"),
    (configuration { $0.epochs = -1 }, "epochs: expected at least 0, found -1"),
    (configuration { $0.batchSize = -4 }, "batch_size: expected at least 1, found -4"),
    (configuration { $0.seed = .max }, "seed: expected at most 9223372036854775807, found 1.8446744073709552e+19"),
    (
      configuration { $0.data.validation = 1 },
      "data.validation: expected at least 0 and less than 1, found 1.0"
    ),
    (configuration { $0.data.augment.items = [Crop(padding: -1)] }, "data.augment[0].crop.padding: expected"),
    (configuration { $0.metrics = ["f1_marco"] }, "metrics[0]: unknown name 'f1_marco' (did you mean 'f1_macro'?)"),
    (configuration { $0.metrics = ["nothin"] }, "metrics[0]: unknown name 'nothin' (did you mean 'nothing'?)"),
    (configuration { $0.loss.value = Scaled(factor: 0) }, "loss.factor: expected more than 0, found 0.0"),
    (
      configuration { $0.loss.value = Secretive(factor: 2) },
      "loss: a checkpoint would give Secretive(factor: 2.0) back as Secretive(factor: 1.0); declare its properties in "
        + "`settings`"
    ),
  ]

  @Test("What is out of range, or not there, is an error that names the key", arguments: mistakes.indices)
  func mistake(index: Int) {
    let (configuration, message) = Self.mistakes[index]
    let error = #expect(throws: SettingsError.self) { try configuration.checked(Self.own) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "none")")
  }

  @Test("A loss or a metric that the program does not bring along is unknown")
  func missing() {
    for (configuration, message) in [
      (Self.configuration { $0.loss.value = Scaled() }, "loss.name: unknown name 'scaled' (known: cross_entropy,"),
      (Self.configuration { $0.metrics = ["nothing"] }, "metrics[0]: unknown name 'nothing' (known: accuracy,"),
    ] {
      let error = #expect(throws: SettingsError.self) { try configuration.checked() }
      #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "none")")
    }
  }

  /// Called as a loss of ddp-train.
  struct SecondHuber: Loss {
    static let name = "huber"
    static let summary = "nothing"
    var targetKind: TargetKind { .values }
    func evaluate<S: Scalar>(
      outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
    ) -> StepScalars { StepScalars(loss: 0, samples: samples) }
  }

  @Test("Two losses or two metrics of one name are an error")
  func twice() {
    for (extensions, message) in [
      (Extensions(losses: [SecondHuber.self]), "there are two losses called 'huber'"),
      (Extensions(losses: [Scaled.self, Scaled.self]), "there are two losses called 'scaled'"),
      (Extensions(metrics: [Nothing(names: ["miss", "rmse"])]), "there are two metrics called 'rmse'"),
    ] {
      let error = #expect(throws: SettingsError.self) { try TrainingConfiguration().checked(extensions) }
      #expect(error?.description == "extensions: \(message); give the program's own another name")
    }
  }
}
