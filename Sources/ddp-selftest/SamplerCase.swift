import Experiments
import Foundation
import Settings

/// Searches the minimum of a published test function and prints, seed by seed, the least value that was found: what
/// `Tests/compare_samplers.py` holds against Optuna.
enum SamplerCase {
  private struct TestFunction: Sendable {
    let ranges: [(low: Double, high: Double)]
    let value: @Sendable ([Double]) -> Double

    var space: SearchSpace {
      SearchSpace(
        ranges.indices.map { index in
          Parameter("x\(index)", .real(low: ranges[index].low, high: ranges[index].high, isLogarithmic: false))
        })
    }
  }

  private static let functions: [String: TestFunction] = [
    // Dixon and Szegő 1978; least value 0.397887.
    "branin": TestFunction(ranges: [(-5, 10), (0, 15)]) { x in
      let a = x[1] - 5.1 / (4 * .pi * .pi) * x[0] * x[0] + 5 / .pi * x[0] - 6
      return a * a + 10 * (1 - 1 / (8 * .pi)) * cos(x[0]) + 10
    },
    // Hartman 1973, in six dimensions; least value -3.32237.
    "hartmann6": TestFunction(ranges: Array(repeating: (0, 1), count: 6)) { x in
      let alpha = [1.0, 1.2, 3.0, 3.2]
      let a: [[Double]] = [
        [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
      ]
      let p: [[Double]] = [
        [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
      ]
      return -alpha.indices.reduce(0) { sum, i in
        let exponent = x.indices.reduce(0) { $0 + a[i][$1] * (x[$1] - p[i][$1] * 1e-4) * (x[$1] - p[i][$1] * 1e-4) }
        return sum + alpha[i] * exp(-exponent)
      }
    },
    // Rosenbrock 1960, in four dimensions; least value 0.
    "rosenbrock4": TestFunction(ranges: Array(repeating: (-5, 10), count: 4)) { x in
      zip(x, x.dropFirst()).reduce(0) { $0 + 100 * pow($1.1 - $1.0 * $1.0, 2) + pow(1 - $1.0, 2) }
    },
    // Ackley 1987, in five dimensions; least value 0.
    "ackley5": TestFunction(ranges: Array(repeating: (-32.768, 32.768), count: 5)) { x in
      let n = Double(x.count)
      let squares = x.reduce(0) { $0 + $1 * $1 }, cosines = x.reduce(0) { $0 + cos(2 * .pi * $1) }
      return -20 * exp(-0.2 * (squares / n).squareRoot()) - exp(cosines / n) + 20 + exp(1)
    },
  ]

  /// - Parameter arguments: FUNCTION, SAMPLER, TRIALS, GENERATION, SEEDS.
  static func run(_ arguments: [String]) throws -> String {
    let numbers = arguments.dropFirst(2).compactMap { Int($0) }
    guard numbers.count == 3, let function = functions[arguments[0]],
      let sampler = SamplerCatalog.all.make(arguments[1])
    else {
      throw SelfTestFailure(
        "sampler: expected FUNCTION (\(functions.keys.sorted().joined(separator: ", "))), SAMPLER, TRIALS, "
          + "GENERATION and SEEDS, found \(arguments)")
    }
    let best = (0..<numbers[2]).map { seed in
      JSONValue.number(least(function, sampler, trials: numbers[0], generation: numbers[1], seed: UInt64(seed)))
    }
    return JSONValue.array(best).line
  }

  private static func least(
    _ function: TestFunction, _ sampler: any Sampler, trials: Int, generation: Int, seed: UInt64
  ) -> Double {
    var observations: [Observation] = []
    while observations.count < trials {
      let chosen = sampler.generation(
        of: min(generation, trials - observations.count), after: observations, space: function.space, seed: seed)
      observations += chosen.map { Observation($0, score: function.value($0.map { $0 ?? 0 })) }
    }
    return observations.compactMap(\.score).min() ?? .infinity
  }
}
