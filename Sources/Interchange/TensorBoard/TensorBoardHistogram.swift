/// How numbers are spread: the message `HistogramProto` of TensorFlow's `histogram.proto`.
public struct TensorBoardHistogram: Sendable, Equatable {
  public var minimum = 0.0
  public var maximum = 0.0
  public var count = 0.0
  public var sum = 0.0
  public var squareSum = 0.0
  /// The right end of each bucket; the first begins at the minimum.
  public var limits: [Double] = []
  /// Numbers in each bucket.
  public var counts: [Double] = []

  /// As many as TensorBoard shows.
  public static let bucketCount = 30

  /// Buckets of one width between the least and the greatest of the numbers times `factor`; those that are not finite
  /// do not count.
  public init(_ numbers: some Collection<Float>, times factor: Double = 1) {
    (minimum, maximum) = (.infinity, -.infinity)
    for number in numbers where number.isFinite {
      let value = Double(number) * factor
      minimum = min(minimum, value)
      maximum = max(maximum, value)
      count += 1
      sum += value
      squareSum += value * value
    }
    guard count > 0 else {
      (minimum, maximum) = (0, 0)
      return
    }
    guard minimum < maximum else {
      (limits, counts) = ([maximum], [count])
      return
    }
    let width = (maximum - minimum) / Double(Self.bucketCount)
    limits = (1..<Self.bucketCount).map { minimum + Double($0) * width } + [maximum]
    counts = [Double](repeating: 0, count: Self.bucketCount)
    for number in numbers where number.isFinite {
      let place = (Double(number) * factor - minimum) / width
      // Of a width below the least number there is the bucket is anyone's.
      counts[place.isFinite ? min(Self.bucketCount - 1, max(0, Int(place))) : 0] += 1
    }
  }

  // MARK: In the wire format

  func write(to writer: inout ProtobufWriter) {
    for (field, value) in zip(1..., [minimum, maximum, count, sum, squareSum]) { writer.write(field, value) }
    writer.write(6, packed: limits)
    writer.write(7, packed: counts)
  }

  /// - Throws: where the message is damaged.
  init(_ message: ProtobufReader) throws(ProtobufReader.Damage) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: minimum = field.value.double ?? 0
      case 2: maximum = field.value.double ?? 0
      case 3: count = field.value.double ?? 0
      case 4: sum = field.value.double ?? 0
      case 5: squareSum = field.value.double ?? 0
      case 6: limits = Self.doubles(field.value)
      case 7: counts = Self.doubles(field.value)
      default: break
      }
    }
  }

  private static func doubles(_ value: ProtobufReader.Value) -> [Double] {
    let bytes = Array(value.content ?? [])
    return stride(from: 0, to: bytes.count / 8 * 8, by: 8).map { start in
      Double(bitPattern: bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
  }
}
