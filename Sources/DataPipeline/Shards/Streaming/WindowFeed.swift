import NumericCore

/// Training samples that are streamed: windows of each shard are read ahead, one of them in use.
final class WindowFeed: EpochFeed {
  private let store: ShardStore
  private let rows: StreamedRows
  private let plan: EpochPlan
  private let seed: UInt64
  /// Where reading ahead ends.
  private var epochs: Int
  private var ahead: ReadAhead?
  /// Of each shard held, the place that comes next, and the epoch that it is in.
  private var next: [Place] = []
  /// How long buffers that are gone were waited for.
  private var waitedBefore = 0.0
  /// Of each shard held, an order that was asked for by place.
  private var orders: [Int: (epoch: Int, order: WindowOrder)] = [:]
  private var epoch = 0

  private struct Place: Equatable {
    var epoch: Int
    var place: Int
  }

  init(_ store: ShardStore, _ rows: StreamedRows, plan: EpochPlan, seed: UInt64, epochs: Int) {
    (self.store, self.rows, self.plan, self.seed, self.epochs) = (store, rows, plan, seed, epochs)
  }

  func begin(epoch: Int, step: Int) {
    self.epoch = epoch
    let wanted = rows.shards.map { Place(epoch: epoch, place: plan.positions(shard: $0, step: step).lowerBound) }
    guard ahead == nil || next != wanted || epoch >= epochs else { return }
    epochs = max(epochs, epoch + 1)
    start(at: wanted)
  }

  /// Reads from a place on, as at the start of a run, in the middle of an epoch, or where an epoch more is taken than
  /// was planned.
  private func start(at places: [Place]) {
    waitedBefore += ahead?.takeWaitSeconds() ?? 0
    // Its memory goes before the new one's comes.
    ahead = nil
    next = places
    let (rows, seed, end) = (rows, seed, epochs), shards = Array(rows.shards)
    let readers = StreamedRows.Readers(rows.source)
    var lanes = zip(shards, places).map { shard, place in
      let order = WindowOrder(rows.partition, epoch: place.epoch, shard: shard, seed: seed)
      return (epoch: place.epoch, order: order, window: order.window(at: place.place))
    }
    ahead = ReadAhead(
      lanes: shards.count, makeBuffer: { RowBuffer(rows.source, capacity: rows.partition.windowRows) }
    ) { lane, buffer in
      if lanes[lane].window == lanes[lane].order.windowCount {
        guard lanes[lane].epoch + 1 < end else { return false }
        let epoch = lanes[lane].epoch + 1
        lanes[lane] = (epoch, WindowOrder(rows.partition, epoch: epoch, shard: shards[lane], seed: seed), 0)
      }
      let (epoch, order, window) = lanes[lane]
      try rows.read(order.blocks(window), into: buffer, by: readers)
      (buffer.epoch, buffer.places, buffer.slots) = (epoch, order.places(window), order.slots(window))
      lanes[lane].window += 1
      return true
    }
  }

  func fill(_ batch: BatchRows, shard: Int, places: Range<Int>) throws {
    let lane = shard - rows.shards.lowerBound
    var done = 0
    while done < places.count {
      let place = places.lowerBound + done
      precondition(next[lane] == Place(epoch: epoch, place: place), "the samples of an epoch are taken in its order")
      guard let window = try ahead?.current(lane), window.epoch == epoch, window.places.contains(place) else {
        preconditionFailure("the window of place \(place) in epoch \(epoch) is not there")
      }
      let taken = place..<min(places.upperBound, window.places.upperBound)
      let first = window.places.lowerBound
      window.slots[taken.lowerBound - first..<taken.upperBound - first].withUnsafeBufferPointer { slots in
        store.gather(
          window, slots: slots, count: window.places.count, into: batch.view(done..<done + taken.count)
        ) { slot in
          let (block, offset) = slot.quotientAndRemainder(dividingBy: rows.partition.blockSize)
          return window.blocks[block].rows.lowerBound + offset
        }
      }
      done += taken.count
      next[lane].place = taken.upperBound
      guard taken.upperBound == window.places.upperBound else { continue }
      ahead?.advance(lane)
      if taken.upperBound == store.count(shard) { next[lane] = Place(epoch: epoch + 1, place: 0) }
    }
  }

  func positions(shard: Int, places: Range<Int>) -> [Int32] {
    guard !places.isEmpty else { return [] }
    if orders[shard]?.epoch != epoch {
      orders[shard] = (epoch, WindowOrder(rows.partition, epoch: epoch, shard: shard, seed: seed))
    }
    guard let order = orders[shard]?.order else { return [] }
    return (order.window(at: places.lowerBound)...order.window(at: places.upperBound - 1)).flatMap { window in
      let own = order.places(window), wanted = own.clamped(to: places)
      return order.positions(window)[wanted.lowerBound - own.lowerBound..<wanted.upperBound - own.lowerBound]
    }
  }

  func takeWaitSeconds() -> Double {
    defer { waitedBefore = 0 }
    return waitedBefore + (ahead?.takeWaitSeconds() ?? 0)
  }
}

/// Samples that are streamed once, in the order of the rows.
final class BlockFeed: SampleFeed {
  private let store: ShardStore
  private let ahead: ReadAhead
  private let identity: FlatBuffer<Int32>
  /// The block that comes next among those in the buffer, and where its rows begin.
  private var block = 0, slot = 0

  init(_ store: ShardStore, _ rows: StreamedRows) {
    self.store = store
    ahead = rows.readAhead()
    identity = FlatBuffer([Int32](0..<Int32(rows.bufferRows)))
  }

  func fill(_ batch: BatchRows, shard: Int, places: Range<Int>) throws {
    guard let buffer = try ahead.current(0), buffer.blocks[block].shard == shard,
      buffer.blocks[block].positions == places
    else { preconditionFailure("blocks are taken in the order of the rows") }
    let own = buffer.blocks[block], first = slot
    store.gather(
      buffer, slots: UnsafeBufferPointer(identity.view.view(first..<first + own.rows.count)),
      count: first + own.rows.count, into: batch
    ) { own.rows.lowerBound + $0 - first }
    (block, slot) = (block + 1, slot + own.rows.count)
    guard block == buffer.blocks.count else { return }
    (block, slot) = (0, 0)
    ahead.advance(0)
  }
}
