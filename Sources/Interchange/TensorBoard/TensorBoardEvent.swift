/// A record of an event file: the message `Event` of TensorFlow's `event.proto`, those of its fields that are in use.
public struct TensorBoardEvent: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    /// The first of every file.
    case fileVersion(String)
    /// What a run that goes on begins with: what readers have of this step and later ones counts no more.
    case sessionStart
    case summary([TensorBoardValue])
    /// A kind that is not written here.
    case other
  }

  /// Seconds since 1970.
  public var wallTime: Double
  /// Where it stands on the horizontal axis.
  public var step: Int
  public var content: Content

  public init(wallTime: Double, step: Int = 0, _ content: Content) {
    (self.wallTime, self.step, self.content) = (wallTime, step, content)
  }

  /// In the wire format.
  var message: [UInt8] {
    var writer = ProtobufWriter()
    writer.write(1, wallTime)
    writer.write(2, step)
    switch content {
    case .fileVersion(let version): writer.write(3, version)
    case .sessionStart: writer.write(7) { $0.write(1, 1) }
    case .summary(let values):
      writer.write(5) { summary in
        for value in values { summary.write(1) { value.write(to: &$0) } }
      }
    case .other: break
    }
    return writer.bytes
  }

  /// - Throws: where the message is damaged.
  init(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Damage) {
    self.init(wallTime: 0, .other)
    var reader = ProtobufReader(message)
    while let field = try reader.next() {
      switch field.number {
      case 1: wallTime = field.value.double ?? 0
      case 2: step = field.value.integer ?? 0
      case 3: content = .fileVersion(field.value.text ?? "")
      case 7: content = .sessionStart
      case 5:
        var values: [TensorBoardValue] = []
        var summary = field.value.message ?? ProtobufReader([])
        while let field = try summary.next() {
          if field.number == 1, let message = field.value.message { values.append(try TensorBoardValue(message)) }
        }
        content = .summary(values)
      default: break
      }
    }
  }
}
