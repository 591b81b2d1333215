import Foundation

/// The discrete Fourier transform of real numbers, by Cooley and Tukey's algorithm (1965) for any size: N values with
/// the prime factors p take N·Σp steps.
struct FourierTransform: Sendable {
  let size: Int
  /// The prime factors of the size, the smallest first.
  let factors: [Int]
  /// e^(−2πik/size) for k below size.
  private let cosines: [Double], sines: [Double]
  /// Which value comes first, second, … so that each stage finds side by side what it joins: for a power of two those
  /// whose index has its bits reversed.
  private let order: [Int]

  init(size: Int) {
    precondition(size >= 2, "a transform of \(size) values")
    self.size = size
    cosines = (0..<size).map { cos(2 * .pi * Double($0) / Double(size)) }
    sines = (0..<size).map { -sin(2 * .pi * Double($0) / Double(size)) }
    factors = Self.primeFactors(of: size)
    order = factors.reduce([0]) { order, factor in (0..<factor).flatMap { j in order.map { $0 * factor + j } } }
  }

  static func primeFactors(of number: Int) -> [Int] {
    var rest = number, factors: [Int] = [], factor = 2
    while factor * factor <= rest {
      if rest % factor == 0 {
        factors.append(factor)
        rest /= factor
      } else {
        factor += 1
      }
    }
    return rest > 1 ? factors + [rest] : factors
  }

  /// What a transform needs of memory, to be used again for the next.
  struct Workspace {
    fileprivate var real: [Double], imaginary: [Double]
    /// Of the values that a stage joins.
    fileprivate var terms: [(Double, Double)]
    /// |X[k]|² for k from 0 to size / 2.
    fileprivate(set) var power: [Double]
  }

  func workspace() -> Workspace {
    Workspace(
      real: .init(repeating: 0, count: size), imaginary: .init(repeating: 0, count: size),
      terms: .init(repeating: (0, 0), count: factors.last ?? 1), power: .init(repeating: 0, count: size / 2 + 1))
  }

  /// Leaves |X[k]|² of so many values in the workspace.
  func transform(_ values: UnsafeBufferPointer<Double>, in workspace: inout Workspace) {
    precondition(values.count == size, "\(values.count) values for a transform of \(size)")
    workspace.real.withUnsafeMutableBufferPointer { real in
      workspace.imaginary.withUnsafeMutableBufferPointer { imaginary in
        for (place, index) in order.enumerated() { (real[place], imaginary[place]) = (values[index], 0) }
        var length = 1
        for factor in factors {
          if factor == 2 {
            joinPairs(real, imaginary, length)
          } else {
            workspace.terms.withUnsafeMutableBufferPointer { join(real, imaginary, length, factor, $0) }
          }
          length *= factor
        }
        for k in 0...size / 2 { workspace.power[k] = real[k] * real[k] + imaginary[k] * imaginary[k] }
      }
    }
  }

  /// Joins transforms of `length` values, two by two.
  private func joinPairs(
    _ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>, _ length: Int
  ) {
    let stride = size / (2 * length)
    for start in Swift.stride(from: 0, to: size, by: 2 * length) {
      for k in 0..<length {
        let (c, s) = (cosines[k * stride], sines[k * stride])
        let (i, j) = (start + k, start + k + length)
        let (x, y) = (real[j] * c - imaginary[j] * s, real[j] * s + imaginary[j] * c)
        (real[j], imaginary[j]) = (real[i] - x, imaginary[i] - y)
        (real[i], imaginary[i]) = (real[i] + x, imaginary[i] + y)
      }
    }
  }

  /// The same, `factor` by `factor`: X[k + q·length] = Σⱼ Xⱼ[k] e^(−2πi·j·(k + q·length)/(factor·length)).
  private func join(
    _ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>, _ length: Int,
    _ factor: Int, _ terms: UnsafeMutableBufferPointer<(Double, Double)>
  ) {
    let stride = size / (factor * length)
    for start in Swift.stride(from: 0, to: size, by: factor * length) {
      for k in 0..<length {
        for j in 0..<factor {
          let (c, s) = (cosines[j * k * stride], sines[j * k * stride])
          let place = start + k + j * length
          terms[j] = (real[place] * c - imaginary[place] * s, real[place] * s + imaginary[place] * c)
        }
        for q in 0..<factor {
          var (x, y) = terms[0]
          for j in 1..<factor {
            let turn = j * q % factor * (size / factor)
            let (c, s) = (cosines[turn], sines[turn])
            x += terms[j].0 * c - terms[j].1 * s
            y += terms[j].0 * s + terms[j].1 * c
          }
          (real[start + k + q * length], imaginary[start + k + q * length]) = (x, y)
        }
      }
    }
  }
}
