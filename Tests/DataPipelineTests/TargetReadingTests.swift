import DataPipeline
import HDF5Storage
import Testing

@Suite struct TargetReadingTests {
  private func reading<Label: HDF5Element>(
    _ labels: [Label], width: Int = 1, wanted: TargetReading.Kind? = nil, declared: Int? = nil, names: Int? = nil
  ) throws -> TargetReading {
    try withTemporaryDirectory { directory in
      let count = labels.count / width
      let path = try makeFile(directory + "/a.h5") { file in
        try file.write("/X", shape: [count, 1], elements: [Float](repeating: 0, count: count))
        try file.write("/y", shape: width == 1 ? [count] : [count, width], elements: labels)
      }
      let split = try DataSource.open(path).split(.train)
      return try TargetReading(
        #require(try TargetSummary(split)), wanted: wanted, declaredOutputSize: declared, nameCount: names
      ) { "/y row \($0)" }
    }
  }

  private func repeated<T>(_ values: [T], times: Int = 8) -> [T] { (0..<times).flatMap { _ in values } }

  @Test func oneNumberARow() throws {
    #expect(try reading(repeated([0, 1, 2] as [Int32])).kind == .classes)
    #expect(try reading(repeated([0, 1, 2] as [Float])).kind == .classes)
    #expect(try reading(repeated([1, 2, 3] as [Double])).kind == .classes)
    #expect(try reading(repeated([0.5, 1, 2])).kind == .values)
    #expect(try reading(repeated([-1.0, -2, -3])).kind == .values, "whole by chance")
    #expect(try reading([1.0, 2, 3, 4]).kind == .values, "none occurs twice")
    #expect(try reading(repeated([0, 1, 4] as [UInt8])).kind == .classes)
    #expect(try reading((0..<400).map { Int64($0 * 7 % 200) }).kind == .classes, "twice each, without a gap")
    #expect(try reading((0..<400).map { Int64($0 * 7 % 201) }).kind == .values)
    #expect(try reading(repeated((25..<99).map { Int64($0) })).kind == .values, "ages")
    #expect(try reading(repeated((0..<99).map { Int64(3 * $0) })).kind == .values, "many, with gaps")
    #expect(try reading(repeated([0, 1] as [Int8]), declared: 1).kind == .binary)
    #expect(try reading(repeated([0, 1, 2] as [Int8]), declared: 1).kind == .values)
  }

  @Test func severalNumbersARow() throws {
    #expect(try reading([0, 1, 0, 1, 0, 0] as [UInt8], width: 3).kind == .distributions)
    #expect(try reading([0, 1, 0, 1, 0, 0] as [Float], width: 3).kind == .distributions)
    #expect(try reading([0, 1, 1, 1, 0, 0] as [Float], width: 3).kind == .binary)
    #expect(try reading([0, 0, 0, 1, 0, 0] as [UInt8], width: 3).kind == .binary)
    #expect(try reading([0, 2, 1, 1, 0, 0] as [Int32], width: 3).kind == .values)
    #expect(try reading([0.5, 0.25, 0.25, 1, 0, 0], width: 3).kind == .values)
  }

  @Test func labelsThatDoNotCountFromZero() throws {
    func numbering(_ labels: [Int64], declared: Int? = nil, names: Int? = nil) throws -> [Int] {
      let numbering = try reading(repeated(labels), declared: declared, names: names).numbering
      return (0..<3).map(numbering.label)
    }
    #expect(try numbering([0, 1, 2]) == [0, 1, 2])
    #expect(try numbering([1, 2, 3]) == [1, 2, 3])
    #expect(try numbering([3, 4, 5, 6, 7, 8]) == [3, 4, 5])
    #expect(try numbering([-1, 1]) == [-1, 1, 3])
    #expect(try numbering([0, 255]) == [0, 255, 510])
    #expect(try numbering([2, 4]) == [2, 4, 6])
    #expect(try numbering([1, 2, 3], declared: 4) == [0, 1, 2], "a model of four classes counts from 0")
    #expect(try numbering([1, 2, 3], declared: 3) == [1, 2, 3])
    #expect(try numbering([1, 2, 3], names: 4) == [0, 1, 2])
    #expect(try reading(repeated([1, 2, 4] as [Int64])).warning?.hasPrefix("1 of 4 classes never occur") == true)
    #expect(try reading(repeated([1, 2, 3] as [Int64])).lines.joined().contains("1 is the first class"))
  }

  @Test(arguments: [
    (
      [0, 1, 2, 2_000_000],
      "/y row 3 has the label 2000000, beside 4 different whole numbers: 0, 1, 2, 2000000; expected "
    ),
    ([5, 700_000_006, 1_400_000_007], "/y row 2 has the label 1400000007, beside 3 different whole numbers: 5, "),
    ([-1, 0, 1], "/y row 0 has the label -1, beside 3 different whole numbers, -1 to 1; expected classes numbered"),
    ([0, .max], "/y row 1 has the label 9223372036854775807, beside 2 different whole numbers: 0, 92"),
  ])
  func strayLabels(labels: [Int64], expected: String) throws {
    #expect(message { _ = try reading(repeated(labels)) }.hasPrefix(expected))
  }
}
