import Foundation
import NumericCore
public import Settings

/// Bayesian optimization by a Gaussian process and the expected improvement (Jones, Schonlau and Welch 1998,
/// "Efficient global optimization"): a model of the score over the whole space says where the best so far is most
/// likely
/// to be beaten, and by how much.
///
/// The default, since it needs the fewest trials; see `Tests/compare_samplers.py`. Its work grows with the cube of the
/// trials, of which it therefore looks at `limit`, the best and the newest. Trials of a generation that are under way
/// are believed to come out as the model predicts. A parameter that a trial lacks stands in the middle of its scale.
public struct GaussianProcessSampler: Sampler {
  public static let name = "gp"
  public static let summary = "Gaussian process: where a model of all trials expects the greatest improvement"
  public static let settings: [Setting<GaussianProcessSampler>] = [
    Setting("startup", \.startup, .atLeast(2), "first trials, spread evenly over the space")
  ]

  public var startup = 10

  /// The most trials that the model is made of, half of them the best.
  private static let limit = 200

  public init() {}

  public func next(_ state: SearchState) -> ParameterValues? {
    guard state.trial >= startup, state.observations.contains(where: { $0.score != nil }) else {
      return state.spread(over: startup)
    }
    let space = state.space
    let chosen = Self.chosen(state)
    let scores = Self.normalized(chosen.map { state.observations[$0].score })
    var process = GaussianProcess(
      chosen.map { space.point(state.observations[$0].values) }, values: scores, distance: space.distance)
    for values in state.pending { process = process.believing(space.point(values)) }
    let taken = state.observations.map(\.values) + state.pending
    var search = AcquisitionSearch(process: process, best: process.leastMean, space: space, taken: taken)
    var generator = state.generator
    let starts = state.ranking.prefix(5).map { state.observations[$0].values }
    return search.run(from: starts, &generator)
  }

  static func chosen(_ state: SearchState) -> [Int] {
    guard state.observations.count > limit else { return Array(state.observations.indices) }
    let best = state.ranking.prefix(limit / 2)
    let rest = state.observations.indices.reversed().filter { !best.contains($0) }
    return (best + rest.prefix(limit - best.count)).sorted()
  }

  /// Scores with mean 0 and variance 1, on the scale log(y − y_min + c) whose c makes them most like draws from a
  /// normal
  /// distribution; failed trials are as bad as the worst.
  static func normalized(_ scores: [Double?]) -> [Double] {
    let known = scores.compactMap(\.self)
    guard let least = known.min(), let most = known.max(), most > least else { return scores.map { _ in 0 } }
    let offsets = scores.map { ($0 ?? most) - least }
    var best: (values: [Double], likelihood: Double)?
    for exponent in stride(from: -5.0, through: 2, by: 0.5) {
      let shift = (most - least) * pow(10, exponent)
      let values = offsets.map { log($0 + shift) }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      // The density of the scores themselves, through the scale's derivative.
      let likelihood = -0.5 * Double(values.count) * log(variance) - values.reduce(0, +)
      if best.map({ likelihood > $0.likelihood }) ?? true {
        best = (values.map { ($0 - mean) / variance.squareRoot() }, likelihood)
      }
    }
    return best?.values ?? offsets
  }
}

extension SearchSpace {
  /// Where values stand on their scales; a choice by its index.
  func point(_ values: ParameterValues) -> [Double] {
    zip(parameters, values).map { parameter, value in
      if case .choices = parameter.domain { return value ?? -1 }
      return value.map(parameter.domain.place) ?? 0.5
    }
  }

  var distance: GaussianProcess.Distance {
    let areChoices = parameters.map { if case .choices = $0.domain { true } else { false } }
    return { coordinate, a, b in areChoices[coordinate] ? (a == b ? 0 : 1) : (a - b) * (a - b) }
  }
}

/// Finds where the expected improvement is greatest: over many places at random and near the best trials, then by
/// climbing from the best of these.
private struct AcquisitionSearch {
  let process: GaussianProcess
  /// The least mean that the process has at a trial: of noisy scores the least one itself would be luck.
  let best: Double
  let space: SearchSpace
  /// What is not to be tried again.
  let taken: [ParameterValues]

  /// A place on each parameter's scale, also on those that its values lack.
  private typealias Place = [Double]
  private typealias Candidate = (place: Place, values: ParameterValues, gain: Double)

  mutating func run(from starts: [ParameterValues], _ generator: inout RandomSource.Generator) -> ParameterValues {
    var candidates: [Candidate] = []
    for _ in 0..<1000 { candidates.append(candidate(space.parameters.map { _ in generator.uniform() })) }
    for values in starts {
      let place = zip(space.parameters, values).map { $0.domain.place($1 ?? $0.domain.value(at: 0.5)) }
      for index in 0..<60 {
        candidates.append(candidate(moved(place, by: pow(0.1, 1 + Double(index % 3)), &generator)))
      }
    }
    candidates.sort { $0.gain > $1.gain }
    let climbed = candidates.prefix(4).map { climb($0, &generator) }
    return (climbed + candidates).max { $0.gain < $1.gain }?.values ?? candidates[0].values
  }

  /// A step is kept where it is better; steps grow after success and shrink after failure.
  private func climb(_ start: Candidate, _ generator: inout RandomSource.Generator) -> Candidate {
    var current = start, size = 0.1
    for _ in 0..<150 {
      let next = candidate(moved(current.place, by: size, &generator))
      if next.gain > current.gain {
        current = next
        size = min(0.3, size * 2)
      } else {
        size = max(1e-4, size * 0.85)
      }
    }
    return current
  }

  private func moved(_ place: Place, by size: Double, _ generator: inout RandomSource.Generator) -> Place {
    let certain = Int(generator.next(upperBound: UInt32(place.count)))
    return place.enumerated().map { index, old in
      let isMoved = generator.uniform() < 0.4 || index == certain
      let step = generator.normal(), fresh = generator.uniform()
      guard isMoved else { return old }
      if case .choices = space.parameters[index].domain { return fresh }
      return min(1, max(0, old + size * step))
    }
  }

  private func candidate(_ place: Place) -> Candidate {
    let values = space.values { index, _ in space.parameters[index].domain.value(at: place[index]) }
    guard !taken.contains(values) else { return (place, values, -.infinity) }
    let (mean, variance) = process.predict(space.point(values))
    return (place, values, Self.logImprovement(best - mean, variance.squareRoot()))
  }

  /// log(σ (φ(z) + z Φ(z))) for z = gap / σ, also where it is too small for a double.
  private static func logImprovement(_ gap: Double, _ deviation: Double) -> Double {
    let z = gap / deviation
    if z < -6 {
      // φ(z) / z² (1 − 3 / z²), the first terms of the expansion.
      return log(deviation) - z * z / 2 - 0.5 * log(2 * Double.pi) - 2 * log(-z)
    }
    let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
    return log(deviation) + log(max(1e-300, density + z * 0.5 * erfc(-z / 2.0.squareRoot())))
  }
}
