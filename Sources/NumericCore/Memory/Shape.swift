/// The extents of an array, outermost first. The shape of an activation leaves out the sample axis.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let extents: [Int]

  /// - Precondition: no extent is negative.
  public init(_ extents: [Int]) {
    precondition(extents.allSatisfy { $0 >= 0 }, "negative extent in \(extents)")
    self.extents = extents
  }

  public init(arrayLiteral extents: Int...) { self.init(extents) }

  public var rank: Int { extents.count }
  /// The number of elements, 1 for a scalar; `Int.max` where there are more than that.
  public var elementCount: Int {
    extents.reduce(1) { count, extent in
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      return overflows ? .max : product
    }
  }
  public subscript(axis: Int) -> Int { extents[axis] }
  /// As in `28×28`; `scalar` where there is no axis.
  public var description: String { extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: "×") }
}

/// What a model takes a sample for, and so how a sample has to lie in memory.
public enum InputLayout: String, Sendable, CaseIterable {
  /// One row of features, in the order of the file.
  case rows
  /// Steps of features [T, F].
  case sequences
  /// Whole numbers that an embedding looks up, in the shape of the file; no scaling may touch them.
  case indices
  /// Pixels of channels [H, W, C].
  case images
}
