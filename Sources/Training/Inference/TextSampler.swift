import Basics
import Checkpointing
import Foundation
import NeuralNetwork
import NumericCore

/// Draws characters from what a model says of the next one, given the last T.
///
/// The model sees the text so far at the front of its T positions and the rest filled up; a causal model's answer at
/// the last character does not depend on what stands behind it.
package struct TextSampler {
  private let values: ModelValues<Float>
  private let classes: Int
  /// What holds the values in memory; nil where a run does.
  private let trained: TrainedModel?
  private let workspace: Workspace<Float>
  private let vocabulary: [Unicode.Scalar]
  private let temperature: Double
  private let random: RandomSource
  private let context: Int
  private var text: [Int] = []
  private var drawn = 0

  /// - Throws: if the checkpoint is not of a model of characters.
  package init(_ checkpoint: GenerativeCheckpoint, seed: UInt64, temperature: Double) throws {
    let trained = checkpoint.trained
    guard
      let sampler = TextSampler(
        trained.model, trained.values, trained.metadata, trained: trained, seed: seed, temperature: temperature)
    else {
      throw Failure.usage(
        "\(trained.path): is not of a model of characters; "
          + "train one on a file that data convert text made, with --model char-lstm"
      )
    }
    self = sampler
  }

  /// - Parameters:
  ///   - trained: what holds the values in memory; nil where a run does.
  /// - Returns: nil for what is no model of characters.
  init?(
    _ model: Model<Float>, _ values: ModelValues<Float>, _ metadata: Checkpoint.Metadata, trained: TrainedModel? = nil,
    seed: UInt64, temperature: Double
  ) {
    let shape = metadata.inputShape
    guard let vocabulary = metadata.data.names.characters, shape.rank == 1,
      model.outputShapes[0].extents == [shape[0], metadata.outputSize],
      vocabulary.unicodeScalars.count >= metadata.outputSize
    else { return nil }
    (self.values, self.trained, classes) = (values, trained, metadata.outputSize)
    self.vocabulary = Array(vocabulary.unicodeScalars)
    self.temperature = temperature
    context = shape[0]
    random = RandomSource(seed: seed).stream(.synthesis)
    workspace = Workspace(model: model, capacity: 1, values: values, learns: false)
  }

  /// Appends a prompt.
  /// - Throws: if it is empty or holds a character that the model has not seen.
  package mutating func read(_ prompt: String) throws {
    for scalar in prompt.unicodeScalars {
      guard let index = vocabulary.firstIndex(of: scalar), index < classes else {
        throw Failure.usage(
          "--prompt: the character '\(scalar.escaped(asASCII: false))' "
            + "does not occur in the text that the model was trained on"
        )
      }
      text.append(index)
    }
    guard !text.isEmpty else {
      throw Failure.usage("--prompt: is empty, expected at least one character")
    }
  }

  /// Begins with a character that every text has: the end of a line, or the first of the vocabulary.
  mutating func readStart() { text.append(vocabulary.firstIndex(of: "\n").flatMap { $0 < classes ? $0 : nil } ?? 0) }

  /// Draws the next character and appends it.
  package mutating func next() -> Unicode.Scalar {
    let recent = text.suffix(context)
    let input = workspace.input()
    input.update(repeating: 0)
    for (position, index) in recent.enumerated() { input[position] = Float(index) }
    workspace.forward(samples: 1, mode: .evaluation, values: values)
    let logits = workspace.output().view((recent.count - 1) * classes..<recent.count * classes)
    let index = choose(logits)
    text.append(index)
    return vocabulary[index]
  }

  /// The class where the cumulative softmax of logits / temperature passes a uniform draw.
  private mutating func choose(_ logits: BufferView<Float>) -> Int {
    let likeliest = firstGreatest(logits)
    guard temperature > 0 else { return likeliest }
    let weights = logits.map { Double.exponential(Double($0 - logits[likeliest]) / temperature) }
    var draws = RandomSource.Generator(source: random, substream: drawn)
    drawn += 1
    var rest = draws.uniform() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return likeliest
  }
}
