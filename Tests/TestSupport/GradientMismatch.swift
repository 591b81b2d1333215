public import NumericCore

/// One element where backward and a difference quotient disagree, with all that a reader needs to see why.
public struct GradientMismatch: Equatable, Sendable, CustomStringConvertible {
  /// What was varied, such as `parameter 0.weight` or `input 1`.
  public let variable: String
  public let index: Int
  /// What backward computed.
  public let analytic: Double
  /// What the two objectives give.
  public let numeric: Double
  /// The objective with the element one step lower and one step higher.
  public let lower: Double, upper: Double

  public var description: String {
    "\(variable)[\(index)]: backward gives \(analytic), differences \(numeric) (objectives \(lower) and \(upper))"
  }
}

/// How gradients are compared with central differences in double precision.
public struct DifferenceQuotient: Sendable {
  /// h. A central difference of f errs by h²/6·|f‴| from truncation and by about ε·|f|/h from rounding. They balance
  /// near ∛ε = 6·10⁻⁶; a power of two makes x ± h exact for most x.
  public static let step = 0x1p-17
  /// With |f| and |f‴| up to about 100, as in all our cases, either error is below 4·10⁻⁹ at this step; the bound
  /// leaves a factor of 25 for the rounding inside f, and still sees an error in the seventh digit.
  public static let tolerance = 1e-7

  /// Compares `analytic` with the difference quotients of `objective` in each element of `variables`, which it
  /// restores.
  /// - Returns: the elements where |analytic − numeric| > tolerance · max(1, |analytic|, |numeric|), or either is NaN.
  public static func mismatches(
    of variable: String, in variables: BufferView<Double>, analytic: [Double], objective: () -> Double
  ) -> [GradientMismatch] {
    precondition(variables.count == analytic.count, "\(analytic.count) gradients of \(variables.count) variables")
    var result: [GradientMismatch] = []
    for index in variables.indices {
      let value = variables[index]
      variables[index] = value - step
      let lower = objective()
      variables[index] = value + step
      let upper = objective()
      let numeric = (upper - lower) / ((value + step) - (value - step))
      variables[index] = value
      let bound = tolerance * max(1, abs(analytic[index]), abs(numeric))
      if !(abs(analytic[index] - numeric) <= bound) {
        result.append(
          GradientMismatch(
            variable: variable, index: index, analytic: analytic[index], numeric: numeric, lower: lower, upper: upper))
      }
    }
    return result
  }
}
