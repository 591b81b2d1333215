public import Settings
public import NumericCore

/// What a search knows of a trial that has ended.
public struct Observation: Sendable, Equatable {
  public let values: ParameterValues
  /// What is to be as small as possible; nil for a trial that has failed.
  public let score: Double?
  /// For a trial that was ended early: the epochs that it had.
  public let stoppedAfter: Int?

  public init(_ values: ParameterValues, score: Double?, stoppedAfter: Int? = nil) {
    (self.values, self.score, self.stoppedAfter) = (values, score, stoppedAfter)
  }

  /// Trials that were not ended come first, by score; then those that were, the later the better; then those that have
  /// failed.
  func isBetter(than other: Observation) -> Bool {
    func order(_ item: Observation) -> (Int, Int, Double) {
      guard let score = item.score else { return (2, 0, 0) }
      return item.stoppedAfter.map { (1, -$0, score) } ?? (0, 0, score)
    }
    return order(self) < order(other)
  }
}

/// What a search knows when it chooses a trial.
public struct SearchState: Sendable {
  public let space: SearchSpace
  /// From 0.
  public let trial: Int
  /// Of the generations before this one, in the order of the trials.
  public let observations: [Observation]
  /// The trials of this generation that are chosen already.
  public let pending: [ParameterValues]
  /// Random numbers of this study, the same for all of its trials.
  public let random: RandomSource

  public init(
    space: SearchSpace, trial: Int, observations: [Observation], pending: [ParameterValues], seed: UInt64
  ) {
    (self.space, self.trial, self.observations, self.pending) = (space, trial, observations, pending)
    random = RandomSource(seed: seed)
  }

  /// Random numbers of this trial alone.
  var generator: RandomSource.Generator { RandomSource.Generator(source: random.stream(.search, trial, 1)) }
}

extension SearchState {
  /// The indices of the observations from the best to the worst, of equal ones the earlier first.
  var ranking: [Int] {
    observations.indices.sorted { first, second in
      let (a, b) = (observations[first], observations[second])
      return a.isBetter(than: b) || (!b.isBetter(than: a) && first < second)
    }
  }

  /// One of the first `count` trials in a Latin hypercube: each parameter's scale is cut into as many parts, and each
  /// trial has a part of its own.
  func spread(over count: Int) -> ParameterValues {
    var generator = generator
    let places = space.parameters.indices.map { index in
      let order = random.stream(.search, index, 2 + trial / count).permutation(count)
      return (Double(order[trial % count]) + generator.uniform()) / Double(count)
    }
    return space.values { index, _ in space.parameters[index].domain.value(at: places[index]) }
  }
}

/// How a search chooses its trials: a function of the study's seed and of the results so far, in the order of trials.
public protocol Sampler: Configurable {
  /// - Returns: nil where there is nothing left to try.
  func next(_ state: SearchState) -> ParameterValues?
}

extension Sampler {
  /// The trials of the next generation, which are chosen without knowing what the others of it come to: fewer than
  /// `size` where there is nothing left to try.
  public func generation(
    of size: Int, after observations: [Observation], space: SearchSpace, seed: UInt64
  ) -> [ParameterValues] {
    var chosen: [ParameterValues] = []
    while chosen.count < size {
      let state = SearchState(
        space: space, trial: observations.count + chosen.count, observations: observations, pending: chosen, seed: seed)
      guard let values = next(state) else { break }
      chosen.append(values)
    }
    return chosen
  }
}

/// The samplers that a study can name.
public enum SamplerCatalog {
  public static let all = Catalog<any Sampler>([
    GaussianProcessSampler.self, TreeParzenSampler.self, RandomSampler.self, GridSampler.self,
  ]) { $0 as? any Sampler }
}

/// Every parameter by itself, each value as likely as any other on its scale.
public struct RandomSampler: Sampler {
  public static let name = "random"
  public static let summary = "values at random"

  public init() {}

  public func next(_ state: SearchState) -> ParameterValues? {
    var generator = state.generator
    // As many draws whatever is active, so that one parameter's condition does not move the others.
    let places = state.space.parameters.map { _ in generator.uniform() }
    return state.space.values { index, _ in state.space.parameters[index].domain.value(at: places[index]) }
  }
}

/// All combinations, the last parameter changing fastest; of an endless range `points` values, ends included.
public struct GridSampler: Sampler {
  public static let name = "grid"
  public static let summary = "all combinations in order; of a range of real numbers as many as its points say"

  public init() {}

  public func next(_ state: SearchState) -> ParameterValues? {
    var remaining = state.trial
    return Self.find(&remaining, state.space, [])
  }

  /// How many trials there are; `limit` for that many or more.
  public static func count(_ space: SearchSpace, limit: Int) -> Int {
    var remaining = limit
    return find(&remaining, space, []) == nil ? limit - remaining : limit
  }

  /// The combination behind `remaining` others that begin with `values`; counts down by those that it passes.
  private static func find(
    _ remaining: inout Int, _ space: SearchSpace, _ values: ParameterValues
  ) -> ParameterValues? {
    let index = values.count
    guard index < space.parameters.count else {
      if remaining == 0 { return values }
      remaining -= 1
      return nil
    }
    guard space.isActive(index, in: values) else { return find(&remaining, space, values + [nil]) }
    for value in points(space.parameters[index]) {
      if let found = find(&remaining, space, values + [value]) { return found }
    }
    return nil
  }

  private static func points(_ parameter: Parameter) -> [Double] {
    if case .choices(let values) = parameter.domain { return values.indices.map(Double.init) }
    let count = parameter.domain.count ?? parameter.points
    // Of many whole numbers no more than points.
    let points = min(count, max(parameter.points, 1))
    guard points > 1 else { return [parameter.domain.value(at: 0.5)] }
    var values: [Double] = []
    for index in 0..<points {
      let value = parameter.domain.value(at: Double(index) / Double(points - 1))
      if values.last != value { values.append(value) }
    }
    return values
  }
}
