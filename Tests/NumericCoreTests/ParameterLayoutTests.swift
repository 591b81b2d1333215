import NumericCore
import TestSupport
import Testing

@Suite("Parameter layouts and initial values")
struct ParameterLayoutTests {
  @Test func entriesAreAlignedAndApart() {
    var layout = ParameterLayout()
    for (index, shape) in ([[3], [16], [], [5, 7], [0], [1]] as [Shape]).enumerated() {
      layout.append(name: "\(index)", shape: shape, initializer: .ones)
    }
    let alignment = memoryAlignment / MemoryLayout<Float>.stride
    var end = 0
    for entry in layout.entries {
      #expect(entry.range.lowerBound % alignment == 0 && entry.range.lowerBound >= end)
      #expect(entry.range.count == entry.shape.elementCount)
      end = entry.range.upperBound
    }
    #expect(layout.count >= end && layout.count % alignment == 0)
    #expect(layout.elementCount == 3 + 16 + 1 + 35 + 0 + 1)
    let buffer = FlatBuffer<Float>(count: layout.count)
    #expect(Int(bitPattern: buffer.view.baseAddress) % memoryAlignment == 0)
    buffer.view.update(repeating: .nan)
    layout.initialize(buffer.view, seed: 1)
    #expect(buffer.view.filter { $0 == 1 }.count == layout.elementCount)
    #expect(buffer.view.filter { $0 == 0 }.count == layout.count - layout.elementCount)
  }

  func initialize(_ initializer: Initializer, count: Int = 20_000, seed: UInt64 = 2, before: Int = 0) -> [Float] {
    var layout = ParameterLayout()
    for index in 0..<before { layout.append(name: "before.\(index)", shape: [1], initializer: .zeros) }
    layout.append(name: "weight", shape: [count], initializer: initializer)
    let values = output([Float](repeating: .nan, count: layout.count)) { layout.initialize($0, seed: seed) }
    return Array(values[layout.entries[before].range])
  }

  @Test(
    "Uniform on ± the bound of the formula",
    arguments: [
      (Initializer.kaimingUniform(fanIn: 24), 0.5), (Initializer.xavierUniform(fanIn: 10, fanOut: 14), 0.5),
    ])
  func bounds(initializer: Initializer, bound: Double) {
    let values = initialize(initializer).map { Double($0) }
    #expect(values.allSatisfy { abs($0) <= bound })
    #expect(values.max()! > 0.998 * bound && values.min()! < -0.998 * bound)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    // Five standard errors of a uniform distribution: σ/√n, and for the variance b²·√(4/45/n).
    let n = Double(values.count)
    #expect(abs(mean) < 5 * bound / (3 * n).squareRoot())
    #expect(abs(variance - bound * bound / 3) < 5 * bound * bound * (4 / 45 / n).squareRoot())
  }

  @Test func constants() {
    #expect(initialize(.zeros, count: 5) == [0, 0, 0, 0, 0])
    #expect(initialize(.ones, count: 5) == [1, 1, 1, 1, 1])
  }

  @Test("Values depend on the seed and the place of a parameter, not on the number type")
  func keys() {
    let kaiming = Initializer.kaimingUniform(fanIn: 4)
    #expect(initialize(kaiming, count: 9) == initialize(kaiming, count: 9))
    #expect(initialize(kaiming, count: 9) != initialize(kaiming, count: 9, seed: 3))
    #expect(initialize(kaiming, count: 9) != initialize(kaiming, count: 9, before: 1))
    var layout = ParameterLayout()
    layout.append(name: "weight", shape: [9], initializer: kaiming)
    let double = output([Double](repeating: .nan, count: layout.count)) { layout.initialize($0, seed: 2) }
    #expect(double.prefix(9).map { Float($0) } == initialize(kaiming, count: 9))
  }
}
