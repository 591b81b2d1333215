import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct InspectionTests {
  private let scratch: Scratch
  private let path: String

  init() throws {
    scratch = try Scratch()
    path = try scratch.file("data.h5")
  }

  /// 12 distinct rows of 2×2 with labels 0, 1, 2, 0, 1, 2, …; the values count up from `first`.
  private func rows(_ count: Int, from first: Int) -> [Float] { (0..<(4 * count)).map { Float(first + $0) } }
  private func labels(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 % 3) } }

  /// Writes a file with the given splits and inspects it.
  private func inspect(
    _ train: (x: [Float], y: [Int32]), test: (x: [Float], y: [Int32])? = nil, classes: String? = nil
  ) throws -> InspectionReport {
    let file = try HDF5File.create(path)
    for (name, split) in [("train", train), ("test", test)] {
      guard let split else { continue }
      try file.write("/\(name)/x", shape: [split.x.count / 4, 2, 2], elements: split.x)
      try file.write("/\(name)/y", shape: [split.y.count], elements: split.y)
    }
    if let classes { try file.setAttribute("classes", to: classes, of: "/train/y") }
    try file.close()
    return try DataInspection.inspect(path: path)
  }

  private func finding(_ kind: InspectionFinding.Kind, in report: InspectionReport) throws -> InspectionFinding {
    let found = report.findings.filter { $0.kind == kind }
    #expect(found.count == 1)
    #expect(!report.findings.contains { $0.message.contains("\n") })
    #expect(report.description.contains("warning: "))
    return try #require(found.first, "\(report.findings)")
  }

  @Test func cleanData() throws {
    let report = try inspect((rows(12, from: 0), labels(12)), test: (rows(6, from: 100), labels(6)), classes: "a\nb\nc")
    #expect(report.findings == [])
    #expect(report.description.contains("no problems found"))
    #expect(report.splits.map(\.name) == ["train", "test"])
    let features = report.splits[0].features
    #expect(features.path == "/train/x" && features.shape == [12, 2, 2] && features.type == "float32")
    #expect(features.chunkShape == nil)
    #expect(features.statistics.minimum == 0 && features.statistics.maximum == 47 && features.statistics.mean == 23.5)
    // The variance of 0 … n − 1 is (n² − 1) / 12.
    #expect(abs((features.statistics.standardDeviation ?? 0) - (Double(48 * 48 - 1) / 12).squareRoot()) < 1e-12)
    #expect(report.splits[0].classCounts?.map(\.label) == [0, 1, 2])
    #expect(report.splits[0].classCounts?.map(\.count) == [4, 4, 4])
    #expect(report.splits[0].classCounts?.map(\.name) == ["a", "b", "c"])
    #expect(report.byteCount == (try bytes(of: path)).count)
  }

  @Test func momentsOverManyBlocksAndTypes() throws {
    // More values than a block of 2²⁰ holds, with an offset whose square would drown their variance in a sum of
    // squares.
    let count = 1_200_000
    let file = try HDF5File.create(path)
    try file.write(
      "/X", shape: [count / 4, 4], elements: (0..<count).map { Int32(1_000_000_000 + $0) }, chunkShape: [1000, 4],
      gzipLevel: 1, shuffle: true)
    try file.close()
    let report = try DataInspection.inspect(path: path)
    let statistics = report.splits[0].features.statistics
    // Mean and variance of 0 … n − 1 are (n − 1) / 2 and (n² − 1) / 12.
    let variance = (Double(count) * Double(count) - 1) / 12
    #expect(abs((statistics.mean ?? 0) - 1e9 - Double(count - 1) / 2) < 1e-3)
    #expect(abs((statistics.standardDeviation ?? 0) / variance.squareRoot() - 1) < 1e-9)
    #expect(report.splits[0].features.filters == ["shuffle", "gzip"])
    #expect(try finding(.missingLabels, in: report).split == "train")
    #expect(report.findings.count == 1)
  }

  @Test func valuesThatAreNotFinite() throws {
    var x = rows(12, from: 0)
    (x[4 * 3 + 1], x[4 * 5 + 2], x[4 * 7]) = (.nan, .infinity, -.infinity)
    let report = try inspect((x, labels(12)))
    let found = try finding(.nonFiniteValues, in: report)
    #expect(found.count == 3)
    #expect(
      found.message
        == "1 NaN and 2 infinite values in /train/x: row 3 feature [0, 1], row 5 feature [1, 0], row 7 feature [0, 0]")
    let statistics = report.splits[0].features.statistics
    #expect(statistics.finiteCount == 45 && statistics.nanCount == 1 && statistics.infiniteCount == 2)
    #expect(statistics.maximum == 47)
    #expect(report.findings.count == 1)
  }

  @Test func valuesBeyondFloat() throws {
    let file = try HDF5File.create(path)
    try file.write("/train/x", shape: [3, 2], elements: [1, 2, 3, -1.257e299, 5, 3.4e38])
    try file.write("/train/y", shape: [3], elements: [Int32(0), 1, 0])
    try file.close()
    let report = try DataInspection.inspect(path: path)
    let found = try finding(.nonFiniteValues, in: report)
    #expect(found.message == "0 NaN and 0 infinite values, and 1 beyond float32 in /train/x: row 1 feature [1]")
    #expect(report.splits[0].features.statistics.minimum == 1)
  }

  @Test func constantFeatures() throws {
    var x = rows(12, from: 0)
    for row in 0..<12 { (x[4 * row + 1], x[4 * row + 3]) = (5, -0.0) }
    x[4 * 4 + 3] = 0
    let found = try finding(.constantFeatures, in: inspect((x, labels(12))))
    #expect(found.count == 2)
    #expect(found.message.contains("2 of 4 features") && found.message.contains("[0, 1], [1, 1]"))
  }

  @Test func valuesAboveTheValidMaximum() throws {
    func report(_ validMaximum: Double) throws -> InspectionReport {
      let file = try HDF5File.create(path)
      try file.write("/X", shape: [12, 4], elements: rows(12, from: 0))
      try file.write("/y", shape: [12], elements: labels(12))
      try file.setAttribute("valid_max", to: validMaximum, of: "/X")
      try file.close()
      return try DataInspection.inspect(path: path)
    }
    #expect(try report(47).findings == [])
    let found = try finding(.aboveValidMaximum, in: report(46))
    #expect(found.message == "values in /X go up to 47.0, above its attribute valid_max of 46.0")
  }

  @Test func classImbalance() throws {
    let few = Array(repeating: Int32(0), count: 9) + [1, 1, 1]
    #expect(try inspect((rows(12, from: 0), few)).findings == [], "3 to 1 is still in order")
    let fewer = Array(repeating: Int32(0), count: 10) + [1, 1]
    let found = try finding(.classImbalance, in: inspect((rows(12, from: 0), fewer)))
    #expect(found.message.contains("5.0 to 1: class 0 has 10 samples, class 1 2"))
  }

  @Test func labelsOutOfRange() throws {
    var y = labels(12)
    y[4] = -1
    #expect(
      try finding(.labelsOutOfRange, in: inspect((rows(12, from: 0), y))).message.contains(
        "outside 0 to 2: -1 (1×)"))
    y[4] = 255
    #expect(try finding(.labelsOutOfRange, in: inspect((rows(12, from: 0), y))).message.contains("255 (1×)"))
    y[4] = 3
    #expect(
      try finding(.labelsOutOfRange, in: inspect((rows(12, from: 0), y), classes: "a\nb\nc")).count == 1,
      "the attribute tells the number of classes")
    let report = try inspect((rows(12, from: 0), labels(12)), test: (rows(6, from: 100), [0, 1, 2, 3, 0, 1]))
    #expect(try finding(.labelsOutOfRange, in: report).split == "test", "a class that was never trained")
  }

  @Test func missingClasses() throws {
    let y: [Int32] = [0, 1, 4, 0, 1, 4, 0, 1, 4, 0, 1, 4]
    let found = try finding(.missingClasses, in: inspect((rows(12, from: 0), y)))
    #expect(found.count == 2 && found.message == "2 of 5 classes have no sample: 2 to 3")
    let report = try inspect((rows(12, from: 0), labels(12)), test: (rows(6, from: 100), [0, 0, 0, 2, 2, 2]))
    #expect(try finding(.missingClasses, in: report).message == "1 of 3 classes have no sample: 1")
  }

  @Test func nonIntegralLabels() throws {
    func report(_ labels: [Double]) throws -> InspectionReport {
      let file = try HDF5File.create(path)
      try file.write("/features", shape: [labels.count, 4], elements: rows(labels.count, from: 0))
      try file.write("/targets", shape: [labels.count], elements: labels)
      try file.close()
      return try DataInspection.inspect(path: path)
    }
    var labels = (0..<40).map { Double($0 % 2) }
    labels[7] = 0.5
    labels[9] = .nan
    let found = try report(labels)
    #expect(
      try finding(.nonIntegralLabels, in: found).message
        == "whole numbers expected in /targets, found 1 other: row 7 is 0.5")
    #expect(try finding(.nonFiniteValues, in: found).message == "1 NaN and 0 infinite values in /targets: row 9")
    let regression = try report((0..<40).map { Double($0) + 0.25 })
    #expect(regression.findings == [] && regression.splits[0].classCounts == nil)
  }

  @Test func duplicatesAndConflicts() throws {
    var x = rows(12, from: 0)
    for (row, original) in [(5, 2), (9, 2), (11, 0)] {
      for k in 0..<4 { x[4 * row + k] = x[4 * original + k] }
    }
    let report = try inspect((x, labels(12)))
    let found = try finding(.duplicates, in: report)
    #expect(found.count == 3 && found.message == "3 of 12 samples repeat an earlier one: 5 = 2, 9 = 2, 11 = 0")
    // Labels are row mod 3: rows 5 and 2 agree, 9 and 2 do not, 11 and 0 do not.
    #expect(try finding(.conflictingLabels, in: report).message.hasSuffix("9 = 2, 11 = 0"))
  }

  @Test func leakage() throws {
    let train = rows(12, from: 0)
    var test = rows(6, from: 100)
    for k in 0..<4 { (test[4 * 1 + k], test[4 * 4 + k]) = (train[4 * 7 + k], train[4 * 3 + k]) }
    // All but one value equal is no match; 0 and −0 are equal.
    for k in 0..<3 { test[4 * 5 + k] = train[4 * 8 + k] }
    for k in 0..<4 { test[4 * 0 + k] = k == 0 ? -0.0 : train[k] }
    let found = try finding(.leakage, in: inspect((train, labels(12)), test: (test, labels(6))))
    #expect(found.split == "test" && found.count == 3)
    #expect(
      found.message == "3 of 6 samples (50.0 %) also stand in the training split: "
        + "test 0 = train 0, test 1 = train 7, test 4 = train 3")
  }

  @Test func leakageAcrossElementTypesAndValidation() throws {
    let file = try HDF5File.create(path)
    let images = (0..<80).map { UInt8($0) }
    try file.write("/x_train", shape: [20, 4], elements: images, chunkShape: [3, 4], gzipLevel: 1)
    try file.write("/y_train", shape: [20], elements: (0..<20).map { UInt8($0 % 2) })
    try file.write("/x_val", shape: [2, 4], elements: images[36..<44].map { Double($0) })
    try file.write("/y_val", shape: [2], elements: [UInt8(0), 1])
    try file.close()
    let report = try DataInspection.inspect(path: path)
    #expect(report.splits.map(\.name) == ["train", "val"])
    #expect(try finding(.leakage, in: report).message.hasSuffix("val 0 = train 9, val 1 = train 10"))
  }

  @Test func lengthsAndShapes() throws {
    let lengths = try inspect((rows(12, from: 0), labels(9)))
    #expect(try finding(.lengthMismatch, in: lengths).message == "/train/x has 12 rows and /train/y 9")
    let file = try HDF5File.create(path)
    try file.write("/train/x", shape: [6, 2], elements: rows(3, from: 0))
    try file.write("/train/y", shape: [6], elements: labels(6))
    try file.write("/test/x", shape: [0, 3], elements: [Float]())
    try file.write("/test/y", shape: [0], elements: [Int32]())
    try file.close()
    let report = try DataInspection.inspect(path: path)
    #expect(try finding(.shapeMismatch, in: report).message.contains("[3]"))
    #expect(try finding(.emptySplit, in: report).split == "test")
  }

  @Test func pathsCanBeTold() throws {
    let file = try HDF5File.create(path)
    try file.write("/deep/inputs", shape: [12, 4], elements: rows(12, from: 0))
    try file.write("/deep/outputs", shape: [12], elements: labels(12))
    try file.close()
    let report = try DataInspection.inspect(path: path, features: "deep/inputs", labels: "/deep/outputs")
    #expect(report.splits[0].labels?.path == "/deep/outputs")
    #expect(report.findings == [])
    expectFailure(.data, "data.h5", "/deep/inputs, /deep/outputs", "--features /PATH --labels /PATH") {
      () throws in
      _ = try DataInspection.inspect(path: path)
    }
    expectFailure(.data, "/shallow", "/deep/inputs") {
      _ = try DataInspection.inspect(path: path, features: "/shallow")
    }
  }

  @Test func labelsThatAreToldMustBeThere() throws {
    let file = try HDF5File.create(path)
    try file.write("/inputs", shape: [12, 4], elements: rows(12, from: 0))
    try file.close()
    expectFailure(.data, "data.h5", "/outputs") {
      _ = try DataInspection.inspect(path: path, features: "/inputs", labels: "/outputs")
    }
    let report = try DataInspection.inspect(path: path, features: "/inputs")
    #expect(try finding(.missingLabels, in: report).count == 12)
  }

  @Test func filesThatCannotBeRead() throws {
    expectFailure(.data, "no such file") {
      _ = try DataInspection.inspect(path: scratch.path + "/none.h5")
    }
    let text = try scratch.file("text.h5", text: "no HDF5")
    expectFailure(.data, "text.h5", "not an HDF5 file") {
      _ = try DataInspection.inspect(path: text)
    }
  }

  @Test func reportIsAlignedAndWritesJSON() throws {
    let report = try inspect((rows(12, from: 0), labels(12)))
    let lines = report.description.split(separator: "\n", omittingEmptySubsequences: false)
    let header = try #require(lines.firstIndex { $0.hasPrefix("split") })
    let title = try #require(lines[header].range(of: "type"))
    let column = lines[header].distance(from: lines[header].startIndex, to: title.lowerBound)
    #expect(lines[header + 1].dropFirst(column).hasPrefix("float32"))
    #expect(lines[header + 2].dropFirst(column).hasPrefix("int32"))
    let json = try JSONSerialization.jsonObject(with: Data(report.json.text.utf8)) as? [String: Any]
    #expect((json?["splits"] as? [[String: Any]])?.first?["name"] as? String == "train")
    #expect((json?["findings"] as? [Any])?.isEmpty == true)
    #expect(json?.keys.sorted() == ["byte_count", "findings", "path", "scaling", "splits", "targets"])
    let features = ((json?["splits"] as? [[String: Any]])?.first?["features"] as? [String: Any]) ?? [:]
    // What there is none of is left out, such as the shape of chunks.
    #expect(features.keys.sorted() == ["filters", "path", "shape", "statistics", "type"])
    #expect((features["statistics"] as? [String: Any])?["standard_deviation"] as? Double != nil)
  }

  @Test func bundledDigitsAreSound() throws {
    let digits = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: "datasets/digits.h5").path
    let report = try DataInspection.inspect(path: digits)
    #expect(report.splits.map(\.features.shape) == [[1437, 8, 8], [360, 8, 8]])
    #expect(report.splits.map { $0.classCounts?.reduce(0) { $0 + $1.count } } == [1437, 360])
    #expect(report.findings.map(\.kind) == [.constantFeatures])
  }
}
