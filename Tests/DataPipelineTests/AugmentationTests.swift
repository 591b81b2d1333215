import Basics
import DataPipeline
import NumericCore
import TestSupport
import Testing

@Suite("Augmentation")
struct AugmentationTests {
  /// 6×5 with two channels, all elements different.
  static let height = 6, width = 5, channels = 2
  static let size = height * width * channels
  static let shape: Shape = [6, 5, 2]

  static func images(_ count: Int) -> [Float] { (0..<count * size).map { Float($0 % 997) + 1 } }

  /// What a list of augmentations makes of a batch, its samples called `ids`.
  func apply(
    _ augmentations: [any Augmentation], _ features: [Float], ids: [Int], shape: Shape = Self.shape,
    targets: [Float]? = nil,
    seed: UInt64 = 7
  ) throws -> (features: [Float], targets: [Float]) {
    let targets = targets ?? [Float](repeating: 0, count: ids.count)
    let augmenter = try Augmenter(
      augmentations, sampleShape: shape, targetSize: ids.isEmpty ? 1 : targets.count / ids.count,
      capacity: max(1, ids.count))
    let sampleIDs = FlatBuffer<Int>(ids)
    let buffer = FlatBuffer(targets)
    let result = output(features) {
      augmenter.apply(
        features: $0, targets: buffer.view, sampleIDs: sampleIDs.view, random: RandomSource(seed: seed))
    }
    return (result, Array(buffer.view))
  }

  /// output[y, x, c] = image[from(y, x), c], 0 where it comes from outside.
  func rearranged(_ image: [Float], from place: (_ y: Int, _ x: Int) -> (Int, Int)) -> [Float] {
    var result: [Float] = []
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let (sourceY, sourceX) = place(y, x)
        let isInside = (0..<Self.height).contains(sourceY) && (0..<Self.width).contains(sourceX)
        for c in 0..<Self.channels {
          result.append(isInside ? image[(sourceY * Self.width + sourceX) * Self.channels + c] : 0)
        }
      }
    }
    return result
  }

  @Test("A certain flip mirrors; twice, it gives the image back", arguments: [Flip.Axis.horizontal, .vertical])
  func flip(axis: Flip.Axis) throws {
    let image = Self.images(1)
    let once = try apply([Flip(probability: 1, axis: axis)], image, ids: [3]).features
    let expected = rearranged(image) { y, x in
      axis == .horizontal ? (y, Self.width - 1 - x) : (Self.height - 1 - y, x)
    }
    #expect(once == expected)
    let flip = Flip(probability: 1, axis: axis)
    #expect(try apply([flip, flip], image, ids: [3]).features == image)
    #expect(try apply([Flip(probability: 0, axis: axis)], image, ids: [3]).features == image)
  }

  @Test("Half of 2,000 samples are flipped, within four standard deviations")
  func flipShare() throws {
    let ids = Array(0..<2000)
    let result = try apply(
      [Flip(probability: 0.5, axis: .horizontal)], ids.flatMap { _ in [0, 1] as [Float] }, ids: ids, shape: [1, 2]
    ).features
    let flipped = ids.filter { result[2 * $0] == 1 }.count
    #expect(abs(flipped - 1000) < 90)
  }

  @Test("Crop moves by whole pixels, to all of the places")
  func crop() throws {
    let image = Self.images(1)
    let places = (-2...2).flatMap { down in (-2...2).map { (down, $0) } }
    let expected = places.map { down, right in rearranged(image) { ($0 - down, $1 - right) } }
    let ids = Array(0..<400)
    let result = try apply([Crop(padding: 2)], ids.flatMap { _ in image }, ids: ids).features
    var seen = Set<Int>()
    for id in ids {
      let found = expected.firstIndex(of: Array(result[id * Self.size..<(id + 1) * Self.size]))
      seen.insert(try #require(found))
    }
    #expect(seen.count == places.count)
  }

  @Test("No turn and no move leave the image, bit for bit")
  func identity() throws {
    let image = Self.images(1)
    #expect(try apply([Rotate(degrees: 0)], image, ids: [1]).features == image)
    #expect(try apply([Shift(fraction: 0)], image, ids: [1]).features == image)
    #expect(try apply([Noise(standardDeviation: 0)], image, ids: [1]).features == image)
  }

  @Test("A turn by a right angle and a move by whole pixels rearrange the pixels")
  func exactMotions() {
    let side = 5
    let image = (0..<25).map { Double($0 * $0) }
    let turned = output([Double](repeating: .nan, count: 25)) { output in
      withWindow(image) {
        moveImage($0, height: side, width: side, channels: 1, by: ImageMotion(angle: .pi / 2), into: output)
      }
    }
    // Anticlockwise: the top row comes from the right column.
    for y in 0..<side {
      for x in 0..<side { #expect(abs(turned[y * side + x] - image[x * side + (side - 1 - y)]) < 1e-10) }
    }
    let moved = output([Double](repeating: .nan, count: 25)) { output in
      withWindow(image) {
        moveImage($0, height: side, width: side, channels: 1, by: ImageMotion(down: 2, right: -1), into: output)
      }
    }
    for y in 0..<side {
      for x in 0..<side {
        #expect(moved[y * side + x] == (y >= 2 && x < 4 ? image[(y - 2) * side + x + 1] : 0))
      }
    }
  }

  @Test("Interpolation reproduces a plane inside the image")
  func plane() {
    let height = 9, width = 11
    func value(_ y: Double, _ x: Double) -> Double { 3 + 0.5 * y - 0.25 * x }
    let image = (0..<height * width).map { value(Double($0 / width), Double($0 % width)) }
    let motion = ImageMotion(angle: 0.3, down: 0.4, right: -0.7)
    let result = output([Double](repeating: .nan, count: image.count)) { output in
      withWindow(image) { moveImage($0, height: height, width: width, channels: 1, by: motion, into: output) }
    }
    for y in 0..<height {
      for x in 0..<width {
        let fromY = Double(y) - 4 - 0.4, fromX = Double(x) - 5 + 0.7
        let sourceY = 4 + Double.cosine(0.3) * fromY + Double.sine(0.3) * fromX
        let sourceX = 5 + Double.cosine(0.3) * fromX - Double.sine(0.3) * fromY
        guard (0...8).contains(sourceY), (0...10).contains(sourceX) else { continue }
        #expect(abs(result[y * width + x] - value(sourceY, sourceX)) < 1e-12)
      }
    }
  }

  @Test("A shift stays within its fraction")
  func shift() throws {
    // One lit pixel in the middle of 21×21: its centre of mass tells the move.
    let side = 21
    var image = [Float](repeating: 0, count: side * side)
    image[10 * side + 10] = 1
    let ids = Array(0..<200)
    let result = try apply([Shift(fraction: 0.2)], ids.flatMap { _ in image }, ids: ids, shape: [side, side]).features
    let rows = ids.map { id in
      (0..<side * side).reduce(0.0) { $0 + Double(result[id * side * side + $1]) * Double($1 / side - 10) }
    }
    #expect(rows.allSatisfy { abs($0) <= 4.2 + 1e-5 })
    #expect((rows.max() ?? 0) > 3.8 && (rows.min() ?? 0) < -3.8)
  }

  @Test("Cutout clears a square of its size, clipped by the border, anywhere")
  func cutout() throws {
    let ids = Array(0..<300)
    let image = Self.images(1)
    let result = try apply([Cutout(size: 3)], ids.flatMap { _ in image }, ids: ids).features
    let squares = (0..<Self.height).flatMap { y in (0..<Self.width).map { x in (y, x) } }.map { y, x in
      rearranged(image) { abs($0 - y) <= 1 && abs($1 - x) <= 1 ? (-1, -1) : ($0, $1) }
    }
    var seen = Set<Int>()
    for id in ids {
      seen.insert(try #require(squares.firstIndex(of: Array(result[id * Self.size..<(id + 1) * Self.size]))))
    }
    #expect(seen.count == squares.count)
  }

  @Test("Noise has its mean, deviation and shape")
  func noise() throws {
    let count = 40_000
    let values = try apply(
      [Noise(standardDeviation: 0.5)], [Float](repeating: 1, count: count), ids: [9, 4], shape: [count / 2]
    ).features.map { (Double($0) - 1) / 0.5 }
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(count)
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
    // Four standard deviations of each: 4/√N, 4·√(2/N), 4·√(96/N).
    #expect(abs(mean) < 0.02 && abs(variance - 1) < 0.03 && abs(fourth - 3) < 0.2)
    #expect(Set(values).count > count * 9 / 10)
    let neighbours = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
    #expect(abs(neighbours) < 0.02)
  }

  @Test("Mixup mixes features and targets by one share, each sample with the next")
  func mixup() throws {
    let features: [Float] = [1, 10, 2, 20, 4, 40]
    let targets: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    let result = try apply([Mixup(alpha: 1)], features, ids: [5, 8, 2], shape: [2], targets: targets)
    for row in 0..<3 {
      let next = (row + 1) % 3
      let share = result.targets[3 * row + row]
      #expect(share >= 0 && share <= 1 && abs(result.targets[3 * row + next] - (1 - share)) < 1e-6)
      for j in 0..<2 {
        let expected = share * features[2 * row + j] + (1 - share) * features[2 * next + j]
        #expect(abs(result.features[2 * row + j] - expected) < 1e-5)
      }
    }
    #expect(try apply([Mixup(alpha: 1)], [3, 4], ids: [1], shape: [2]).features == [3, 4])
    #expect(try apply([Mixup(alpha: 1)], [], ids: [], shape: [2]).features == [])
  }

  @Test("Shares have the mean ½ and the variance 1 / (4 (2α + 1)) of Beta(α, α)", arguments: [0.2, 1, 3])
  func beta(alpha: Double) {
    let count = 20_000
    let source = RandomSource(seed: 3)
    let draws = (0..<count).map { substream in
      var generator = RandomSource.Generator(source: source, substream: substream)
      return generator.symmetricBeta(alpha)
    }
    let mean = draws.reduce(0, +) / Double(count)
    let variance = draws.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / Double(count)
    #expect(draws.allSatisfy { (0...1).contains($0) })
    #expect(abs(mean - 0.5) < 0.015)
    #expect(abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.005)
  }

  static let all: [any Augmentation] = [
    Flip(probability: 0.5, axis: .horizontal), Crop(padding: 1), Shift(fraction: 0.1), Rotate(degrees: 15),
    Cutout(size: 2), Noise(standardDeviation: 0.1),
  ]

  @Test("A sample's change depends on its number, the place in the list and the seed, not on its batch")
  func keys() throws {
    let images = Self.images(3)
    let together = try apply(Self.all, images, ids: [11, 5, 8]).features
    for (index, id) in [11, 5, 8].enumerated() {
      let range = index * Self.size..<(index + 1) * Self.size
      #expect(try apply(Self.all, Array(images[range]), ids: [id]).features == Array(together[range]))
    }
    let image = Array(images[..<Self.size])
    #expect(try apply(Self.all, image, ids: [12]).features != Array(together[..<Self.size]))
    #expect(try apply(Self.all, image, ids: [11], seed: 8).features != Array(together[..<Self.size]))
    let twice = try apply([Noise(standardDeviation: 1), Noise(standardDeviation: 1)], image, ids: [1]).features
    let once = try apply([Noise(standardDeviation: 1)], image, ids: [1]).features
    #expect(zip(twice, zip(once, image)).contains { abs($0 - ($1.0 + ($1.0 - $1.1))) > 1e-3 })
  }

  @Test("What needs images says so for rows of features")
  func rows() throws {
    #expect(throws: Failure.self) { try apply([Rotate(degrees: 5)], [1, 2], ids: [0], shape: [2]) }
    #expect(throws: Never.self) { try apply([Noise(standardDeviation: 1)], [1, 2], ids: [0], shape: [2]) }
    let error = #expect(throws: Failure.self) {
      try Augmenter([Crop(padding: 1)], sampleShape: [64], targetSize: 1, capacity: 1)
    }
    #expect(error?.description.hasPrefix("data.augment: crop needs images") == true && error?.exitCode == .usage)
  }

  @Test func oneHot() {
    let rows = output([Float](repeating: 9, count: 6)) { rows in
      withWindow([2, 0] as [Float]) { fillOneHot(rows, labels: $0) }
    }
    #expect(rows == [0, 0, 1, 1, 0, 0])
  }
}
