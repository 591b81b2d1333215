import DataPipeline
import NeuralNetwork
import NumericCore
import HDF5Storage

/// What the outputs of a model stand for.
struct OutputMeaning: Sendable {
  /// Of one sample's features.
  let inputShape: Shape
  /// Classes, or target values.
  let outputSize: Int
  /// What outputs and classes stand for.
  let names: DataNames
  /// How the targets were scaled or numbered.
  let targets: TargetTransform
  /// Above which logits the answers are yes, or the second of two classes is meant, by what it has more than the first;
  /// empty for 0.
  var thresholds: [Float] = []

  /// Of one column an output; nil where there are none.
  var outputNames: [String]? { names.outputs(outputSize) }

  /// The axes in front of the classes: a model over sequences may give its outputs at each position.
  func leadingExtents(of shape: Shape) -> [Int] {
    shape.extents.last == outputSize ? shape.extents.dropLast() : []
  }

  /// The same of a part of the outputs.
  func with(outputSize: Int) -> OutputMeaning {
    OutputMeaning(
      inputShape: inputShape, outputSize: outputSize, names: names, targets: targets, thresholds: thresholds)
  }
}

/// The outputs of a model for rows of a split.
struct Predictions {
  /// [N, …] as `shape` says.
  let outputs: [Float]
  /// N.
  let rows: Int
  /// Of one sample's outputs.
  let shape: Shape
  let meaning: OutputMeaning

  /// Logits [N, …, K], the likeliest classes [N, …], and probabilities where asked.
  func classArrays(probabilities: Bool) -> [PredictedArray] {
    let size = meaning.outputSize, leading = meaning.leadingExtents(of: shape)
    let values = FlatBuffer(outputs)
    let classes = (0..<outputs.count / size).map { row in
      if let threshold = meaning.thresholds.first, size == 2 {
        return meaning.targets.label(ofClass: outputs[2 * row + 1] - outputs[2 * row] > threshold ? 1 : 0)
      }
      return meaning.targets.label(ofClass: firstGreatest(values.view.view(row * size..<(row + 1) * size)))
    }
    var arrays = [
      PredictedArray("logits", shape: leading + [size], .floats(outputs), columns: meaning.outputNames),
      PredictedArray("classes", shape: leading, .integers(classes), classes: meaning.names.classNames),
    ]
    guard probabilities else { return arrays }
    softmaxRows(values.view, classes: size)
    arrays.append(
      PredictedArray(
        "probabilities", shape: leading + [size], .floats(Array(values.view)), columns: meaning.outputNames))
    return arrays
  }

  /// Logits and, where the loss has them, probabilities [N, D], and whether they say yes: [N, D], or [N] of a single
  /// one, whose two labels may be others than 0 and 1.
  func binaryArrays(of loss: any Loss) -> [PredictedArray] {
    let width = meaning.outputSize, names = meaning.outputNames
    var arrays = [PredictedArray("logits", shape: [width], .floats(outputs), columns: names)]
    if loss.givesProbabilities {
      // Element by element, so in place.
      let probabilities = FlatBuffer(outputs)
      sigmoid(probabilities.view, into: probabilities.view)
      arrays.append(
        PredictedArray("probabilities", shape: [width], .floats(Array(probabilities.view)), columns: names))
    }
    let classes = outputs.enumerated().map { index, logit in
      let threshold = meaning.thresholds.isEmpty ? 0 : meaning.thresholds[index % width]
      return meaning.targets.label(ofClass: logit > threshold ? 1 : 0)
    }
    arrays.append(
      width == 1
        ? PredictedArray("classes", shape: [], .integers(classes), classes: meaning.names.classNames)
        : PredictedArray("classes", shape: [width], .integers(classes), columns: names))
    return arrays
  }
}

/// One of the arrays that `predict` writes, with a row for each sample.
struct PredictedArray {
  enum Elements {
    case floats([Float])
    case doubles([Double])
    case integers([Int])
  }

  /// The name of its data set, such as `logits`.
  let name: String
  /// Of one row.
  let shape: [Int]
  let elements: Elements
  /// The names of its last axis; nil where there are none.
  let columns: [String]?
  /// Whether a data set bears these names; else they are what the task always has.
  let columnsAreStored: Bool
  /// The names of the classes that its numbers stand for; nil where there are none, or it is none of classes.
  let classes: [String]?

  init(
    _ name: String, shape: [Int], _ elements: Elements, columns: [String]? = nil, columnsAreStored: Bool = true,
    classes: [String]? = nil
  ) {
    (self.name, self.shape, self.elements) = (name, shape, elements)
    (self.columns, self.columnsAreStored, self.classes) = (columns, columnsAreStored, classes)
  }

  /// The numbers of a row.
  var width: Int { shape.reduce(1, *) }

  /// Writes it as a data set, with names one a line in its attributes `columns` and `classes`.
  func write(to file: HDF5File, rows: Int) throws {
    let path = "/" + name, shape = [rows] + shape
    switch elements {
    case .floats(let values): try file.write(path, shape: shape, elements: values)
    case .doubles(let values): try file.write(path, shape: shape, elements: values)
    case .integers(let values): try file.write(path, shape: shape, elements: values)
    }
    if columnsAreStored, let columns { try file.setLines("columns", columns, of: path) }
    if let classes { try file.setLines("classes", classes, of: path) }
  }
}
