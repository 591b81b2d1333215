import NumericCore
import Optimizers
import TestSupport

/// A layout, and updates of a state that it lays out, made as a distributed run makes them: by any slices, and for a
/// layer-wise optimizer in two passes over pieces with sums over each parameter between.
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

  /// The flat parameters, and the optimizer state, after each step.
  /// - Parameters:
  ///   - gradients: flat sums, one a step.
  ///   - cut: where to divide the work in two, the second half first; 0 for not at all.
  ///   - averages: initial averaged weights are the initial parameters, as a run has them.
  func steps(
    _ update: ParameterUpdate, learningRate: Float, initial: [Float], gradients: [[Float]], scale: Float = 1,
    cut: Int = 0
  ) -> [(parameters: [Float], state: [[Float]])] {
    let parameters = FlatBuffer<Float>(initial)
    let buffers = update.stateNames.map {
      $0 == WeightAveraging.stateName ? FlatBuffer<Float>(initial) : FlatBuffer<Float>(count: initial.count)
    }
    let state = update.state(FlatState(parameters: parameters.view, buffers: buffers.map(\.view)))
    let slices = [cut..<layout.count, 0..<cut]
    let result = gradients.enumerated().map { index, gradient in
      let step = update.step(
        index + 1, of: state, learningRate: Double(learningRate),
        statistics: (RunningStatistics(ParameterLayout(), rules: []), FlatBuffer<Float>(count: 0).view))
      withWindow(gradient) { gradient in
        if update.isLayerwise {
          layerwise(step, gradient, scale, slices)
        } else {
          for slice in slices { step.update(slice, gradient: gradient, scale: scale) }
        }
      }
      return (Array(parameters.view), buffers.map { Array($0.view) })
    }
    withExtendedLifetime((parameters, buffers)) {}
    return result
  }

  private func layerwise(
    _ step: ParameterUpdate.Step, _ gradient: BufferView<Float>, _ scale: Float, _ slices: [Range<Int>]
  ) {
    let sums = layout.entries.map { entry in
      let pieces = slices.map { slice in
        step.prepare(slice.clamped(to: entry.range), gradient: gradient, scale: scale)
      }
      return (pieces.reduce(0) { $0 + $1.parameter }, pieces.reduce(0) { $0 + $1.gradient })
    }
    for slice in slices {
      for (entry, squares) in zip(layout.entries, sums) {
        step.update(slice.clamped(to: entry.range), gradient: gradient, scale: scale, squares: squares)
      }
    }
  }
}
