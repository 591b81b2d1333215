import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct IDXTests {
  /// A property, for a local value may be let go, and its directory deleted, before a test ends.
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// An IDX file of bytes: its magic number, sizes and elements.
  private func idx(_ shape: [Int], _ elements: [UInt8], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(shape.count)] + shape.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] } + elements
  }

  /// The four files of a data set with 5 training and 2 test images of 2×3 pixels.
  private func makeFiles() throws -> [String] {
    [
      try scratch.file("t10k-labels-idx1-ubyte", idx([2], [8, 9])),
      try scratch.file("train-images-idx3-ubyte", idx([5, 2, 3], (0..<30).map { $0 })),
      try scratch.file("t10k-images-idx3-ubyte", idx([2, 2, 3], (100..<112).map { $0 })),
      try scratch.file("train-labels-idx1-ubyte", idx([5], [3, 1, 4, 1, 5])),
    ]
  }

  @Test(arguments: [0, 6]) func fourFilesInAnyOrder(gzip: Int) throws {
    let output = try scratch.file("out.h5")
    let sources = try makeFiles()
    let summary = try IDXFormat().convert(sources, output: output, gzip: gzip)
    #expect(summary.arrays.map(\.name) == ["/train/x", "/train/y", "/test/x", "/test/y"])
    #expect(summary.arrays.map(\.shape) == [[5, 2, 3], [5], [2, 2, 3], [2]])
    #expect(summary.arrays.allSatisfy { $0.type == "uint8" })
    #expect(try values(output, "/train/x") == (0..<30).map(Double.init))
    #expect(try values(output, "/train/y") == [3, 1, 4, 1, 5])
    #expect(try values(output, "/test/x") == (100..<112).map(Double.init))
    #expect(try values(output, "/test/y") == [8, 9])
    let images = try HDF5File.open(output).dataset("/train/x")
    #expect(images.shape == [5, 2, 3])
    #expect(images.filters == (gzip > 0 ? ["shuffle", "gzip"] : []))
    #expect(images.chunkShape?.dropFirst() == (gzip > 0 ? [2, 3] : nil))
  }

  @Test func directory() throws {
    _ = try makeFiles()
    let output = try scratch.file("out.h5")
    try IDXFormat().convert([scratch.path], output: output)
    #expect(try values(output, "/test/y") == [8, 9])
    #expect(try scratch.contents.count == 5, "the temporary file is gone")
  }

  @Test func gzipPairBecomesTheTrainingSplit() throws {
    let output = try scratch.file("out.h5")
    let summary = try IDXFormat().convert(
      [fixture("train-labels-idx1-ubyte.gz"), fixture("train-images-idx3-ubyte.gz")], output: output)
    #expect(summary.arrays.map(\.name) == ["/train/x", "/train/y"])
    #expect(try values(output, "/train/x") == fixtureValues.map { Double($0 % 100) })
    #expect(try values(output, "/train/y") == [0, 1, 2, 1])
  }

  @Test func lonePairOfTestNameTrainsToo() throws {
    let sources = try makeFiles().filter { $0.contains("t10k") }
    let output = try scratch.file("out.h5")
    try IDXFormat().convert(sources, output: output)
    #expect(try values(output, "/train/y") == [8, 9])
  }

  @Test(arguments: ["i1": "int8", "i2": "int16", "i4": "int32", "f4": "float32", "f8": "float64"])
  func bigEndianElements(name: String, type: String) throws {
    let output = try scratch.file("out.h5")
    // A name without a hint: the rank tells the labels.
    let labels = try scratch.file("other", idx([4], [0, 1, 2, 1]))
    let summary = try IDXFormat().convert([labels, fixture("\(name).idx3")], output: output)
    #expect(summary.arrays[0].type == type)
    #expect(try values(output, "/train/x") == fixtureValues.map { Double(name == "i1" ? $0 % 100 : $0) })
  }

  @Test func damagedFiles() throws {
    let labels = try scratch.file("train-labels", idx([5], [3, 1, 4, 1, 5]))
    let output = try scratch.file("out.h5")
    func convert(_ images: [UInt8]) throws -> (() throws -> Void) {
      let images = try scratch.file("train-images", images)
      return {
        _ = try IDXFormat().convert([images, labels], output: output)
      }
    }
    expectFailure(
      .data, "train-images", "truncated", "30 bytes", "29",
      from: try convert(idx([5, 2, 3], .init(repeating: 1, count: 29))))
    expectFailure(
      .data, "train-images", "1 bytes follow", from: try convert(idx([5, 2, 3], .init(repeating: 1, count: 31))))
    expectFailure(.data, "not an IDX file", "0a 00 08 03", from: try convert([10, 0, 8, 3]))
    expectFailure(.data, "not an IDX file", from: try convert(idx([5], [], type: 7)))
    expectFailure(.data, "not an IDX file", "empty", from: try convert([]))
    expectFailure(.data, "truncated inside its header", from: try convert([0, 0, 8, 3, 0, 0]))
    expectFailure(.data, "impossible shape", from: try convert(idx([5, 0, 3], [])))
    expectFailure(.data, "6 rows", "5", from: try convert(idx([6, 1, 1], [1, 2, 3, 4, 5, 6])))
    #expect(try scratch.contents == ["train-images", "train-labels"], "a failed conversion leaves nothing behind")
  }

  @Test func damagedGzip() throws {
    let whole = try bytes(of: fixture("train-images-idx3-ubyte.gz"))
    let labels = fixture("train-labels-idx1-ubyte.gz")
    let output = try scratch.file("out.h5")
    for cut in [1, 8, 12] {
      let images = try scratch.file("train-images.gz", whole.dropLast(cut))
      expectFailure(.data, "train-images.gz", "truncated") {
        _ = try IDXFormat().convert([images, labels], output: output)
      }
    }
    var damaged = whole
    damaged[whole.count - 6] ^= 1
    let images = try scratch.file("train-images.gz", damaged)
    expectFailure(.data, "train-images.gz", "incorrect data check") {
      _ = try IDXFormat().convert([images, labels], output: output)
    }
  }

  @Test func wrongSources() throws {
    let files = try makeFiles()
    let output = try scratch.file("out.h5")
    func convert(_ sources: [String]) -> (() throws -> Void) {
      { _ = try IDXFormat().convert(sources, output: output) }
    }
    expectFailure(.usage, "no source", from: convert([]))
    expectFailure(.usage, "train-images-idx3-ubyte has no labels", from: convert([files[1]]))
    expectFailure(.usage, "t10k-labels-idx1-ubyte has no images", from: convert([files[0], files[1], files[3]]))
    expectFailure(.usage, "both look like the training images", from: convert([files[1], files[1]]))
    expectFailure(.data, "no such file", from: convert([scratch.path + "/train-images", files[3]]))
    // By whatever name.
    try FileManager.default.linkItem(atPath: files[1], toPath: output)
    expectFailure(.usage, "would replace the input \(files[1])", from: convert([files[1], files[3]]))
    expectFailure(.usage, "would replace what it is made of", from: convert([output, files[3]]))
    try FileManager.default.removeItem(atPath: output)
    try FileManager.default.createSymbolicLink(atPath: output, withDestinationPath: files[3])
    expectFailure(.usage, "would replace the input", from: convert([files[1], files[3]]))
    let empty = try scratch.directory("empty")
    expectFailure(.data, "no IDX files", from: convert([empty]))
  }

  @Test func unwritableOutput() throws {
    let files = try makeFiles()
    expectFailure(.usage, "there is no directory \(scratch.path)/nowhere; make it first") {
      _ = try IDXFormat().convert(files, output: scratch.path + "/nowhere/out.h5")
    }
    let directory = try scratch.directory("out.h5")
    expectFailure(.usage, "is a directory") { _ = try IDXFormat().convert(files, output: directory) }
    expectFailure(.usage, "an HDF5 file is written, expected a name that ends in .h5 or .hdf5") {
      _ = try IDXFormat().convert(files, output: scratch.path + "/out.csv")
    }
    expectFailure(.usage, "--gzip 10") {
      _ = try IDXFormat().convert(files, output: scratch.path + "/a.h5", gzip: 10)
    }
  }

  @Test(.enabled(if: mnist != nil, "DDP_TRAIN_MNIST does not name the directory of MNIST's four files"))
  func realMNIST() throws {
    let output = try scratch.file("mnist.h5")
    try IDXFormat().convert([#require(mnist)], output: output)
    let report = try DataInspection.inspect(path: output)
    #expect(report.splits.map(\.features.shape) == [[60_000, 28, 28], [10_000, 28, 28]])
    #expect(report.splits[0].classCounts?.map(\.count) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    // The mean and deviation that everyone scales MNIST by.
    let statistics = report.splits[0].features.statistics
    #expect(try abs(#require(statistics.mean) / 255 - 0.1307) < 1e-4)
    #expect(try abs(#require(statistics.standardDeviation) / 255 - 0.3081) < 1e-4)
  }
}

private let mnist = ProcessInfo.processInfo.environment["DDP_TRAIN_MNIST"]
