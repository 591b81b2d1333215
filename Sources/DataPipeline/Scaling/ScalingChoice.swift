public import HDF5Storage
public import NumericCore

/// What training asks of features beside a common scale.
public enum FeatureUse: Sendable {
  case plain
  /// Numbers from 0 to 1: they are targets that are probabilities, or what a generator makes.
  case fromZeroToOne
  /// 0 stays 0, as it stands for padding.
  case padded
  /// They are looked up in a table.
  case indices
}

/// How the scaling `auto` scales features, decided by their type, their shape and their range in the training split.
///
/// | features | scaling |
/// |---|---|
/// | 0 and 1 throughout | as they are |
/// | numbers with the attribute `valid_max` | divided by it |
/// | integers that are pixels | divided by the greatest value of an 8- or 16-bit type; by the greatest there is where
/// that is less than half of it |
/// | floating-point pixels | as they are from −1 to 1, divided by 255 from 0 to 255 |
/// | others in images and sequences, for layers that read those | mean and deviation of each channel |
/// | others | mean and deviation of each column, columns of 0 and 1 as they are |
///
/// Pixels are what has two axes or more, or 64 columns or more, of about the same range.
public struct ScalingChoice: Sendable, Equatable {
  public enum Method: Sendable, Equatable {
    case asIs
    case divided(by: Double)
    /// Each column by its mean and deviation.
    case columns
    /// Each of so many channels, which are last, by the mean and deviation over all positions.
    case channels(Int)
    /// Each column's range to 0…1.
    case range
  }

  public let method: Method
  /// Why, in a few words.
  public let reason: String

  /// The scaling that it comes to.
  public var scaling: FeatureScaling {
    switch method {
    case .asIs: .none
    case .divided: .unit
    case .columns, .channels: .standard
    case .range: .minMax
    }
  }

  /// What is done and why, and the option that changes it, each on a line.
  public var lines: [String] {
    let deed =
      switch method {
      case .asIs: "left as they are"
      case .divided(let divisor): "divided by \(text(divisor))"
      case .columns: "by mean and deviation"
      case .channels: "by mean and deviation"
      case .range: "each from its range to 0 to 1"
      }
    return "\(scaling.rawValue): \(reason), \(deed) (data.scaling)".wrapped
  }

  /// - Parameters:
  ///   - shape: of a sample.
  ///   - validMaximum: the attribute `valid_max`.
  ///   - channels: how many there are, last in `shape`, where the model reads images or sequences; else nil.
  ///   - minimum, maximum: of each feature in the training split.
  public init(
    type: ElementType, shape: Shape, validMaximum: Double?, channels: Int? = nil, use: FeatureUse = .plain,
    minimum: [Double], maximum: [Double]
  ) {
    func choose(_ method: Method, _ reason: String) -> (Method, String) { (method, reason) }
    let least = minimum.min() ?? 0, greatest = maximum.max() ?? 0
    (method, reason) =
      if use == .indices {
        choose(.asIs, "numbers that are looked up in an embedding")
      } else if type.isInteger && least >= 0 && greatest <= 1 {
        choose(.asIs, "0 and 1")
      } else if let validMaximum, type.isInteger {
        choose(.divided(by: validMaximum), "integers with valid_max \(text(validMaximum))")
      } else {
        Self.byRange(type, shape, channels, use, minimum, maximum, least, greatest)
      }
  }

  private static func byRange(
    _ type: ElementType, _ shape: Shape, _ channels: Int?, _ use: FeatureUse, _ minimum: [Double], _ maximum: [Double],
    _ least: Double, _ greatest: Double
  ) -> (Method, String) {
    let isGrid = shape.rank >= 2, isAlike = isAlike(minimum, maximum)
    let arePixels = isGrid ? type == .uint8 || !type.isInteger || isAlike : maximum.count >= 64 && isAlike
    if type.isInteger {
      if least >= 0 && (arePixels || use == .padded) {
        guard let limit = type.greatest, greatest > limit / 2 else {
          return (.divided(by: greatest), "integers up to \(text(greatest))")
        }
        return (.divided(by: limit), "\(arePixels ? "pixels" : "numbers") of \(type.name)")
      }
    } else {
      if arePixels, use == .fromZeroToOne ? least >= 0 : least >= -1, (0.25...1).contains(greatest) {
        return (.asIs, "floating-point pixels from \(least < 0 ? -1 : 0) to 1")
      }
      if arePixels, least >= 0, (128...255).contains(greatest) {
        return (.divided(by: 255), "floating-point pixels from 0 to 255")
      }
    }
    switch use {
    case .fromZeroToOne:
      return least >= 0 && greatest <= 1
        ? (.asIs, "numbers from 0 to 1") : (.range, "numbers that have to be from 0 to 1")
    case .padded: return (.asIs, "padded with zeros")
    case .plain, .indices: break
    }
    if isGrid, let channels {
      return (.channels(channels), channels == 1 ? "samples of one channel" : "channels of samples")
    }
    return (.columns, isGrid ? "numbers of several axes, of no common range" : "columns of a table")
  }

  /// Whether half of the features that vary reach half of the greatest value of all.
  private static func isAlike(_ minimum: [Double], _ maximum: [Double]) -> Bool {
    let greatest = zip(minimum, maximum).filter { $0 < $1 }.map { max(abs($0), abs($1)) }.sorted()
    guard let last = greatest.last else { return false }
    return greatest[greatest.count / 2] >= last / 2
  }
}

extension ElementType {
  /// The greatest value of a type that sensors and files of images use up; nil of wider ones.
  fileprivate var greatest: Double? {
    switch self {
    case .uint8: 255
    case .uint16: 65_535
    case .int8: 127
    case .int16: 32_767
    case .int32, .int64, .uint32, .uint64, .float32, .float64: nil
    }
  }
}

extension String {
  /// Its words on lines of at most 69 characters, as the head of a run has them.
  var wrapped: [String] {
    split(separator: " ").reduce(into: []) { (lines: inout [String], word) in
      if let line = lines.last, line.count + 1 + word.count <= 69 {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
  }
}

/// A number without a fraction that is zero.
private func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
