import DataTools
import Foundation
import HDF5Storage
import Testing

/// What `data make shapes` draws.
@Suite struct ShapeTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private struct Made {
    /// [N][32][32][3], from 0 to 1.
    let images: [[Double]]
    let labels: [[Double]]
  }

  private func make(_ options: String...) throws -> Made {
    let output = try scratch.file("out.h5")
    let usual =
      (options.contains("--samples") ? [] : ["--samples", "60"])
      + (options.contains("--test") ? [] : ["--test", "0.25"])
    let summary = try DataToolsTests.make(ShapesData.self, usual + options, to: output)
    var made = (images: [[Double]](), labels: [[Double]]())
    for split in summary.arrays.count > 2 ? ["train", "test"] : ["train"] {
      let pixels = try values(output, "/\(split)/x"), labels = try values(output, "/\(split)/y")
      made.images += stride(from: 0, to: pixels.count, by: 3072).map { pixels[$0..<$0 + 3072].map { $0 / 255 } }
      made.labels += stride(from: 0, to: labels.count, by: 5).map { Array(labels[$0..<$0 + 5]) }
    }
    return Made(images: made.images, labels: made.labels)
  }

  @Test func filesAreFunctionsOfTheSeed() throws {
    let first = try make()
    let file = try HDF5File.open(scratch.path + "/out.h5")
    #expect(try file.dataset("/train/x").shape == [45, 32, 32, 3] && file.dataset("/test/y").shape == [15, 5])
    #expect(try file.dataset("/train/x").elementType == .uint8 && file.dataset("/train/y").elementType == .float32)
    #expect(try file.stringAttribute("classes", of: "/test/y") == "ellipse\nrectangle\ntriangle\ncross")
    #expect(try file.stringAttribute("columns", of: "/train/y") == "class\nx_center\ny_center\nwidth\nheight")
    let bytes = try bytes(of: scratch.path + "/out.h5")
    #expect(try make().images == first.images)
    #expect(try DataToolsTests.bytes(of: scratch.path + "/out.h5") == bytes, "one seed, one file")
    #expect(try make("--seed", "1").images != first.images)
    #expect(Set(first.images).count == 60, "no sample twice")
    for label in 0..<4 { #expect(first.labels.count { Int($0[0]) == label } == 15) }
  }

  /// The share of the shape in each pixel of a picture without noise: how far it is from the background to the shape's
  /// colour, in the channel in which they differ most. The background is at a corner that the box leaves free.
  private func coverage(_ image: [Double], _ label: [Double]) -> [Double] {
    let column = label[1] > 0.5 ? 0 : 31, row = label[2] > 0.5 ? 0 : 31
    let background = Array(image[(row * 32 + column) * 3..<(row * 32 + column) * 3 + 3])
    var farthest = (channel: 0, distance: 0.0)
    for index in image.indices where abs(image[index] - background[index % 3]) > abs(farthest.distance) {
      farthest = (index % 3, image[index] - background[index % 3])
    }
    return (0..<1024).map { (image[3 * $0 + farthest.channel] - background[farthest.channel]) / farthest.distance }
  }

  @Test("Area, extent and centre of each shape, in closed form, are those that its label tells")
  func geometry() throws {
    let made = try make("--classes", "6", "--noise", "0")
    // Of the box: ellipse, rectangle, triangle, cross (5 of 9 squares), diamond, ring of radii ½ and 1.
    let areas = [Double.pi / 4, 1, 0.5, 5.0 / 9, 0.5, Double.pi / 4 * 0.75]
    for (image, label) in zip(made.images, made.labels) {
      let shares = coverage(image, label)
      let (x, y, width, height) = (label[1] * 32, label[2] * 32, label[3] * 32, label[4] * 32)
      let expected = areas[Int(label[0])] * width * height
      // An edge crosses at most 4 · 23 pixels, each off by an eighth at random.
      #expect(abs(shares.reduce(0, +) - expected) < 0.05 * expected + 2, "class \(label[0])")
      let covered = (0..<1024).filter { shares[$0] > 0.05 }
      let columns = covered.map { Double($0 % 32) }, rows = covered.map { Double($0 / 32) }
      // Pixels reach from their number to the next; what has less than a few points of 4×4 in a pixel may not show.
      for (low, high, center, size) in [
        (columns.min() ?? .nan, columns.max() ?? .nan, x, width), (rows.min() ?? .nan, rows.max() ?? .nan, y, height),
      ] {
        #expect(low > center - size / 2 - 1.01 && low < center - size / 2 + 1.5, "class \(label[0])")
        #expect(high + 1 > center + size / 2 - 1.5 && high + 1 < center + size / 2 + 1.01, "class \(label[0])")
      }
      // A triangle's centre of mass is at a third of its height above its base.
      let mass = shares.reduce(0, +)
      var (meanX, meanY) = (0.0, 0.0)
      for pixel in 0..<1024 {
        meanX += shares[pixel] / mass * (Double(pixel % 32) + 0.5)
        meanY += shares[pixel] / mass * (Double(pixel / 32) + 0.5)
      }
      let middle = label[0] == 2 ? y + height / 6 : y
      #expect(abs(meanX - x) < 0.3 && abs(meanY - middle) < 0.3, "class \(label[0])")
      #expect(shares.allSatisfy { $0 > -0.02 && $0 < 1.02 })
    }
  }

  @Test("Sizes and places are spread as documented, and boxes lie in the image")
  func spread() throws {
    let labels = try make("--samples", "400", "--noise", "0", "--test", "0").labels
    for column in 1...2 {
      #expect(labels.allSatisfy { $0[column] - $0[column + 2] / 2 >= 0 && $0[column] + $0[column + 2] / 2 <= 1 })
      let sizes = labels.map { $0[column + 2] }
      #expect(sizes.allSatisfy { (0.3...0.7).contains($0) })
      // The standard error of the mean of a uniform on 0.4 is 0.006.
      #expect(abs(sizes.reduce(0, +) / 400 - 0.5) < 0.03)
      #expect(abs(labels.reduce(0) { $0 + $1[column] } / 400 - 0.5) < 0.04)
    }
    #expect(labels.contains { $0[3] > $0[4] + 0.2 } && labels.contains { $0[4] > $0[3] + 0.2 })
  }

  @Test("Noise of the asked deviation lies on every pixel, and changes nothing else")
  func noise() throws {
    let clean = try make("--noise", "0"), noisy = try make("--noise", "0.05")
    #expect(clean.labels == noisy.labels)
    // Where nothing is cut off at black or white.
    var squares = 0.0, count = 0
    for (before, after) in zip(clean.images.joined(), noisy.images.joined()) where (0.25...0.75).contains(before) {
      squares += (after - before) * (after - before)
      count += 1
    }
    #expect(count > 10_000)
    #expect(abs((squares / Double(count)).squareRoot() - 0.05) < 0.002)
  }

  @Test func wrongOptions() throws {
    func make(_ options: String...) -> (() throws -> Void) {
      { try DataToolsTests.make(ShapesData.self, options, to: scratch.path + "/none.h5") }
    }
    expectFailure(.usage, "--features: shapes are images of 32×32 pixels", from: make("--features", "4"))
    expectFailure(.usage, "--classes: expected from 1 to 6, found 7", from: make("--classes", "7"))
    expectFailure(.usage, "--classes: expected from 1 to 6, found 0", from: make("--classes", "0"))
    expectFailure(.usage, "--samples: expected at least 4", "found 3", from: make("--samples", "3"))
    expectFailure(.usage, "--noise: expected from 0 to 1000000, found -1", from: make("--noise", "-1"))
    expectFailure(.usage, "--test 1.0", from: make("--test", "1"))
    #expect(try scratch.contents.isEmpty)
  }

  @Test("Inspection shows each number of a label, and finds what training refuses")
  func inspection() throws {
    _ = try make()
    let path = scratch.path + "/out.h5"
    let report = try DataInspection.inspect(path: path)
    #expect(report.findings == [])
    let columns = try #require(report.splits[0].labelColumns)
    #expect(columns.map(\.name) == ["class", "x_center", "y_center", "width", "height"])
    #expect(columns[0].statistics.maximum == 3 && (columns[3].statistics.minimum ?? 0) >= 0.3)
    #expect(report.splits[0].classCounts?.map(\.name) == ["ellipse", "rectangle", "triangle", "cross"])
    #expect(report.description.contains("label column") && report.description.contains("3 cross"))

    let file = try HDF5File.create(path)
    try file.write("/train/x", shape: [4, 2], elements: (0..<8).map { Float($0) })
    let labels: [Float] = [0, 0.5, 0.5, 0.2, 0.2, 1, 16, 9, 8, 8, 2.5, 0.5, 0.5, 0.2, 0.2, 0, 0.5, 0.5, 0, 0.2]
    try file.write("/train/y", shape: [4, 5], elements: labels)
    try file.setAttribute("columns", to: "class\nx_center\ny_center\nwidth\nheight", of: "/train/y")
    try file.close()
    let findings = try DataInspection.inspect(path: path).findings
    let boxes = try #require(findings.first { $0.kind == .unfitBoxes })
    #expect(
      boxes.count == 2
        && boxes.message.hasSuffix("row 1 is [16.0, 9.0, 8.0, 8.0], row 3 is [0.5, 0.5, 0.0, 0.20000000298023224]"),
      "\(boxes)")
  }
}
