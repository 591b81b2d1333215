import NumericCore

/// The two values that a layer-wise update sums over each parameter, piece by piece: a piece is the part of a parameter
/// that lies in one block. Each rank fills in the pieces of its own blocks, then adds up all pieces in their order, so
/// that the bits of a sum do not depend on how the blocks are divided.
struct LayerSums {
  private struct Piece {
    let parameter: Int
    let elements: Range<Int>
  }

  private let pieces: [Piece]
  /// The pieces of block b are firstPiece[b] ..< firstPiece[b + 1].
  private let firstPiece: [Int]
  /// Two values for each piece, shared by all ranks of a node.
  private let pieceSums: BufferView<Double>
  /// Two values for each parameter; this rank's copy.
  private let parameterSums: FlatBuffer<Double>

  /// - Parameter memory: gives zeroed doubles, which must be the same for all ranks that share the parameters.
  init(_ layout: ExchangeLayout, plan: BlockPlan, memory: (_ count: Int) -> BufferView<Double>) {
    pieces = Self.pieces(layout, plan)
    var first = [0]
    for block in 0..<plan.blockCount {
      let end = plan.block(block).upperBound
      var next = first[block]
      while next < pieces.count, pieces[next].elements.lowerBound < end { next += 1 }
      first.append(next)
    }
    firstPiece = first
    pieceSums = memory(2 * pieces.count)
    parameterSums = FlatBuffer(count: 2 * layout.layerRanges.count)
  }

  /// The number of doubles that `init` requests.
  static func memoryCount(_ layout: ExchangeLayout, plan: BlockPlan) -> Int { 2 * pieces(layout, plan).count }

  /// In the order of their elements.
  private static func pieces(_ layout: ExchangeLayout, _ plan: BlockPlan) -> [Piece] {
    layout.layerRanges.enumerated().flatMap { parameter, range -> [Piece] in
      guard !range.isEmpty else { return [] }
      let blocks = range.lowerBound / BlockPlan.blockSize...(range.upperBound - 1) / BlockPlan.blockSize
      return blocks.map { Piece(parameter: parameter, elements: plan.block($0).clamped(to: range)) }
    }
  }

  /// The first pass over the pieces of a block.
  func prepare(_ update: any StepUpdate, block: Int, gradient: BufferView<Float>, scale: Float) {
    for index in firstPiece[block]..<firstPiece[block + 1] {
      let sums = update.prepare(pieces[index].elements, gradient: gradient, scale: scale)
      pieceSums[2 * index] = sums.parameter
      pieceSums[2 * index + 1] = sums.gradient
    }
  }

  /// Adds up the pieces of every parameter, after all ranks have prepared theirs.
  func add() {
    let sums = parameterSums.view
    sums.update(repeating: 0)
    for (index, piece) in pieces.enumerated() {
      sums[2 * piece.parameter] += pieceSums[2 * index]
      sums[2 * piece.parameter + 1] += pieceSums[2 * index + 1]
    }
  }

  /// The second pass over the pieces of a block.
  func update(_ update: any StepUpdate, block: Int, gradient: BufferView<Float>, scale: Float) {
    let sums = parameterSums.view
    for index in firstPiece[block]..<firstPiece[block + 1] {
      let piece = pieces[index]
      update.update(
        piece.elements, gradient: gradient, scale: scale,
        squares: (sums[2 * piece.parameter], sums[2 * piece.parameter + 1]))
    }
  }
}
