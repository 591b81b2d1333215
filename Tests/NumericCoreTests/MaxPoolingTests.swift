import NumericCore
import TestSupport
import Testing

/// Straight from the definition: the winner replaces what is not greater, NaN is greatest, the first of equals wins.
private struct NaiveMaxPooling {
  let window: SlidingWindow, channels: Int
  let input: [Float], outputGradient: [Float]

  /// For each output, the input that wins and its number in the window.
  var winners: [(index: Int, element: Int)] {
    var winners: [(Int, Int)] = []
    for n in 0..<input.count / (window.input.product * channels) {
      for y in 0..<window.output.height {
        for x in 0..<window.output.width {
          for c in 0..<channels {
            var best: (index: Int, element: Int)?
            for a in 0..<window.kernel.height {
              for b in 0..<window.kernel.width {
                let row = y * window.stride.height + a - window.padding.height
                let column = x * window.stride.width + b - window.padding.width
                guard (0..<window.input.height).contains(row), (0..<window.input.width).contains(column) else {
                  continue
                }
                let index = ((n * window.input.height + row) * window.input.width + column) * channels + c
                if let best, input[best.index].isNaN || input[index] <= input[best.index] { continue }
                best = (index, a * window.kernel.width + b)
              }
            }
            winners.append(best ?? (-1, -1))
          }
        }
      }
    }
    return winners
  }
}

@Suite("Max-pooling against its naive twin")
struct MaxPoolingTests {
  static let windows: [SlidingWindow] = [
    SlidingWindow(input: 6, kernel: 2, stride: 2),
    SlidingWindow(input: Extents(height: 7, width: 5), kernel: 2, stride: 2),
    SlidingWindow(input: Extents(height: 7, width: 9), kernel: 3, stride: 2, padding: 1),
    SlidingWindow(input: 5, kernel: 3),
    SlidingWindow(input: 6, kernel: Extents(height: 1, width: 2), stride: 3),
    SlidingWindow(input: 4, kernel: 4, stride: 4, padding: 2),
  ]

  @Test(arguments: [1, 7, 8, 9, 15, 17, 33])
  func agreesWithItsTwin(channels: Int) {
    for window in Self.windows {
      for samples in [0, 1, 3] {
        let count = samples * window.input.product * channels
        // Few different values, so that many are equal; some are NaN or infinite.
        let x = clearOfZero(count).enumerated().map { index, value in
          index % 23 == 5
            ? Float.nan : index % 19 == 3 ? -.infinity : index % 29 == 7 ? .infinity : Float(value * 4).rounded()
        }
        let outputs = samples * window.output.product * channels
        let g = clearOfZero(outputs, substream: 1).map { Float($0) }
        let twin = NaiveMaxPooling(window: window, channels: channels, input: x, outputGradient: g)
        let expected = twin.winners
        var gradient = [Float](repeating: 0, count: count)
        for (place, winner) in expected.enumerated() { gradient[winner.index] += g[place] }

        var winners = [Float](repeating: .nan, count: outputs)
        let found = withWindow(x) { x in
          output([Float](repeating: .nan, count: outputs)) { pooled in
            winners = output(winners) { maxPool(x, window, channels: channels, winners: $0, into: pooled) }
          }
        }
        #expect(found.map(\.bitPattern) == expected.map { x[$0.index].bitPattern }, "\(window), \(channels) channels")
        #expect(winners == expected.map { Float($0.element) }, "\(window), \(channels) channels")
        let spread = withWindow(g) { g in
          withWindow(winners) { winners in
            output([Float](repeating: .nan, count: count)) {
              maxPoolBackward(
                outputGradient: g, winners: winners, window, channels: channels, inputGradient: $0)
            }
          }
        }
        #expect(spread == gradient, "\(window), \(channels) channels")
      }
    }
  }
}
