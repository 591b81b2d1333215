import NumericCore

/// What is done to a mean gradient before the optimizer sees it: clipping by value, and the gradients of L1 and L2
/// penalties.
///
///     g ← clamp(g, −c, c) + λ₁·sign(θ) + λ₂·θ
public struct GradientTransform: Sendable, Equatable {
  /// c, the greatest magnitude of an element, more than 0; nil for none.
  public var clipValue: Float?
  /// λ₁, at least 0: adds λ₁Σ|θ| to what is minimised, whose gradient at zero is taken as zero.
  public var l1: Float
  /// λ₂, at least 0: adds λ₂/2·Σθ².
  public var l2: Float

  public init(clipValue: Float? = nil, l1: Float = 0, l2: Float = 0) {
    self.clipValue = clipValue
    self.l1 = l1
    self.l2 = l2
  }

  var isActive: Bool { clipValue != nil || l1 > 0 || l2 > 0 }

  /// Overwrites a gradient sum with the penalised mean; a NaN stays one.
  /// - Parameters:
  ///   - scale: makes the sum the mean.
  ///   - decayFactor: what λ₁ and λ₂ are multiplied by.
  func apply(_ gradient: BufferView<Float>, parameters: BufferView<Float>, scale: Float, decayFactor: Float) {
    let limit = clipValue ?? .infinity
    let l1 = l1 * decayFactor
    let l2 = l2 * decayFactor
    for i in gradient.indices {
      let g = gradient[i] * scale
      let clipped = g > limit ? limit : g < -limit ? -limit : g
      let theta = parameters[i]
      let sign: Float = theta > 0 ? 1 : theta < 0 ? -1 : 0
      gradient[i] = clipped + l1 * sign + l2 * theta
    }
  }
}
