import Collectives
import Foundation
import NumericCore

/// Several steps of one exchange beside the same steps done by one process from the definition.
struct ExchangeTrial {
  let layout: ExchangeLayout
  let assignment: ShardAssignment
  let clipNorm: Double?
  let rank: Int

  /// What a shard contributes to a step; a function of (step, shard), so that every rank can tell everybody's.
  private struct Contribution {
    var gradients: [Float]
    var statistics: [Float]
    var scalars: StepScalars
  }

  private func contribution(step: Int, shard: Int) -> Contribution {
    let random = RandomSource(seed: 3).stream(.synthesis, step, shard)
    let gradients = FlatBuffer<Float>(count: layout.parameterCount)
    let statistics = FlatBuffer<Float>(count: layout.statisticCount)
    Values.fill(gradients.view, from: random, substream: 0)
    Values.fill(statistics.view, from: random, substream: 1)
    let words = random.words(0, substream: 2)
    // Every third shard has no samples.
    let samples = (shard + step) % 3 == 2 ? 0 : Int(words.x % 64) + 1
    var scalars = StepScalars(
      loss: Double(Values.spread(words.y)) / 3, correct: Double(words.z % 64), samples: samples)
    // In halves, so that weights are exact and are not the samples.
    scalars.weight = Double(samples) * Double(words.w % 5 + 1) / 2
    (scalars.stop, scalars.secondLoss) = (words.w % 8 == 0 ? 1 : 0, Double(words.x % 32))
    return Contribution(
      gradients: Array(gradients.view), statistics: Array(statistics.view), scalars: scalars)
  }

  /// - Parameter isExact: whether all bits must be equal, or the gradients' sums to 10⁻⁶ of the greatest.
  func run(_ exchange: any Exchange, steps: Int, isExact: Bool) throws {
    let owners = (0..<1 + layout.stateCount).map { _ in FlatBuffer<Float>(count: layout.parameterCount) }
    let statistics = FlatBuffer<Float>(count: layout.statisticCount)
    let reference = TestState(
      parameters: owners[0].view, buffers: owners.dropFirst().map(\.view), statistics: statistics.view)
    let state = TestState(
      parameters: exchange.parameters, buffers: exchange.optimizerState, statistics: exchange.statistics)

    for step in 0..<steps {
      let contributions = (0..<assignment.shardCount).map { contribution(step: step, shard: $0) }
      let filled = joined(contributions, exchange, isExact: isExact)
      let update = TestUpdate(state: state)
      for shard in exchange.shards {
        exchange.scalars(ofShard: shard).pointee = contributions[shard].scalars
        _ = exchange.batchStatistics(ofShard: shard).update(fromContentsOf: contributions[shard].statistics)
      }
      if step == 0 {
        for shard in exchange.shards { fill(0..<layout.parameterCount, shard, exchange, filled[shard]) }
      } else {
        try fillInPieces(exchange, filled, update, reference, step: step)
      }
      let totals = step == 0 ? try exchange.step(update, clipNorm: clipNorm) : try exchange.finish()
      let expected = referenceStep(contributions, TestUpdate(state: reference), isRefused: isRefused(step))
      try compare(totals, expected, step: step, isExact: isExact)
      try compare("parameters", state.parameters, reference.parameters, step: step, isExact: isExact)
      try compare("statistics", state.statistics, reference.statistics, step: step, isExact: isExact)
      // Adam's state holds squares; the parameters tell enough where bits are not compared.
      for (buffer, expected) in zip(state.buffers, reference.buffers) where isExact {
        try compare("optimizer state", buffer, expected, step: step, isExact: true)
      }
    }
    withExtendedLifetime(owners) {}
  }

  /// What this rank's shards have of the gradients: of joint ranges the sums of its subtrees, at their roots.
  private func joined(_ contributions: [Contribution], _ exchange: any Exchange, isExact: Bool) -> [Contribution] {
    var result = contributions
    let own = exchange.shards
    // Without an order of the bits all of a rank's shards are one sum.
    let additions =
      isExact
      ? ShardTree(leafCount: assignment.shardCount).additions(within: own)
      : own.dropFirst().map { (own.lowerBound, $0) }
    for (target, source) in additions {
      for index in layout.jointRanges.joined() {
        result[target].gradients[index] += result[source].gradients[index]
        result[source].gradients[index] = .nan
      }
    }
    return result
  }

  private func fill(_ range: Range<Int>, _ shard: Int, _ exchange: any Exchange, _ contribution: Contribution) {
    let gradients = exchange.gradients(ofShard: shard)
    for i in range { gradients[i] = contribution.gradients[i] }
  }

  /// As backward does: from the last gradients to the first, each piece released when it is final, and the parameters
  /// after that, in every third step all at the end. Until then neither the gradients before it may be read, which are
  /// not there, nor the parameters be overwritten.
  private func fillInPieces(
    _ exchange: any Exchange, _ contributions: [Contribution], _ update: TestUpdate, _ reference: TestState, step: Int
  ) throws {
    for shard in exchange.shards { exchange.gradients(ofShard: shard).update(repeating: .nan) }
    let isRefused = isRefused(step)
    exchange.begin(update, clipNorm: clipNorm, accepts: step % 2 == 0 ? { _ in !isRefused } : nil)
    var end = layout.parameterCount, released = end
    // Each rank in pieces of its own.
    let size = (1 + (3000 * (rank + 1) + 1777 * step) % 7001) * max(1, end / 40_000)
    while end > 0 {
      let start = max(0, end - size)
      for shard in exchange.shards { fill(start..<end, shard, exchange, contributions[shard]) }
      exchange.releaseGradients(from: start)
      // Long enough, now and then, for what may be done to be done.
      if (step + start) % 5 == 0 { usleep(1500) }
      try compare(
        "parameters", exchange.parameters.view(first: released), reference.parameters.view(first: released),
        step: step, isExact: true)
      if step % 3 != 1 {
        exchange.releaseParameters(from: start)
        released = start
      }
      end = start
    }
  }

  /// Every second step may be refused, every fourth is.
  private func isRefused(_ step: Int) -> Bool { step % 4 == 2 }

  private func referenceStep(_ contributions: [Contribution], _ update: TestUpdate, isRefused: Bool) -> StepTotals {
    let sums = ReferenceTree.sum(contributions.map(\.scalars))
    let gradients = FlatBuffer(ReferenceTree.sum(contributions.map(\.gradients)))
    let statistics = FlatBuffer(ReferenceTree.sum(contributions.map(\.statistics)))
    guard sums.samples > 0 else { return StepTotals(sums, gradientNorm: 0) }
    let mean = 1 / sums.weight
    // Σ g² in blocks of 4096, since the order of a sum decides its bits.
    let squares = stride(from: 0, to: layout.parameterCount, by: 4096).map { start in
      sumOfSquares(gradients.view.view(start..<min(start + 4096, layout.parameterCount)))
    }
    let norm = squares.reduce(0, +).squareRoot() * mean
    guard !isRefused else { return StepTotals(sums, gradientNorm: norm) }
    let coefficient = clipNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    let scale = Float(mean * coefficient)
    if layout.layerRanges.isEmpty {
      update.update(0..<layout.parameterCount, gradient: gradients.view, scale: scale)
    } else {
      referenceLayers(update, gradients.view, scale)
    }
    update.updateStatistics(
      0..<layout.statisticCount, sums: statistics.view, scale: Float(1 / sums.samples))
    return StepTotals(sums, gradientNorm: norm)
  }

  /// The layer-wise form, parameter by parameter, cut where blocks of 4096 elements meet.
  private func referenceLayers(_ update: TestUpdate, _ gradient: BufferView<Float>, _ scale: Float) {
    for range in layout.layerRanges {
      var pieces: [Range<Int>] = []
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min((start / 4096 + 1) * 4096, range.upperBound)
        pieces.append(start..<end)
        start = end
      }
      let sums = pieces.map { update.prepare($0, gradient: gradient, scale: scale) }
      let total = (sums.reduce(0) { $0 + $1.parameter }, sums.reduce(0) { $0 + $1.gradient })
      for piece in pieces { update.update(piece, gradient: gradient, scale: scale, squares: total) }
    }
  }

  private func compare(_ totals: StepTotals, _ expected: StepTotals, step: Int, isExact: Bool) throws {
    let isClose =
      abs(totals.sums.loss - expected.sums.loss) <= 1e-9 * 256 && totals.sums.correct == expected.sums.correct
      && totals.sums.samples == expected.sums.samples && totals.sums.weight == expected.sums.weight
      && totals.sums.stop == expected.sums.stop && totals.sums.secondLoss == expected.sums.secondLoss
      && abs(totals.gradientNorm - expected.gradientNorm) <= 1e-6 * expected.gradientNorm
    try expect(isExact ? totals == expected : isClose, "\(place(step)): the totals are \(totals), expected \(expected)")
  }

  private func compare(
    _ name: String, _ found: BufferView<Float>, _ expected: BufferView<Float>, step: Int, isExact: Bool
  ) throws {
    let tolerance = 1e-6 * (expected.lazy.map { abs($0) }.max() ?? 0)
    let wrong = expected.indices.first { i in
      isExact
        ? found[i].bitPattern != expected[i].bitPattern : !(abs(found[i] - expected[i]) <= tolerance)
    }
    if let wrong {
      throw SelfTestFailure("\(place(step)): \(name)[\(wrong)] is \(found[wrong]), expected \(expected[wrong])")
    }
  }

  private func place(_ step: Int) -> String {
    "rank \(rank) of \(assignment.rankCount), \(assignment.shardCount) shards, \(layout), "
      + "clip \(clipNorm.map { "\($0)" } ?? "none"), step \(step)"
  }
}
