import Foundation

/// A Gaussian process over points of a few coordinates (Rasmussen and Williams 2006), with the Matérn 5/2 kernel, a
/// length for each coordinate, and noise. Values are expected with mean 0 and variance 1.
///
/// Its lengths, variance and noise are those of the greatest posterior density under log-normal priors, found by Rprop
/// with the exact gradient.
struct GaussianProcess {
  /// How far two points are apart in one coordinate, squared.
  typealias Distance = (_ coordinate: Int, _ a: Double, _ b: Double) -> Double

  private let points: [[Double]]
  private let distance: Distance
  private var values: [Double]
  /// How many of the last points are believed, and so have no noise.
  private var believed = 0
  private var hyper: Hyperparameters
  private var factor: Triangle
  /// K⁻¹ y
  private var weights: [Double]

  /// Logarithms.
  private struct Hyperparameters {
    var lengths: [Double]
    var variance: Double
    var noise: Double

    /// The mode of the priors: lengths that grow with the square root of the coordinates' number, as distances do.
    init(count: Int) {
      lengths = Array(repeating: log(0.35 * Double(max(1, count)).squareRoot()), count: count)
      (variance, noise) = (0, log(1e-3))
    }

    static let deviations = (length: 0.8, variance: 1.0, noise: 2.5)
    static let leastNoise = log(1e-6)
  }

  init(_ points: [[Double]], values: [Double], distance: @escaping Distance) {
    (self.points, self.values, self.distance) = (points, values, distance)
    let count = points.first?.count ?? 0
    let squares = (0..<count).map { coordinate in
      points.map { a in points.map { b in distance(coordinate, a[coordinate], b[coordinate]) } }
    }
    hyper = Self.fit(squares, values, Hyperparameters(count: count))
    factor = Triangle(Self.covariance(squares, hyper, count: points.count))
    weights = factor.solve(values)
  }

  /// The mean at a point alone, which is cheaper.
  func mean(_ point: [Double]) -> Double {
    let variance = exp(hyper.variance)
    return zip(points, weights).reduce(0) { $0 + $1.1 * variance * Self.matern(squaredRadius($1.0, point)) }
  }

  /// Mean and variance at a point, noise left out.
  func predict(_ point: [Double]) -> (mean: Double, variance: Double) {
    let covariances = points.map { other in
      exp(hyper.variance) * Self.matern(squaredRadius(point, other))
    }
    let mean = zip(covariances, weights).reduce(0) { $0 + $1.0 * $1.1 }
    let half = factor.forward(covariances)
    return (mean, max(1e-12, exp(hyper.variance) - half.reduce(0) { $0 + $1 * $1 }))
  }

  /// The process that knows its own mean at a point for sure, so that the next choice keeps away from there.
  func believing(_ point: [Double]) -> GaussianProcess {
    GaussianProcess(
      points: points + [point], values: values + [predict(point).mean], believed: believed + 1, hyper: hyper,
      distance: distance)
  }

  /// The least mean at the points.
  var leastMean: Double { points.map { predict($0).mean }.min() ?? 0 }

  private init(
    points: [[Double]], values: [Double], believed: Int, hyper: Hyperparameters, distance: @escaping Distance
  ) {
    (self.points, self.values, self.hyper, self.distance) = (points, values, hyper, distance)
    self.believed = believed
    let squares = hyper.lengths.indices.map { coordinate in
      points.map { a in points.map { b in distance(coordinate, a[coordinate], b[coordinate]) } }
    }
    factor = Triangle(Self.covariance(squares, hyper, count: points.count, believed: believed))
    weights = factor.solve(values)
  }

  private func squaredRadius(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for coordinate in a.indices {
      sum += distance(coordinate, a[coordinate], b[coordinate]) * exp(-2 * hyper.lengths[coordinate])
    }
    return sum
  }

  private static func matern(_ squaredRadius: Double) -> Double {
    let r = (5 * squaredRadius).squareRoot()
    return (1 + r + r * r / 3) * exp(-r)
  }

  /// - Parameter squares: squared distances by coordinate, row and column.
  private static func covariance(
    _ squares: [[[Double]]], _ hyper: Hyperparameters, count: Int, believed: Int = 0
  ) -> [[Double]] {
    let scales = hyper.lengths.map { exp(-2 * $0) }
    let variance = exp(hyper.variance), noise = exp(hyper.noise)
    return (0..<count).map { row in
      (0..<count).map { column in
        var sum = 0.0
        for coordinate in scales.indices { sum += squares[coordinate][row][column] * scales[coordinate] }
        return variance * matern(sum) + (row != column ? 0 : row < count - believed ? noise + 1e-9 : 1e-9)
      }
    }
  }

  // MARK: Fitting

  private static func fit(
    _ squares: [[[Double]]], _ values: [Double], _ prior: Hyperparameters
  ) -> Hyperparameters {
    var best: (hyper: Hyperparameters, density: Double)?
    // From the priors' mode, and from shorter lengths: the density may have several peaks.
    for shift in [0.0, -1.2] {
      var hyper = prior
      for index in hyper.lengths.indices { hyper.lengths[index] += shift }
      let found = climb(squares, values, hyper, prior)
      if best.map({ found.density > $0.density }) ?? true { best = found }
    }
    return best?.hyper ?? prior
  }

  /// Rprop (Riedmiller and Braun 1993): steps whose sizes go by the signs of the gradient.
  private static func climb(
    _ squares: [[[Double]]], _ values: [Double], _ start: Hyperparameters, _ prior: Hyperparameters
  ) -> (hyper: Hyperparameters, density: Double) {
    var hyper = start
    let count = hyper.lengths.count + 2
    var sizes = [Double](repeating: 0.2, count: count), signs = [Double](repeating: 0, count: count)
    var best = (hyper: hyper, density: -Double.infinity)
    for _ in 0..<40 {
      let (density, gradient) = posterior(squares, values, hyper, prior)
      if density > best.density { best = (hyper, density) }
      for index in 0..<count {
        let sign = gradient[index] > 0 ? 1.0 : gradient[index] < 0 ? -1.0 : 0
        if sign * signs[index] > 0 { sizes[index] = min(1, sizes[index] * 1.2) }
        if sign * signs[index] < 0 { sizes[index] *= 0.5 }
        signs[index] = sign
        let step = sign * sizes[index]
        switch index {
        case count - 1: hyper.noise = min(1, max(Hyperparameters.leastNoise, hyper.noise + step))
        case count - 2: hyper.variance = min(4, max(-4, hyper.variance + step))
        default: hyper.lengths[index] = min(4, max(-4, hyper.lengths[index] + step))
        }
      }
    }
    return best
  }

  /// The logarithm of the posterior density, up to a constant, and its gradient: lengths, variance, noise.
  private static func posterior(
    _ squares: [[[Double]]], _ values: [Double], _ hyper: Hyperparameters, _ prior: Hyperparameters
  ) -> (Double, [Double]) {
    let count = values.count
    let triangle = Triangle(covariance(squares, hyper, count: count))
    let alpha = triangle.solve(values)
    let inverse = triangle.inverse()
    var density = -0.5 * zip(values, alpha).reduce(0) { $0 + $1.0 * $1.1 } - triangle.logDiagonal
    let scales = hyper.lengths.map { exp(-2 * $0) }
    let variance = exp(hyper.variance), noise = exp(hyper.noise)
    var gradient = [Double](repeating: 0, count: scales.count + 2)
    for row in 0..<count {
      for column in 0...row {
        // Half of the symmetric sum is below the diagonal.
        let share = (alpha[row] * alpha[column] - inverse[row][column]) * (row == column ? 0.5 : 1)
        var squared = 0.0
        for coordinate in scales.indices { squared += squares[coordinate][row][column] * scales[coordinate] }
        let r = (5 * squared).squareRoot(), decay = exp(-r)
        gradient[scales.count] += share * variance * (1 + r + r * r / 3) * decay
        // dk/d(log ℓ) = 5/3 σ² (1 + r) e⁻ʳ d²/ℓ²
        let slope = share * variance * 5 / 3 * (1 + r) * decay
        for coordinate in scales.indices {
          gradient[coordinate] += slope * squares[coordinate][row][column] * scales[coordinate]
        }
        if row == column { gradient[scales.count + 1] += share * noise }
      }
    }
    func add(_ index: Int, _ value: Double, _ mode: Double, _ deviation: Double) {
      let z = (value - mode) / deviation
      density -= z * z / 2
      gradient[index] -= z / deviation
    }
    let deviations = Hyperparameters.deviations
    for index in scales.indices { add(index, hyper.lengths[index], prior.lengths[index], deviations.length) }
    add(scales.count, hyper.variance, prior.variance, deviations.variance)
    add(scales.count + 1, hyper.noise, prior.noise, deviations.noise)
    return (density, gradient)
  }
}

/// The lower triangle L of a positive definite matrix A = L Lᵀ.
struct Triangle {
  private var rows: [[Double]]

  init(_ matrix: [[Double]]) {
    rows = []
    for (index, line) in matrix.enumerated() {
      var row = [Double](repeating: 0, count: index + 1)
      for column in 0...index {
        var sum = line[column]
        let other = column == index ? row : rows[column]
        for k in 0..<column { sum -= row[k] * other[k] }
        // Rounding may take the last of a diagonal that is nearly 0.
        row[column] = column == index ? max(sum, 1e-12).squareRoot() : sum / rows[column][column]
      }
      rows.append(row)
    }
  }

  var logDiagonal: Double { rows.reduce(0) { $0 + log($1[$1.count - 1]) } }

  /// L⁻¹ b
  func forward(_ b: [Double]) -> [Double] {
    var x = b
    for index in rows.indices {
      var sum = b[index]
      let row = rows[index]
      for k in 0..<index { sum -= row[k] * x[k] }
      x[index] = sum / row[index]
    }
    return x
  }

  /// A⁻¹ b
  func solve(_ b: [Double]) -> [Double] {
    var x = forward(b)
    for index in rows.indices.reversed() {
      x[index] /= rows[index][index]
      for k in 0..<index { x[k] -= rows[index][k] * x[index] }
    }
    return x
  }

  /// A⁻¹, of which the lower triangle is filled in.
  func inverse() -> [[Double]] {
    let count = rows.count
    // Row by row of M = L⁻¹.
    var half: [[Double]] = []
    for index in 0..<count {
      var row = [Double](repeating: 0, count: index + 1)
      for k in 0..<index {
        let factor = rows[index][k]
        for column in 0...k { row[column] -= factor * half[k][column] }
      }
      for column in 0..<index { row[column] /= rows[index][index] }
      row[index] = 1 / rows[index][index]
      half.append(row)
    }
    var result = (0..<count).map { [Double](repeating: 0, count: $0 + 1) }
    for k in 0..<count {
      for row in 0...k {
        let factor = half[k][row]
        for column in 0...row { result[row][column] += factor * half[k][column] }
      }
    }
    return result
  }
}
