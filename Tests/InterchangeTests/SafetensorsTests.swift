import Basics
import Foundation
import Interchange
import Testing

@Suite("safetensors") struct SafetensorsTests {
  private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/safetensors/types.safetensors").path

  /// Reads `bytes` as a file.
  private func read(_ bytes: some Collection<UInt8>) throws -> SafetensorsFile {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors").path
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try SafetensorsFile(path)
  }

  private func file(_ header: String, content: Int, size: Int? = nil) -> [UInt8] {
    let header = Array(header.utf8)
    let count = withUnsafeBytes(of: UInt64(size ?? header.count).littleEndian) { Array($0) }
    return count + header + [UInt8](repeating: 1, count: content)
  }

  @Test("a file of the format's own library, in all types") func types() throws {
    let file = try SafetensorsFile(Self.fixture)
    #expect(file.metadata == ["format": "pt", "made by": "ü \"quoted\""])
    func floats(_ name: String) throws -> [Float] {
      try file.floats(#require(file.tensors.first { $0.name == name }))
    }
    let values: [Float] = [0, -1.5, 2.25, 1 / 3, 65504, -0x1p-14]
    #expect(try floats("float64") == values && floats("float32") == values)
    #expect(try floats("float16") == [0, -1.5, 2.25, 0x1.554p-2, 65504, -0x1p-14])
    #expect(try floats("bfloat16") == [0, -1.5, 2.25, 0x1.56p-2, 65536, -0x1p-14])
    #expect(try floats("int64") == [-3, 0x1p40] && floats("int32") == [7, -8] && floats("uint8") == [0, 255])
    #expect(try floats("bool") == [1, 0, 1] && floats("scalar") == [0.5] && floats("empty") == [])
    #expect(file.tensors.first { $0.name == "float32" }?.shape == [2, 3])
    #expect(file.tensors.first { $0.name == "empty" }?.shape == [0, 4])
  }

  @Test("what is written is read") func roundTrip() throws {
    var writer = SafetensorsWriter(metadata: [("b", "two\nlines"), ("a", "ü")])
    writer.add("weight \"1\"", shape: [2, 1], [1.5, -.leastNonzeroMagnitude])
    writer.add("count", 1 << 40)
    let file = try read(writer.bytes)
    #expect(file.metadata == ["b": "two\nlines", "a": "ü"])
    #expect(file.tensors.map(\.name) == ["weight \"1\"", "count"])
    #expect(file.tensors.map(\.shape) == [[2, 1], []])
    #expect(file.floats(file.tensors[0]) == [1.5, -.leastNonzeroMagnitude])
    #expect(file.floats(file.tensors[1]) == [0x1p40])
    #expect(try read(SafetensorsWriter().bytes).tensors.isEmpty)
  }

  @Test("a damaged file is one line that says what is wrong") func damage() throws {
    func entry(_ name: String, _ shape: String, _ offsets: String, _ type: String = "F32") -> String {
      "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }
    let a = entry("a", "[2]", "[0,8]")
    let cases: [([UInt8], String)] = [
      ([], "only 0 bytes"), (file("{", content: 0), "no JSON"), (file("[]", content: 0), "no JSON object"),
      (file("{}", content: 0, size: 99), "header of 99 bytes, and 2 follow"),
      (file("{}", content: 0, size: 1 << 62), "more than the 100000000"),
      (file("{\(a)}", content: 7), "truncated: its tensors take 8 bytes, and 7 are there"),
      (file("{\(a)}", content: 9), "1 bytes follow"),
      (file("{\(a),\(entry("b", "[1]", "[4,8]"))}", content: 8), "'b' at byte 4 overlaps another"),
      (file("{\(a),\(entry("b", "[1]", "[12,16]"))}", content: 16), "'b' at byte 12 leaves a hole"),
      (file("{\(entry("a", "[3]", "[0,8]"))}", content: 8), "takes 12 bytes, but has 8"),
      (file("{\(entry("a", "[9223372036854775807,4]", "[0,8]"))}", content: 8), "more elements than any file"),
      (file("{\(entry("a", "[-2]", "[0,8]"))}", content: 8), "no list of sizes"),
      (file("{\(entry("a", "[2]", "[8,0]"))}", content: 8), "not [begin, end]"),
      (file("{\(entry("a", "[2]", "[0,8]", "F8_E4M3"))}", content: 8), "of the type F8_E4M3, expected one of F64"),
      (file("{\(entry("\\u001b[2J", "[3]", "[0,8]"))}", content: 8), "'\\u{1B}[2J'"),
      (file("{\(a),\(a)}", content: 8), "given twice"), (file("{\"a\":1}", content: 0), "the entry of 'a'"),
      (file("{\"__metadata__\":{\"k\":1}}", content: 0), "'k' in its __metadata__ is no text"),
    ]
    for (bytes, message) in cases {
      let error = #expect(throws: Failure.self, "\(message)") { try read(bytes) }
      #expect(error?.exitCode == .data)
      #expect(error?.description.contains(message) == true, "\(String(describing: error))")
      #expect(error?.description.contains(where: \.isNewline) == false)
    }
    let missing = #expect(throws: Failure.self) { try SafetensorsFile("/nonexistent.safetensors") }
    #expect(missing?.description.contains("there is no such file") == true)
  }

  @Test("no mutant of a header does more than be read or refused") func mutants() throws {
    let bytes = try Data(contentsOf: URL(filePath: Self.fixture)).map { $0 }
    let header = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    var refused = 0
    for index in stride(from: 0, to: header, by: 3) {
      for mask: UInt8 in [0x01, 0x10, 0x80] {
        var mutant = bytes
        mutant[index] ^= mask
        do {
          let file = try read(mutant)
          for tensor in file.tensors { _ = file.floats(tensor) }
        } catch {
          #expect(error is Failure)
          refused += 1
        }
      }
    }
    for count in stride(from: 0, to: bytes.count, by: 17) {
      #expect(throws: Failure.self) { try read(bytes.prefix(count)) }
    }
    #expect(refused > header / 3)
  }
}
