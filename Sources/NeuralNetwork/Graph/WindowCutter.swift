import NumericCore

/// Cuts one window into several, each on a cache-line boundary.
struct WindowCutter<S: Scalar> {
  private var rest: Window<S>
  private static var unit: Int { memoryAlignment / MemoryLayout<S>.stride }

  init(_ window: Window<S>) { rest = window }

  /// The next `count` elements.
  mutating func take(_ count: Int) -> Window<S> {
    let window = rest.window(first: count)
    let used = (count + Self.unit - 1) / Self.unit * Self.unit
    rest = rest.window(min(used, rest.count)..<rest.count)
    return window
  }

  /// Elements that the boundaries of that many windows may cost.
  static func slack(windows: Int) -> Int { windows * unit }
}
