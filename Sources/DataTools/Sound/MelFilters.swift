import Foundation

/// How pitch grows with frequency, and how the bands on it weigh.
public enum MelScale: Sendable {
  /// mel = 2595 log₁₀(1 + f/700) (O'Shaughnessy 1987), triangles of height 1: as in HTK.
  case htk
  /// Linear below 1000 Hz, 200/3 Hz a mel, and above it 27 mels for each factor of 6.4; triangles of area 1 over Hz: as
  /// in Slaney's Auditory Toolbox (1998) and by default in librosa.
  case slaney

  func mel(_ frequency: Double) -> Double {
    switch self {
    case .htk: 2595 * log10(1 + frequency / 700)
    case .slaney: frequency < 1000 ? frequency * 3 / 200 : 15 + 27 * log(frequency / 1000) / log(6.4)
    }
  }

  func frequency(_ mel: Double) -> Double {
    switch self {
    case .htk: 700 * (pow(10, mel / 2595) - 1)
    case .slaney: mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * log(6.4) / 27)
    }
  }
}

/// Bands that are evenly spaced on the mel scale, as sums over the frequencies of a Fourier transform.
///
/// Band b is a triangle that rises from 0 at c[b] to its greatest at c[b + 1] and falls to 0 at c[b + 2] (Davis and
/// Mermelstein 1980), with the B + 2 corners c evenly spaced in mel.
struct MelFilters: Sendable {
  /// The frequencies that each band sees, and their weights.
  let bands: [(first: Int, weights: [Double])]

  /// - Parameters:
  ///   - size: of the transform.
  ///   - range: the first and the last corner in Hz.
  init(sampleRate: Double, size: Int, count: Int, range: ClosedRange<Double>, scale: MelScale) {
    let (low, high) = (scale.mel(range.lowerBound), scale.mel(range.upperBound))
    let corners = (0..<count + 2).map { scale.frequency(low + (high - low) * Double($0) / Double(count + 1)) }
    bands = (0..<count).map { band in
      let height = scale == .slaney ? 2 / (corners[band + 2] - corners[band]) : 1
      let weights = (0...size / 2).map { bin in
        let frequency = Double(bin) * sampleRate / Double(size)
        let rising = (frequency - corners[band]) / (corners[band + 1] - corners[band])
        let falling = (corners[band + 2] - frequency) / (corners[band + 2] - corners[band + 1])
        return height * max(0, min(rising, falling))
      }
      let first = weights.firstIndex { $0 > 0 } ?? 0, last = weights.lastIndex { $0 > 0 } ?? -1
      return (first, Array(weights[min(first, last + 1)..<last + 1]))
    }
  }

  /// The first band between two frequencies of the transform, which sees nothing; nil where there is none.
  var emptyBand: Int? { bands.firstIndex { $0.weights.isEmpty } }

  /// The sum of a band over the power of each frequency.
  func sum(_ band: Int, of power: [Double]) -> Double {
    let (first, weights) = bands[band]
    var sum = 0.0
    for (offset, weight) in weights.enumerated() { sum += weight * power[first + offset] }
    return sum
  }
}
