import Basics
import HDF5Storage
public import Settings

/// How the features of a data set were made of what a user has, and what their numbers stand for: what it takes to make
/// others alike.
public struct DataPreparation: Sendable {
  /// What the converter wrote: an object with the key `format`, the name of a format of `data convert`, and what that
  /// format needs to know.
  public let json: JSONValue
  /// Of columns, targets and classes.
  public let names: DataNames
  /// The file that says so, for messages.
  public let owner: String

  /// The attribute of features that holds it.
  public static let attribute = "preparation"

  /// - Parameters:
  ///   - names: of the data, with what the attribute says.
  ///   - width: numbers of a row.
  /// - Throws: where the data do not say how they were made.
  public init(_ names: DataNames, width: Int, of owner: String) throws {
    let text = names.preparation ?? Self.inferred(names, width: width)
    guard let json = text.flatMap({ try? JSON5Parser.parse($0, file: owner) }), case .string? = json["format"]?.content
    else {
      throw Failure.data(
        "\(owner): does not say how its data were made, in the attribute '\(Self.attribute)' of the features; convert "
          + "them with data convert, and train on the result")
    }
    (self.json, self.names, self.owner) = (json, names, owner)
  }

  /// That of a data set: of its training split, or of the first that there is.
  public init(ofData path: String) throws {
    let source = try DataSource.open(path, labelsRequired: false)
    guard let split = source.firstSplit else { preconditionFailure("a data set without a split") }
    try self.init(split.names, width: split.featureShape.elementCount, of: path)
  }

  /// The format that made the data.
  public var format: String {
    if case .string(let name)? = json["format"]?.content { name } else { "" }
  }

  /// What texts that were converted before there was the attribute tell by themselves.
  private static func inferred(_ names: DataNames, width: Int) -> String? {
    if names.words != nil { return #"{"format": "text-csv", "length": \#(width)}"# }
    return names.characters.map { _ in #"{"format": "text", "context": \#(width)}"# }
  }
}
