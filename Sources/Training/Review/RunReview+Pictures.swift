import Basics
import DataPipeline
import Foundation
internal import Reports
import Settings

extension RunReview {
  func picturesJSON(_ seen: EvaluationSurvey.Result?) throws -> JSONValue {
    guard let pictures else { return .null }
    let split = JSONValue.string(data.test == nil ? "val" : "test")
    return [
      "training": .array(try trainingPictures(pictures)), "split": split,
      "samples": .array(picturesOf(seen?.pictures ?? [], pictures)),
      "worst": .array(picturesOf(seen?.worst ?? [], pictures)),
    ]
  }

  private func picturesOf(_ samples: [JudgedSample], _ encoder: PictureEncoder) -> [JSONValue] {
    let judgements = samples.map { trainer.task.judge($0, words) }
    let files = encoder.files(samples.map(\.features) + judgements.compactMap(\.picture))
    var second = samples.count
    return zip(samples, judgements).enumerated().map { index, item in
      let (sample, judgement) = item
      var members: [JSONValue.Member] = [
        .init("png", .string(files[index].base64EncodedString())), .init("row", .integer(sample.row)),
        .init("loss", .finite(sample.loss)), .init("truth", .string(judgement.truth)),
        .init("prediction", .string(judgement.prediction)), .init("wrong", .bool(judgement.isWrong)),
      ]
      if judgement.picture != nil {
        members.append(.init("second", .string(files[second].base64EncodedString())))
        second += 1
      }
      for (key, box) in [("true_box", judgement.trueBox), ("box", judgement.box)] {
        if let box { members.append(.init(key, .array(box.map { .finite(Double($0)) }))) }
      }
      return .object(members)
    }
  }

  /// The first samples of shard 0 in the first epoch, as the first step's draws would change them.
  private func trainingPictures(_ encoder: PictureEncoder) throws -> [JSONValue] {
    let samples = try trainer.trainingSamples(EvaluationSurvey.pictureCount)
    let words = words
    return zip(encoder.files(samples.map(\.features)), samples).map { file, sample in
      var members: [JSONValue.Member] = [
        .init("png", .string(file.base64EncodedString())), .init("row", .integer(sample.row)),
      ]
      if trainer.task.isLabelled, sample.target.count == 1 {
        members.append(.init("truth", .string(words.className(Int(sample.target[0])))))
      }
      return .object(members)
    }
  }

  func worstJSON(_ sample: JudgedSample) -> JSONValue {
    let judgement = trainer.task.judge(sample, words)
    return [
      "row": .integer(sample.row), "loss": .finite(sample.loss), "truth": .string(judgement.truth),
      "prediction": .string(judgement.prediction),
    ]
  }

  // MARK: What a model makes by itself

  private static let textLength = 300
  private static let temperature = 0.8
  private static let sampleCount = 36

  var generated: JSONValue {
    let seed = metadata.configuration.seed
    if let generator = SampleGenerator(trainer, metadata), let pictures = generator.pictures {
      let grid = pictures.grid(generator.samples(Self.sampleCount, seed: seed))
      return ["grid": .string(grid.file.base64EncodedString()), "count": .integer(Self.sampleCount)]
    }
    guard
      var sampler = TextSampler(
        trainer.model, trainer.values, metadata, seed: seed, temperature: Self.temperature)
    else { return .null }
    sampler.readStart()
    var text = ""
    for _ in 0..<Self.textLength { text.unicodeScalars.append(sampler.next()) }
    return ["text": .string(text), "temperature": .number(Self.temperature)]
  }
}
