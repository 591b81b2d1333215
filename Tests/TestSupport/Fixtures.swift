import Foundation

/// Decodes `Tests/Fixtures/name`, in which keys are snake_case.
public func fixture<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return try JSONDecoder().decode(type, from: Data(contentsOf: tests.appendingPathComponent("Fixtures/\(name)")))
}
