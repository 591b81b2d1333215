import NumericCore
import Optimizers
import TestSupport

/// A layout, and updates of a state that it lays out, made as a distributed run makes them: by any slices, and for a layer-wise
/// optimizer in two passes over pieces with sums over each parameter between.
struct UpdateRun {
  let layout: ParameterLayout

  init(shapes: [Shape]) {
    var layout = ParameterLayout()
    for (index, shape) in shapes.enumerated() { layout.append(name: "\(index)", shape: shape, initializer: .zeros) }
    self.layout = layout
  }

  /// One flat buffer with a value for each element of each parameter, zero in the gaps.
  func flat(_ parameters: [[Float]]) -> [Float] {
    var result = [Float](repeating: 0, count: layout.count)
    for (entry, values) in zip(layout.entries, parameters) { result.replaceSubrange(entry.range, with: values) }
    return result
  }

  /// The parameters, gaps left out.
  func parameters(_ flat: [Float]) -> [[Float]] { layout.entries.map { Array(flat[$0.range]) } }

  /// The flat parameters, and moments, after each step.
  /// - Parameters:
  ///   - gradients: flat sums, one a step.
  ///   - cut: where to divide the work in two, the second half first; 0 for not at all.
  ///   - averages: initial averaged weights are the initial parameters, as a run has them.
  func steps(
    _ update: ParameterUpdate, learningRate: Float, initial: [Float], gradients: [[Float]], scale: Float = 1,
    cut: Int = 0
  ) -> [(parameters: [Float], moments: [[Float]])] {
    let parameters = FlatBuffer<Float>(initial)
    let moments = update.momentNames.map {
      $0 == WeightAveraging.momentName ? FlatBuffer<Float>(initial) : FlatBuffer<Float>(count: initial.count)
    }
    let state = update.state(FlatState(parameters: parameters.window, moments: moments.map(\.window)))
    let slices = [cut..<layout.count, 0..<cut]
    let result = gradients.enumerated().map { index, gradient in
      let rule = StepRule(step: index + 1, learningRate: learningRate, gradientScale: scale)
      withWindow(gradient) { gradient in
        if update.isLayerwise {
          layerwiseStep(update, state, gradient, rule, slices)
        } else {
          for slice in slices { update.update(slice, of: state, gradient: gradient, rule: rule) }
        }
      }
      return (Array(parameters.window), moments.map { Array($0.window) })
    }
    withExtendedLifetime((parameters, moments)) {}
    return result
  }

  private func layerwiseStep(
    _ update: ParameterUpdate, _ state: ParameterUpdate.State, _ gradient: Window<Float>, _ rule: StepRule,
    _ slices: [Range<Int>]
  ) {
    let sums = layout.entries.map { entry in
      let pieces = slices.map { slice in
        update.prepare(slice.clamped(to: entry.range), of: state, gradient: gradient, rule: rule)
      }
      return (pieces.reduce(0) { $0 + $1.parameter }, pieces.reduce(0) { $0 + $1.gradient })
    }
    for slice in slices {
      for (entry, squares) in zip(layout.entries, sums) {
        update.update(slice.clamped(to: entry.range), of: state, gradient: gradient, rule: rule, squares: squares)
      }
    }
  }
}
