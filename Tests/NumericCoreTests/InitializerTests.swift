import Foundation
import NumericCore
import TestSupport
import Testing

@Suite("Normal, truncated and orthogonal initialisers")
struct InitializerTests {
  func initialize(_ initializer: Initializer, shape: Shape = [40_000], seed: UInt64 = 2) -> [Double] {
    var layout = ParameterLayout()
    layout.append(name: "weight", shape: shape, initializer: initializer)
    let values = output([Double](repeating: .nan, count: layout.count)) { layout.initialize($0, seed: seed) }
    return Array(values[layout.entries[0].range])
  }

  /// The share of `values` below `bound`.
  private func share(_ values: [Double], below bound: Double) -> Double {
    Double(values.count { $0 < bound }) / Double(values.count)
  }

  /// Shares of n = 40,000 draws have standard errors of at most 1/(2√n) = 0.0025: five of them are 0.0125.
  @Test(
    "Normal with the formula's deviation",
    arguments: [
      (Initializer.kaimingNormal(fanIn: 8), 0.5), (Initializer.xavierNormal(fanIn: 3, fanOut: 5), 0.5),
    ])
  func normal(initializer: Initializer, deviation: Double) {
    let values = initialize(initializer)
    for z in [-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3] {
      #expect(abs(share(values, below: z * deviation) - 0.5 * (1 + erf(z / 2.0.squareRoot()))) < 0.0125, "\(z)")
    }
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    // The variance of a variance is 2σ⁴/n.
    #expect(abs(variance - deviation * deviation) < 5 * deviation * deviation * (2.0 / 40_000).squareRoot())
    #expect(values.map { abs($0) }.max()! > 3.5 * deviation)
  }

  @Test("Neighbours are not correlated, within a draw or between draws")
  func independence() {
    let values = initialize(.kaimingNormal(fanIn: 2))
    for distance in 1...5 {
      let covariance = zip(values, values.dropFirst(distance)).reduce(0) { $0 + $1.0 * $1.1 } / 40_000
      #expect(abs(covariance) < 5 / 40_000.0.squareRoot(), "at distance \(distance)")
    }
  }

  @Test("Truncated at two deviations, normal within")
  func truncated() {
    let values = initialize(.truncatedNormal(standardDeviation: 0.02))
    #expect(values.allSatisfy { abs($0) <= 0.04 } && values.map { abs($0) }.max()! > 0.039)
    let inside = erf(2 / 2.0.squareRoot())
    for z in [-1.5, -1, 0, 0.5, 1] {
      let expected = 0.5 + 0.5 * erf(z / 2.0.squareRoot()) / inside
      #expect(abs(share(values, below: z * 0.02) - expected) < 0.0125, "\(z)")
    }
  }

  /// Rows or columns are orthonormal to double precision: dot products of up to 75 terms of size up to 1.
  @Test("Orthogonal", arguments: [[5, 5], [7, 40], [40, 7], [6, 3, 5, 5], [1, 9], [9, 1], [1, 1], [4]])
  func orthogonal(extents: [Int]) {
    let values = initialize(.orthogonal, shape: Shape(extents))
    let rows = extents[0], columns = values.count / rows
    func element(_ row: Int, _ column: Int) -> Double { values[row * columns + column] }
    let byRows = rows <= columns
    for i in 0..<min(rows, columns) {
      for j in 0...i {
        let product = (0..<max(rows, columns)).reduce(0) {
          $0 + (byRows ? element(i, $1) * element(j, $1) : element($1, i) * element($1, j))
        }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-14, "\(extents): \(i), \(j)")
      }
    }
  }

  @Test("Keyed by the seed", arguments: [
    Initializer.kaimingNormal(fanIn: 2), .xavierNormal(fanIn: 1, fanOut: 2), .truncatedNormal(standardDeviation: 1),
    .orthogonal,
  ])
  func keys(initializer: Initializer) {
    #expect(initialize(initializer, shape: [3, 5]) == initialize(initializer, shape: [3, 5]))
    #expect(initialize(initializer, shape: [3, 5]) != initialize(initializer, shape: [3, 5], seed: 3))
    #expect(initialize(initializer, shape: [0]).isEmpty)
  }
}
