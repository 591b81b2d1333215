import NumericCore

/// Cuts one view into several, each on a cache-line boundary.
struct ViewCutter<S: Scalar> {
  private var rest: BufferView<S>
  private static var unit: Int { memoryAlignment / MemoryLayout<S>.stride }

  init(_ view: BufferView<S>) { rest = view }

  /// The next `count` elements.
  mutating func take(_ count: Int) -> BufferView<S> {
    let view = rest.view(first: count)
    let used = (count + Self.unit - 1) / Self.unit * Self.unit
    rest = rest.view(min(used, rest.count)..<rest.count)
    return view
  }

  /// Elements that the boundaries of that many views may cost.
  static func slack(views: Int) -> Int { views * unit }
}

/// One allocation cut into windows, each on a cache-line boundary.
struct Arena<S: Scalar> {
  private let owner: FlatBuffer<S>
  private let ranges: [Range<Int>]

  init(counts: [Int]) {
    let unit = memoryAlignment / MemoryLayout<S>.stride
    var ranges: [Range<Int>] = []
    var end = 0
    for count in counts {
      ranges.append(end..<end + count)
      end = (end + count + unit - 1) / unit * unit
    }
    self.ranges = ranges
    owner = FlatBuffer(count: end)
  }

  subscript(index: Int) -> BufferView<S> { owner.view.view(ranges[index]) }
}
