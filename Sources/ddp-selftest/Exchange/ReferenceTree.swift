import NumericCore

/// The tree sum by its recursive definition, as an independent reference: a subtree of 2ᵏ leaves is the sum of its two
/// halves, and a half without leaves is left out.
enum ReferenceTree {
  /// Adds vectors element by element.
  static func sum<S: BinaryFloatingPoint>(_ leaves: [[S]]) -> [S] {
    var width = 1
    while width < leaves.count { width *= 2 }
    return subtree(leaves, first: 0, width: width)
  }

  /// Adds every property.
  static func sum(_ leaves: [StepScalars]) -> StepScalars {
    func sum(_ property: WritableKeyPath<StepScalars, Double>, into sums: inout StepScalars) {
      sums[keyPath: property] = Self.sum(leaves.map { [$0[keyPath: property]] })[0]
    }
    var sums = StepScalars()
    for property in [\StepScalars.loss, \.correct, \.samples, \.weight, \.counted, \.stop, \.secondLoss] {
      sum(property, into: &sums)
    }
    return sums
  }

  private static func subtree<S: BinaryFloatingPoint>(_ leaves: [[S]], first: Int, width: Int) -> [S] {
    if width == 1 { return leaves[first] }
    let left = subtree(leaves, first: first, width: width / 2)
    guard first + width / 2 < leaves.count else { return left }
    let right = subtree(leaves, first: first + width / 2, width: width / 2)
    return left.indices.map { left[$0] + right[$0] }
  }
}

/// Test values.
enum Values {
  /// A number of either sign with a magnitude of 2⁻⁸ to 2⁸, so that sums in another order have other bits.
  static func spread(_ word: UInt32) -> Float {
    let fraction = Float(word >> 8) * 0x1p-24 - 0.5
    let exponent = Int(word & 15) - 7
    return fraction * Float(sign: .plus, exponent: exponent, significand: 1)
  }

  /// Overwrites `values` with draws of one substream.
  static func fill(_ values: BufferView<Float>, from random: RandomSource, substream: Int) {
    var i = 0
    while i < values.count {
      let words = random.words(i / 4, substream: substream)
      for j in 0..<min(4, values.count - i) { values[i + j] = spread(words[j]) }
      i += 4
    }
  }
}
