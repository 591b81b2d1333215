import Basics
import HDF5Storage
import NumericCore
import Settings

/// A kind of data set with known properties, a function of its options and the seed alone: `/train/x`, `/train/y`,
/// `/test/x`, `/test/y`.
public protocol SyntheticData: DataRecipe {
  /// Samples of all splits together.
  var samples: Int { get set }
  var noise: Double { get set }
  /// What makes the samples; called after `check()`.
  func writer(seed: UInt64) -> any SplitWriter
}

/// Makes the samples of a data set, each a function of its number, in random order.
public protocol SplitWriter {
  /// Writes features and labels of some samples as the split's arrays.
  func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws
}

public enum SyntheticDataSets {
  /// In the order of `--help`.
  public static let all: [any SyntheticData.Type] = [
    LinearData.self, ClassificationData.self, MoonsData.self, BlobsData.self, SpiralsData.self, ShapesData.self,
    TonesData.self,
  ]
}

extension SyntheticData {
  /// Makes the data set.
  ///
  /// - Parameters:
  ///   - testFraction: of the samples, in the test split; 0 for none.
  ///   - gzip: level 1 to 9, or 0 for arrays stored contiguous.
  /// - Throws: a `UserFacingError`: of usage for sizes that do not go together, of data if the file cannot be written.
  @discardableResult
  public func make(
    output: String, seed: UInt64 = 0, testFraction: Double = 0.2, gzip: Int = 0
  ) throws -> WrittenData {
    try check()
    try checkMemory(available: MemoryBudget.available)
    var trainCount = samples
    if testFraction != 0 {
      let testCount = TestSplit.testCount(of: samples, fraction: testFraction)
      trainCount -= testCount
      try TestSplit.check(train: trainCount, test: testCount, fraction: testFraction)
    }
    let writer = writer(seed: seed)
    let file = try OutputFile(path: output, gzip: gzip)
    // The samples are in random order already: the last ones can be the test split.
    for (split, rows) in [("train", 0..<trainCount), ("test", trainCount..<samples)] where !rows.isEmpty {
      try writer.write(rows, split: split, to: file)
    }
    try file.file.setAttribute("source", to: "synthetic: \(name), seed \(seed)")
    return try file.commit()
  }

  /// - Parameter available: bytes; nil where the system does not say.
  /// - Throws: where what is kept of all samples until they are written, their order and their labels, is more.
  private func checkMemory(available: Int?) throws {
    let bytesOfSample = 24
    guard let available, samples > available / bytesOfSample else { return }
    throw Failure.usage(
      "--samples: the labels of \(grouped(samples)) samples take \(shortBytes(Double(samples * bytesOfSample))), but "
        + "\(shortBytes(Double(available))) of memory are available; expected at most "
        + "\(grouped(available / bytesOfSample))")
  }

  /// The options that all kinds have.
  ///
  /// - Parameters:
  ///   - noise: what a kind understands by it.
  ///   - limits: of the noise.
  static func commonOptions(noise: String, _ limits: Interval<Double> = .closed(0, 1e6)) -> [Option<Self>] {
    [
      Option("--samples", \Self.samples, "N", .closed(1, Int(Int32.max)), "samples of both splits together"),
      Option("--noise", \Self.noise, "S", limits, noise),
    ]
  }

  /// - Throws: where there is not a sample for each class.
  func checkSamples(_ classes: Int) throws {
    guard samples < classes else { return }
    throw Failure.usage("--samples: expected at least \(classes), one a class, found \(samples)")
  }
}

/// The draws of a kind: streams of `RandomSource(seed).stream(.synthesis, number, part)`.
///
/// Part 0 is the permutation that deals classes to samples, part 1 what all samples share, part 2 the samples, with a
/// lane for each. The kinds of vectors and shapes are numbered from 0, in the order in which they came to be; a number
/// is never used again.
struct SynthesisStreams {
  let classes: RandomSource
  private let common: RandomSource
  private let samples: RandomSource

  init(seed: UInt64, number: Int, samplePart: Int = 2) {
    let source = RandomSource(seed: seed)
    classes = source.stream(.synthesis, number, 0)
    common = source.stream(.synthesis, number, 1)
    samples = source.stream(.synthesis, number, samplePart)
  }

  /// The draws that all samples share, from the first on.
  var shared: RandomSource.Generator { RandomSource.Generator(source: common) }

  /// The draws of one sample.
  func sample(_ index: Int) -> RandomSource.Generator { RandomSource.Generator(source: samples, substream: index) }
}
