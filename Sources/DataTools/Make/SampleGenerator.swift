import Foundation
import NumericCore

/// One sample of a synthetic data set as a function of its number; what all samples share is drawn once.
///
/// Streams of `RandomSource(seed).stream(.synthesis, kind, part)`: part 0 the permutation that deals classes to samples,
/// part 1 the shared draws, part 2 the samples, with a substream for each sample.
struct SampleGenerator {
  let kind: SynthesisKind
  let features: Int
  /// 0 for a regression.
  let classes: Int
  let noise: Double
  /// linear: the true weight [features] and bias.
  let weight: [Double]
  let bias: Double
  /// blobs, classification: the centre of each class, [classes][features].
  private let centers: [[Double]]
  /// classification: for each class the matrix [informative, informative] that its Gaussian cloud is multiplied by.
  private let mixings: [[Double]]
  /// classification: the first features, which tell the classes apart.
  private let informative: Int
  /// nil for a regression.
  private let deal: ClassDeal?
  private let samples: RandomSource

  init(kind: SynthesisKind, count: Int, features: Int, classes: Int, noise: Double, seed: UInt64) {
    self.kind = kind
    self.features = features
    self.classes = classes
    self.noise = noise
    let number = SynthesisKind.allCases.firstIndex(of: kind) ?? 0
    let source = RandomSource(seed: seed)
    deal = classes == 0 ? nil : ClassDeal(count: count, classes: classes, random: source.stream(.synthesis, number, 0))
    samples = source.stream(.synthesis, number, 2)
    var shared = RandomSource.Generator(source: source.stream(.synthesis, number, 1))
    let informative = Self.informativeCount(features: features, classes: classes)
    self.informative = informative
    weight = kind == .linear ? (0..<features).map { _ in shared.normal() } : []
    bias = kind == .linear ? shared.normal() : 0
    switch kind {
    case .blobs:
      centers = (0..<classes).map { _ in (0..<features).map { _ in 20 * shared.uniform() - 10 } }
      mixings = []
    case .classification:
      centers = Self.corners(classes, of: informative, &shared)
      mixings = (0..<classes).map { _ in (0..<(informative * informative)).map { _ in 2 * shared.uniform() - 1 } }
    case .linear, .moons, .spirals, .shapes, .tones:
      centers = []
      mixings = []
    }
  }

  /// Half of the features, but enough for the classes to have a corner each and, with two classes, a plane to lie in.
  static func informativeCount(features: Int, classes: Int) -> Int {
    let needed = Int(log2(Double(max(2, classes))).rounded(.up))
    return min(features, max(needed, 2, features / 2))
  }

  /// `count` different corners of the hypercube {−1, 1}^dimensions.
  private static func corners(_ count: Int, of dimensions: Int, _ generator: inout RandomSource.Generator) -> [[Double]]
  {
    var corners: [[Double]] = []
    while corners.count < count {
      let corner = (0..<dimensions).map { _ in generator.uniform() < 0.5 ? -1.0 : 1.0 }
      if !corners.contains(corner) { corners.append(corner) }
    }
    return corners
  }

  /// Writes the features of sample `index` and returns its class, or its target for a regression.
  func sample(_ index: Int, into row: UnsafeMutableBufferPointer<Float>) -> Double {
    var generator = RandomSource.Generator(source: samples, substream: index)
    guard let deal else {
      var target = bias
      for feature in 0..<features {
        let value = generator.normal()
        row[feature] = Float(value)
        target += weight[feature] * value
      }
      return target + noise * generator.normal()
    }
    let label = deal.label(index)
    let (place, size) = deal.place(index)
    switch kind {
    case .moons:
      let t = Double.pi * (size > 1 ? Double(place) / Double(size - 1) : 0)
      let point = label == 0 ? (cos(t), sin(t)) : (1 - cos(t), 0.5 - sin(t))
      row[0] = Float(point.0 + noise * generator.normal())
      row[1] = Float(point.1 + noise * generator.normal())
    case .spirals:
      let radius = Double(place + 1) / Double(size)
      let angle = 2 * Double.pi * (radius + Double(label) / Double(classes))
      row[0] = Float(radius * cos(angle) + noise * generator.normal())
      row[1] = Float(radius * sin(angle) + noise * generator.normal())
    case .blobs:
      for feature in 0..<features { row[feature] = Float(centers[label][feature] + noise * generator.normal()) }
    case .classification, .linear, .shapes, .tones:
      return Double(classificationSample(label, &generator, into: row))
    }
    return Double(label)
  }

  private func classificationSample(
    _ label: Int, _ generator: inout RandomSource.Generator, into row: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    let cloud = (0..<informative).map { _ in generator.normal() }
    for feature in 0..<informative {
      var value = centers[label][feature]
      for k in 0..<informative { value += cloud[k] * mixings[label][k * informative + feature] }
      row[feature] = Float(value)
    }
    for feature in informative..<features { row[feature] = Float(generator.normal()) }
    // One draw decides, another names the class, so that more noise only adds to the labels that are replaced.
    let decision = generator.uniform()
    let replacement = Int(generator.next(upperBound: UInt32(classes)))
    return decision < noise ? replacement : label
  }
}
