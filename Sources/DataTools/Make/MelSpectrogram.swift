import Foundation

/// The logarithm of a sound's power in frames and in bands that are evenly spaced on the mel scale.
///
/// Frame t holds the L samples from t·H on, times the periodic Hann window w[n] = ½ − ½ cos(2πn/L). With its discrete
/// Fourier transform X and P[k] = |X[k]|² / Σ w², band b is ln(Σₖ W[b, k] P[k] + 10⁻⁶). W[b] is a triangle over the
/// frequencies that rises from 0 at c[b] to 1 at c[b + 1] and falls to 0 at c[b + 2] (Davis and Mermelstein 1980), with
/// the B + 2 corners c evenly spaced in mel = 2595 log₁₀(1 + f/700) (O'Shaughnessy 1987).
public struct MelSpectrogram: Sendable {
  /// L, a power of two.
  public let frameLength: Int
  /// H, samples from the start of one frame to the next.
  public let hop: Int
  /// B.
  public let bands: Int
  private let window: [Double]
  private let fourier: FourierTransform
  /// W, the frequencies that each band sees and their weights.
  private let filters: [(first: Int, weights: [Double])]

  /// - Parameters:
  ///   - sampleRate: samples a second.
  ///   - range: the first and the last corner in Hz, up to half the sample rate.
  public init(sampleRate: Double, frameLength: Int, hop: Int, bands: Int, range: ClosedRange<Double>) {
    precondition(
      hop >= 1 && bands >= 1 && range.lowerBound >= 0 && range.upperBound <= sampleRate / 2,
      "\(bands) bands of \(range) Hz at \(sampleRate) samples a second, every \(hop)")
    self.frameLength = frameLength
    self.hop = hop
    self.bands = bands
    fourier = FourierTransform(size: frameLength)
    window = (0..<frameLength).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(frameLength)) }
    let (low, high) = (Self.mel(range.lowerBound), Self.mel(range.upperBound))
    let corners = (0..<bands + 2).map { Self.frequency(low + (high - low) * Double($0) / Double(bands + 1)) }
    filters = (0..<bands).map { band in
      let weights = (0...frameLength / 2).map { bin in
        let frequency = Double(bin) * sampleRate / Double(frameLength)
        let rising = (frequency - corners[band]) / (corners[band + 1] - corners[band])
        let falling = (corners[band + 2] - frequency) / (corners[band + 2] - corners[band + 1])
        return max(0, min(rising, falling))
      }
      let first = weights.firstIndex { $0 > 0 } ?? 0, last = weights.lastIndex { $0 > 0 } ?? -1
      return (first, Array(weights[min(first, last + 1)..<last + 1]))
    }
  }

  static func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
  static func frequency(_ mel: Double) -> Double { 700 * (pow(10, mel / 2595) - 1) }

  /// T, the frames that lie wholly within a number of samples.
  public func frameCount(samples: Int) -> Int { samples < frameLength ? 0 : (samples - frameLength) / hop + 1 }

  /// The spectrogram [T, B], frame by frame.
  public func transform(_ samples: [Double]) -> [Double] {
    let energy = window.reduce(0) { $0 + $1 * $1 }
    var result: [Double] = []
    result.reserveCapacity(frameCount(samples: samples.count) * bands)
    for frame in 0..<frameCount(samples: samples.count) {
      let power = fourier.power(of: (0..<frameLength).map { samples[frame * hop + $0] * window[$0] })
      for filter in filters {
        var sum = 0.0
        for (offset, weight) in filter.weights.enumerated() { sum += weight * power[filter.first + offset] }
        result.append(log(sum / energy + 1e-6))
      }
    }
    return result
  }
}

/// The discrete Fourier transform of real numbers, by Cooley and Tukey's algorithm for powers of two (1965).
private struct FourierTransform: Sendable {
  private let size: Int
  /// e^(−2πik/size) for k below size / 2.
  private let cosines: [Double], sines: [Double]
  /// Where the bits of an index, reversed, point.
  private let reversed: [Int]

  init(size: Int) {
    precondition(size >= 2 && size & (size - 1) == 0, "a frame of \(size) samples, expected a power of two")
    self.size = size
    cosines = (0..<size / 2).map { cos(2 * .pi * Double($0) / Double(size)) }
    sines = (0..<size / 2).map { -sin(2 * .pi * Double($0) / Double(size)) }
    let bits = size.trailingZeroBitCount
    reversed = (0..<size).map { index in (0..<bits).reduce(0) { $0 << 1 | (index >> $1) & 1 } }
  }

  /// |X[k]|² for k from 0 to size / 2.
  func power(of values: [Double]) -> [Double] {
    var real = reversed.map { values[$0] }
    var imaginary = [Double](repeating: 0, count: size)
    var half = 1
    while half < size {
      let stride = size / (2 * half)
      for start in Swift.stride(from: 0, to: size, by: 2 * half) {
        for k in 0..<half {
          let (c, s) = (cosines[k * stride], sines[k * stride])
          let (i, j) = (start + k, start + k + half)
          let (x, y) = (real[j] * c - imaginary[j] * s, real[j] * s + imaginary[j] * c)
          (real[j], imaginary[j]) = (real[i] - x, imaginary[i] - y)
          (real[i], imaginary[i]) = (real[i] + x, imaginary[i] + y)
        }
      }
      half *= 2
    }
    return (0...size / 2).map { real[$0] * real[$0] + imaginary[$0] * imaginary[$0] }
  }
}
