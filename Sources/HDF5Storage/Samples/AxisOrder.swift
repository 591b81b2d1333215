/// In which order a file has the axes of a data set.
public enum AxisOrder: Sendable, Equatable {
  /// Rows first, as C, NumPy and this program have them.
  case asStored
  /// All axes reversed, as MATLAB writes them: its rows are the file's last axis.
  case reversed
  /// Reversed, and the samples are the last axis for MATLAB, as of its images [H, W, C, N]: the file's first.
  case samplesLast
  /// As stored, but that the samples are this axis of the file; the others keep their order.
  case samplesAlong(Int)

  /// The axis of the file that is that of the samples.
  func sampleAxis(of rank: Int) -> Int {
    switch self {
    case .asStored, .samplesLast: 0
    case .reversed: max(0, rank - 1)
    case .samplesAlong(let axis): axis
    }
  }

  /// The extents with the samples first, then those of a sample in the order of the program that wrote them.
  func shape(ofStored extents: [Int]) -> [Int] {
    switch self {
    case .asStored: extents
    case .reversed: extents.reversed()
    case .samplesLast: extents.prefix(1) + extents.dropFirst().reversed()
    case .samplesAlong(let axis):
      extents.indices.contains(axis) ? [extents[axis]] + extents[..<axis] + extents[(axis + 1)...] : extents
    }
  }

  /// Puts rows that were read in the file's order in the order of `shape(ofStored:)`.
  ///
  /// - Parameters:
  ///   - extents: of the rows as they were read, in the file's order.
  ///   - size: bytes of an element.
  func arrange(
    _ source: UnsafeRawBufferPointer, _ extents: [Int], size: Int, into destination: UnsafeMutableRawBufferPointer
  ) {
    switch self {
    case .asStored: destination.copyMemory(from: source)
    case .reversed: reverseAxes(source, extents, size: size, into: destination)
    case .samplesAlong(let axis):
      // The axes in front of the samples, the samples, and those behind, as three.
      let (outer, count) = (extents[..<axis].reduce(1, *), extents[axis])
      let inner = extents[(axis + 1)...].reduce(size, *)
      for part in 0..<outer {
        for row in 0..<count {
          let (from, to) = ((part * count + row) * inner, (row * outer + part) * inner)
          Elements.copy(source, from, destination, to, byteCount: inner)
        }
      }
    case .samplesLast:
      let rowSize = extents.dropFirst().reduce(size, *)
      for row in 0..<(extents.first ?? 0) {
        let part = row * rowSize..<(row + 1) * rowSize
        reverseAxes(
          UnsafeRawBufferPointer(rebasing: source[part]), Array(extents.dropFirst()), size: size,
          into: UnsafeMutableRawBufferPointer(rebasing: destination[part]))
      }
    }
  }
}

/// destination[k, …, j, i] = source[i, j, …, k]
private func reverseAxes(
  _ source: UnsafeRawBufferPointer, _ extents: [Int], size: Int, into destination: UnsafeMutableRawBufferPointer
) {
  switch size {
  case 1: reverseAxes(source, extents, UInt8.self, into: destination)
  case 2: reverseAxes(source, extents, UInt16.self, into: destination)
  case 4: reverseAxes(source, extents, UInt32.self, into: destination)
  default: reverseAxes(source, extents, UInt64.self, into: destination)
  }
}

private func reverseAxes<Element: BitwiseCopyable>(
  _ source: UnsafeRawBufferPointer, _ extents: [Int], _: Element.Type, into destination: UnsafeMutableRawBufferPointer
) {
  let source = source.assumingMemoryBound(to: Element.self)
  let destination = destination.assumingMemoryBound(to: Element.self)
  guard extents.count > 1, !source.isEmpty else { return _ = destination.update(fromContentsOf: source) }
  // The destination's strides, by the source's axes: the first axis of the source is the last of the destination.
  var strides = [1]
  for extent in extents.dropLast() { strides.append(strides[strides.count - 1] * extent) }
  let last = extents.count - 1
  var index = extents.map { _ in 0 }
  var base = 0
  for start in stride(from: 0, to: source.count, by: extents[last]) {
    for offset in 0..<extents[last] { destination[base + offset * strides[last]] = source[start + offset] }
    for axis in (0..<last).reversed() {
      index[axis] += 1
      base += strides[axis]
      if index[axis] < extents[axis] { break }
      base -= index[axis] * strides[axis]
      index[axis] = 0
    }
  }
}
