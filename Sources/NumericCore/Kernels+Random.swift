extension RandomSource {
  /// Overwrites `mask` with 0 at probability p and 1 / (1 − p) elsewhere: element i of substream `lane`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func fillDropoutMask<S: Scalar>(_ mask: Window<S>, lane: Int, probability: Double) {
    // A word below the threshold drops its element: p is met to within 2⁻³².
    let threshold = UInt32(min(probability * 0x1p32, Double(UInt32.max)))
    let kept = S(1 / (1 - probability))
    var block = 0
    while block * 4 < mask.count {
      let words = words(block, lane: lane)
      for i in 0..<min(4, mask.count - block * 4) { mask[block * 4 + i] = words[i] < threshold ? 0 : kept }
      block += 1
    }
  }
}

extension ParameterLayout.Entry {
  /// Overwrites `values` (this entry's elements) with its initial values, drawn from `source` under lane `index`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func initialize<S: Scalar>(_ values: Window<S>, from source: RandomSource, index: Int) {
    precondition(values.count == range.count, "\(values.count) elements for \(name) of \(shape)")
    switch initializer {
    case .zeros: values.update(repeating: 0)
    case .ones: values.update(repeating: 1)
    case .kaimingUniform(let fanIn):
      source.fillUniform(values, bound: (6 / Double(fanIn)).squareRoot(), lane: index)
    case .xavierUniform(let fanIn, let fanOut):
      source.fillUniform(values, bound: (6 / Double(fanIn + fanOut)).squareRoot(), lane: index)
    }
  }
}

extension RandomSource {
  /// Overwrites `values` with draws that are uniform on ±`bound`.
  func fillUniform<S: Scalar>(_ values: Window<S>, bound: Double, lane: Int) {
    for i in values.indices {
      let word = words(i / 4, lane: lane)[i % 4]
      values[i] = S((2 * (Double(word) + 0.5) * 0x1p-32 - 1) * bound)
    }
  }
}

extension ParameterLayout {
  /// Overwrites a flat buffer of this layout with initial values; alignment gaps are zeroed.
  public func initialize<S: Scalar>(_ values: Window<S>, seed: UInt64) {
    precondition(values.count == count, "\(values.count) elements for a layout of \(count)")
    values.update(repeating: 0)
    let source = RandomSource(seed: seed).stream(.initialization)
    for (index, entry) in entries.enumerated() {
      entry.initialize(values.window(entry.range), from: source, index: index)
    }
  }
}
