import Configuration
import DataPipeline
import NeuralNetwork
import NumericCore

/// The loss of a run and what it asks of data and model, resolved against the data.
public struct Objective: Sendable {
  /// As in the configuration, such as `cross_entropy`.
  public let name: String
  public let loss: any Loss<Float>
  /// What the targets of every split have to be, as far as is known before they are read.
  let targetCheck: TargetCheck

  public var isClassification: Bool { loss.targetKind == .classIndex }
  /// Whether accuracy means something.
  public var hasAccuracy: Bool { loss.targetKind != .values }

  /// - Parameters:
  ///   - configured: nil for the loss that fits: cross-entropy for one integer label a sample, mean squared error else.
  ///   - declaredOutputSize: outputs that the model fixes.
  init(
    _ configured: TrainingConfiguration.Loss?, model: ModelDescription, declaredOutputSize: Int?, data: SplitSource
  ) throws {
    // One label a sample, or one for each step of a sequence.
    let form = try ModelCatalog.sampleForm(model)
    let hasLabelsOfSteps =
      (form == .sequences || form == .indices) && data.targetShape.extents == [data.featureShape[0]]
    let isLabel = (data.targetSize == 1 || hasLabelsOfSteps) && data.targetType?.isInteger == true
    let loss = configured ?? TrainingConfiguration.Loss(
      name: isLabel && model != .named("linear") ? "cross_entropy" : "mse")
    name = loss.name
    switch loss.name {
    case "cross_entropy":
      // Data to predict may have no targets.
      guard data.targetSize == 1 || hasLabelsOfSteps || data.targetType == nil else {
        throw TrainingError(
          "\(data.place(.targets, row: 0)): cross_entropy expects one label a row, found \(data.targetShape); "
            + "for several targets a row use --loss mse or binary_cross_entropy", exitCode: .data)
      }
      self.loss = SoftmaxCrossEntropy()
      targetCheck = .classes(count: declaredOutputSize)
    case "binary_cross_entropy":
      self.loss = BinaryCrossEntropy()
      targetCheck = .classes(count: 2)
    case "mse":
      self.loss = MeanSquaredError()
      targetCheck = .numbers
    default:
      self.loss = HuberLoss(delta: loss.delta)
      targetCheck = .numbers
    }
  }

  /// Checks that a model gives what the loss reads.
  ///
  /// - Parameters:
  ///   - shape: of the model's output for one sample.
  ///   - outputSize: classes, or target values.
  func check(_ shape: Shape, outputSize: Int, data: SplitSource) throws(TrainingError) {
    let expected = isClassification ? outputSize * data.targetSize : outputSize
    guard shape.elementCount != expected else { return }
    throw TrainingError(
      "model: gives \(shape) outputs a sample, but \(data.place(.targets, row: 0)) has targets of \(data.targetShape); "
        + "give a recurrent layer sequence: true for a label at each step, sequence: false for one a sample",
      exitCode: .usage)
  }
}
