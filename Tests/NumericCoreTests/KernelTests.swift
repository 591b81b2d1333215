import NumericCore
import TestSupport
import Testing

@Suite("Element kernels against plain loops")
struct KernelTests {
  static let sizes = [(0, 3), (1, 1), (5, 1), (1, 7), (3, 17), (9, 64), (2, 101), (150, 43)]

  func values(_ count: Int, substream: Int) -> [Float] {
    clearOfZero(count, seed: 6, substream: substream).map { Float($0) }
  }

  @Test(arguments: sizes.indices)
  func rowsAndColumns(size: Int) {
    let (rows, columns) = Self.sizes[size]
    let matrix = values(rows * columns, substream: 1)
    let row = values(columns, substream: 2)
    let added = output(matrix) { matrix in withWindow(row) { addRow($0, toRowsOf: matrix) } }
    #expect(added == matrix.indices.map { matrix[$0] + row[$0 % columns] })
    // In the order of the rows, 64 of them and then the next, whose sums are added in double: the same bits.
    let sums = output(row) { row in withWindow(matrix) { addColumnSums(of: $0, to: row) } }
    let expected = row.indices.map { j in
      let blocks = stride(from: 0, to: rows, by: 64).map { start in
        (start..<min(start + 64, rows)).reduce(0) { $0 + matrix[$1 * columns + j] }
      }
      return Float(Double(row[j]) + blocks.reduce(0.0) { $0 + Double($1) })
    }
    #expect(sums == expected)
  }

  @Test("The sums of many rows keep their digits", arguments: [1, 8, 33])
  func manyRows(columns: Int) {
    let rows = 200_000
    let matrix = (0..<rows * columns).map { 0.1 + Float($0 % 13) * 1e-3 }
    let sums = output([Float](repeating: 0, count: columns)) { row in
      withWindow(matrix) { addColumnSums(of: $0, to: row) }
    }
    for (column, sum) in sums.enumerated() {
      let exact = stride(from: column, to: matrix.count, by: columns).reduce(0.0) { $0 + Double(matrix[$1]) }
      #expect(abs(Double(sum) / exact - 1) < 5e-7, "\(sum), in double \(exact)")
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 16, 1023])
  func elements(count: Int) {
    let left = values(count, substream: 1)
    let right = values(count, substream: 2)
    #expect(
      output(left) { left in withWindow(right) { add($0, into: left) } } == left.indices.map { left[$0] + right[$0] })
    #expect(output(left) { left in withWindow(right) { copy($0, into: left) } } == right)
    let product = output(left) { product in
      withWindow(left) { left in withWindow(right) { multiplyElements(left, $0, into: product) } }
    }
    #expect(output(left) { scale($0, by: 0.5) } == left.map { 0.5 * $0 })
    #expect(product == left.indices.map { left[$0] * right[$0] })
    let average = output(left) { left in
      withWindow(right) { NumericCore.average($0, scale: 4, weight: 0.25, into: left) }
    }
    #expect(average == left.indices.map { 0.75 * left[$0] + right[$0] })
  }

  @Test("Squares sum in double: 2²⁴ + 1 is not lost", arguments: [0, 1, 7, 8, 9, 1000, 1003])
  func squares(count: Int) {
    let x = values(count, substream: 1)
    let exact = x.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(withWindow(x) { sumOfSquares($0) } - exact) <= 1e-13 * exact)
    #expect(withWindow(x + [4096, 1] as [Float]) { sumOfSquares($0) } - 16_777_217 - exact <= 1e-8)
  }

  @Test("A large square does not overflow, and NaN and infinity show")
  func squaresAtTheEdges() {
    #expect(withWindow([1e30, 1e30] as [Float]) { sumOfSquares($0) }.isFinite)
    for index in [0, 8] {
      var x = [Float](repeating: 1, count: 9)
      x[index] = .nan
      #expect(withWindow(x) { sumOfSquares($0) }.isNaN)
    }
  }
}
