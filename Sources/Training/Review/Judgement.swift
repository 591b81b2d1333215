import Basics
import DataPipeline
import NeuralNetwork
import NumericCore

/// A sample that was evaluated.
struct JudgedSample {
  /// Of the split.
  let row: Int
  let loss: Double
  /// Scaled, [feature size].
  let features: [Float]
  let outputs: [Float]
  let target: [Float]
}

/// What a model makes of a sample beside what is true, in words and pictures.
struct Judgement {
  var truth: String
  var prediction: String
  var isWrong = false
  /// [x centre, y centre, width, height], relative to the image.
  var trueBox: [Float]?
  var box: [Float]?
  /// Features that the model gives, scaled.
  var picture: [Float]?
}

/// What outputs are called.
struct OutputWords {
  /// Of classes or outputs, by index; nil where the data name none.
  let names: [String]?
  let transform: TargetTransform
  /// Classes, or target values.
  let size: Int
  /// Above which logits the answers are yes; empty for 0.
  let thresholds: [Float]

  init(_ names: DataNames, _ transform: TargetTransform, size: Int, thresholds: [Float] = []) {
    self.thresholds = thresholds
    self.names = names.classNames ?? names.outputs(size)
    (self.transform, self.size) = (transform, size)
  }

  /// Whether an output says yes.
  func isYes(_ logit: Float, _ output: Int) -> Bool { logit > (thresholds.isEmpty ? 0 : thresholds[output]) }

  func className(_ index: Int) -> String {
    guard let names, names.indices.contains(index) else { return "\(transform.label(ofClass: index))" }
    // Characters that would not be seen.
    return [" ": "space", "\n": "line break", "\t": "tab"][names[index]] ?? names[index]
  }

  func outputName(_ index: Int) -> String {
    if let names, names.count == size { return names[index] }
    return size == 1 ? "value" : "output \(index)"
  }
}

/// What a model of a task makes by itself.
enum GeneratedKind: Sendable { case nothing, samples, text }

extension LearningTask {
  var generates: GeneratedKind { .nothing }

  func judge(_ sample: JudgedSample, _ words: OutputWords) -> Judgement {
    switch loss.targetKind {
    case .classIndex, .classAndBox: judgeLabels(sample.outputs, sample.target, words)
    case .classDistribution:
      judgeLabels(sample.outputs, [Float(sample.target.max().flatMap(sample.target.firstIndex) ?? 0)], words)
    case .binary: judgeAnswers(sample.outputs, sample.target, words)
    case .values:
      Judgement(
        truth: valueText(sample.target, words), prediction: valueText(sample.outputs, words), isWrong: false)
    }
  }

  /// - Parameter outputs: logits [K], or [T, K] for labels of T positions.
  func judgeLabels(_ outputs: [Float], _ labels: [Float], _ words: OutputWords) -> Judgement {
    let classes = outputs.count / max(1, labels.count)
    let logits = FlatBuffer(outputs)
    let found = labels.indices.map { place in
      if let threshold = words.thresholds.first, classes == 2 {
        return outputs[2 * place + 1] - outputs[2 * place] > threshold ? 1 : 0
      }
      return firstGreatest(logits.view.view(place * classes..<(place + 1) * classes))
    }
    let right = zip(found, labels).count { $0 == Int($1) }
    guard labels.count == 1 else {
      let counted = labels.count { $0 >= 0 }
      return Judgement(
        truth: plural(counted, "position"), prediction: "\(grouped(right)) right", isWrong: right < counted)
    }
    var prediction = words.className(found[0])
    if loss.givesProbabilities {
      softmaxRows(logits.view, classes: classes)
      prediction += " · " + shareText(logits.view[found[0]])
    }
    return Judgement(truth: words.className(Int(labels[0])), prediction: prediction, isWrong: right == 0)
  }

  private func judgeAnswers(_ outputs: [Float], _ targets: [Float], _ words: OutputWords) -> Judgement {
    let answers = outputs.indices.map { words.isYes(outputs[$0], $0) }
    let isWrong = zip(answers, targets).contains { $0 != ($1 > 0.5) }
    guard outputs.count == 1 else {
      func text(_ isThere: (Int) -> Bool) -> String {
        let names = outputs.indices.filter(isThere).map(words.outputName)
        return names.isEmpty ? "none" : names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
      }
      return Judgement(truth: text { targets[$0] > 0.5 }, prediction: text { answers[$0] }, isWrong: isWrong)
    }
    let share = 1 / (1 + Float.exponential(-outputs[0])), isYes = answers[0]
    return Judgement(
      truth: words.className(targets[0] > 0.5 ? 1 : 0),
      prediction: words.className(isYes ? 1 : 0)
        + (loss.givesProbabilities ? " · " + shareText(isYes ? share : 1 - share) : ""), isWrong: isWrong)
  }

  private func valueText(_ values: [Float], _ words: OutputWords) -> String {
    let shown = words.transform.kind == .standard ? words.transform.inverted(values) : values.map(Double.init)
    return shown.prefix(3).map(shortNumber).joined(separator: ", ") + (shown.count > 3 ? ", …" : "")
  }

  /// With a space that does not break.
  private func shareText(_ share: Float) -> String {
    // Outputs of a run that has diverged may be no numbers.
    share.isFinite ? "\(Int((share * 100).rounded()))\u{A0}%" : "not a number"
  }
}
