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
}
