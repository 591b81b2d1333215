import Interchange
import Testing

@Suite struct ProtobufTests {
  @Test("the bytes are those of the examples in the format's description")
  func examples() {
    var message = ProtobufWriter()
    message.write(1, 150)
    #expect(message.bytes == [0x08, 0x96, 0x01])
    message = ProtobufWriter()
    message.write(2, "testing")
    #expect(message.bytes == [0x12, 0x07] + Array("testing".utf8))
    message = ProtobufWriter()
    message.write(3) { $0.write(1, 150) }
    #expect(message.bytes == [0x1a, 0x03, 0x08, 0x96, 0x01])
    message = ProtobufWriter()
    message.write(6, packed: [3, 270, 86942])
    #expect(message.bytes == [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05])
    message = ProtobufWriter()
    message.write(1, -2)
    #expect(message.bytes == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
  }

  @Test("what is written is read") func roundTrip() throws {
    var message = ProtobufWriter()
    message.write(1, -7)
    message.write(2, 1.5 as Float)
    message.write(3, -0.1)
    message.write(16, "ü")
    message.write(4) { $0.write(1, packed: [0.5, -2]) }
    var reader = ProtobufReader(message.bytes[...])
    var fields: [ProtobufReader.Field] = []
    while let field = try reader.next() { fields.append(field) }
    #expect(fields.map(\.number) == [1, 2, 3, 16, 4])
    #expect(fields[0].value.integer == -7)
    #expect(fields[1].value.float == 1.5)
    #expect(fields[2].value.double == -0.1)
    #expect(fields[3].value.text == "ü")
    var inner = try #require(fields[4].value.message)
    let list = try #require(try inner.next())
    #expect(list.value.content?.count == 16)
  }

  @Test("a message cut short is an error at every length but those between fields")
  func damage() throws {
    var message = ProtobufWriter()
    message.write(1, 300)
    message.write(2, "abc")
    message.write(3, 2.0)
    for count in 0..<message.bytes.count {
      var reader = ProtobufReader(message.bytes.prefix(count))
      let isWhole = [0, 3, 8].contains(count)
      let body = { while try reader.next() != nil {} }
      if isWhole { try body() } else { #expect(throws: ProtobufReader.Damage.self, performing: body) }
    }
    for bytes: [UInt8] in [
      [0x0b], [0x00, 1], [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [0x08] + [UInt8](repeating: 0xff, count: 10),
    ] {
      var reader = ProtobufReader(bytes[...])
      #expect(throws: ProtobufReader.Damage.self) { try reader.next() }
    }
  }
}
