import Basics
import DataPipeline
import Interchange
import NumericCore
internal import Reports

/// What a run's data and its model look like: samples for TensorBoard, the same from epoch to epoch.
struct RunSamples {
  private let run: RecordedRun
  private static let pictureCount = 16
  private static let characterCount = 200
  /// A seed of its own, so that a run's samples can be compared from epoch to epoch.
  private static let seed: UInt64 = 1

  init(_ run: RecordedRun) { self.run = run }

  /// The first samples of the first shard, where they are pictures.
  func atStart() throws -> [TensorBoardValue] {
    let store = run.data.train, width = store.source.featureShape.elementCount
    guard let pictures = SamplePictures(run.metadata) else { return [] }
    let count = min(Self.pictureCount, store.partition.count(ofShard: 0))
    let features = FlatBuffer<Float>(count: count * width), ids = FlatBuffer<Int>(count: count)
    let targets = FlatBuffer<Float>(count: count * store.source.targetSize)
    let positions = FlatBuffer(Array(0..<Int32(count)))
    try store.fill(
      BatchRows(features: features.view, targets: targets.view, sampleIDs: ids.view), shard: 0,
      positions: UnsafeBufferPointer(positions.view))
    var samples = Array(features.view)
    run.metadata.transform.invert(&samples)
    return [TensorBoardValue("samples/data", Self.image(pictures.grid(samples)))]
  }

  /// What a generator or a model of characters makes now.
  func afterEpoch() -> [TensorBoardValue] {
    let trainer = run.trainer
    if let generator = SampleGenerator(trainer, run.metadata), let pictures = generator.pictures {
      let samples = generator.samples(Self.pictureCount, seed: Self.seed)
      return [TensorBoardValue("samples/generated", Self.image(pictures.grid(samples)))]
    }
    guard
      var sampler = TextSampler(trainer.model, trainer.values, run.metadata, seed: Self.seed, temperature: 1)
    else { return [] }
    sampler.readStart()
    var text = ""
    for _ in 0..<Self.characterCount where !StopSignal.isRequested { text.unicodeScalars.append(sampler.next()) }
    return [TensorBoardValue("samples/text", .text(TensorBoardRecorder.code(text)))]
  }

  private static func image(_ picture: PNGImage) -> TensorBoardValue.Content {
    .image(width: picture.width, height: picture.height, channels: picture.channels, file: Array(picture.file))
  }
}
