import Foundation
import NumericCore

/// A density of one parameter's values: a mixture of one kernel for each trial that it was made of, and of one that is
/// the prior. Kernels are truncated normal densities on the parameter's scale from 0 to 1, each as wide as the gap to
/// its farther neighbour; for choices they are probabilities.
struct ParzenEstimator {
  private enum Kernel {
    case normal(TruncatedNormal)
    case choices([Double])
  }

  private let domain: Domain
  private let kernels: [Kernel]
  /// They sum to 1.
  private let weights: [Double]

  /// - Parameter values: of the trials in their order; of many, the older ones weigh less.
  init(_ values: [Double], of domain: Domain) {
    self.domain = domain
    if case .choices(let choices) = domain {
      // One more for the value that a trial had, over an even share of the prior.
      let share = 1 / Double(values.count + 1)
      let total = 1 + share * Double(choices.count)
      kernels =
        values.map { value in .choices(choices.indices.map { ($0 == Int(value) ? 1 + share : share) / total }) }
        + [.choices(choices.map { _ in 1 / Double(choices.count) })]
    } else {
      kernels = Self.normals(values.map(domain.place)).map(Kernel.normal)
    }
    let raw = Self.ramp(values.count) + [1]
    let sum = raw.reduce(0, +)
    weights = raw.map { $0 / sum }
  }

  /// The kernels of these places, and the prior's.
  private static func normals(_ places: [Double]) -> [TruncatedNormal] {
    let means = places + [0.5]
    let order = means.indices.sorted { (means[$0], $0) < (means[$1], $1) }
    // The magic clip: as trials get more, kernels may get narrower.
    let least = 1 / min(100, 1 + Double(means.count))
    var kernels = means.map { TruncatedNormal(mean: $0, deviation: 1) }
    for (rank, index) in order.enumerated() where index < places.count {
      let isFirst = rank == 0, isLast = rank == order.count - 1
      let left = means[index] - (isFirst ? 0 : means[order[rank - 1]])
      let right = (isLast ? 1 : means[order[rank + 1]]) - means[index]
      // The ends of the scale are no neighbours, unless there is none else.
      let gap = means.count < 2 ? max(left, right) : isFirst ? right : isLast ? left : max(left, right)
      kernels[index] = TruncatedNormal(mean: means[index], deviation: min(1, max(least, gap)))
    }
    return kernels
  }

  /// The newest 25 weigh 1, those before less and less.
  private static func ramp(_ count: Int) -> [Double] {
    guard count >= 25 else { return [Double](repeating: 1, count: count) }
    let old = count - 25
    return (0..<count).map { index in
      guard index < old else { return 1 }
      let first = 1 / Double(count)
      return old == 1 ? first : first + (1 - first) * Double(index) / Double(old - 1)
    }
  }

  /// A value drawn from the density.
  func draw(_ generator: inout RandomSource.Generator) -> Double {
    let kernel = kernels[Self.pick(weights, generator.uniform())], place = generator.uniform()
    switch kernel {
    case .normal(let normal): return domain.value(at: normal.quantile(place))
    case .choices(let probabilities): return Double(Self.pick(probabilities, place))
    }
  }

  private static func pick(_ probabilities: [Double], _ share: Double) -> Int {
    var left = share
    for (index, probability) in probabilities.enumerated() {
      left -= probability
      if left < 0 { return index }
    }
    return probabilities.count - 1
  }

  /// The logarithm of the density, of steps that of the probability.
  func logDensity(_ value: Double) -> Double {
    let place = domain.place(value), (lower, upper) = domain.places(value)
    let terms = zip(kernels, weights).map { kernel, weight in
      switch kernel {
      case .choices(let probabilities): log(weight) + log(probabilities[Int(value)])
      case .normal(let normal):
        log(weight) + (upper > lower ? normal.logMass(lower, upper) : normal.logDensity(place))
      }
    }
    let greatest = terms.max() ?? 0
    return greatest + log(terms.reduce(0) { $0 + exp($1 - greatest) })
  }
}

/// A normal distribution cut to [0, 1], with its mean in there.
struct TruncatedNormal {
  let mean: Double
  let deviation: Double

  private func below(_ x: Double) -> Double { 0.5 * erfc(-(x - mean) / deviation / 2.0.squareRoot()) }
  private var mass: Double { below(1) - below(0) }

  func logDensity(_ x: Double) -> Double {
    let z = (x - mean) / deviation
    return -z * z / 2 - log(deviation * (2 * Double.pi).squareRoot()) - log(mass)
  }

  func logMass(_ lower: Double, _ upper: Double) -> Double { log(max((below(upper) - below(lower)) / mass, 1e-300)) }

  /// The x below which the share `p` of the distribution lies, by halving: 60 times, so that it is as exact as a
  /// double.
  func quantile(_ p: Double) -> Double {
    let goal = below(0) + p * mass
    var (lower, upper) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = (lower + upper) / 2
      if below(middle) < goal { lower = middle } else { upper = middle }
    }
    return (lower + upper) / 2
  }
}
