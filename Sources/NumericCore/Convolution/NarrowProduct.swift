/// The product rows = weightᵀ · gradientᵀ of an input gradient with few input channels, sixteen output pixels at a
/// time. BLAS spends most of such a narrow matrix product on packing its operands. Here the gradients of sixteen pixels
/// are transposed sixteen channels at a time and go straight into nine sums, those of a 3×3 kernel and one channel.
/// Each step of the inner loop loads one vector, multiplies it by nine weights, and prefetches a cache line of the next
/// sixteen pixels, which makes 28×28, 1→32 a quarter faster.
///
/// - Shapes: weight [O, depth], gradient [pixels, O], rows [depth, pixels], all row-major.
struct NarrowProduct {
  private typealias Vector = SIMD16<Float>
  private static let lanes = 16
  /// Sums in flight.
  private static let sums = 9

  let depth: Int
  let channels: Int
  let pixels: Int

  /// Nil for sizes that do not fill vectors and sums.
  init?(depth: Int, channels: Int, pixels: Int) {
    guard depth >= Self.sums, channels > 0, channels % Self.lanes == 0, pixels >= Self.lanes else { return nil }
    (self.depth, self.channels, self.pixels) = (depth, channels, pixels)
  }

  /// Staging for one 16×16 tile, then the transposed vectors of all channels.
  var scratchCount: Int { Self.lanes * (Self.lanes + channels) }

  func multiply(
    weight: BufferView<Float>, gradient: BufferView<Float>, into rows: BufferView<Float>, scratch: BufferView<Float>
  ) {
    precondition(
      weight.count == channels * depth && gradient.count == pixels * channels && rows.count == depth * pixels
        && scratch.count >= scratchCount, "\(self)")
    guard let weights = weight.baseAddress, let gradients = gradient.baseAddress, let rows = rows.baseAddress,
      let scratch = scratch.baseAddress
    else { return }
    let transposed = scratch + Self.lanes * Self.lanes
    for block in stride(from: 0, to: pixels, by: Self.lanes) {
      // The last block and the last group of sums start early enough to be whole: their overlap is computed twice.
      let pixel = min(block, pixels - Self.lanes)
      for group in stride(from: 0, to: depth, by: Self.sums) {
        let row = min(group, depth - Self.sums)
        sum(
          weights + row, gradients + pixel * channels, transposed, staging: scratch,
          next: group == 0 ? gradients + min(block + Self.lanes, pixels - Self.lanes) * channels : nil,
          into: rows + row * pixels + pixel)
      }
    }
  }

  /// Nine rows of sixteen pixels. Transposing between the sums keeps both kinds of execution units busy.
  ///
  /// - Parameter next: the gradients of the next pixels; nil where those of these pixels are transposed already.
  @inline(__always)
  private func sum(
    _ weights: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ transposed: UnsafeMutablePointer<Float>,
    staging: UnsafeMutablePointer<Float>, next: UnsafePointer<Float>?, into rows: UnsafeMutablePointer<Float>
  ) {
    var (s0, s1, s2) = (Vector(), Vector(), Vector())
    var (s3, s4, s5) = (Vector(), Vector(), Vector())
    var (s6, s7, s8) = (Vector(), Vector(), Vector())
    var w = weights
    var g = transposed
    var ahead = next ?? gradients
    var prefetched: UInt32 = 0
    for channel in stride(from: 0, to: channels, by: Self.lanes) {
      if next != nil { transpose(gradients + channel, staging: staging, into: g) }
      for _ in 0..<Self.lanes {
        let vector = Vector(at: g)
        s0 = s0.addingProduct(vector, Vector(repeating: w[0]))
        s1 = s1.addingProduct(vector, Vector(repeating: w[1]))
        s2 = s2.addingProduct(vector, Vector(repeating: w[2]))
        s3 = s3.addingProduct(vector, Vector(repeating: w[3]))
        s4 = s4.addingProduct(vector, Vector(repeating: w[4]))
        s5 = s5.addingProduct(vector, Vector(repeating: w[5]))
        s6 = s6.addingProduct(vector, Vector(repeating: w[6]))
        s7 = s7.addingProduct(vector, Vector(repeating: w[7]))
        s8 = s8.addingProduct(vector, Vector(repeating: w[8]))
        w += depth
        g += Self.lanes
        prefetch(ahead, into: &prefetched)
        ahead += Self.lanes
      }
    }
    staging.pointee = Float(bitPattern: prefetched)
    s0.store(to: rows)
    s1.store(to: rows + pixels)
    s2.store(to: rows + 2 * pixels)
    s3.store(to: rows + 3 * pixels)
    s4.store(to: rows + 4 * pixels)
    s5.store(to: rows + 5 * pixels)
    s6.store(to: rows + 6 * pixels)
    s7.store(to: rows + 7 * pixels)
    s8.store(to: rows + 8 * pixels)
  }

  /// Brings the cache line at `pointer` close, for the next sixteen pixels.
  ///
  /// Swift has no prefetch instruction, so this is a load. Its bits go into `sink`, which the caller stores at the end,
  /// in memory whose contents no longer matter: otherwise the compiler would drop the load.
  @inline(__always)
  private func prefetch(_ pointer: UnsafePointer<Float>, into sink: inout UInt32) {
    sink |= pointer.pointee.bitPattern
  }

  // MARK: Transposing

  /// Transposes sixteen channels of sixteen pixels: partition 256 elements out by fours, twice, exchanges rows and
  /// columns.
  @inline(__always)
  private func transpose(
    _ gradients: UnsafePointer<Float>, staging: UnsafeMutablePointer<Float>, into result: UnsafeMutablePointer<Float>
  ) {
    let quarter = Self.lanes * 4
    for k in 0..<4 {
      let from = gradients + 4 * k * channels
      deal(
        Vector(at: from), Vector(at: from + channels), Vector(at: from + 2 * channels), Vector(at: from + 3 * channels),
        into: staging + k * Self.lanes, step: quarter)
    }
    for k in 0..<4 {
      let from = staging + k * quarter
      deal(
        Vector(at: from), Vector(at: from + Self.lanes), Vector(at: from + 2 * Self.lanes),
        Vector(at: from + 3 * Self.lanes),
        into: result + k * Self.lanes, step: quarter)
    }
  }

  /// Of the 64 elements, every fourth from the first into the first of four vectors, and so on.
  @inline(__always)
  private func deal(
    _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, into to: UnsafeMutablePointer<Float>, step: Int
  ) {
    let (even, odd) = (halves(a, b), halves(c, d))
    let (first, second) = (halves(even.0, odd.0), halves(even.1, odd.1))
    first.0.store(to: to)
    second.0.store(to: to + step)
    first.1.store(to: to + 2 * step)
    second.1.store(to: to + 3 * step)
  }

  /// The even elements of both, and the odd ones.
  @inline(__always)
  private func halves(_ a: Vector, _ b: Vector) -> (Vector, Vector) {
    (Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf), Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf))
  }
}
