import NumericCore

/// An exponential moving average of the weights (Polyak and Juditsky 1992), to evaluate with.
///
///     e ← dₜ·e + (1 − dₜ)·θ,  dₜ = min(d, (1 + t) / (10 + t))
///
/// with e starting as the initial weights. The rising dₜ, as in TensorFlow's `ExponentialMovingAverage`, forgets them
/// soon.
public struct WeightAveraging: Sendable, Equatable {
  /// The name of its flat buffer among those of the optimizer's state.
  public static let stateName = "ema"

  /// d, 0 ..< 1.
  public let decay: Double

  public init(decay: Double = 0.999) { self.decay = decay }

  /// dₜ after update `step`, counted from 1.
  public func decay(step: Int) -> Double { min(decay, Double(1 + step) / Double(10 + step)) }

  /// Moves `averaged` towards `parameters`.
  func update(_ averaged: BufferView<Float>, from parameters: BufferView<Float>, step: Int) {
    average(parameters, scale: 1, weight: Float(1 - decay(step: step)), into: averaged)
  }
}
