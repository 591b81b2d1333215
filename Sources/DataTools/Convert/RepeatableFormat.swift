public import DataPipeline
public import Settings

public protocol RepeatableFormat: DataFormat {
  static func reads(_ path: String) -> Bool
  mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws
}

extension OutputFile {
  func setPreparation(_ json: JSONValue, of object: String) throws {
    try file.setAttribute("preparation", to: json.line, of: object)
  }
}
