import DataPipeline
import NumericCore
import Testing

/// Validation samples that are like those that stay.
@Suite("Stratified validation")
struct ValidationStrataTests {
  /// Rows with three targets, of which the last is rare, and some rows with none.
  private func positives(_ count: Int) -> [[Int32]] {
    var generator = RandomSource.Generator(source: RandomSource(seed: 3).stream(.synthesis))
    return (0..<count).map { _ in
      [0.5, 0.2, 0.04].enumerated().filter { generator.uniform() < $0.element }.map { Int32($0.offset) }
    }
  }

  @Test("Of several yes-or-no targets each is as frequent in both parts", arguments: [1, 2, 3, 4, 5] as [UInt64])
  func multiLabel(seed: UInt64) throws {
    let rows = positives(500), fraction = 0.2
    let parts = try ValidationSplit.select(positives: rows, of: 3, fraction: fraction, seed: seed)
    #expect((parts.train + parts.validation).sorted() == Array(0..<500))
    #expect(abs(Double(parts.validation.count) - 100) <= 2, "\(parts.validation.count)")
    for target in 0..<3 as Range<Int32> {
      let all = rows.count { $0.contains(target) }, chosen = parts.validation.count { rows[$0].contains(target) }
      #expect(abs(Double(chosen) - fraction * Double(all)) <= 2, "target \(target): \(chosen) of \(all)")
    }
    // Equal bits from equal seeds, and other rows from others.
    #expect(try ValidationSplit.select(positives: rows, of: 3, fraction: fraction, seed: seed) == parts)
    #expect(try ValidationSplit.select(positives: rows, of: 3, fraction: fraction, seed: seed + 9) != parts)
  }

  @Test("A group is in one part alone")
  func groups() throws {
    let groups = (0..<300).map { $0 * $0 % 23 }
    let parts = try ValidationSplit.select(groups: groups, fraction: 0.25, seed: 7)
    #expect((parts.train + parts.validation).sorted() == Array(0..<300))
    #expect(Set(parts.train.map { groups[$0] }).isDisjoint(with: parts.validation.map { groups[$0] }))
    let largest = Set(groups).map { group in groups.count { $0 == group } }.max() ?? 0
    #expect(abs(Double(parts.validation.count) - 75) <= Double(largest) / 2)
    #expect(
      message { _ = try ValidationSplit.select(groups: [0, 0, 0], fraction: 0.2, seed: 1) }.contains(
        "validation part of 3 samples empty"))
  }
}
