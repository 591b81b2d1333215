import Foundation
import NumericCore

/// Shows that every thread that computes takes subnormal numbers for zero: this one, and OpenBLAS's for any number of
/// them.
enum SubnormalCase {
  static func run() throws -> String {
    try expect(Subnormals.areFlushed, "the main thread keeps subnormal numbers")
    let small = FlatBuffer<Float>([1e-20, 1e-20, .leastNormalMagnitude / 2])
    let (product, operand) = (small.view[0] * small.view[1], small.view[2] * 1e10)
    try expect(product.bitPattern == 0, "a product is \(product), expected zero")
    try expect(operand.bitPattern == 0, "a subnormal operand gave \(operand), expected zero")

    // Each thread computes a part of the rows or columns.
    let size = 512, factor = FlatBuffer<Float>(count: size * size), result = FlatBuffer<Float>(count: size * size)
    factor.view.update(repeating: 1e-20)
    let matrix = Matrix(factor.view, rows: size, columns: size)
    for threads in [1, 2, 4, 3] {
      BLAS.threads = threads
      result.view.update(repeating: 1)
      multiply(matrix, matrix.transposed, into: Matrix(result.view, rows: size, columns: size))
      let kept = result.view.count { $0.bitPattern != 0 }
      try expect(kept == 0, "\(kept) of \(size * size) elements are not zero with \(threads) BLAS threads")
      let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
      try expect(tasks >= threads, "\(tasks) threads where there should be \(threads)")
    }
    return "subnormals: zero on every thread"
  }
}
