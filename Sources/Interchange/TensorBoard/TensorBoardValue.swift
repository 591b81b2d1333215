/// A value under a tag: the message `Summary.Value` of TensorFlow's `summary.proto`.
public struct TensorBoardValue: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    /// In single precision, as readers take it.
    case scalar(Float)
    case histogram(TensorBoardHistogram)
    /// A picture as its file.
    case image(width: Int, height: Int, channels: Int, file: [UInt8])
    /// In Markdown.
    case text(String)
    /// The settings that a run began with, for the plugin `hparams`.
    case hyperparameters([(name: String, value: Hyperparameter)], group: String, start: Double)
    /// That the run came to its end, for the same.
    case sessionEnd(Double)
    /// A kind that is not read here.
    case other
  }

  public enum Hyperparameter: Sendable, Equatable {
    case number(Double)
    case text(String)
    case flag(Bool)
  }

  public var tag: String
  public var content: Content

  public init(_ tag: String, _ content: Content) { (self.tag, self.content) = (tag, content) }

  public static func scalar(_ tag: String, _ value: Double) -> TensorBoardValue { .init(tag, .scalar(Float(value))) }

  /// What a run's settings are filed under.
  public static func hyperparameters(
    _ settings: [(name: String, value: Hyperparameter)], group: String, start: Double
  ) -> TensorBoardValue {
    .init("_hparams_/session_start_info", .hyperparameters(settings, group: group, start: start))
  }

  public static func sessionEnd(_ time: Double) -> TensorBoardValue {
    .init("_hparams_/session_end_info", .sessionEnd(time))
  }
}

extension TensorBoardValue.Content {
  public static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.scalar(let a), .scalar(let b)): a == b
    case (.histogram(let a), .histogram(let b)): a == b
    case (.image(let a), .image(let b)): a == b
    case (.text(let a), .text(let b)): a == b
    case (.hyperparameters(let a, let c, let e), .hyperparameters(let b, let d, let f)):
      a.elementsEqual(b, by: ==) && c == d && e == f
    case (.sessionEnd(let a), .sessionEnd(let b)): a == b
    case (.other, .other): true
    default: false
    }
  }
}

// MARK: In the wire format

extension TensorBoardValue {
  func write(to writer: inout ProtobufWriter) {
    writer.write(1, tag)
    switch content {
    case .scalar(let value): writer.write(2, value)
    case .histogram(let histogram): writer.write(5) { histogram.write(to: &$0) }
    case .image(let width, let height, let channels, let file):
      writer.write(4) { image in
        image.write(1, height)
        image.write(2, width)
        image.write(3, channels)
        image.write(4, file)
      }
    case .text(let text):
      writer.write(8) { tensor in
        // Of one text.
        tensor.write(1, 7)
        tensor.write(2) { shape in shape.write(2) { $0.write(1, 1) } }
        tensor.write(8, text)
      }
      Self.write(plugin: "text", [], to: &writer)
    case .hyperparameters(let settings, let group, let start):
      Self.writeSession(to: &writer) { data in
        data.write(3) { info in
          for (name, value) in settings {
            info.write(1) { entry in
              entry.write(1, name)
              entry.write(2) { value.write(to: &$0) }
            }
          }
          info.write(4, group)
          info.write(5, start)
        }
      }
    case .sessionEnd(let time):
      Self.writeSession(to: &writer) { data in
        data.write(4) { info in
          // Success.
          info.write(1, 1)
          info.write(2, time)
        }
      }
    case .other: break
    }
  }

  /// The message `HParamsPluginData`, which lies in the description of an empty value.
  private static func writeSession(to writer: inout ProtobufWriter, _ body: (inout ProtobufWriter) -> Void) {
    var data = ProtobufWriter()
    data.write(1, 0)
    body(&data)
    writer.write(8) { tensor in
      // No numbers.
      tensor.write(1, 1)
      tensor.write(2) { shape in shape.write(2) { $0.write(1, 0) } }
    }
    write(plugin: "hparams", data.bytes, to: &writer)
  }

  /// Which part of TensorBoard shows the value.
  private static func write(plugin name: String, _ content: [UInt8], to writer: inout ProtobufWriter) {
    writer.write(9) { metadata in
      metadata.write(1) { plugin in
        plugin.write(1, name)
        plugin.write(2, content)
      }
      // Tensors.
      metadata.write(4, 2)
    }
  }

  /// - Throws: where the message is damaged.
  init(_ message: ProtobufReader) throws(ProtobufReader.Damage) {
    self.init("", .other)
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: tag = field.value.text ?? ""
      case 2: content = .scalar(field.value.float ?? 0)
      case 4: content = try Self.image(field.value.message ?? ProtobufReader([]))
      case 5: content = .histogram(try TensorBoardHistogram(field.value.message ?? ProtobufReader([])))
      case 8: if let text = try Self.text(field.value.message ?? ProtobufReader([])) { content = .text(text) }
      default: break
      }
    }
  }

  private static func image(_ message: ProtobufReader) throws(ProtobufReader.Damage) -> Content {
    var (width, height, channels, file) = (0, 0, 0, [UInt8]())
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: height = field.value.integer ?? 0
      case 2: width = field.value.integer ?? 0
      case 3: channels = field.value.integer ?? 0
      case 4: file = Array(field.value.content ?? [])
      default: break
      }
    }
    return .image(width: width, height: height, channels: channels, file: file)
  }

  private static func text(_ message: ProtobufReader) throws(ProtobufReader.Damage) -> String? {
    var reader = message
    while let field = try reader.next() { if field.number == 8 { return field.value.text } }
    return nil
  }
}

extension TensorBoardValue.Hyperparameter {
  /// The message `google.protobuf.Value`.
  fileprivate func write(to writer: inout ProtobufWriter) {
    switch self {
    case .number(let value): writer.write(2, value)
    case .text(let value): writer.write(3, value)
    case .flag(let value): writer.write(4, value ? 1 : 0)
    }
  }
}
