import NumericCore
import TestSupport
import Testing

@Suite("Products of several shards at once")
struct ShardProductTests {
  /// One thread, for products of this program's own.
  init() { BLAS.threads = 1 }

  /// Rows of each shard, and how many sums are complete with it.
  static let groups: [(rows: [Int], merges: [Int])] = [
    ([5], [0]), ([0], [0]), ([7, 9], [0, 1]), ([3, 4], [0, 0]), ([32, 31, 33, 32], [0, 1, 0, 2]),
    ([6, 0, 1, 8, 2, 0, 3], [0, 1, 0, 2, 0, 1, 1]), ([2, 3, 300], [0, 0, 1]), ([0, 0], [0, 1]),
    ([1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 0, 2, 0, 1, 0, 3]), ([4, 5, 6, 7, 8], [0, 0, 1, 0, 0]),
  ]
  static let sizes = [(1, 1), (8, 32), (10, 40), (13, 16), (6, 33), (70, 130), (24, 300)]

  struct Case<S: Scalar> {
    let a: FlatBuffer<S>, b: FlatBuffer<S>
    let m: Int, n: Int, rows: [Int], gap = 3

    init(_ size: (Int, Int), rows: [Int]) {
      (m, n) = size
      self.rows = rows
      let depth = rows.reduce(0, +)
      a = FlatBuffer(clearOfZero(depth * (m + gap), seed: 8, substream: 1).map { S($0) })
      b = FlatBuffer(clearOfZero(depth * (n + gap), seed: 8, substream: 2).map { S($0) })
    }

    /// The sums at the roots of some neighbouring shards, NaN elsewhere.
    func sums(_ shards: Range<Int>, merges: [Int], _ precision: ProductPrecision = .float32) -> [[S]] {
      let depth = rows.reduce(0, +), start = rows[..<shards.lowerBound].reduce(0, +)
      let own = FlatBuffer(Array(rows[shards])), range = start..<start + own.view.reduce(0, +)
      let results = shards.map { _ in FlatBuffer<S>(count: m * (n + gap)) }
      for result in results { result.view.update(repeating: .nan) }
      multiplyShards(
        Matrix(a.view, rows: depth, columns: m, stride: m + gap).rows(range),
        Matrix(b.view, rows: depth, columns: n, stride: n + gap).rows(range), rows: own.view,
        order: ShardOrder(merges: merges), precision: precision
      ) { Matrix(results[$0].view, rows: m, columns: n, stride: n + gap) }
      withExtendedLifetime(own) {}
      return results.map { result in
        (0..<m * n).map { result.view[$0 / n * (n + gap) + $0 % n] }
      }
    }

    /// The product of one shard, as `multiply` has it.
    func product(_ shard: Int, _ precision: ProductPrecision) -> [S] {
      let depth = rows.reduce(0, +), start = rows[..<shard].reduce(0, +), range = start..<start + rows[shard]
      let result = FlatBuffer<S>(count: m * n)
      multiply(
        Matrix(a.view, rows: depth, columns: m, stride: m + gap).rows(range).transposed,
        Matrix(b.view, rows: depth, columns: n, stride: n + gap).rows(range),
        into: Matrix(result.view, rows: m, columns: n), precision: precision)
      return Array(result.view)
    }
  }

  @Test("Bit by bit each shard's product by itself, added in order", arguments: sizes.indices, groups.indices)
  func equalsSums(size: Int, group: Int) {
    equalsSums(size: size, group: group, .float32)
    equalsSums(size: size, group: group, .bfloat16)
  }

  func equalsSums(size: Int, group: Int, _ precision: ProductPrecision) {
    let (rows, merges) = Self.groups[group]
    let `case` = Case<Float>(Self.sizes[size], rows: rows)
    let found = `case`.sums(rows.indices, merges: merges, precision)
    var stack: [(root: Int, sum: [Float])] = []
    for shard in rows.indices {
      stack.append((shard, `case`.sums(shard..<shard + 1, merges: [0], precision)[0]))
      if precision == .bfloat16 {
        #expect(stack[stack.count - 1].sum == `case`.product(shard, precision), "shard \(shard) of \(rows)")
      }
      for _ in 0..<merges[shard] {
        let last = stack.removeLast().sum
        for index in last.indices { stack[stack.count - 1].sum[index] += last[index] }
      }
    }
    for (root, sum) in stack {
      #expect(found[root].map(\.bitPattern) == sum.map(\.bitPattern), "\(Self.sizes[size]), \(rows): root \(root)")
    }
    let roots = Set(stack.map(\.root))
    for shard in rows.indices where !roots.contains(shard) {
      #expect(!found[shard].contains { !$0.isNaN }, "what stands with shard \(shard) is touched")
    }
  }

  @Test("Closely the sums in double", arguments: sizes.indices, groups.indices)
  func equalsNaive(size: Int, group: Int) {
    let (rows, merges) = Self.groups[group]
    let found = Case<Float>(Self.sizes[size], rows: rows).sums(rows.indices, merges: merges)
    let expected = Case<Double>(Self.sizes[size], rows: rows).sums(rows.indices, merges: merges)
    let depth = Double(rows.reduce(0, +)), bound = Double(Float.ulpOfOne) * (depth + 1) * (depth + 1)
    for (found, expected) in zip(found, expected) {
      for (value, other) in zip(found, expected) where !other.isNaN {
        if !(abs(Double(value) - other) <= bound) {
          Issue.record("\(Self.sizes[size]), \(rows): \(value), in double \(other)")
          return
        }
      }
    }
  }

  @Test("A row has the same bits among any others", arguments: [(9, 300), (130, 20), (520, 260), (40, 600)])
  func rowsAreIndependent(n: Int, k: Int) {
    rowsAreIndependent(n: n, k: k, .float32, tolerance: Double(Float.ulpOfOne) * Double(k * k))
    // Two factors rounded by a part in 2⁹ each.
    rowsAreIndependent(n: n, k: k, .bfloat16, tolerance: Double(k) / 256)
  }

  func rowsAreIndependent(n: Int, k: Int, _ precision: ProductPrecision, tolerance: Double) {
    let most = 300
    let a = FlatBuffer(clearOfZero(most * k, seed: 8, substream: 1).map { Float($0) })
    let b = FlatBuffer(clearOfZero(n * k, seed: 8, substream: 2).map { Float($0) })
    for isTransposed in [false, true] {
      let right =
        isTransposed ? Matrix(b.view, rows: n, columns: k).transposed : Matrix(b.view, rows: k, columns: n)
      func product(_ range: Range<Int>) -> [Float] {
        let c = FlatBuffer<Float>(count: range.count * n)
        c.view.update(repeating: .nan)
        multiplyRows(
          Matrix(a.view, rows: most, columns: k).rows(range), right,
          into: Matrix(c.view, rows: range.count, columns: n), precision: precision)
        return Array(c.view)
      }
      let all = product(0..<most)
      for range in [0..<1, 3..<11, 20..<52, 1..<65, 7..<130, 2..<299] {
        #expect(product(range) == Array(all[range.lowerBound * n..<range.upperBound * n]), "\(isTransposed), \(range)")
      }
      for (row, column) in [(0, 0), (3, n - 1), (most - 1, n / 2)] {
        let expected = (0..<k).reduce(0.0) {
          $0 + Double(a.view[row * k + $1]) * Double(b.view[isTransposed ? column * k + $1 : $1 * n + column])
        }
        #expect(abs(Double(all[row * n + column]) - expected) <= tolerance)
      }
    }
  }
}
