import Basics
import HDF5Storage

/// Makes data sets with known properties, a function of kind, size, noise and seed alone.
public enum DataSynthesis {
  /// Makes `/train/x` float32 [N, features], `/train/y`, `/test/x` and `/test/y`; classes come out equal in number, in random order.
  ///
  /// With ε ~ N(0, 1) independent everywhere and σ the noise:
  /// - linear: x ~ N(0, 1)^D, y = x · weight + bias + σε, float32, with weight and bias drawn once from N(0, 1); the attributes
  ///   `weight`, `bias` and `noise` of `/train/y` hold them (scikit-learn's `make_regression`, all features informative,
  ///   the weights not scaled by 100).
  /// - classification: of D features the first I = max(D/2, ⌈log₂ K⌉, 2) tell the classes apart: x = cₖ + ε · Aₖ, with cₖ a corner
  ///   of {−1, 1}^I for each class and Aₖ [I, I] uniform on (−1, 1); the others are N(0, 1). A fraction σ of the labels
  ///   is drawn anew (`make_classification` with one cluster a class, nothing redundant, in one fixed feature order).
  /// - moons: with t evenly spaced on [0, π], class 0 at (cos t, sin t), class 1 at (1 − cos t, ½ − sin t), plus σε (`make_moons`).
  /// - blobs: cₖ + σε with each centre cₖ uniform on (−10, 10)^D (`make_blobs`).
  /// - spirals: arm k of K, with r evenly spaced on (0, 1]: r · (cos a, sin a) + σε, a = 2π(r + k/K).
  /// - shapes: images uint8 [N, 32, 32, 3] of one shape each, with float32 [N, 5] of class, x centre, y centre, width and height; see
  ///   `ShapeGenerator`.
  /// - tones: x [N, 48, 32] and y uint8; see `ToneGenerator`.
  ///
  /// - Throws: `Failure`: `.usage` for sizes that are out of range or that the kind does not have, `.data` if the file cannot
  ///   be written.
  @discardableResult
  public static func make(
    kind: SynthesisKind, output: String, options: SynthesisOptions = SynthesisOptions()
  ) throws -> ConversionSummary {
    let generator = try generator(kind, options)
    let samples = options.samples ?? kind.defaults.samples
    var trainCount = samples
    if options.testFraction != 0 {
      try TestSplit.check(fraction: options.testFraction)
      let testCount = TestSplit.testCount(of: samples, fraction: options.testFraction)
      trainCount -= testCount
      try TestSplit.check(train: trainCount, test: testCount, fraction: options.testFraction)
    }
    let file = try OutputFile(path: output, gzip: options.gzip)
    // The samples are in random order already: the last ones can be the test split.
    for (split, rows) in [("train", 0..<trainCount), ("test", trainCount..<samples)] where !rows.isEmpty {
      try generator.write(rows, split: split, to: file)
    }
    try file.file.setAttribute("source", to: "synthetic: \(kind.rawValue), seed \(options.seed)")
    return try file.commit()
  }

  /// Checks the options against the kind and fills in its defaults.
  private static func generator(_ kind: SynthesisKind, _ options: SynthesisOptions) throws
    -> any SplitSynthesizer
  {
    if kind == .shapes { return try shapeGenerator(options) }
    let defaults = kind.defaults
    let features = options.features ?? defaults.features
    let classes = options.classes ?? defaults.classes ?? 0
    let noise = options.noise ?? defaults.noise
    let samples = options.samples ?? defaults.samples
    guard kind.hasFreeFeatures || features == defaults.features else {
      let reason = kind == .tones ? "are spectrograms of fixed size" : "lie in a plane"
      throw Failure.usage("--features \(features): \(kind.rawValue) \(reason) and have \(defaults.features) features")
    }
    guard kind.hasFreeClasses || options.classes == nil || options.classes == defaults.classes else {
      let reason = kind == .linear ? "a regression has no classes" : "\(kind.rawValue) are \(defaults.classes ?? 0)"
      throw Failure.usage("--classes \(classes): \(reason)")
    }
    guard (1...65_536).contains(features) else { throw Failure.usage("--features \(features): expected 1 to 65536") }
    guard kind == .linear || (2...65_536).contains(classes) else {
      throw Failure.usage("--classes \(classes): expected 2 to 65536")
    }
    guard kind != .tones || classes <= ToneGenerator.words.count else {
      throw Failure.usage("--classes \(classes): tones make \(ToneGenerator.words.count) words, expected 2 to that many")
    }
    let informative = SampleGenerator.informativeCount(features: features, classes: classes)
    guard kind != .classification || informative >= 17 || classes <= 1 << informative else {
      throw Failure.usage(
        "--classes \(classes): \(features) features have only \(1 << informative) corners to put classes at; raise --features"
      )
    }
    guard samples > 0, samples >= classes, samples <= Int(Int32.max) else {
      throw Failure.usage("--samples \(samples): expected \(max(1, classes)) to \(Int32.max)")
    }
    guard noise >= 0, noise.isFinite, kind != .classification || noise <= 1 else {
      throw Failure.usage("--noise \(noise): expected \(kind == .classification ? "a fraction of 0 to 1" : "0 or more")")
    }
    if kind == .tones {
      return ToneGenerator(count: samples, classes: classes, noise: noise, seed: options.seed)
    }
    return SampleGenerator(
      kind: kind, count: samples, features: features, classes: classes, noise: noise, seed: options.seed)
  }
}

/// Makes the samples of a data set, each a function of its number.
protocol SplitSynthesizer {
  /// Writes features and labels of some samples as the split's arrays.
  func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws
}

extension SampleGenerator: SplitSynthesizer {
  func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws {
    let width = features
    let rowsOfFeatures = try file.create("/\(split)/x", shape: [samples.count, width], elementType: .float32)
    let block = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: min(samples.count, max(1, 1 << 20 / width)) * width)
    defer { block.deallocate() }
    var labels: [Double] = []
    labels.reserveCapacity(samples.count)
    for start in stride(from: 0, to: samples.count, by: block.count / width) {
      let rows = start..<min(start + block.count / width, samples.count)
      for row in rows {
        let place = (row - start) * width
        labels.append(
          sample(samples.lowerBound + row, into: .init(rebasing: block[place..<(place + width)])))
      }
      let written = UnsafeMutableBufferPointer(rebasing: block[..<(rows.count * width)])
      try rowsOfFeatures.write(rows: rows, from: UnsafeRawBufferPointer(written))
    }
    let labelPath = "/\(split)/y"
    guard classes == 0 else {
      return try file.write(labelPath, shape: [samples.count], labels.map { Int32($0) })
    }
    try file.write(labelPath, shape: [samples.count], labels.map { Float($0) })
    // An attribute holds 64 KiB; wider weights stand beside the data.
    if width <= 8_000 {
      try file.file.setAttribute("weight", to: weight, of: labelPath)
    } else if split == "train" {
      try file.file.write("/truth/weight", shape: [width], elements: weight)
    }
    try file.file.setAttribute("bias", to: bias, of: labelPath)
    try file.file.setAttribute("noise", to: noise, of: labelPath)
  }
}
