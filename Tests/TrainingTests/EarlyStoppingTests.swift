import Optimizers
import Training
import Testing

@Suite("Early stopping")
struct EarlyStoppingTests {
  @Test("Early stopping counts epochs that gain no more than the minimum change")
  func earlyStopping() {
    func epochs(_ metrics: [Double], _ rule: EarlyStopping) -> Int? {
      var state = EarlyStoppingState()
      for (index, metric) in metrics.enumerated() {
        state.record(metric, rule: rule)
        if state.isOver(rule) { return index + 1 }
      }
      return nil
    }
    let losses = [1, 0.5, 0.5, 0.49, 0.6, 0.4, 0.41, 0.42, 0.43]
    #expect(epochs(losses, EarlyStopping(patience: 3)) == 9)
    #expect(epochs(losses, EarlyStopping(patience: 2)) == 8)
    #expect(epochs(losses, EarlyStopping(patience: 3, minimumChange: 0.05)) == 5)
    #expect(epochs(losses.map { 1 - $0 }, EarlyStopping(metric: .accuracy, patience: 3)) == 9)
    #expect(epochs([.nan, .nan, 1], EarlyStopping(patience: 2)) == 2)
  }

  @Test("What is not a number is worse than any, whatever decides")
  func best() {
    func epoch(_ loss: Double, _ accuracy: Double?, f1: Double = .nan) -> TrainingProgress.Best {
      TrainingProgress.Best(epoch: 1, step: 1, loss: loss, accuracy: accuracy, figures: ["f1_macro": f1])
    }
    let pairs: [(better: TrainingProgress.Best, worse: TrainingProgress.Best, rule: MonitoredMetric?)] = [
      (epoch(0.5, 0.9), epoch(.nan, 0.9), nil), (epoch(0.5, nil), epoch(.nan, nil), nil),
      (epoch(.infinity, 0.1), epoch(.nan, 0.9), .loss), (epoch(0.4, 0.1), epoch(0.5, 0.9), .loss),
      (epoch(.nan, 0.9), epoch(0.1, 0.8), nil), (epoch(0.1, 0.8), epoch(.nan, nil), nil),
      (epoch(0.5, 0.1, f1: 0.2), epoch(0.1, 0.9, f1: .nan), "f1_macro"),
      (epoch(0.5, 0.1), epoch(.nan, 0.9), "f1_macro"),
    ]
    for (better, worse, rule) in pairs {
      #expect(better.isBetter(than: worse, by: rule), "\(better) \(worse)")
      #expect(!worse.isBetter(than: better, by: rule), "\(better) \(worse)")
      #expect(!better.isBetter(than: better, by: rule) && !worse.isBetter(than: worse, by: rule))
    }
  }
}
