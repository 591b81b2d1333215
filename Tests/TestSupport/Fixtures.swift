import Foundation

/// Decodes `Tests/Fixtures/name`, whose keys are snake_case where ours are not.
public func fixture<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(type, from: Data(contentsOf: tests.appendingPathComponent("Fixtures/\(name)")))
}
