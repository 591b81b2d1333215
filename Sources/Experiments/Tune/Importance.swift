import Foundation
import NumericCore

/// How much of a search's differences each parameter makes, alone and together with others: its total effect (Homma and
/// Saltelli 1996) on the mean of a Gaussian process over all trials.
///
/// That is the variance of the score along the parameter while all others stay where they are, averaged over places
/// spread evenly over the space, over the variance of the score among these places. The score is taken on the scale on
/// which its distribution is most like a normal one. Where parameters act together, the effects add up to more than 1.
struct Importance {
  /// By parameter, from 0 to 1; nil for too few trials.
  let shares: [Double]?

  /// The fewest trials that say anything.
  private static let fewest = 5

  init(_ observations: [Observation], space: SearchSpace) {
    let state = SearchState(
      space: space, trial: observations.count, observations: observations, pending: [], seed: 0)
    let chosen = GaussianProcessSampler.chosen(state)
    let known = chosen.compactMap { observations[$0].score }
    guard known.count >= Self.fewest, known.min() != known.max() else {
      shares = nil
      return
    }
    let process = GaussianProcess(
      chosen.map { space.point(observations[$0].values) },
      values: GaussianProcessSampler.normalized(chosen.map { observations[$0].score }), distance: space.distance)
    // The same places for all parameters, one in each part of each scale.
    let count = 128
    let places = space.parameters.indices.map { index in
      RandomSource(seed: 0).stream(.search, index).permutation(count).map { (Double($0) + 0.5) / Double(count) }
    }
    func mean(_ place: (Int) -> Double) -> Double {
      process.mean(space.point(space.values { index, _ in space.parameters[index].domain.value(at: place(index)) }))
    }
    let all = (0..<count).map { row in mean { places[$0][row] } }
    let total = Self.variance(all)
    guard total > 0 else {
      shares = nil
      return
    }
    shares = space.parameters.indices.map { parameter in
      let steps = min(16, space.parameters[parameter].domain.count ?? 16)
      let variances = (0..<count).map { row in
        Self.variance(
          (0..<steps).map { step in
            mean { $0 == parameter ? (Double(step) + 0.5) / Double(steps) : places[$0][row] }
          })
      }
      return min(1, variances.reduce(0, +) / Double(count) / total)
    }
  }

  private static func variance(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
  }
}
