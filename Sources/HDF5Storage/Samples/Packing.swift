/// How numbers stand for values, by the conventions of netCDF and CF: which numbers mean that a value is missing, and
/// what the others are multiplied by and added to.
struct Packing {
  /// The type of the numbers: that of the file, but unsigned or signed as the attribute `_Unsigned` says.
  let stored: ElementType
  /// Numbers that stand for a missing value.
  let missing: [Double]
  let scale: Double
  let offset: Double
  /// The type of the values: that of `scale_factor` and `add_offset` where they are there, `stored` otherwise.
  let values: ElementType

  var isScaled: Bool { scale != 1 || offset != 0 }

  func value(_ number: Double) -> Double { number * scale + offset }

  /// Nil for a data set whose numbers are its values.
  ///
  /// - Throws: if an attribute makes no sense.
  init?(of dataset: String, stored: ElementType, in file: HDF5File) throws(HDF5Error) {
    func numbers(_ name: String) throws(HDF5Error) -> [Double] { try file.doublesAttribute(name, of: dataset) ?? [] }
    func factor(_ name: String, _ neutral: Double) throws(HDF5Error) -> Double {
      guard let value = try file.doubleAttribute(name, of: dataset) else { return neutral }
      guard value.isFinite, value != 0 || neutral == 0 else {
        throw HDF5Error(
          operation: "read", subject: "attribute '\(name)' of \(file.subject(dataset))",
          reason: "it is \(value), expected a finite number\(neutral == 0 ? "" : " other than 0")")
      }
      return value
    }
    var type = stored
    if let rule = try file.unsignedRule(of: dataset) { type = stored.withSign(!rule) }
    var missing = try numbers("_FillValue") + numbers("missing_value")
    // What netCDF fills unwritten values with, where the file does not say so.
    if missing.isEmpty, try file.isNetCDF { missing = stored.netCDFFill.map { [$0] } ?? [] }
    scale = try factor("scale_factor", 1)
    offset = try factor("add_offset", 0)
    self.stored = type
    let range = type.isUnsigned ? Double(sign: .plus, exponent: type.byteCount * 8, significand: 1) : 0
    self.missing = missing.filter { !$0.isNaN }.map { $0 < 0 ? $0 + range : $0 }
    if scale == 1 && offset == 0 {
      values = type
    } else {
      let types = try ["scale_factor", "add_offset"].map { (name) throws(HDF5Error) in
        try file.attributeType(name, of: dataset)
      }
      values = types.allSatisfy { $0 == nil || $0 == .float32 } ? .float32 : .float64
    }
    if self.missing.isEmpty && !isScaled && type == stored { return nil }
  }

  /// Decodes numbers to values of `type`; missing ones become NaN.
  ///
  /// - Returns: the index of the first missing value that `type`, one of integers, cannot show; nil without one.
  func decode(
    _ numbers: UnsafeRawBufferPointer, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    switch stored {
    case .int8: decode(numbers.assumingMemoryBound(to: Int8.self), type, destination)
    case .int16: decode(numbers.assumingMemoryBound(to: Int16.self), type, destination)
    case .int32: decode(numbers.assumingMemoryBound(to: Int32.self), type, destination)
    case .int64: decode(numbers.assumingMemoryBound(to: Int64.self), type, destination)
    case .uint8: decode(numbers.assumingMemoryBound(to: UInt8.self), type, destination)
    case .uint16: decode(numbers.assumingMemoryBound(to: UInt16.self), type, destination)
    case .uint32: decode(numbers.assumingMemoryBound(to: UInt32.self), type, destination)
    case .uint64: decode(numbers.assumingMemoryBound(to: UInt64.self), type, destination)
    case .float32: decode(numbers.assumingMemoryBound(to: Float.self), type, destination)
    case .float64: decode(numbers.assumingMemoryBound(to: Double.self), type, destination)
    }
  }

  private func decode<Number: PackedNumber>(
    _ numbers: UnsafeBufferPointer<Number>, _ type: ElementType, _ destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    switch type {
    case .float32:
      let values = destination.assumingMemoryBound(to: Float.self)
      for (index, number) in numbers.enumerated() {
        values[index] = isMissing(number) ? .nan : isScaled ? Float(value(number.double)) : Float(number.double)
      }
    case .float64:
      let values = destination.assumingMemoryBound(to: Double.self)
      for (index, number) in numbers.enumerated() {
        values[index] = isMissing(number) ? .nan : value(number.double)
      }
    default:
      if !missing.isEmpty, let index = numbers.firstIndex(where: isMissing) { return index }
      // Integers that are not scaled are read in their own type alone.
      destination.copyMemory(from: UnsafeRawBufferPointer(numbers))
    }
    return nil
  }

  @inline(__always) private func isMissing<Number: PackedNumber>(_ number: Number) -> Bool {
    for value in missing where number.double == value || number.isNearest(value) { return true }
    return false
  }
}

/// A type of elements that may be packed values.
protocol PackedNumber: BitwiseCopyable {
  var double: Double { get }
  /// Whether this is what rounding to the type makes of a value that is no value of the type.
  func isNearest(_ value: Double) -> Bool
}

extension PackedNumber {
  @inline(__always) func isNearest(_ value: Double) -> Bool { false }
}
extension PackedNumber where Self: BinaryInteger {
  @inline(__always) var double: Double { Double(self) }
}
extension Int8: PackedNumber {}
extension Int16: PackedNumber {}
extension Int32: PackedNumber {}
extension Int64: PackedNumber {}
extension UInt8: PackedNumber {}
extension UInt16: PackedNumber {}
extension UInt32: PackedNumber {}
extension UInt64: PackedNumber {}
extension Float: PackedNumber {
  @inline(__always) var double: Double { Double(self) }
  @inline(__always) func isNearest(_ value: Double) -> Bool { self == Float(value) }
}
extension Double: PackedNumber {
  @inline(__always) var double: Double { self }
}

extension ElementType {
  var isUnsigned: Bool { [.uint8, .uint16, .uint32, .uint64].contains(self) }

  /// The integer type of the same size with or without a sign; a floating-point type stays.
  fileprivate func withSign(_ isSigned: Bool) -> ElementType {
    switch self {
    case .int8, .uint8: isSigned ? .int8 : .uint8
    case .int16, .uint16: isSigned ? .int16 : .uint16
    case .int32, .uint32: isSigned ? .int32 : .uint32
    case .int64, .uint64: isSigned ? .int64 : .uint64
    case .float32, .float64: self
    }
  }

  /// What netCDF-4 writes where nothing was written; nil for bytes, of which every value may be meant.
  fileprivate var netCDFFill: Double? {
    switch self {
    case .int8, .uint8: nil
    case .int16: -32_767
    case .uint16: 65_535
    case .int32: -2_147_483_647
    case .uint32: 4_294_967_295
    case .int64: -9_223_372_036_854_775_806
    case .uint64: 18_446_744_073_709_551_614
    case .float32, .float64: 0x1.ep+122
    }
  }
}

extension HDF5File {
  /// Whether netCDF-4 has written the file.
  fileprivate var isNetCDF: Bool {
    get throws(HDF5Error) { try hasAttribute("_NCProperties", of: "/") }
  }

  /// Whether the attribute `_Unsigned` says that integers have no sign; nil where it is not there.
  fileprivate func unsignedRule(of dataset: String) throws(HDF5Error) -> Bool? {
    guard let text = try stringAttribute("_Unsigned", of: dataset)?.lowercased() else { return nil }
    return text == "true" ? true : text == "false" ? false : nil
  }
}
