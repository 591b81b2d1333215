import Basics
import Collectives

/// The room on the disk that the checkpoints of a run take.
package struct CheckpointRoom {
  /// Of the arrays of one: a little less than its file.
  let byteCount: Double

  package init(byteCount: Double) { self.byteCount = byteCount }

  init(_ layout: ExchangeLayout) {
    let numbers = Double(layout.parameterCount) * Double(1 + layout.stateCount) + Double(layout.statisticCount)
    byteCount = numbers * Double(MemoryLayout<Float>.stride)
  }

  /// The most that are there at once: those that are kept, and the one that is being written.
  static func count(_ rule: CheckpointRule, epochs: Int) -> Int {
    rule.keep + rule.keepBest + (rule.keepEveryEpochs > 0 ? epochs / rule.keepEveryEpochs : 0) + 1
  }

  /// What is wrong where a place has not the room for one checkpoint; nil for nothing.
  ///
  /// - Parameters:
  ///   - free: bytes; nil where the file system does not say.
  ///   - greatestFile: the most bytes that a file may have; nil for no limit.
  func lack(in place: String, free: Int?, greatestFile: Int?) -> Failure? {
    let size = "\(place): a checkpoint takes \(shortBytes(byteCount))"
    if let greatestFile, byteCount > Double(greatestFile) {
      return Failure.data(
        "\(size), and a file may have \(shortBytes(Double(greatestFile))); raise the limit with ulimit -f unlimited")
    }
    guard let free, byteCount > Double(free) else { return nil }
    return Failure.data(
      "\(size), and \(shortBytes(Double(free))) are free; free some space, or give another place with --run DIR")
  }

  /// - Throws: where there is not the room for the first checkpoint of a run that ends if it cannot be written.
  func require(in directory: RunDirectory, _ rule: CheckpointRule) throws {
    guard rule.onFailure == .stop else { return }
    let place = directory.nearestPlace
    let free = FileSystem(of: place)?.freeBytes
    if let lack = lack(in: place, free: free, greatestFile: FileSystem.greatestFile) { throw lack }
  }
}
