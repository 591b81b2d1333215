import Basics
import Foundation
import NeuralNetwork
import NumericCore

/// Draws characters from what a model says of the next one, given the last T.
///
/// The model sees the text so far at the front of its T positions and the rest filled up; a causal model's answer at
/// the last character does not depend on what stands behind it.
package struct TextSampler {
  private let trained: TrainedModel
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
    self.trained = trained
    let shape = trained.metadata.inputShape, output = trained.model.outputShapes[0]
    guard let vocabulary = trained.metadata.data.names.characters, shape.rank == 1,
      output.extents == [shape[0], trained.metadata.outputSize],
      vocabulary.unicodeScalars.count >= trained.metadata.outputSize
    else {
      throw Failure.usage(
        "\(trained.path): is not of a model of characters; "
          + "train one on a file that data convert text made, with --model char-lstm"
      )
    }
    self.vocabulary = Array(vocabulary.unicodeScalars)
    self.temperature = temperature
    context = shape[0]
    random = RandomSource(seed: seed).stream(.synthesis)
    workspace = Workspace(model: trained.model, capacity: 1, values: trained.values, learns: false)
  }

  /// Appends a prompt.
  /// - Throws: if it is empty or holds a character that the model has not seen.
  package mutating func read(_ prompt: String) throws {
    for scalar in prompt.unicodeScalars {
      guard let index = vocabulary.firstIndex(of: scalar), index < trained.metadata.outputSize else {
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

  /// Draws the next character and appends it.
  package mutating func next() -> Unicode.Scalar {
    let recent = text.suffix(context)
    let input = workspace.input()
    input.update(repeating: 0)
    for (position, index) in recent.enumerated() { input[position] = Float(index) }
    workspace.forward(samples: 1, mode: .evaluation, values: trained.values)
    let classes = trained.metadata.outputSize
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
