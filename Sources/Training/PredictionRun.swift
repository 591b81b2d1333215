import Basics
public import Collectives
import Configuration
import DataPipeline
import HDF5Storage
import NeuralNetwork
import NumericCore

/// What to predict, and where to.
public struct PredictArguments: Sendable, Equatable {
  public var checkpoint: String
  public var data: String
  /// The HDF5 file to write.
  public var output: String
  /// nil for the test split if there is one.
  public var split: String?

  public init(checkpoint: String, data: String, output: String, split: String? = nil) {
    (self.checkpoint, self.data, self.output, self.split) = (checkpoint, data, output, split)
  }
}

/// Writes what a checkpoint makes of every row of a split, in the order of the rows.
///
/// | data set | shape | for |
/// |---|---|---|
/// | `/logits` | [N, K] | classification: raw outputs |
/// | `/probabilities` | [N, K] | softmax, or sigmoid for binary cross-entropy; none for hinge |
/// | `/classes` | [N] or [N, K] | int64: the most probable class, or each output above one half |
/// | `/values` | [N, K] | regression: the outputs |
/// | `/values` | [N, …] | reconstruction: the features, scaled and shaped as the model's input |
/// | `/boxes` | [N, 4] | detection: x centre, y centre, width and height, relative to the image |
///
/// A classifier of the T positions of a sequence has [N, T, K], and [N, T] classes.
public enum PredictionRun {
  /// What was predicted.
  public struct Result: Sendable {
    public let rows: Int
    /// The file, directory, glob or list.
    public let data: String
    /// `train`, `val` or `test`.
    public let split: String
  }

  /// Collective. Rank 0 gathers and writes.
  ///
  /// - Parameter customLayers: those that the checkpoint's model names.
  /// - Throws: a `UserFacingError` where checkpoint or data are missing, damaged, or do not fit together.
  @discardableResult
  public static func run(
    _ arguments: PredictArguments, customLayers: CustomLayers = CustomLayers(), ranks: MPICommunicator
  ) throws -> Result {
    let trained = try TrainedModel(arguments.checkpoint, customLayers: customLayers)
    let samples = try trained.open(arguments.data, split: arguments.split, labelsRequired: false)
    let evaluator = try EvaluationRun.makeEvaluator(trained, samples, ranks: ranks)
    let width = trained.model.outputShapes[0].elementCount
    var ownOutputs: [Float] = []
    var ownRows: [Int] = []
    _ = try evaluator.evaluate(trained.values) { outputs, rows in
      ownOutputs += outputs
      ownRows += rows
    }
    // Rows of a part that was held out are numbered among themselves.
    let places: [Int: Int] =
      if case .rows(let rows) = samples.rows { Dictionary(uniqueKeysWithValues: zip(rows, 0...)) } else { [:] }
    var outputs = [Float](repeating: 0, count: samples.rows.count * width)
    for (rows, values) in zip(try ranks.allGather(ownRows), try ranks.allGather(ownOutputs)) {
      for (index, row) in rows.enumerated() {
        let place = places[row] ?? row
        outputs.replaceSubrange(place * width..<(place + 1) * width, with: values[index * width..<(index + 1) * width])
      }
    }
    if ranks.isRoot { try write(outputs, trained: trained, rows: samples.rows.count, to: arguments.output) }
    return Result(rows: samples.rows.count, data: samples.path, split: samples.name.rawValue)
  }

  private static func write(_ outputs: [Float], trained: TrainedModel, rows: Int, to path: String) throws {
    let width = trained.facts.outputSize
    // A model over sequences may give its outputs at each position.
    let leading = [rows] + trained.model.outputShapes[0].extents.dropLast()
    let file = try HDF5File.createInMemory(named: path)
    switch trained.facts.lossName {
    case "detection": try writeDetections(outputs, rows: rows, classes: width - boxSize, to: file)
    case "cross_entropy", "focal", "hinge":
      let probabilities = FlatBuffer(outputs)
      let classes = (0..<outputs.count / width).map { row in
        firstGreatest(probabilities.window.window(row * width..<(row + 1) * width))
      }
      try file.write("/logits", shape: leading + [width], elements: outputs)
      try file.write("/classes", shape: leading, elements: classes)
      // Margins are no probabilities.
      guard trained.facts.lossName != "hinge" else { break }
      softmaxRows(probabilities.window, classes: width)
      try file.write("/probabilities", shape: leading + [width], elements: Array(probabilities.window))
    case "binary_hinge":
      try file.write("/logits", shape: [rows, width], elements: outputs)
      try file.write("/classes", shape: width == 1 ? [rows] : [rows, width], elements: outputs.map { $0 > 0 ? 1 : 0 })
    case "binary_cross_entropy":
      // Element by element, so in place.
      let probabilities = FlatBuffer(outputs)
      sigmoid(probabilities.window, into: probabilities.window)
      try file.write("/logits", shape: [rows, width], elements: outputs)
      try file.write("/probabilities", shape: [rows, width], elements: Array(probabilities.window))
      try file.write("/classes", shape: width == 1 ? [rows] : [rows, width], elements: outputs.map { $0 > 0 ? 1 : 0 })
    default:
      let sample = trained.facts.configuration.reconstructs ? trained.facts.inputShape.extents : [width]
      try file.write("/values", shape: [rows] + sample, elements: outputs)
    }
    try file.setAttribute("checkpoint", to: trained.path)
    let image = try file.image()
    try file.close()
    try AtomicFile.write(image, to: path)
  }

  /// Rows of K logits and a box.
  private static func writeDetections(_ outputs: [Float], rows: Int, classes: Int, to file: HDF5File) throws {
    let width = classes + boxSize
    let logits = FlatBuffer<Float>(count: rows * classes), boxes = FlatBuffer<Float>(count: rows * boxSize)
    for row in 0..<rows {
      for output in 0..<width {
        let value = outputs[row * width + output]
        if output < classes {
          logits.window[row * classes + output] = value
        } else {
          boxes.window[row * boxSize + output - classes] = value
        }
      }
    }
    let labels = (0..<rows).map { firstGreatest(logits.window.window($0 * classes..<($0 + 1) * classes)) }
    try file.write("/logits", shape: [rows, classes], elements: Array(logits.window))
    try file.write("/classes", shape: [rows], elements: labels)
    try file.write("/boxes", shape: [rows, boxSize], elements: Array(boxes.window))
    softmaxRows(logits.window, classes: classes)
    try file.write("/probabilities", shape: [rows, classes], elements: Array(logits.window))
  }
}
