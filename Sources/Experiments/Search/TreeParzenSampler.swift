import NumericCore
public import Settings

/// Tree-structured Parzen estimators (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization"), with the
/// constants of Optuna's `TPESampler`.
///
/// The best trials make one density, l, the others another, g; of some draws from l the one whose l / g is greatest is
/// tried next, parameter by parameter.
public struct TreeParzenSampler: Sampler {
  public static let name = "tpe"
  public static let summary = "tree-structured Parzen estimators: values like those of the best trials so far"
  public static let settings: [Setting<TreeParzenSampler>] = [
    Setting("startup", \.startup, .atLeast(1), "first trials, spread evenly over the space"),
    Setting("candidates", \.candidates, .atLeast(1), "draws of which the most promising one is tried"),
  ]

  public var startup = 10
  public var candidates = 24

  public init() {}

  public func next(_ state: SearchState) -> ParameterValues? {
    guard state.trial >= startup, state.observations.contains(where: { $0.score != nil }) else {
      return state.spread(over: startup)
    }
    let ranked = state.ranking
    let good = ranked.prefix(min((ranked.count + 9) / 10, 25)).filter { state.observations[$0].score != nil }.sorted()
    let others = ranked.filter { !good.contains($0) }.sorted()
    var generator = state.generator
    return state.space.values { index, _ in
      let domain = state.space.parameters[index].domain
      let best = ParzenEstimator(good.compactMap { state.observations[$0].values[index] }, of: domain)
      // Trials under way count as bad ones, so that those of one generation keep apart.
      let rest = ParzenEstimator(
        (others.map { state.observations[$0].values } + state.pending).compactMap { $0[index] }, of: domain)
      var chosen: (value: Double, gain: Double)?
      for _ in 0..<candidates {
        let value = best.draw(&generator)
        let gain = best.logDensity(value) - rest.logDensity(value)
        if chosen.map({ gain > $0.gain }) ?? true { chosen = (value, gain) }
      }
      return chosen?.value ?? domain.value(at: 0.5)
    }
  }
}
