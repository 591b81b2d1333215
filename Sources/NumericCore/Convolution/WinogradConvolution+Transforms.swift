// What becomes of inputs, outputs, gradients and weights before and after the products: sixteen channels of a tile at a
// time, along its columns and then along its rows.

private typealias Vector = SIMD16<Float>
private typealias Two = (Vector, Vector)
private typealias Three = (Vector, Vector, Vector)
private typealias Four = (Vector, Vector, Vector, Vector)

// MARK: Along one axis

/// Bᵀ · x
@inline(__always)
private func transformed(inputs x: Four) -> Four { (x.0 - x.2, x.1 + x.2, x.2 - x.1, x.1 - x.3) }

/// Aᵀ · m
@inline(__always)
private func outputs(of m: Four) -> Two { (m.0 + m.1 + m.2, m.1 - m.2 - m.3) }

/// A · dy
@inline(__always)
private func transformed(gradients dy: Two) -> Four { (dy.0, dy.0 + dy.1, dy.0 - dy.1, -dy.1) }

/// G · w
@inline(__always)
private func transformed(weights w: Three) -> Four {
  let (even, odd) = ((w.0 + w.2) * 0.5, w.1 * 0.5)
  return (w.0, even + odd, even - odd, w.2)
}

/// Gᵀ · m
@inline(__always)
private func weightGradients(of m: Four) -> Three {
  let sum = (m.1 + m.2) * 0.5
  return (m.0 + sum, (m.1 - m.2) * 0.5, sum + m.3)
}

// MARK: Memory

/// Four places, `step` apart.
@inline(__always)
private func load(_ pointer: UnsafePointer<Float>, _ step: Int) -> Four {
  (
    Vector(at: pointer), Vector(at: pointer + step), Vector(at: pointer + 2 &* step), Vector(at: pointer + 3 &* step)
  )
}

@inline(__always)
private func store(_ values: Four, to pointer: UnsafeMutablePointer<Float>, _ step: Int) {
  values.0.store(to: pointer)
  values.1.store(to: pointer + step)
  values.2.store(to: pointer + 2 &* step)
  values.3.store(to: pointer + 3 &* step)
}

// MARK: Tiles

extension WinogradConvolution {
  /// Bᵀ · x · B of the inputs under tiles, with zeros beside the image.
  func transformInputs(_ images: UnsafePointer<Float>, _ tiles: Range<Int>, _ parts: Parts) {
    let line = input.width * channels, place = tiles.count * channels
    forEach(tiles) { tile, sample, top, left in
      let (top, left) = (top - padding.height, left - padding.width)
      let image = images + sample * inputCount, target = parts.inputs + tile * channels
      if top >= 0, left >= 0, top + 4 <= input.height, left + 4 <= input.width {
        let corner = image + (top * line + left * channels)
        transformInput(to: target, place) { row, column in corner + (row &* line &+ column &* channels) }
      } else {
        transformInput(to: target, place) { row, column in
          let (y, x) = (top + row, left + column)
          let isInside = y >= 0 && y < input.height && x >= 0 && x < input.width
          return isInside ? image + (y &* line &+ x &* channels) : UnsafePointer(parts.zeros)
        }
      }
    }
  }

  /// - Parameters:
  ///   - place: from place to place of the target.
  ///   - pixel: where the channels of a pixel of the tile begin.
  @inline(__always)
  private func transformInput(
    to target: UnsafeMutablePointer<Float>, _ place: Int,
    pixel: (_ row: Int, _ column: Int) -> UnsafePointer<Float>
  ) {
    for channel in stride(from: 0, to: channels, by: Vector.channels) {
      @inline(__always)
      func column(_ j: Int) -> Four {
        transformed(
          inputs: (
            Vector(at: pixel(0, j) + channel), Vector(at: pixel(1, j) + channel), Vector(at: pixel(2, j) + channel),
            Vector(at: pixel(3, j) + channel)
          ))
      }
      let (a, b, c, d) = (column(0), column(1), column(2), column(3))
      let target = target + channel
      store(transformed(inputs: (a.0, b.0, c.0, d.0)), to: target, place)
      store(transformed(inputs: (a.1, b.1, c.1, d.1)), to: target + 4 &* place, place)
      store(transformed(inputs: (a.2, b.2, c.2, d.2)), to: target + 8 &* place, place)
      store(transformed(inputs: (a.3, b.3, c.3, d.3)), to: target + 12 &* place, place)
    }
  }

  /// The outputs Aᵀ · m · A of tiles, those beside the image left out, with `bias` or added to what stands there.
  func transformOutputs(
    _ parts: Parts, _ tiles: Range<Int>, bias: UnsafePointer<Float>?, adds: Bool, _ rectifies: Bool,
    to images: UnsafeMutablePointer<Float>
  ) {
    let line = output.width * outputChannels, place = tiles.count * outputChannels
    forEach(tiles) { tile, sample, top, left in
      let corner = images + (sample * outputCount + top * line + left * outputChannels)
      let (hasLower, hasRight) = (top + 1 < output.height, left + 1 < output.width)
      for channel in stride(from: 0, to: outputChannels, by: Vector.channels) {
        let source = UnsafePointer(parts.outputs) + (tile * outputChannels + channel)
        // Rows first: the sums of both orders are the same but for their rounding.
        let a = outputs(of: load(source, place)), b = outputs(of: load(source + 4 &* place, place))
        let c = outputs(of: load(source + 8 &* place, place)), d = outputs(of: load(source + 12 &* place, place))
        let (left, right) = (outputs(of: (a.0, b.0, c.0, d.0)), outputs(of: (a.1, b.1, c.1, d.1)))
        let first = bias.map { Vector(at: $0 + channel) } ?? Vector()
        @inline(__always)
        func put(_ sum: Vector, _ pixel: UnsafeMutablePointer<Float>) {
          let value = sum + (adds ? Vector(at: pixel) : first)
          (rectifies ? value.rectified : value).store(to: pixel)
        }
        let pixel = corner + channel
        put(left.0, pixel)
        if hasRight { put(right.0, pixel + outputChannels) }
        if hasLower { put(left.1, pixel + line) }
        if hasRight && hasLower { put(right.1, pixel + line + outputChannels) }
      }
    }
  }

  /// A · dy · Aᵀ of the output gradients of tiles, zeros beside the image.
  func transformGradients(_ images: UnsafePointer<Float>, _ tiles: Range<Int>, _ parts: Parts) {
    let line = output.width * outputChannels, place = tiles.count * outputChannels
    forEach(tiles) { tile, sample, top, left in
      let corner = images + (sample * outputCount + top * line + left * outputChannels)
      let (hasLower, hasRight) = (top + 1 < output.height, left + 1 < output.width)
      for channel in stride(from: 0, to: outputChannels, by: Vector.channels) {
        let pixel = corner + channel
        let target = parts.outputs + (tile * outputChannels + channel)
        let upper = (Vector(at: pixel), hasRight ? Vector(at: pixel + outputChannels) : Vector())
        let lower = (
          hasLower ? Vector(at: pixel + line) : Vector(),
          hasRight && hasLower ? Vector(at: pixel + line + outputChannels) : Vector()
        )
        let (left, right) = (transformed(gradients: (upper.0, lower.0)), transformed(gradients: (upper.1, lower.1)))
        store(transformed(gradients: (left.0, right.0)), to: target, place)
        store(transformed(gradients: (left.1, right.1)), to: target + 4 &* place, place)
        store(transformed(gradients: (left.2, right.2)), to: target + 8 &* place, place)
        store(transformed(gradients: (left.3, right.3)), to: target + 12 &* place, place)
      }
    }
  }
}

// MARK: Weights

extension WinogradConvolution {
  /// G · w · Gᵀ of the weights of the convolution.
  func transformWeights(_ weight: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    let place = channels * outputChannels
    forEachWeight { index, first, step, tap in
      @inline(__always)
      func row(_ i: Int) -> Four {
        @inline(__always)
        func gathered(_ j: Int) -> Vector {
          var values = Vector()
          for lane in 0..<Vector.channels { values[lane] = weight[first + lane * step + tap(i, j)] }
          return values
        }
        return transformed(weights: (gathered(0), gathered(1), gathered(2)))
      }
      let (a, b, c) = (row(0), row(1), row(2))
      let target = target + index
      store(transformed(weights: (a.0, b.0, c.0)), to: target, 4 * place)
      store(transformed(weights: (a.1, b.1, c.1)), to: target + place, 4 * place)
      store(transformed(weights: (a.2, b.2, c.2)), to: target + 2 * place, 4 * place)
      store(transformed(weights: (a.3, b.3, c.3)), to: target + 3 * place, 4 * place)
    }
  }

  /// weightGradient += Gᵀ · sums · G.
  func addTransformedSums(_ sums: UnsafePointer<Float>, to weightGradient: UnsafeMutablePointer<Float>) {
    let place = channels * outputChannels
    forEachWeight { index, first, step, tap in
      @inline(__always)
      func column(_ j: Int) -> Three { weightGradients(of: load(sums + (index + j * place), 4 * place)) }
      let (a, b, c, d) = (column(0), column(1), column(2), column(3))
      @inline(__always)
      func add(_ i: Int, _ row: Three) {
        for lane in 0..<Vector.channels {
          let target = weightGradient + (first + lane * step)
          target[tap(i, 0)] += row.0[lane]
          target[tap(i, 1)] += row.1[lane]
          target[tap(i, 2)] += row.2[lane]
        }
      }
      add(0, weightGradients(of: (a.0, b.0, c.0, d.0)))
      add(1, weightGradients(of: (a.1, b.1, c.1, d.1)))
      add(2, weightGradients(of: (a.2, b.2, c.2, d.2)))
    }
  }

  /// Visits the weights from each input channel to each sixteen output channels.
  ///
  /// - Parameter body: is given where the first of the sixteen is among those of a place, [groups, C, channels of a
  ///   group]; its element (0, 0) in the convolution's [O, C, 3, 3], which is [C, O, 3, 3] with the kernel turned
  ///   around for an input gradient; the step from channel to channel there, and to an element of the kernel.
  @inline(__always)
  private func forEachWeight(_ body: (_ index: Int, _ first: Int, _ step: Int, _ tap: (Int, Int) -> Int) -> Void) {
    let (outputStep, inputStep) = isTransposed ? (9, 9 * outputChannels) : (9 * channels, 9)
    let (start, sign) = isTransposed ? (8, -1) : (0, 1)
    forEachGroup { group, size in
      for input in 0..<channels {
        for output in stride(from: 0, to: size, by: Vector.channels) {
          body(
            group * channels + input * size + output, (group + output) * outputStep + input * inputStep, outputStep
          ) { start + sign * (3 * $0 + $1) }
        }
      }
    }
  }
}
