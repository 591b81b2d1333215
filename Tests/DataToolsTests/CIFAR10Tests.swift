import DataTools
import HDF5Storage
import Testing

@Suite struct CIFAR10Tests {
  /// A property, for a local value may be let go, and its directory deleted, before a test ends.
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Records with the given labels; pixel p of record r is (r + p) mod 251.
  private func batch(_ labels: [UInt8]) -> [UInt8] {
    labels.enumerated().flatMap { record, label in [label] + image(record).map { UInt8($0) } }
  }

  private func image(_ record: Int) -> [Int] { (0..<3072).map { (record + $0) % 251 } }

  @Test func directory() throws {
    // More records than a block, so that a second block is read.
    let first = (0..<300).map { UInt8($0 % 10) }
    _ = try scratch.file("data_batch_1.bin", batch(first))
    _ = try scratch.file("data_batch_2.bin", batch([7, 3]))
    _ = try scratch.file("test_batch.bin", batch([9]))
    _ = try scratch.file("batches.meta.txt", text: "airplane\n")
    let output = try scratch.file("out.h5")
    let summary = try CIFAR10Format().convert([scratch.path], output: output)
    #expect(summary.arrays.map(\.shape) == [[302, 3, 32, 32], [302], [1, 3, 32, 32], [1]])
    #expect(try values(output, "/train/y") == (first + [7, 3]).map(Double.init))
    #expect(try values(output, "/test/y") == [9])
    let images = try values(output, "/train/x")
    #expect(images[(299 * 3072)..<(300 * 3072)].map { Int($0) } == image(299))
    #expect(images[(301 * 3072)...].map { Int($0) } == image(1))
    let names = try HDF5File.open(output).stringAttribute("classes", of: "/train/y")
    #expect(names?.split(separator: "\n").count == 10)
  }

  @Test func wrongFiles() throws {
    func convert(_ sources: String...) -> (() throws -> Void) {
      {
        _ = try CIFAR10Format().convert(sources, output: scratch.path + "/out.h5")
      }
    }
    let cut = try scratch.file("data_batch_1.bin", batch([1, 2]).dropLast(1))
    expectFailure(.data, "data_batch_1.bin", "6145 bytes", "3073", from: convert(cut))
    expectFailure(
      .data, "record 1", "label 10", from: convert(try scratch.file("data_batch_2.bin", batch([1, 10, 2]))))
    expectFailure(.data, "0 bytes", from: convert(try scratch.file("data_batch_3.bin", [])))
    expectFailure(.usage, "only test batches", from: convert(try scratch.file("test_batch.bin", batch([1]))))
    expectFailure(.data, "no such file", from: convert(scratch.path + "/nothing.bin"))
    let empty = try scratch.directory("empty")
    expectFailure(.data, "data_batch_1.bin", from: convert(empty))
    #expect(try !scratch.contents.contains { $0.hasPrefix("out.h5") })
  }
}
