import Foundation

/// A sound at another number of samples a second, by a windowed-sinc filter in polyphase form.
///
/// With the rates' ratio U/D in lowest terms and M = max(U, D), y[n] = Σₖ h[nD − kU + C] x[k], where h is the sinc of
/// cutoff 0.95/M (in units of half the rate D·from = U·to) under a Kaiser window of β = 9, 2C + 1 weights long with
/// C = 64 M, scaled so that they come to U. What lies above half the lower rate is damped by 90 dB, what lies below 0.9
/// of that passes as it is.
struct Resampler: Sendable {
  /// U and D.
  let up: Int, down: Int
  /// h, by its phases: those for which nD mod U is the same, the latest sample first.
  private let phases: [[Double]]

  private static let crossings = 64, beta = 9.0, cutoff = 0.95
  /// The largest terms of a ratio; beyond them the filter would take tens of megabytes.
  static let greatestTerm = 20_000

  /// Whether the ratio of two rates has terms that are not too large.
  static func isPossible(from: Int, to: Int) -> Bool {
    let (up, down) = terms(from: from, to: to)
    return max(up, down) <= greatestTerm
  }

  private static func terms(from: Int, to: Int) -> (up: Int, down: Int) {
    precondition(from > 0 && to > 0, "\(from) to \(to) samples a second")
    var (a, b) = (from, to)
    while b > 0 { (a, b) = (b, a % b) }
    return (to / a, from / a)
  }

  /// - Returns: nil where it is not possible.
  init?(from: Int, to: Int) {
    guard Self.isPossible(from: from, to: to) else { return nil }
    let (up, down) = Self.terms(from: from, to: to)
    (self.up, self.down) = (up, down)
    let half = Self.crossings * max(up, down)
    let width = Self.cutoff / Double(max(up, down))
    let norm = Self.bessel(Self.beta)
    var weights = (0...2 * half).map { index -> Double in
      let x = Double(index - half)
      let sinc = x == 0 ? width : sin(.pi * width * x) / (.pi * x)
      let ratio = x / Double(half)
      return sinc * Self.bessel(Self.beta * max(0, 1 - ratio * ratio).squareRoot()) / norm
    }
    let scale = Double(up) / weights.reduce(0, +)
    for index in weights.indices { weights[index] *= scale }
    phases = (0..<up).map { phase in stride(from: phase, to: weights.count, by: up).map { weights[$0] } }
  }

  /// The modified Bessel function I₀, by its series.
  private static func bessel(_ x: Double) -> Double {
    var (term, sum, k) = (1.0, 1.0, 1.0)
    while term > sum * 1e-17 {
      term *= (x / (2 * k)) * (x / (2 * k))
      sum += term
      k += 1
    }
    return sum
  }

  /// How many samples become of `count`: those that begin before the last one ends.
  func count(of count: Int) -> Int { (count * up + down - 1) / down }

  /// The first `limit` samples at the other rate.
  func resample(_ samples: [Double], limit: Int) -> [Double] {
    let half = Self.crossings * max(up, down)
    return samples.withUnsafeBufferPointer { samples in
      (0..<min(limit, count(of: samples.count))).map { n in
        // h has the index nD − kU + C, which the last sample k makes smallest.
        let place = n * down + half
        let weights = phases[place % up]
        let latest = place / up
        let first = max(0, latest - (samples.count - 1)), last = min(weights.count - 1, latest)
        return weights.withUnsafeBufferPointer { weights in
          var sum = 0.0
          for index in stride(from: first, through: last, by: 1) { sum += weights[index] * samples[latest - index] }
          return sum
        }
      }
    }
  }

  /// How many samples of the source the first `limit` samples depend on.
  func needed(for limit: Int) -> Int { (limit * down + Self.crossings * max(up, down)) / up + 1 }
}
