import Basics
import Foundation
import NumericCore

/// Rates of single operations on one core beside that of a 1024³ sgemm, measured in turn.
enum LayerBench {
  /// One operation of a layer on one batch.
  struct Case {
    let name: String
    /// Floating-point operations of one call.
    let operations: Double
    let run: () -> Void
  }

  private static let rounds = 15

  /// Printed row by row: a case, its rate, the rate beside it, the ratio of the two.
  static let table = TextTable([.left(40), .right(10), .right(10), .right(10)], gap: 0)

  static func row(_ name: String, _ rate: Double, _ other: Double, _ ratio: Double) -> String {
    table.line([
      name, String(format: "%.1f", rate * 1e-9), String(format: "%.1f", other * 1e-9), String(format: "%.2f", ratio),
    ])
  }

  /// Prints a line for each case: its rate, the rate of the matrix product beside it, the ratio of the two.
  static func run() {
    BLAS.threads = 1
    print("\(BLAS.version) \(BLAS.coreName), one thread")
    print(table.line(["operation", "GFLOP/s", "sgemm", "ratio"]))
    let size = 1024
    let (a, b, c) = (filled(size * size), filled(size * size), filled(size * size))
    let product = Case(name: "sgemm", operations: 2 * pow(Double(size), 3)) {
      multiply(
        Matrix(a.view, rows: size, columns: size), Matrix(b.view, rows: size, columns: size),
        into: Matrix(c.view, rows: size, columns: size))
    }
    for layer in convolutions() {
      _ = rate(layer, calls: 2)
      // As long as one product, about, so that both see the same state of the machine.
      let calls = max(1, Int(product.operations / layer.operations))
      var own: [Double] = []
      var sgemm: [Double] = []
      for _ in 0..<rounds {
        own.append(rate(layer, calls: calls))
        sgemm.append(rate(product, calls: 1))
      }
      let ratio = median(zip(own, sgemm).map { $0 / $1 })
      print(row(layer.name, median(own), median(sgemm), ratio))
    }
  }

  private static func rate(_ layer: Case, calls: Int) -> Double {
    layer.operations * Double(calls) / time(calls, layer.run)
  }

  static func filled(_ count: Int) -> FlatBuffer<Float> {
    FlatBuffer((0..<count).map { Float($0 % 17) * 0.01 - 0.08 })
  }

  // MARK: Convolutions

  /// The 3×3 convolutions of ResNet-20 for CIFAR-10 and of the model `cnn` for MNIST.
  private static func convolutions() -> [Case] {
    [(32, 16, 16, 32), (16, 32, 32, 32), (8, 64, 64, 32), (28, 1, 32, 64), (14, 32, 64, 64)].flatMap {
      convolution(size: $0.0, inputChannels: $0.1, outputChannels: $0.2, samples: $0.3)
    }
  }

  private static func convolution(size: Int, inputChannels: Int, outputChannels: Int, samples: Int) -> [Case] {
    let convolution = Convolution(
      window: SlidingWindow(input: Extents(size), kernel: 3, padding: 1), inputChannels: inputChannels,
      outputChannels: outputChannels)
    let input = filled(samples * convolution.inputCount)
    let output = filled(samples * convolution.outputCount)
    let weight = filled(convolution.weightCount)
    let inputGradient = filled(samples * convolution.inputCount)
    let outputGradient = filled(samples * convolution.outputCount)
    let weightGradient = filled(convolution.weightCount)
    let scratch = filled(convolution.scratchCount)
    let operations = 2 * Double(convolution.outputCount * inputChannels * 9 * samples)
    let name = "conv2d 3×3 \(size)×\(size) \(inputChannels)→\(outputChannels), "
    return [
      Case(name: name + "forward", operations: operations) {
        convolution.apply(
          input.view, weight: weight.view, bias: nil, into: output.view, scratch: scratch.view)
      },
      Case(name: name + "input gradient", operations: operations) {
        convolution.applyTransposed(
          outputGradient.view, weight: weight.view, into: inputGradient.view, scratch: scratch.view)
      },
      Case(name: name + "weight gradient", operations: operations) {
        weightGradient.view.update(repeating: 0)
        convolution.addWeightGradient(
          input: input.view, outputGradient: outputGradient.view, to: weightGradient.view,
          scratch: scratch.view)
      },
    ]
  }
}
