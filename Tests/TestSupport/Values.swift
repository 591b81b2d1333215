public import NumericCore

/// `count` repeatable values of either sign with magnitudes from 0.1 to 1: no function with a kink at zero is near it.
public func clearOfZero(_ count: Int, seed: UInt64 = 1, substream: Int = 0) -> [Double] {
  var generator = RandomSource.Generator(source: RandomSource(seed: seed), substream: substream)
  return (0..<count).map { _ in
    let magnitude = 0.1 + 0.9 * generator.uniform()
    return generator.nextWord() & 1 == 0 ? magnitude : -magnitude
  }
}

/// Overwrites `window` with `values`, one for each element.
public func fill<S: Scalar>(_ window: BufferView<S>, _ values: [S]) {
  precondition(window.count == values.count, "\(values.count) values for \(window.count) elements")
  for i in window.indices { window[i] = values[i] }
}

/// Calls `body` with a window onto a copy of `values`.
public func withWindow<S: Scalar, Result>(_ values: [S], _ body: (BufferView<S>) throws -> Result) rethrows -> Result {
  let buffer = FlatBuffer<S>(values)
  return try withExtendedLifetime(buffer) { try body(buffer.view) }
}

/// What `kernel` leaves in a window that starts out as `initial`.
public func output<S: Scalar>(_ initial: [S], _ kernel: (BufferView<S>) throws -> Void) rethrows -> [S] {
  try withWindow(initial) { window in
    try kernel(window)
    return Array(window)
  }
}
