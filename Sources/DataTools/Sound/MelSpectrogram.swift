import Foundation

/// The logarithm of a sound's power in frames and in bands that are evenly spaced on the mel scale.
///
/// Frame t holds the L samples from t·H on, or L/2 samples earlier where frames are centered, with zeros around the
/// sound, times the periodic Hann window w[n] = ½ − ½ cos(2πn/L). With its discrete Fourier transform X, band b is
/// S[t, b] = Σₖ W[b, k] |X[k]|², the weights W as `MelFilters` has them.
public struct MelSpectrogram: Sendable {
  /// L.
  public let frameLength: Int
  /// H, samples from the start of one frame to the next.
  public let hop: Int
  /// B.
  public let bands: Int
  /// Whether frame t has its middle at sample t·H; otherwise its start.
  public let isCentered: Bool
  private let window: [Double]
  private let fourier: FourierTransform
  private let filters: MelFilters

  /// - Parameters:
  ///   - sampleRate: samples a second.
  ///   - range: the first and the last corner in Hz, up to half the sample rate.
  public init(
    sampleRate: Double, frameLength: Int, hop: Int, bands: Int, range: ClosedRange<Double>, scale: MelScale = .htk,
    isCentered: Bool = false
  ) {
    precondition(
      hop >= 1 && bands >= 1 && range.lowerBound >= 0 && range.upperBound <= sampleRate / 2,
      "\(bands) bands of \(range) Hz at \(sampleRate) samples a second, every \(hop)")
    (self.frameLength, self.hop, self.bands, self.isCentered) = (frameLength, hop, bands, isCentered)
    fourier = FourierTransform(size: frameLength)
    window = (0..<frameLength).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(frameLength)) }
    filters = MelFilters(sampleRate: sampleRate, size: frameLength, count: bands, range: range, scale: scale)
  }

  /// The first band that lies between two frequencies of the transform and is always silent; nil where there is none.
  public var emptyBand: Int? { filters.emptyBand }

  /// T, the frames of so many samples: those that lie wholly within them or, centered, also those at the ends.
  public func frameCount(samples: Int) -> Int {
    Self.frameCount(samples: samples, frameLength: frameLength, hop: hop, isCentered: isCentered)
  }

  static func frameCount(samples: Int, frameLength: Int, hop: Int, isCentered: Bool) -> Int {
    let padded = samples + (isCentered ? frameLength / 2 * 2 : 0)
    return samples < 1 || padded < frameLength ? 0 : (padded - frameLength) / hop + 1
  }

  /// The spectrogram [T, B], frame by frame: ln(S / Σ w² + 10⁻⁶).
  public func transform(_ samples: [Double]) -> [Double] {
    let energy = window.reduce(0) { $0 + $1 * $1 }
    var result: [Double] = []
    result.reserveCapacity(frameCount(samples: samples.count) * bands)
    samples.withUnsafeBufferPointer { samples in
      eachBand(of: samples) { result.append(log($0 / energy + 1e-6)) }
    }
    return result
  }

  /// The power below which decibels do not tell sounds apart.
  public static let quietest = 1e-10

  /// The spectrogram [T, B] in decibels, frame by frame: 10 log₁₀ max(S, 10⁻¹⁰).
  ///
  /// - Parameter result: T·B places.
  func writeDecibels(of samples: UnsafeBufferPointer<Double>, to result: UnsafeMutableBufferPointer<Float>) {
    precondition(result.count == frameCount(samples: samples.count) * bands, "\(result.count) places")
    var place = 0
    eachBand(of: samples) {
      result[place] = Float(10 * log10(max(Self.quietest, $0)))
      place += 1
    }
  }

  /// Gives each band's power of each frame.
  private func eachBand(of samples: UnsafeBufferPointer<Double>, _ body: (Double) -> Void) {
    var workspace = fourier.workspace()
    var frame = [Double](repeating: 0, count: frameLength)
    for number in 0..<frameCount(samples: samples.count) {
      let start = number * hop - (isCentered ? frameLength / 2 : 0)
      let inside = max(0, -start)..<max(max(0, -start), min(frameLength, samples.count - start))
      if inside.count < frameLength { frame.withUnsafeMutableBufferPointer { $0.update(repeating: 0) } }
      for index in inside { frame[index] = samples[start + index] * window[index] }
      frame.withUnsafeBufferPointer { fourier.transform($0, in: &workspace) }
      for band in 0..<bands { body(filters.sum(band, of: workspace.power)) }
    }
  }
}
