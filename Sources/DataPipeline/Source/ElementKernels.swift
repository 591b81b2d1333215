import HDF5Storage

/// A type of data set elements that the kernels below convert to floating point.
///
/// Each loop over elements is generic and is called once for each type, behind a switch outside the loop, so that the
/// compiler makes ten vectorised copies of it.
protocol ConvertibleElement: BitwiseCopyable {
  /// Whether `single` loses digits of some values.
  static var isWide: Bool { get }
  var single: Float { get }
  var double: Double { get }
  /// Whether the value fits a `Float`, so neither NaN nor infinite.
  var isUsable: Bool { get }
  /// Nil where the type does not hold the number.
  static func exactly(_ number: Int) -> Self?
}

extension ConvertibleElement where Self: BinaryInteger {
  @inline(__always) static var isWide: Bool { MemoryLayout<Self>.size > 2 }
  @inline(__always) var isUsable: Bool { true }
  static func exactly(_ number: Int) -> Self? { Self(exactly: number) }
}
extension ConvertibleElement where Self: BinaryFloatingPoint {
  @inline(__always) static var isWide: Bool { MemoryLayout<Self>.size > 4 }
  // False for NaN, too. The bound is the largest double that rounds to a finite Float.
  @inline(__always) var isUsable: Bool { abs(double) < 0x1.ffffffp127 }
  static func exactly(_ number: Int) -> Self? { Self(exactly: number) }
}

extension Int8: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Int16: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Int32: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Int64: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt8: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt16: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt32: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt64: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Float: ConvertibleElement {
  @inline(__always) var single: Float { self }
  @inline(__always) var double: Double { Double(self) }
}
extension Double: ConvertibleElement {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { self }
}

/// A loop over elements whose type is known only when the file has been opened.
protocol ElementKernel {
  associatedtype Result
  func run<T: ConvertibleElement>(_ type: T.Type) -> Result
}

extension ElementType {
  /// Runs the copy of the kernel that is compiled for this type.
  func run<Kernel: ElementKernel>(_ kernel: Kernel) -> Kernel.Result {
    switch self {
    case .int8: kernel.run(Int8.self)
    case .int16: kernel.run(Int16.self)
    case .int32: kernel.run(Int32.self)
    case .int64: kernel.run(Int64.self)
    case .uint8: kernel.run(UInt8.self)
    case .uint16: kernel.run(UInt16.self)
    case .uint32: kernel.run(UInt32.self)
    case .uint64: kernel.run(UInt64.self)
    case .float32: kernel.run(Float.self)
    case .float64: kernel.run(Double.self)
    }
  }
}

/// Copies rows in any order, as floating point: destination[i, j] = (source[positions[i], j] − offset[j]) · factor[j].
///
/// Types of more digits than a `Float` are subtracted in double, each feature from its own offset: two timestamps that
/// are a minute apart would be one number in single precision.
///
/// - Shapes: `source` [rowCount, width], `destination` [positions.count, width]; `offset` and `factor` [width] or [1].
struct GatherRows: ElementKernel {
  let source: UnsafeRawPointer
  let rowCount: Int
  let width: Int
  let positions: UnsafeBufferPointer<Int32>
  let destination: UnsafeMutablePointer<Float>
  let offset: UnsafePointer<Double>
  let roundedOffset: UnsafePointer<Float>
  let factor: UnsafePointer<Float>
  /// Whether one offset and factor serve all columns.
  let isUniform: Bool
  /// Whether `Float`, too, is subtracted in double: as the inverse of the map is computed.
  let isExact: Bool

  func run<T: ConvertibleElement>(_: T.Type) {
    let rows = source.assumingMemoryBound(to: T.self)
    var output = destination
    for position in positions {
      let position = Int(position)
      precondition(0 <= position && position < rowCount, "position \(position) of \(rowCount)")
      let row = rows + position * width
      if isUniform && (offset[0] == 0 || !(T.isWide || isExact)) {
        let offset = roundedOffset[0]
        let factor = factor[0]
        for j in 0..<width { output[j] = (row[j].single - offset) * factor }
      } else if isUniform {
        let offset = offset[0]
        let factor = Double(factor[0])
        for j in 0..<width { output[j] = Float((row[j].double - offset) * factor) }
      } else if T.isWide || isExact {
        for j in 0..<width { output[j] = Float((row[j].double - offset[j]) * Double(factor[j])) }
      } else {
        for j in 0..<width { output[j] = (row[j].single - roundedOffset[j]) * factor[j] }
      }
      output += width
    }
  }
}

/// Brings the channels of each row behind its pixels: destination[i, p, c] = source[i, c, p].
struct TransposeRows: ElementKernel {
  let source: UnsafeRawBufferPointer
  let destination: UnsafeMutableRawBufferPointer
  let channels: Int
  let pixels: Int

  func run<T: ConvertibleElement>(_: T.Type) {
    let source = source.assumingMemoryBound(to: T.self)
    let destination = destination.assumingMemoryBound(to: T.self)
    precondition(source.count == destination.count && source.count % (channels * pixels) == 0)
    for start in stride(from: 0, to: source.count, by: channels * pixels) {
      for p in 0..<pixels {
        for c in 0..<channels { destination[start + p * channels + c] = source[start + c * pixels + p] }
      }
    }
  }
}

/// Finds the first value that is NaN, infinite or too large for a `Float`.
struct FindUnusable: ElementKernel {
  let elements: UnsafeRawBufferPointer

  func run<T: ConvertibleElement>(_: T.Type) -> (index: Int, value: Double)? {
    let elements = elements.assumingMemoryBound(to: T.self)
    // Counting vectorises; leaving at the first find would not.
    var unusable: Int32 = 0
    for element in elements { unusable |= element.isUsable ? 0 : 1 }
    guard unusable != 0 else { return nil }
    return elements.firstIndex { !$0.isUsable }.map { ($0, elements[$0].double) }
  }
}

/// Checks that values are labels of the classes below `limit`: `first` of class 0, each `step` after the one before.
/// Finds the greatest class, or the first value that is no label.
struct ScanLabels: ElementKernel {
  let elements: UnsafeRawBufferPointer
  let limit: Int
  let first: Int
  let step: Int
  /// A label that is passed over; nil for none.
  var ignored: Int?

  enum Result {
    /// Nil where all labels are passed over.
    case greatest(Int?)
    case unfit(index: Int, value: Double)
  }

  func run<T: ConvertibleElement>(_: T.Type) -> Result {
    var greatest = -1.0
    let first = Double(first), step = Double(step), ignored = ignored.map(Double.init) ?? .nan
    for (index, element) in elements.assumingMemoryBound(to: T.self).enumerated() {
      if element.double == ignored { continue }
      let value = (element.double - first) / step
      guard value >= 0, value < Double(limit), value.rounded(.towardZero) == value else {
        return .unfit(index: index, value: element.double)
      }
      greatest = max(greatest, value)
    }
    return .greatest(greatest < 0 ? nil : Int(greatest))
  }
}

/// Column statistics of rows, in double and in the order of the rows.
struct AccumulateColumns: ElementKernel {
  enum Statistic {
    /// sums[j] += x[i, j]
    case sum
    /// sums[j] += (x[i, j] − mean[j])²
    case squaredDeviation(mean: UnsafePointer<Double>)
    /// sums[j] = min(sums[j], x[i, j])
    case minimum
    /// sums[j] = max(sums[j], x[i, j])
    case maximum
    /// sums[j] = 1 where an x[i, j] is neither 0 nor 1
    case otherThanBinary
    /// sums[j] = 1 where an x[i, j] is no whole number
    case fractions
  }

  let source: UnsafeRawPointer
  let rowCount: Int
  let width: Int
  let statistic: Statistic
  let sums: UnsafeMutablePointer<Double>

  func run<T: ConvertibleElement>(_: T.Type) {
    var row = source.assumingMemoryBound(to: T.self)
    for _ in 0..<rowCount {
      switch statistic {
      case .sum:
        for j in 0..<width { sums[j] += row[j].double }
      case .squaredDeviation(let mean):
        for j in 0..<width {
          let deviation = row[j].double - mean[j]
          sums[j] += deviation * deviation
        }
      case .minimum:
        for j in 0..<width {
          let value = row[j].double
          sums[j] = value < sums[j] ? value : sums[j]
        }
      case .maximum:
        for j in 0..<width {
          let value = row[j].double
          sums[j] = value > sums[j] ? value : sums[j]
        }
      case .otherThanBinary:
        for j in 0..<width {
          let value = row[j].double
          sums[j] = value * (1 - value) == 0 ? sums[j] : 1
        }
      case .fractions:
        for j in 0..<width {
          let value = row[j].double
          sums[j] = value.rounded() == value ? sums[j] : 1
        }
      }
      row += width
    }
  }
}
