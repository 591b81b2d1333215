import Basics
import Reports

/// One upright axis for each parameter and one for the figure, and a line through them for each trial.
struct ParallelCoordinates {
  private let space: SearchSpace
  private let goal: Goal
  private let trials: [TunePage.Trial]
  private let best: Int?

  init(_ space: SearchSpace, goal: Goal, trials: [TunePage.Trial], best: Int?) {
    (self.space, self.goal, self.best) = (space, goal, best)
    self.trials = trials.filter { $0.value != nil && $0.values.count == space.parameters.count }
  }

  /// nil without trials.
  var figure: Figure? {
    guard !trials.isEmpty else { return nil }
    let count = space.parameters.count + 1
    let step = 130.0, top = 60.0, bottom = 300.0
    var scene = Scene(width: Double(count) * step, height: bottom + 34)
    func across(_ axis: Int) -> Double { (Double(axis) + 0.5) * step }
    scene.text("All trials, the best tenth in colour", 12, 18, size: 13, isBold: true)
    let figures = AxisScale(trials.map { $0.value ?? .nan }, kind: .automatic)
    // The best is drawn last, over the others.
    let order = trials.sorted { a, b in
      let (first, second) = (goal.score(a.value ?? 0), goal.score(b.value ?? 0))
      return first != second ? first > second : a.number != best && (b.number == best || a.number < b.number)
    }
    let good = max(1, order.count / 10)
    for (rank, trial) in order.enumerated() {
      var points: [Scene.Point] = []
      for (index, parameter) in space.parameters.enumerated() {
        guard let value = trial.values[index] else { continue }
        points.append(Scene.Point(across(index), bottom - (bottom - top) * parameter.domain.place(value)))
      }
      if let place = figures.position(trial.value ?? .nan) {
        points.append(Scene.Point(across(count - 1), bottom - (bottom - top) * place))
      }
      let isGood = rank >= order.count - good
      let isBest = trial.number == best
      scene.line(
        points, isBest ? .series(1) : isGood ? .series(0) : .faint, width: isBest ? 3 : isGood ? 2 : 1,
        opacity: isGood || isBest ? 0.9 : 0.3)
    }
    for (index, label) in (space.labels + [goal.key]).enumerated() {
      let x = across(index)
      scene.line([Scene.Point(x, top), Scene.Point(x, bottom)], .text)
      scene.text(Scene.fitted(label, to: step - 8, size: 11), x, 40, size: 11, anchor: .middle, isBold: true)
      let ends: (String, String)
      if index < space.parameters.count {
        let domain = space.parameters[index].domain
        ends = (domain.text(domain.value(at: 0)), domain.text(domain.value(at: 1)))
      } else {
        ends = (shortNumber(figures.lower), shortNumber(figures.upper))
      }
      scene.text(Scene.fitted(ends.1, to: step - 8, size: 11), x, top - 6, .faint, size: 11, anchor: .middle)
      scene.text(Scene.fitted(ends.0, to: step - 8, size: 11), x, bottom + 16, .faint, size: 11, anchor: .middle)
    }
    return Figure(name: "coordinates", scene: scene)
  }
}
