import Basics

/// A form in which another program takes a model. A new one is a file of its own and a line in `ExportFormats`.
protocol ExportFormat: Sendable {
  /// What a file of this form is called, and how its name ends.
  static var kind: OutputTarget.Kind { get }
  /// The bytes of the file, and what a person should know of it, one line each.
  ///
  /// - Throws: where the form cannot express the model.
  static func file(of trained: TrainedModel) throws -> (bytes: [UInt8], remarks: [String])
}

/// All forms.
enum ExportFormats {
  static let all: [any ExportFormat.Type] = [ONNXFormat.self, SafetensorsFormat.self]

  /// The form that the name of a file asks for.
  ///
  /// - Throws: a usage error that names all forms.
  static func named(_ path: String) throws -> any ExportFormat.Type {
    guard !path.isEmpty else { throw Failure.usage("--output: expected the name of a file, found an empty text") }
    guard let format = all.first(where: { $0.kind.isName(path) }) else {
      let forms = all.map { $0.kind.suffixWords }.joined(separator: " or ")
      throw Failure.usage("--output \(path): the form follows the name, expected one that ends in \(forms)")
    }
    return format
  }
}
