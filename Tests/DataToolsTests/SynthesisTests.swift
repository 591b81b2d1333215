import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct SynthesisTests {
  /// A property, for a local value may be let go, and its directory deleted, before a test ends.
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private struct Made {
    let x: [[Double]]
    let y: [Double]
    let summary: WrittenData
  }

  /// Makes a set and returns the rows of both splits, the training split first.
  private func make(
    _ kind: any SyntheticData.Type, _ options: String...
  ) throws -> Made {
    let output = try scratch.file("out.h5")
    let summary = try DataToolsTests.make(kind, options, to: output)
    var x: [[Double]] = []
    var y: [Double] = []
    for split in summary.arrays.count > 2 ? ["train", "test"] : ["train"] {
      let width = try HDF5File.open(output).dataset("/\(split)/x").rowElementCount
      let flat = try values(output, "/\(split)/x")
      x += stride(from: 0, to: flat.count, by: width).map { Array(flat[$0..<($0 + width)]) }
      y += try values(output, "/\(split)/y")
    }
    return Made(x: x, y: y, summary: summary)
  }

  private func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
  }

  @Test(arguments: SyntheticDataSets.all.map { $0.name }.filter { $0 != "shapes" })
  func sizesAndRepeatability(name: String) throws {
    let kind = try #require(SyntheticDataSets.all.first { $0.name == name })
    let first = try make(kind, "--samples", "250", "--seed", "7")
    #expect(first.summary.arrays.map(\.name) == ["/train/x", "/train/y", "/test/x", "/test/y"])
    #expect(first.summary.arrays.map { $0.shape[0] } == [200, 200, 50, 50])
    let labels = ["linear": "float32", "tones": "uint8"][name] ?? "int32"
    #expect(
      first.summary.arrays.map(\.type)
        == ["float32", labels, "float32", labels])
    let firstBytes = try bytes(of: scratch.path + "/out.h5")
    _ = try make(kind, "--samples", "250", "--seed", "7")
    #expect(try bytes(of: scratch.path + "/out.h5") == firstBytes, "one seed, one file")
    #expect(try make(kind, "--samples", "250", "--seed", "8").x != first.x)
    #expect(Set(first.x).count == 250, "no sample twice")
    #expect(try make(kind, "--samples", "250", "--test", "0").summary.arrays.count == 2)
  }

  @Test(arguments: ["classification", "blobs", "spirals"], [2, 3, 7])
  func classesAreEqualInNumber(name: String, classes: Int) throws {
    let kind = try #require(SyntheticDataSets.all.first { $0.name == name })
    let made = try make(kind, "--samples", "101", "--classes", "\(classes)", "--noise", "0")
    let counts = (0..<classes).map { label in made.y.count { Int($0) == label } }
    #expect(counts.reduce(0, +) == 101)
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
  }

  @Test func linearFollowsItsWeights() throws {
    let exact = try make(LinearData.self, "--noise", "0", "--features", "5", "--samples", "100")
    let file = try HDF5File.open(scratch.path + "/out.h5")
    let weight = try #require(try file.doublesAttribute("weight", of: "/train/y"))
    let bias = try #require(try file.doubleAttribute("bias", of: "/test/y"))
    #expect(weight.count == 5)
    for (row, target) in zip(exact.x, exact.y) {
      let expected = zip(row, weight).reduce(bias) { $0 + $1.0 * $1.1 }
      // Features and target are rounded to float32.
      #expect(abs(target - expected) < 1e-5)
    }
    let noisy = try make(LinearData.self, "--noise", "0.5", "--features", "5", "--samples", "4000")
    var residuals: [Double] = []
    for (row, target) in zip(noisy.x, noisy.y) {
      residuals.append(target - zip(row, weight).reduce(bias) { $0 + $1.0 * $1.1 })
    }
    // The standard error of a deviation of 0.5 from 4000 samples is 0.0056; of the mean 0.008.
    #expect(abs(rootMeanSquare(residuals) - 0.5) < 0.03)
    #expect(abs(residuals.reduce(0, +) / 4000) < 0.04)
    let features = noisy.x.flatMap { $0 }
    #expect(abs(features.reduce(0, +) / 20_000) < 0.036)
    #expect(abs(rootMeanSquare(features) - 1) < 0.025)
  }

  @Test func moonsLieOnTheirCircles() throws {
    let made = try make(MoonsData.self, "--noise", "0", "--samples", "200")
    for (point, label) in zip(made.x, made.y) {
      let center = label == 0 ? (0.0, 0.0) : (1.0, 0.5)
      let (dx, dy) = (point[0] - center.0, point[1] - center.1)
      #expect(abs((dx * dx + dy * dy).squareRoot() - 1) < 1e-6)
      #expect(label == 0 ? dy >= -1e-6 : dy <= 1e-6)
    }
    // Both ends of both half circles, as in make_moons: t runs from 0 to π inclusive.
    for end in [[1, 0], [-1, 0], [0, 0.5], [2, 0.5]] {
      #expect(made.x.contains { abs($0[0] - end[0]) < 1e-6 && abs($0[1] - end[1]) < 1e-6 })
    }
  }

  @Test func spiralsWindOnce() throws {
    let made = try make(SpiralsData.self, "--noise", "0", "--samples", "300", "--classes", "3")
    for (point, label) in zip(made.x, made.y) {
      let radius = (point[0] * point[0] + point[1] * point[1]).squareRoot()
      let angle = 2 * Double.pi * (radius + label / 3)
      #expect(abs(point[0] - radius * cos(angle)) < 1e-5 && abs(point[1] - radius * sin(angle)) < 1e-5)
    }
    #expect(made.x.map { ($0[0] * $0[0] + $0[1] * $0[1]).squareRoot() }.max().map { abs($0 - 1) < 1e-6 } == true)
  }

  @Test func blobsScatterAroundCentersInTheBox() throws {
    let points = try make(BlobsData.self, "--noise", "0", "--classes", "4", "--features", "3")
    let centers = Dictionary(grouping: zip(points.x, points.y), by: { $0.1 }).mapValues { Set($0.map(\.0)) }
    #expect(centers.count == 4 && centers.values.allSatisfy { $0.count == 1 }, "without noise a class is one point")
    #expect(points.x.joined().allSatisfy { abs($0) <= 10 })
    let clouds = try make(BlobsData.self, "--noise", "2", "--classes", "4", "--features", "3", "--samples", "4000")
    var deviations: [Double] = []
    for (point, label) in zip(clouds.x, clouds.y) {
      deviations += zip(point, try #require(centers[label]?.first)).map { $0 - $1 }
    }
    // The standard error of a deviation of 2 from 12,000 values is 0.013.
    #expect(abs(rootMeanSquare(deviations) - 2) < 0.06)
  }

  @Test func classificationFlipsTheAskedFraction() throws {
    let clean = try make(ClassificationData.self, "--noise", "0", "--samples", "4000", "--classes", "4")
    let noisy = try make(ClassificationData.self, "--noise", "0.4", "--samples", "4000", "--classes", "4")
    #expect(clean.x == noisy.x, "noise changes labels alone")
    // Of the 40 % drawn anew, a quarter draws the same class; the standard error is 0.7 %.
    let flipped = Double(zip(clean.y, noisy.y).count { $0 != $1 }) / 4000
    #expect(abs(flipped - 0.3) < 0.035)
    // Half of the features tell the classes apart: class means lie at corners of {−1, 1}; the others have mean 0.
    var deviations: [Double] = []
    for label in 0..<4 {
      let rows = zip(clean.x, clean.y).filter { Int($0.1) == label }.map(\.0)
      let means = (0..<20).map { feature in rows.reduce(0) { $0 + $1[feature] } / Double(rows.count) }
      // A feature's deviation is about √(10/3); over 1000 rows the mean's is 0.06.
      #expect(means.prefix(10).allSatisfy { abs(abs($0) - 1) < 0.35 })
      #expect(means.suffix(10).allSatisfy { abs($0) < 0.2 })
      for feature in 0..<10 { deviations += rows.map { $0[feature] - means[feature] } }
    }
    // Matrix entries uniform on (−1, 1) have a mean square of 1/3, ten of them make a variance of 10/3; over the 400
    // entries drawn its standard error is 0.15.
    let deviation = rootMeanSquare(deviations)
    #expect(abs(deviation * deviation - 10.0 / 3) < 0.6)
  }

  @Test func wrongOptions() throws {
    func make(_ kind: any SyntheticData.Type, _ options: String...) -> (() throws -> Void) {
      { try DataToolsTests.make(kind, options, to: scratch.path + "/out.h5") }
    }
    expectFailure(.usage, "--features: ", "have 2 features", from: make(MoonsData.self, "--features", "3"))
    expectFailure(.usage, "--classes: moons are 2", from: make(MoonsData.self, "--classes", "3"))
    expectFailure(.usage, "--classes: ", "regression", from: make(LinearData.self, "--classes", "2"))
    expectFailure(.usage, "--classes: expected from 2 to 65536, found 1", from: make(BlobsData.self, "--classes", "1"))
    expectFailure(
      .usage, "--classes 5", "4 corners", from: make(ClassificationData.self, "--classes", "5", "--features", "2"))
    expectFailure(
      .usage, "--features: expected from 1 to 65536, found 0", from: make(LinearData.self, "--features", "0"))
    expectFailure(.usage, "--samples: expected from 1", "found 0", from: make(LinearData.self, "--samples", "0"))
    expectFailure(.usage, "--samples: expected at least 3", "found 2", from: make(BlobsData.self, "--samples", "2"))
    expectFailure(.usage, "--noise: expected from 0 to 1000000, found -1", from: make(BlobsData.self, "--noise", "-1"))
    expectFailure(.usage, "--noise: expected a number", from: make(BlobsData.self, "--noise", "nan"))
    expectFailure(
      .usage, "--noise: expected from 0 to 1, found 1.5", from: make(ClassificationData.self, "--noise", "1.5"))
    expectFailure(.usage, "--test 1.0", from: make(BlobsData.self, "--test", "1"))
    expectFailure(.usage, "--test -0.5", from: make(BlobsData.self, "--test", "-0.5"))
    #expect(try scratch.contents.isEmpty)
  }
}
