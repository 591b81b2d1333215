import NumericCore
import TestSupport
import Testing

/// The sum over every product, in double, straight from the definition.
private struct NaiveConvolution {
  let convolution: Convolution
  let samples: Int
  let input: [Double], weight: [Double], outputGradient: [Double]

  /// Calls `body` with the index of the input, the weight and the output of each product.
  private func forEachProduct(_ body: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
    let window = convolution.geometry
    let (perGroup, outPerGroup) = (
      convolution.inputChannels / convolution.groups, convolution.outputChannels / convolution.groups
    )
    for n in 0..<samples {
      for i in 0..<window.output.height {
        for j in 0..<window.output.width {
          for o in 0..<convolution.outputChannels {
            let y = ((n * window.output.height + i) * window.output.width + j) * convolution.outputChannels + o
            for c in 0..<perGroup {
              for a in 0..<window.kernel.height {
                for b in 0..<window.kernel.width {
                  let row = i * window.stride.height + a * window.dilation.height - window.padding.height
                  let column = j * window.stride.width + b * window.dilation.width - window.padding.width
                  guard (0..<window.input.height).contains(row), (0..<window.input.width).contains(column) else {
                    continue
                  }
                  let channel = o / outPerGroup * perGroup + c
                  body(
                    ((n * window.input.height + row) * window.input.width + column) * convolution.inputChannels
                      + channel,
                    ((o * perGroup + c) * window.kernel.height + a) * window.kernel.width + b, y)
                }
              }
            }
          }
        }
      }
    }
  }

  var output: [Double] {
    var result = [Double](repeating: 0, count: samples * convolution.outputCount)
    forEachProduct { x, w, y in result[y] += input[x] * weight[w] }
    return result
  }
  var inputGradient: [Double] {
    var result = [Double](repeating: 0, count: samples * convolution.inputCount)
    forEachProduct { x, w, y in result[x] += outputGradient[y] * weight[w] }
    return result
  }
  var weightGradient: [Double] {
    var result = [Double](repeating: 0, count: convolution.weightCount)
    forEachProduct { x, w, y in result[w] += outputGradient[y] * input[x] }
    return result
  }
}

@Suite("Convolutions against their naive twin")
struct ConvolutionTests {
  /// Channels above, at and below one and two vectors; widths above and below eight pixels; all options.
  static let cases: [(input: Extents, channels: Int, filters: Int, window: SlidingWindow, groups: Int)] = {
    var cases: [(input: Extents, channels: Int, filters: Int, window: SlidingWindow, groups: Int)] = []
    func add(
      _ input: Extents, _ channels: Int, _ filters: Int, kernel: Extents, stride: Extents = 1, padding: Extents = 0,
      dilation: Extents = 1, groups: Int = 1
    ) {
      let window = SlidingWindow(input: input, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
      cases.append((input, channels, filters, window, groups))
    }
    for (channels, filters) in [
      (1, 1), (1, 8), (1, 32), (3, 16), (7, 17), (16, 31), (16, 48), (33, 9), (10, 80), (8, 7),
    ] {
      add(Extents(height: 5, width: 9), channels, filters, kernel: 3, padding: 1)
    }
    for width in 1...10 { add(Extents(height: 2, width: width), 2, 20, kernel: Extents(height: 2, width: 1)) }
    add(1, 5, 16, kernel: 1)
    add(7, 9, 33, kernel: 1)
    add(9, 8, 16, kernel: 5, padding: 2)
    add(9, 2, 32, kernel: 5, padding: 2)
    add(3, 1, 16, kernel: 3, padding: 1)
    add(9, 8, 16, kernel: 3, stride: 2, padding: 1)
    add(9, 9, 16, kernel: 3, padding: 4, dilation: 2)
    add(9, 8, 40, kernel: 3, padding: 1, dilation: Extents(height: 1, width: 3))
    add(
      Extents(height: 1, width: 12), 8, 16, kernel: Extents(height: 1, width: 4), padding: Extents(height: 0, width: 3))
    add(Extents(height: 11, width: 4), 8, 16, kernel: 2, stride: Extents(height: 3, width: 2), padding: 3)
    add(9, 16, 33, kernel: 1, stride: 2)
    add(Extents(height: 8, width: 7), 17, 9, kernel: 3, stride: 2, padding: 1)
    add(10, 8, 15, kernel: 4, stride: 3, padding: 1, dilation: 2)
    add(10, 9, 16, kernel: 3, stride: 2, padding: 5, dilation: 2)
    add(Extents(height: 2, width: 3), 8, 16, kernel: 1, stride: 4)
    add(5, 32, 64, kernel: 3, padding: 1)
    // Enough tiles and whole vectors of channels: Winograd's, with odd and even sides and every padding.
    add(7, 16, 16, kernel: 3, padding: 1)
    add(Extents(height: 8, width: 11), 32, 48, kernel: 3)
    add(Extents(height: 9, width: 6), 48, 16, kernel: 3, padding: 2)
    add(Extents(height: 6, width: 13), 16, 32, kernel: 3, padding: Extents(height: 2, width: 1))
    add(6, 16, 32, kernel: 3, padding: 1, groups: 2)
    add(6, 16, 16, kernel: 3, padding: 1, groups: 16)
    return cases
  }()

  @Test(arguments: [0, 1, 3])
  func agreesWithItsTwin(samples: Int) {
    for test in Self.cases {
      // Sums of up to 400 products of at most 1, each rounded to 2⁻²⁴ of the sum so far; ten times the random walk.
      check(test, Float.self, samples: samples, tolerance: 5e-5)
      check(test, Double.self, samples: samples, tolerance: 1e-12)
    }
  }

  private func check<S: Scalar>(
    _ test: (input: Extents, channels: Int, filters: Int, window: SlidingWindow, groups: Int), _ type: S.Type,
    samples: Int, tolerance: Double
  ) {
    let convolution = Convolution(
      window: test.window, inputChannels: test.channels, outputChannels: test.filters, groups: test.groups)
    func values(_ count: Int, substream: Int) -> [S] { clearOfZero(count, substream: substream).map { S($0) } }
    let x = values(samples * convolution.inputCount, substream: 1)
    let w = values(convolution.weightCount, substream: 2)
    let g = values(samples * convolution.outputCount, substream: 3)
    let bias = values(test.filters, substream: 4)
    let twin = NaiveConvolution(
      convolution: convolution, samples: samples, input: x.map(Double.init), weight: w.map(Double.init),
      outputGradient: g.map(Double.init))
    // What scratch holds beforehand must not matter.
    let scratch = FlatBuffer<S>(count: convolution.scratchCount)
    func expect(_ found: [S], _ expected: [Double], _ what: String) {
      let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
      #expect(found.count == expected.count && worst <= tolerance, "\(what): \(convolution)")
    }
    withWindow(x) { x in
      withWindow(w) { w in
        withWindow(g) { g in
          scratch.view.update(repeating: .nan)
          let plain = output([S](repeating: .nan, count: g.count)) {
            convolution.apply(x, weight: w, bias: nil, into: $0, scratch: scratch.view)
          }
          expect(plain, twin.output, "output")
          scratch.view.update(repeating: .nan)
          let biased = withWindow(bias) { bias in
            output([S](repeating: .nan, count: g.count)) {
              convolution.apply(x, weight: w, bias: bias, into: $0, scratch: scratch.view)
            }
          }
          let shift = bias.map(Double.init)
          expect(biased, twin.output.enumerated().map { $1 + shift[$0 % test.filters] }, "output with bias")
          scratch.view.update(repeating: .nan)
          let rectified = output([S](repeating: .nan, count: g.count)) {
            convolution.apply(x, weight: w, bias: nil, rectifies: true, into: $0, scratch: scratch.view)
          }
          #expect(rectified == plain.map { max($0, 0) }, "ReLU: \(convolution)")
          scratch.view.update(repeating: .nan)
          let inputGradient = output([S](repeating: .nan, count: x.count)) {
            convolution.applyTransposed(g, weight: w, into: $0, scratch: scratch.view)
          }
          expect(inputGradient, twin.inputGradient, "input gradient")
          scratch.view.update(repeating: .nan)
          let added = output([S](repeating: 0.5, count: x.count)) {
            convolution.applyTransposed(g, weight: w, adding: true, into: $0, scratch: scratch.view)
          }
          expect(added, twin.inputGradient.map { $0 + 0.5 }, "input gradient added to another")
          scratch.view.update(repeating: .nan)
          let weightGradient = output([S](repeating: 0.5, count: w.count)) {
            convolution.addWeightGradient(input: x, outputGradient: g, to: $0, scratch: scratch.view)
          }
          expect(weightGradient, twin.weightGradient.map { $0 + 0.5 }, "weight gradient")
        }
      }
    }
  }

  @Test("A sample's bits do not depend on the samples beside it", arguments: [(5, 20), (16, 32)])
  func samplesAreIndependent(channels: Int, filters: Int) {
    let convolution = Convolution(
      window: SlidingWindow(input: 7, kernel: 3, padding: 1), inputChannels: channels, outputChannels: filters)
    let x = clearOfZero(4 * convolution.inputCount).map { Float($0) }
    let w = clearOfZero(convolution.weightCount, substream: 1).map { Float($0) }
    func run(_ x: [Float]) -> [Float] {
      let scratch = FlatBuffer<Float>(count: convolution.scratchCount)
      return withWindow(x) { x in
        withWindow(w) { w in
          output([Float](repeating: 0, count: x.count / convolution.inputCount * convolution.outputCount)) {
            convolution.apply(x, weight: w, bias: nil, into: $0, scratch: scratch.view)
          }
        }
      }
    }
    #expect(
      Array(run(x)[convolution.outputCount..<2 * convolution.outputCount])
        == run(Array(x[convolution.inputCount..<2 * convolution.inputCount])))
  }
}
