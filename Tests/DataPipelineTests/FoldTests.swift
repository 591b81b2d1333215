import DataPipeline
import NumericCore
import TestSupport
import Testing

/// How a training split is divided for cross-validation.
@Suite struct FoldTests {
  private struct Fixture: Decodable {
    struct Split: Decodable {
      let rule: String
      let rows: Int
      let count: Int
      /// The class, group or fold of each row, where the rule goes by one.
      let values: [Int]
      let gap: Int
      let train: [[Int]]
      let test: [[Int]]
    }
    let splits: [Split]
  }

  private func plan(_ split: Fixture.Split) throws -> FoldPlan {
    switch split.rule {
    case "plain": try FoldPlan.plain(rows: split.rows, count: split.count)
    case "stratified": try FoldPlan.stratified(labels: split.values, count: split.count)
    case "group": try FoldPlan.byGroup(split.values, count: split.count)
    case "time": try FoldPlan.inTime(rows: split.rows, count: split.count, gap: split.gap)
    case "leave_one_out": try FoldPlan.leaveOneOut(rows: split.rows)
    default: try FoldPlan.given(split.values, place: "here")
    }
  }

  @Test("Unshuffled folds are scikit-learn's, row for row")
  func scikitLearn() throws {
    let fixture: Fixture = try fixture("sklearn-folds.json")
    #expect(Set(fixture.splits.map(\.rule)).count == 6)
    for split in fixture.splits {
      let plan = try plan(split)
      let name = "\(split.rule) of \(split.rows) in \(split.count)"
      #expect(plan.count == split.test.count, "\(name)")
      for index in 0..<min(plan.count, split.test.count) {
        #expect(plan[index] == Fold(train: split.train[index], test: split.test[index]), "\(name), fold \(index)")
      }
      let tested = plan.tested.enumerated().filter { $0.element != nil }.map(\.offset)
      #expect(tested == split.test.flatMap { $0 }.sorted(), "\(name)")
    }
  }

  private let labels = (0..<103).map { $0 % 10 == 0 ? 2 : $0 % 3 == 0 ? 1 : 0 }

  @Test("Shuffled folds test each row once, another way by another seed, and keep shares and groups")
  func shuffled() throws {
    let sources = (1...2).map { RandomSource(seed: $0).stream(.folds, 0) }
    let plain = try sources.map { try FoldPlan.plain(rows: 103, count: 4, shuffle: $0) }
    let stratified = try sources.map { source in
      try FoldPlan.stratified(labels: labels, count: 4) { source.stream(.folds, $0) }
    }
    let groups = (0..<103).map { $0 * 7 % 13 }
    let grouped = try sources.map { try FoldPlan.byGroup(groups, count: 4, shuffle: $0) }
    for plans in [plain, stratified, grouped] {
      #expect(plans[0] != plans[1])
      for plan in plans {
        #expect((0..<4).flatMap { plan[$0].test }.sorted() == Array(0..<103))
        for index in 0..<4 { #expect((plan[index].train + plan[index].test).sorted() == Array(0..<103)) }
      }
    }
    let still = try FoldPlan.stratified(labels: labels, count: 4)
    func counts(_ plan: FoldPlan) -> [[Int]] {
      (0..<4).map { fold in (0..<3).map { label in plan[fold].test.count { labels[$0] == label } } }
    }
    #expect(stratified.map(counts) == [counts(still), counts(still)])
    for plan in grouped {
      for fold in 0..<4 {
        #expect(Set(plan[fold].train.map { groups[$0] }).isDisjoint(with: plan[fold].test.map { groups[$0] }))
      }
    }
  }

  @Test("Divisions that cannot be are errors of usage, each with its limit")
  func impossible() throws {
    func message(_ body: () throws -> FoldPlan) -> String {
      do {
        _ = try body()
        return "none"
      } catch { return "\(error)" }
    }
    #expect(message { try .plain(rows: 4, count: 5) }.contains("at most the 4 rows"))
    #expect(message { try .plain(rows: 4, count: 1) }.contains("at least 2"))
    #expect(message { try .byGroup([0, 0, 1], count: 3) }.contains("at most the 2 groups"))
    #expect(message { try .stratified(labels: [0, 0, 1, 1, 2], count: 3) }.contains("no class has as many as 3"))
    #expect(message { try .inTime(rows: 4, count: 4) }.contains("at most the 3 rows"))
    #expect(message { try .inTime(rows: 20, count: 4, gap: 4) }.contains("the gap of 4 leaves none"))
    #expect(message { try .leaveOneOut(rows: 1) }.contains("at least 2"))
    #expect(message { try .given([0, 0, -1], place: "/fold") }.contains("/fold: has one fold number"))
  }
}
