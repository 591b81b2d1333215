public import NumericCore
public import Settings

// What settings of layers can be, beside numbers and words.

extension InputLayout: SettingChoice {}
extension InitializationScheme: SettingChoice {}

/// One number for both axes of an image, or `[height, width]`.
extension Extents: SettingValue {
  public static var unlimited: Interval<Int> { .any }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: Interval<Int>
  ) throws(SettingsError) -> Extents {
    guard case .array(let elements) = value.content else {
      return Extents(try value.requireInteger(subject, in: limits))
    }
    guard elements.count == 2 else { throw value.mismatch(subject, "a number or [height, width]") }
    return Extents(
      height: try elements[0].requireInteger("\(subject)[0]", in: limits),
      width: try elements[1].requireInteger("\(subject)[1]", in: limits))
  }

  public func json(_ limits: Interval<Int>) -> JSONValue {
    height == width ? .integer(height) : [.integer(height), .integer(width)]
  }

  public static func words(for limits: Interval<Int>) -> String { "number or [height, width], \(limits.words)" }
}

/// The border of zeros of a convolution.
public enum Padding: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// As wide as keeps the size where the stride is 1.
  case same
  case extents(Extents)

  public init(integerLiteral both: Int) { self = .extents(Extents(both)) }

  /// - Throws: for `same` where a kernel of even size would need a border of another width on either side.
  func extents(kernel: Extents, dilation: Extents) throws(LayerError) -> Extents {
    if case .extents(let extents) = self { return extents }
    let (height, width) = (dilation.height * (kernel.height - 1), dilation.width * (kernel.width - 1))
    guard height % 2 == 0, width % 2 == 0 else {
      throw .setting("padding", "\"same\" needs a kernel of odd size, found \(kernel); give a number")
    }
    return Extents(height: height / 2, width: width / 2)
  }
}

/// `"same"`, a number of at least 0, or `[height, width]`.
extension Padding: SettingValue {
  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> Padding {
    guard case .string = value.content else { return .extents(try Extents.read(value, subject, .atLeast(0))) }
    _ = try value.requireName(subject, of: ["same"])
    return .same
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    switch self {
    case .same: "same"
    case .extents(let extents): extents.json(.atLeast(0))
    }
  }

  public static func words(for limits: NoLimits) -> String { "same, a number or [height, width]" }
}
