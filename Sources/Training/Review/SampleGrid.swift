import Basics
import DataPipeline
import HDF5Storage
import NeuralNetwork
import NumericCore
internal import Reports

/// A picture of samples as a model is given them, each with what is known or predicted of it.
package struct SampleGrid {
  /// The most samples on it.
  package static let count = 36
  private static let largestSide = 240

  private let sheet: PNGImage

  /// Rows that are spread evenly over so many.
  static func rows(of count: Int) -> [Int] {
    let shown = min(Self.count, count)
    return (0..<shown).map { $0 * count / shown }
  }

  /// Writes it as a PNG, whole or not at all.
  package func write(to path: String) throws { try AtomicFile.write(sheet.file, to: path) }

  /// - Parameters:
  ///   - split: where the rows are from.
  ///   - layout: how the samples lie.
  ///   - judgements: what is shown of each row.
  /// - Throws: where samples are no pictures.
  private init(
    _ split: SplitSource, rows: [Int], layout: InputLayout,
    _ judgements: [(lines: [String], boxes: [CaptionedPicture.Box])]
  ) throws {
    let samples = try split.values(.features, rows: rows).map { $0.map { $0.isFinite ? $0 : 0 } }
    let transform = Self.range(split, greatest: samples.lazy.compactMap { $0.max() }.max() ?? 0)
    let encoder = try Self.encoder(split, layout, transform)
    let images = encoder.images(samples.map { $0.map { $0 * transform.factor[0] } })
    sheet = .sheet(of: zip(images, judgements).map { CaptionedPicture($0, $1.lines, boxes: $1.boxes) })
  }

  /// - Throws: where samples are no pictures.
  static func check(_ split: SplitSource, layout: InputLayout) throws { _ = try encoder(split, layout, .identity) }

  private static func encoder(
    _ split: SplitSource, _ layout: InputLayout, _ transform: FeatureTransform
  ) throws -> PictureEncoder {
    guard
      let encoder = PictureEncoder(split.featureShape, layout: layout, transform: transform, largest: largestSide)
    else {
      throw Failure.usage(
        "--grid: samples of \(split.featureShape) are no pictures; expected [H, W], [H, W, C] or [C, H, W] of at least "
          + "4 by 4 pixels")
    }
    return encoder
  }

  /// As pixels are scaled: from black, 0, to white, the greatest value of the type or of the attribute `valid_max`;
  /// what
  /// fills less than half of its type is shown over its own range, and so is floating point.
  private static func range(_ split: SplitSource, greatest: Float) -> FeatureTransform {
    guard split.featureType.isInteger, split.featureType.byteCount <= 2 || split.featureValidMaximum != nil else {
      return .identity
    }
    let unit = FeatureTransform.unit(split.featureType, validMaximum: split.featureValidMaximum)
    return split.featureValidMaximum == nil && greatest * unit.factor[0] < 0.5 ? .identity : unit
  }

  // MARK: What is known of samples

  /// Samples of a data set with their labels.
  ///
  /// - Parameters:
  ///   - path: as `DataSource.open` takes it, as `features` and `labels`.
  /// - Throws: also where samples are no pictures.
  package init(ofData path: String, features: String?, labels: String?) throws {
    let source = try DataSource.open(path, features: features, labels: labels, labelsRequired: false)
    guard let split = source.firstSplit else { throw Failure.data("\(path): no samples in it") }
    let rows = Self.rows(of: split.sampleCount)
    let ids = try split.sampleIDs()?.ids
    let targets = try split.values(.targets, rows: rows)
    try self.init(
      split, rows: rows, layout: .rows,
      zip(rows, targets).map { row, target in
        var lines = Self.text(target, split.names).map { [$0] } ?? []
        lines.append(ids.map { $0[row] } ?? "row \(row)")
        let box = Self.hasBoxes(split) ? CaptionedPicture.Box(Array(target.dropFirst()), isPredicted: false) : nil
        return (lines, [box].compactMap(\.self))
      })
  }

  /// Whether targets are a class and a box, as their columns are called.
  private static func hasBoxes(_ split: SplitSource) -> Bool {
    split.targetShape == [1 + boxSize] && split.names.targets?.first == "class"
  }

  /// A class by its name, or the first numbers; nil for nothing.
  private static func text(_ target: [Float], _ names: DataNames) -> String? {
    guard let first = target.first else { return nil }
    let isClass = target.count == 1 || names.targets?.first == "class"
    if isClass, let classes = names.classes, let index = Int(exactly: first), classes.indices.contains(index) {
      return classes[index]
    }
    return target.prefix(3).map { shortNumber(Double($0)) }.joined(separator: ", ") + (target.count > 3 ? ", …" : "")
  }

  /// Samples with what a model makes of them.
  init(_ samples: Samples, _ predictions: Predictions, of trained: TrainedModel) throws {
    let places = Self.rows(of: predictions.rows), rows = places.map { samples.rows[$0] }
    let task = try trained.task(samples.source)
    let words = OutputWords(
      trained.metadata.data.names, trained.metadata.targetTransform, size: trained.metadata.outputSize)
    let ids = try samples.source.sampleIDs()?.ids
    let width = predictions.outputs.count / max(1, predictions.rows)
    try self.init(
      samples.source, rows: rows, layout: trained.metadata.configuration.model.inputLayout,
      zip(places, rows).map { place, row in
        let outputs = Array(predictions.outputs[place * width..<(place + 1) * width])
        // Of the truth, a judgement takes no more here than how many numbers it has.
        let targets =
          switch task.loss.targetKind {
          case .classIndex: max(1, width / trained.metadata.outputSize)
          case .classAndBox: 1 + boxSize
          case .binary, .classDistribution, .values: width
          }
        let sample = JudgedSample(
          row: row, loss: 0, features: [], outputs: outputs, target: [Float](repeating: 0, count: targets))
        let judgement = task.judge(sample, words)
        let box = judgement.box.flatMap { CaptionedPicture.Box($0, isPredicted: true) }
        return ([judgement.prediction, ids.map { $0[row] } ?? "row \(row)"], [box].compactMap(\.self))
      })
  }
}
