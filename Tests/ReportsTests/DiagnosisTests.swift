import Basics
import Foundation
import Reports
import Settings
import Testing

@Suite("Diagnosis")
struct DiagnosisTests {
  /// A run of so many epochs; losses are functions of the epoch, from 1.
  private static func run(
    _ count: Int, train: (Int) -> Double, validation: ((Int) -> Double)? = nil, accuracy: ((Int) -> Double)? = nil,
    material: JSONValue = ["validation_samples": 500]
  ) -> RunRecord {
    let epochs = (1...count).map { epoch in
      EpochRecord(
        epoch: epoch, step: epoch * 10, trainLoss: train(epoch), validationLoss: validation?(epoch),
        validationAccuracy: accuracy?(epoch), learningRate: 0.01)
    }
    return RunRecord(name: "run", configuration: .object([]), epochs: epochs, steps: [], material: material)
  }

  /// A run of so many recorded steps; losses and norms are functions of the step, from 1.
  private static func stepwise(
    _ count: Int, norm: (Int) -> Double = { _ in 1 }, loss: (Int) -> Double
  ) -> RunRecord {
    let steps = (1...count).map {
      StepRecord(step: $0, epoch: ($0 - 1) / 10 + 1, loss: loss($0), learningRate: 0.01, gradientNorm: norm($0))
    }
    let epochs = (1...count / 10).map { EpochRecord(epoch: $0, step: $0 * 10, trainLoss: loss($0 * 10)) }
    return RunRecord(name: "run", configuration: .object([]), epochs: epochs, steps: steps)
  }

  private static func with(_ material: JSONValue) -> RunRecord {
    run(12, train: decay, material: material)
  }

  private static func decay(_ step: Int) -> Double { 2 * exp(-Double(step) / 3) + 0.05 }

  private static func names(_ run: RunRecord) -> [String] { Diagnosis.findings(run).map(\.name) }

  @Test("A sound run is told nothing")
  func quiet() {
    #expect(Self.names(Self.run(30, train: Self.decay, validation: { Self.decay($0) * 1.1 + 0.02 })) == [])
    // A validation loss that wavers about its bottom.
    let wavering = Self.run(
      30, train: Self.decay, validation: { Self.decay($0) + 0.05 + ($0 % 2 == 0 ? 0.004 : 0) }, accuracy: { _ in 0.97 })
    #expect(Self.names(wavering) == [])
    let noisy = Self.stepwise(300) { 0.3 + 2 * exp(-Double($0) / 30) + 0.1 * sin(Double($0 * $0)) }
    #expect(Self.names(noisy) == [])
    #expect(Self.names(Self.run(1, train: { _ in 1 })) == [])
    #expect(Diagnosis.findings(RunRecord(name: "", configuration: .null, epochs: [], steps: [])) == [])
  }

  @Test("Overfitting is told with the epoch from which on")
  func overfitting() throws {
    let run = Self.run(
      20, train: { 2 * exp(-Double($0) / 3) }, validation: { $0 <= 6 ? 2.1 - 0.25 * Double($0) : 0.1 * Double($0) })
    let finding = try #require(Diagnosis.findings(run).first)
    #expect(finding.name == "overfitting")
    #expect(finding.text.contains("from epoch 7 on"))
    #expect(finding.evidence.contains("validation loss 0.6000 after epoch 6, 2.000 after epoch 20"))
    #expect(finding.advice.hasPrefix("early_stopping, more data"))
    func advice(_ configuration: JSONValue) -> String? {
      Diagnosis.findings(
        RunRecord(
          name: "", configuration: configuration, epochs: run.epochs, steps: [], material: ["best_epoch": 9])
      ).first?.advice
    }
    // By accuracy, not by loss.
    #expect(advice([:])?.contains("(the best checkpoint, of epoch 9, is kept)") == true)
    #expect(advice(["early_stopping": ["patience": 30]])?.hasPrefix("more data") == true)
    // Where the training loss does not fall any more, something else is the matter.
    #expect(!Self.names(Self.run(20, train: { _ in 1 }, validation: { 1 + 0.1 * Double($0) })).contains("overfitting"))
  }

  @Test("A loss that stays where knowing nothing leaves it is underfitting")
  func underfitting() {
    let material: JSONValue = ["evaluation": ["trivial_loss": 2.3]]
    #expect(Self.names(Self.run(20, train: { _ in 2.29 }, material: material)) == ["underfitting"])
    #expect(Self.names(Self.run(20, train: { _ in 1.2 }, material: material)) == [])
    // Validation improves by little, but after every epoch.
    let improving = Self.run(20, train: { _ in 2.29 }, validation: { 2.2 - 0.003 * Double($0) }, material: material)
    #expect(Self.names(improving) == [])
    // It stays only once the schedule has taken the rate away.
    let short = (1...30).map {
      EpochRecord(
        epoch: $0, step: $0, trainLoss: 2.29 - 0.02 * Double(min($0, 15)), learningRate: $0 <= 15 ? 0.01 : 0.001)
    }
    #expect(
      Self.names(RunRecord(name: "", configuration: .null, epochs: short, steps: [], material: material)) == [])
  }

  @Test("A loss that falls slowly to the end has too low a learning rate")
  func slow() {
    #expect(Self.names(Self.stepwise(200) { 2.3 - 0.003 * Double($0) }) == ["learning rate too low"])
    // Less than a model that knows nothing would do, and no less at the end.
    let start = Self.stepwise(200) { 2.6 - 0.0001 * Double($0) }
    let known = RunRecord(
      name: "", configuration: .null, epochs: start.epochs, steps: start.steps,
      material: ["evaluation": ["trivial_loss": 2.3]])
    #expect(Self.names(known) == ["learning rate too low"])
    // Falling still, but nearly done.
    #expect(Self.names(Self.stepwise(200) { 0.2 + 2.3 * exp(-Double($0) / 60) }) == [])
  }

  @Test("A loss that climbs or swings has too high a learning rate")
  func high() {
    #expect(Self.names(Self.stepwise(200) { $0 < 20 ? 2.3 : 2.9 }) == ["learning rate too high"])
    #expect(
      Self.names(Self.run(20, train: { $0 % 2 == 0 ? 0.6 : 1.1 })) == ["learning rate too high"])
    // It shot up at first, and all that was learned since is how often each class occurs.
    #expect(Self.names(Self.stepwise(200) { $0 == 1 ? 2.5 : $0 < 9 ? 900 : 2.3 }) == ["learning rate too high"])
    // It came back, and validation has fallen since the first epoch: from where none would be without such steps.
    func risen(_ height: Double) -> RunRecord {
      let start = Self.stepwise(200) { $0 == 1 ? 2.5 : $0 < 9 ? height : 2.3 }
      let epochs = start.epochs.map {
        EpochRecord(
          epoch: $0.epoch, step: $0.step, trainLoss: $0.trainLoss, validationLoss: $0.epoch == 1 ? height : 1.8)
      }
      return RunRecord(
        name: "", configuration: .null, epochs: epochs, steps: start.steps,
        material: ["evaluation": ["trivial_loss": 2.303]])
    }
    #expect(Self.names(risen(900)).contains("learning rate too high"))
    #expect(!Self.names(risen(6)).contains("learning rate too high"))
    // The losses of a GAN do as they like.
    #expect(Self.names(Self.run(20, train: { $0 % 2 == 0 ? 0.6 : 1.1 }, material: ["loss_tells": false])) == [])
  }

  /// Whole numbers from 0 to 1,008 without order, as they come from a generator of random numbers.
  private static func chance(_ index: Int) -> Double { Double((index * index * 7919 + index * 104_729) % 1009) / 1008 }

  @Test("The noise of batches is no fault of the learning rate")
  func noise() {
    // Weights that have been trained already; the first batch is an easy one.
    let tuned = Self.stepwise(80) { $0 == 1 ? 0.12 : 0.1 + 0.2 * Self.chance($0) }
    #expect(Self.names(tuned) == [])
    // Without that noise the same climb is one.
    #expect(Self.names(Self.stepwise(80) { $0 == 1 ? 0.12 : 0.2 }) == ["learning rate too high"])
    func epochs(_ validation: ((Int) -> Double)?, rate: (Int) -> Double = { _ in 0.01 }) -> RunRecord {
      let epochs = (1...20).map { epoch in
        EpochRecord(
          epoch: epoch, step: epoch, trainLoss: epoch % 2 == 0 ? 0.6 : 0.8, validationLoss: validation?(epoch),
          learningRate: rate(epoch))
      }
      return RunRecord(
        name: "", configuration: .object([]), epochs: epochs, steps: [], material: ["training_is_harder": true])
    }
    // One step an epoch: dropout alone may make the training loss swing, but not the validation loss.
    #expect(Self.names(epochs { _ in 0.7 }) == [])
    #expect(Self.names(epochs(nil)) == [])
    #expect(Self.names(epochs { $0 % 2 == 0 ? 0.6 : 0.8 }) == ["learning rate too high"])
    // What swings at a hundredth of the rate does not swing by it.
    #expect(Self.names(epochs({ $0 % 2 == 0 ? 0.6 : 0.8 }, rate: { $0 < 10 ? 0.01 : 0.0001 })) == [])
  }

  @Test("A loss that is not finite is told as such")
  func notFinite() {
    func run(_ step: Int) -> RunRecord {
      Self.run(
        3, train: Self.decay, material: ["failure": ["step": .integer(step), "message": "step 35: the loss is inf"]])
    }
    let found = Diagnosis.findings(run(35))
    #expect(found.map(\.name) == ["loss not finite"] && found[0].evidence == "step 35: the loss is inf")
    // The run has been resumed, and is past that step.
    #expect(Diagnosis.findings(run(25)) == [])
  }

  @Test("A spike is told with its step and the rows that it took")
  func spikes() throws {
    let run = Self.stepwise(200) { $0 == 150 ? 5 : 0.3 + 2 * exp(-Double($0) / 20) + 0.02 * sin(Double($0 * $0)) }
    let finding = try #require(Diagnosis.findings(run) { [$0.epoch, $0.step, $0.stepsInEpoch] }.first)
    #expect(finding.name == "loss spikes")
    #expect(finding.evidence.contains("5.000 in step 150"))
    #expect(finding.evidence.contains("training rows 15, 9, 10"))
  }

  @Test("Gradients that vanish or explode are told by layer")
  func gradients() throws {
    func probe(_ gradients: [Double]) -> JSONValue {
      let layers = gradients.enumerated().map { index, value -> JSONValue in
        ["name": .string("\(index).weight"), "type": "Dense", "gradient_rms": .number(value)]
      }
      return ["probe": ["layers": .array(layers)]]
    }
    let vanishing = try #require(Diagnosis.findings(Self.with(probe([1e-9, 1e-6, 1e-3, 1e-2, 1e-2]))).first)
    #expect(vanishing.name == "vanishing gradients" && vanishing.evidence.contains("in layer 0.weight (Dense)"))
    #expect(Self.names(Self.with(probe([30, 2, 0.1, 0.01, 0.001]))) == ["exploding gradients"])
    #expect(Self.names(Self.with(probe([0.001, 0.01, 0.01, 0.02]))) == [])
    // Of two layers there is nothing to say.
    #expect(Self.names(Self.with(probe([1e-9, 1]))) == [])
    let jump = Self.stepwise(100, norm: { $0 == 60 ? 900 : 1 }) { 0.1 + 2 * exp(-Double($0) / 10) }
    #expect(Self.names(jump) == ["exploding gradients"])
    // The first steps of a sound run.
    let start = Self.stepwise(100, norm: { $0 < 5 ? 900 : 1 }) { 0.1 + 2 * exp(-Double($0) / 10) }
    #expect(Self.names(start) == [])
  }

  @Test(
    "Dead units need most of a layer, seen often enough",
    arguments: [(64, 128, true), (40, 128, false), (64, 16, false)])
  func dead(_ dead: Int, _ observations: Int, _ isFound: Bool) {
    let layer: JSONValue = [
      "name": "1", "type": "ReLU", "units": 64, "dead_units": .integer(dead), "observations": .integer(observations),
    ]
    #expect(Self.names(Self.with(["probe": ["layers": [layer]]])) == (isFound ? ["dead units"] : []))
  }

  @Test("A leak needs two rows and half a percent", arguments: [(2, 100, true), (1, 100, false), (4, 1000, false)])
  func leak(_ count: Int, _ samples: Int, _ isFound: Bool) {
    let leak: JSONValue = [
      "split": "test", "count": .integer(count), "samples": .integer(samples), "rows": [3, 9],
    ]
    let found = Diagnosis.findings(Self.with(["leaks": [leak]]))
    #expect(found.map(\.name) == (isFound ? ["leak"] : []))
    if isFound { #expect(found[0].evidence == "2 of 100 rows of test stand in train too: 3, 9") }
  }

  @Test("Rows that are equal within the training split as often are no leak", arguments: [(0.9, false), (0.1, true)])
  func repeats(_ share: Double, _ isFound: Bool) {
    let leak: JSONValue = [
      "split": "test", "count": 90, "samples": 100, "rows": [3, 9], "train_repeats": .number(share),
    ]
    #expect(Self.names(Self.with(["leaks": [leak]])) == (isFound ? ["leak"] : []))
  }

  @Test("A model that says the same class always is told so, and of classes that it leaves out")
  func classes() throws {
    func evaluation(_ accuracy: Double, _ predictions: [Int], isText: Bool = false) -> JSONValue {
      let classes = zip([70, 20, 10], predictions).enumerated().map { index, item -> JSONValue in
        ["name": .string("c\(index)"), "support": .integer(item.0), "predictions": .integer(item.1)]
      }
      return [
        "evaluation": [
          "split": "test", "samples": 100, "accuracy": .number(accuracy), "majority_share": 0.7,
          "majority_class": "c0", "classes": .array(classes), "is_text": .bool(isText),
        ]
      ]
    }
    #expect(Self.names(Self.with(evaluation(0.7, [100, 0, 0]))) == ["no better than the majority class"])
    let missing = try #require(Diagnosis.findings(Self.with(evaluation(0.88, [75, 25, 0]))).first)
    #expect(missing.name == "class never predicted" && missing.evidence == "c2 (10 samples) among 100 samples of test")
    #expect(Self.names(Self.with(evaluation(0.88, [75, 25, 0], isText: true))) == [])
    #expect(Self.names(Self.with(evaluation(0.9, [72, 19, 9]))) == [])
  }

  @Test("Validation below training, unless training is made harder")
  func validationBelow() {
    let found = Self.run(10, train: Self.decay, validation: { Self.decay($0 + 1) * 0.5 })
    #expect(Self.names(found) == ["validation better than training"])
    let harder = Self.run(
      10, train: Self.decay, validation: { Self.decay($0 + 1) * 0.5 }, material: ["training_is_harder": true])
    #expect(Self.names(harder) == [])
    // An epoch's training loss is the mean of a falling one.
    #expect(Self.names(Self.run(10, train: Self.decay, validation: { Self.decay($0 + 1) })) == [])
  }

  @Test("An accuracy that is best where the loss is not")
  func metricAgainstLoss() {
    func run(_ gain: Double) -> RunRecord {
      Self.run(
        10, train: Self.decay, validation: { $0 < 3 ? 1 / Double($0) : 0.4 + 0.02 * Double($0) },
        accuracy: { 0.8 + gain * Double($0) })
    }
    #expect(Self.names(run(0.015)).contains("accuracy against loss"))
    #expect(!Self.names(run(0.001)).contains("accuracy against loss"))
  }

  @Test("A batch normalization of one sample, and ranks that wait")
  func others() {
    #expect(Self.names(Self.with(["batch_norm": "one sample"])) == ["batch normalization of one sample"])
    func waiting(_ share: Double, ranks: Int) -> RunRecord {
      RunRecord(
        name: "", configuration: .null,
        epochs: (1...4).map {
          EpochRecord(epoch: $0, step: $0, trainLoss: 1, exchangeFraction: share, seconds: 2)
        }, steps: [], material: ["timing": ["ranks": .integer(ranks)]])
    }
    #expect(Diagnosis.timingFindings(waiting(0.7, ranks: 4)).map(\.name) == ["more ranks than help"])
    #expect(Diagnosis.timingFindings(waiting(0.3, ranks: 4)) == [])
    #expect(Diagnosis.timingFindings(waiting(0.7, ranks: 1)) == [])
  }
}
