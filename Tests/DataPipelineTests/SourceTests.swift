import DataPipeline
import Basics
import Foundation
import HDF5Storage
import NumericCore
import Testing

@Suite struct SourceTests {
  private func x(_ rows: Int) -> [Float] { (0..<rows * 3).map { Float($0) } }
  private func y(_ rows: Int) -> [Int32] { (0..<rows).map { Int32($0 % 4) } }

  /// A pair of data sets of so many rows of three features.
  private func write(_ file: HDF5File, _ features: String, _ labels: String?, rows: Int) throws {
    try file.write(features, shape: [rows, 3], elements: x(rows))
    if let labels { try file.write(labels, shape: [rows], elements: y(rows)) }
  }

  @Test(arguments: [
    [("/train/x", "/train/y", "train"), ("/val/x", "/val/y", "val"), ("/test/x", "/test/y", "test")],
    [("/x_train", "/y_train", "train"), ("/x_test", "/y_test", "test")],
    [("/x_train", "/y_train", "train"), ("/x_val", "/y_val", "val"), ("/x_test", "/y_test", "test")],
    [("/test/x", "/test/y", "test")],
    [("/data", "/label", "train")], [("/X", "/y", "train")], [("/features", "/targets", "train")],
    [("/images", "/labels", "train")],
  ])
  func knownNames(pairs: [(features: String, labels: String, split: String)]) throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/a.h5") { file in
        for (index, pair) in pairs.enumerated() { try write(file, pair.features, pair.labels, rows: 5 + index) }
      }
      let source = try DataSource.open(path)
      #expect(Set(source.splits.keys.map(\.rawValue)) == Set(pairs.map(\.split)))
      for (index, pair) in pairs.enumerated() {
        let split = try source.split(#require(SplitName(rawValue: pair.split)))
        #expect(split.sampleCount == 5 + index)
        #expect(split.featureShape == [3])
        #expect(split.featureType == .float32)
        #expect(split.targetType == .int32)
        #expect(split.targetShape == [1])
        #expect(split.place(.features, row: 2) == "\(path): \(pair.features) row 2")
        #expect(try split.readLabels() == y(5 + index).map { Int($0) })
      }
    }
  }

  @Test func toldNames() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/a.h5") { file in
        for split in ["train", "val", "test"] { try write(file, "/d/\(split)/in", "/d/\(split)/out", rows: 4) }
        try write(file, "/d/other", nil, rows: 4)
      }
      let told = try DataSource.open(path, features: "/d/train/in", labels: "d/train/out")
      #expect(Set(told.splits.keys) == [.train, .validation, .test])
      #expect(
        try DataSource.open(path, features: "/d/other", labels: "/d/test/out").splits.keys.map(\.self) == [.train])
      #expect(
        message { _ = try DataSource.open(path, features: "/d/nope", labels: "/d/test/out") }.contains("/d/val/out"))
      let error = #expect(throws: Failure.self) { try DataSource.open(path, features: "/d/other") }
      #expect(error?.exitCode == .usage)
      let unlabeled = try DataSource.open(path, features: "/d/other", labelsRequired: false).split(.train)
      #expect(unlabeled.targetType == nil && unlabeled.targetSize == 0)
    }
  }

  @Test func shapesOfFeaturesAndTargets() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/a.h5") { file in
        try file.write("/train/x", shape: [6, 2, 4], elements: [UInt8](repeating: 1, count: 48))
        try file.write("/train/y", shape: [6, 1], elements: [UInt8](repeating: 1, count: 6))
        try file.write("/test/x", shape: [6], elements: [UInt8](repeating: 1, count: 6))
        try file.write("/test/y", shape: [6, 5], elements: [Double](repeating: 1, count: 30))
      }
      let source = try DataSource.open(path)
      let train = try source.split(.train)
      let test = try source.split(.test)
      #expect(train.featureShape == [2, 4] && train.featureType == .uint8)
      #expect(train.targetShape == [1] && train.targetSize == 1)
      #expect(test.featureShape == [1])
      #expect(test.targetShape == [5] && test.targetSize == 5 && test.targetType == .float64)
      #expect(
        message { _ = try source.split(.validation) }.contains("there is no split 'val'; the data has train, test"))
    }
  }

  @Test func manyFilesAreOneDataSet() throws {
    try withTemporaryDirectory { directory in
      let sizes = [5, 0, 7, 1]
      let all = x(13)
      let labels = y(13)
      var first = 0
      for (index, size) in sizes.enumerated() {
        try makeFile("\(directory)/part\(index).h5") { file in
          try file.write("/X", shape: [size, 3], elements: Array(all[first * 3..<(first + size) * 3]))
          try file.write("/y", shape: [size], elements: Array(labels[first..<first + size]))
        }
        first += size
      }
      try "part0.h5\n\n# a comment\npart1.h5\npart2.h5\npart3.h5\n".write(
        toFile: directory + "/files.txt", atomically: true, encoding: .utf8)
      for path in [directory, directory + "/part*.h5", directory + "/files.txt"] {
        let split = try DataSource.open(path).split(.train)
        #expect(split.sampleCount == 13)
        #expect(try split.readLabels() == labels.map { Int($0) })
        for rows in [0..<13, 4..<6, 5..<12, 12..<13] {
          var values = [Float](repeating: -1, count: rows.count * 3)
          try values.withUnsafeMutableBytes { try split.read(.features, rows: rows, into: $0) }
          #expect(values == Array(all[rows.lowerBound * 3..<rows.upperBound * 3]))
        }
        #expect(split.place(.targets, row: 5) == "\(directory)/part2.h5: /y row 0")
      }
      // Another order of the list is another order of the rows.
      try "part2.h5\npart0.h5".write(toFile: directory + "/files.txt", atomically: true, encoding: .utf8)
      let swapped = try DataSource.open(directory + "/files.txt").split(.train).readLabels()
      #expect(swapped == (labels[5..<12] + labels[0..<5]).map { Int($0) })

      try makeFile(directory + "/part9.h5") { file in
        try file.write("/X", shape: [2, 4], elements: [Float](repeating: 0, count: 8))
        try file.write("/y", shape: [2], elements: [Int32](repeating: 0, count: 2))
      }
      let text = message { _ = try DataSource.open(directory) }
      #expect(text.contains("part9.h5: /X has rows of 4 float32, but \(directory)/part0.h5 has rows of 3 float32"))
    }
  }

  @Test func errorsSayWhatIsThere() throws {
    try withTemporaryDirectory { directory in
      func open(_ name: String, _ body: (HDF5File) throws -> Void) throws -> String {
        let path = try makeFile(directory + "/" + name, body)
        let text = message { _ = try DataSource.open(path) }
        #expect(text.contains(path) && !text.contains("\n"))
        return text
      }
      #expect(
        try open("names.h5") { try write($0, "/pixels", "/digit", rows: 3) }.contains("the file has /digit, /pixels"))
      #expect(
        try open("length.h5") {
          try $0.write("/X", shape: [3], elements: x(1))
          try $0.write("/y", shape: [2], elements: y(2))
        }.contains("/X has 3 rows but /y has 2"))
      #expect(try open("labels.h5") { try write($0, "/train/x", nil, rows: 3) }.contains("expected them in /train/y"))
      #expect(try open("empty.h5") { try write($0, "/X", "/y", rows: 0) }.contains("/X is empty"))
      #expect(message { _ = try DataSource.open("/nowhere.h5") }.contains("/nowhere.h5: there is no such file"))
      #expect(message { _ = try DataSource.open(directory + "/*.none") }.contains("no file matches"))
      try FileManager.default.createDirectory(atPath: directory + "/none", withIntermediateDirectories: false)
      #expect(message { _ = try DataSource.open(directory + "/none") }.contains("no .h5 or .hdf5 file"))
      try "1,2\n".write(toFile: directory + "/a.csv", atomically: true, encoding: .utf8)
      #expect(message { _ = try DataSource.open(directory + "/a.csv") }.contains("data convert"))
    }
  }
}
