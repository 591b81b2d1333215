import Experiments
import Settings
import Testing

@Suite("Trials")
struct TrialTests {
  @Test("As many groups as trials at once, of no fewer ranks than asked for")
  func groups() {
    func count(_ ranks: Int, _ ranksPerTrial: Int?, _ trials: Int) -> Int {
      RankGroups.count(ranks: ranks, ranksPerTrial: ranksPerTrial, trialsAtOnce: trials)
    }
    #expect(count(8, nil, 4) == 4)
    #expect(count(3, nil, 4) == 3)
    #expect(count(8, 3, 4) == 2)
    #expect(count(2, 4, 4) == 1)
    #expect(count(1, nil, 4) == 1)
  }

  @Test("A result reads back as it was")
  func roundTrip() throws {
    var result = TrialResult(
      state: .failed, reason: "step 3: the loss is nan", epochs: [["epoch": 1, "val_loss": 0.1]],
      steps: [["step": 2, "train_loss": .null]], test: ["loss": 1.5], bestEpoch: 1, seconds: 2)
    let read = try #require(TrialResult(try JSON5Parser.parse(result.json.line, file: "")))
    #expect(read == result)
    #expect(read.json["skipped_steps"] == nil)
    result.epochs.append(["epoch": 2, "skipped_steps": 3])
    result.skippedInFolds = 2
    #expect(result.json["skipped_steps"] == 5)
    #expect(TrialResult(try JSON5Parser.parse(result.json.line, file: "")) == result)
    #expect(read.values(of: "val_loss") == [0.1])
    #expect(read.values(of: "val_f1") == [nil])
    #expect(TrialResult(["state": "gone"]) == nil)
  }
}
