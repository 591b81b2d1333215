import NumericCore
public import Settings

/// One layer of a list: its description, and where that was written.
public struct LayerEntry: Sendable {
  public let description: any LayerDescription
  /// The keys that lead to its settings, such as `model.layers[2].dense`; the name alone of a layer in code.
  public let path: String
  /// Where it was written, in a configuration file or in code.
  public let position: SourcePosition?
  /// Knows where each setting was written; nil of a layer in code.
  private let reader: SettingsReader?

  /// A layer in code.
  public init(_ description: any LayerDescription, file: String = #fileID, line: Int = #line) {
    self.description = description
    path = description.name
    position = SourcePosition(file: file, line: line)
    reader = nil
  }

  /// Reads `"relu"`, `{ dense: 128 }` or `{ dense: { units: 128, initializer: "xavier" } }`.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(SettingsError) {
    let (description, reader) = try LayerCatalog.all.readTagged(
      value, path: path, noun: "a layer, such as \"relu\" or { dense: 128 }")
    self.description = description
    self.path = reader.path
    position = value.position
    self.reader = reader
  }

  private init(_ description: any LayerDescription, like entry: LayerEntry) {
    self.description = description
    (path, position, reader) = (entry.path, entry.position, entry.reader)
  }

  public var name: String { description.name }

  /// The value that reads back as this entry, with the positions of it and of the layers inside of it.
  public var json: JSONValue { description.taggedJSON.placed { $0 ?? position } }

  /// The same entry, with the program's own layers in it named and added to `layers`.
  public func registered(in layers: inout CustomLayers) -> LayerEntry {
    LayerEntry(description.registered(in: &layers), like: self)
  }

  /// The layers of a list in brackets, at least one.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  static func list(_ value: JSONValue, path: String) throws(SettingsError) -> [LayerEntry] {
    let elements = try value.requireArray(path)
    guard !elements.isEmpty else { throw value.mismatch(path, "at least one layer") }
    var entries: [LayerEntry] = []
    for (index, element) in elements.enumerated() {
      entries.append(try LayerEntry(element, path: "\(path)[\(index)]"))
    }
    return entries
  }

  /// Layers in code as if they were written under `path` in a configuration.
  static func list(_ layers: [LayerEntry], at path: String) -> [LayerEntry] {
    layers.map { layer in
      do throws(SettingsError) {
        return try LayerEntry(layer.json.placed { _ in nil }, path: path)
      } catch { preconditionFailure("\(error)") }
    }
  }

  /// The error with the place that it is about.
  func located(_ error: LayerError) -> SettingsError {
    switch error {
    case .inner(let error): error
    case .layer(let message): SettingsError("\(path): \(message)", at: position)
    case .setting(let key, let message):
      reader?.error(key, message) ?? SettingsError("\(path).\(key): \(message)", at: position)
    }
  }
}

extension LayerEntry: Equatable {
  /// Entries compare by what they describe, not by where they were written.
  public static func == (a: LayerEntry, b: LayerEntry) -> Bool { a.json == b.json }
}

extension LayerEntry: SettingListElement {
  public static var unlimitedList: NoLimits { .any }
  public static func readList(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> [LayerEntry] { try list(value, path: subject) }
  public static func listJSON(_ list: [LayerEntry], _ limits: NoLimits) -> JSONValue { .array(list.map(\.json)) }
  public static func listWords(for limits: NoLimits) -> String { "list of layers" }
}

extension JSONValue {
  /// The same value with other positions.
  fileprivate func placed(_ position: (SourcePosition?) -> SourcePosition?) -> JSONValue {
    let content: Content =
      switch content {
      case .null, .bool, .integer, .number, .string: content
      case .array(let elements): .array(elements.map { $0.placed(position) })
      case .object(let members):
        .object(members.map { Member($0.key, $0.value.placed(position), keyPosition: position($0.keyPosition)) })
      }
    return JSONValue(content, at: position(self.position))
  }
}
