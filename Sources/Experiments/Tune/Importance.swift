import Foundation
import NumericCore

/// How much of a search's differences each parameter makes by itself: its main effect in a functional analysis of
/// variance (Hutter, Hoos and Leyton-Brown 2014), of the mean of a Gaussian process over all trials instead of a forest.
///
/// The score, on the scale on which its distribution is most like a normal one, is averaged over the other parameters,
/// evenly over their scales; the variance of that average along the parameter, over the variance of the score itself, is
/// its share. What shares leave to 1 is due to parameters together.
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
      let averages = (0..<steps).map { step in
        let fixed = (Double(step) + 0.5) / Double(steps)
        return (0..<count).reduce(0) { sum, row in
          sum + mean { $0 == parameter ? fixed : places[$0][row] }
        } / Double(count)
      }
      return min(1, Self.variance(averages) / total)
    }
  }

  private static func variance(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
  }
}
