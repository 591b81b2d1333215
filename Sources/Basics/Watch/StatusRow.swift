import Glibc
import Synchronization

/// The memory in which a rank says where it is: words that its process writes and any process of its host reads.
///
/// The words that change all the time lie in one cache line, so that saying it costs a few stores.
package struct StatusRow: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer

  /// What a row takes.
  package static let byteCount = 1024
  private static let texts = [128, 576], textCapacity = 448

  /// - Parameter memory: zeroed before its first use, aligned to cache lines.
  package init(_ memory: UnsafeMutableRawPointer) { self.memory = memory }

  /// How far a rank is in its life.
  package enum Stage: Int, Sendable {
    case absent, atWork
    /// It has said, or is about to say, why it ends.
    case failing
    case done
  }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    (memory + 8 * index).assumingMemoryBound(to: Atomic<Int>.self)
  }
  private func load(_ index: Int) -> Int { word(index).pointee.load(ordering: .relaxed) }
  private func store(_ index: Int, _ value: Int) { word(index).pointee.store(value, ordering: .relaxed) }

  /// How often the rank's own thread has said something, above two bytes: the codes of what it does, and within what.
  package var position: Int {
    get { load(0) }
    nonmutating set { store(0, newValue) }
  }
  /// How often its other threads have.
  package var others: Int { load(1) }
  package func countOther() { word(1).pointee.wrappingAdd(1, ordering: .relaxed) }

  /// The step under way, from 1; 0 before the first.
  package var step: Int {
    get { load(2) }
    nonmutating set { store(2, newValue) }
  }
  /// From 1.
  package var epoch: Int {
    get { load(3) }
    nonmutating set { store(3, newValue) }
  }
  package var isInStep: Bool {
    get { load(4) != 0 }
    nonmutating set { store(4, newValue ? 1 : 0) }
  }
  /// Seconds that what is under way may take beyond what else is due.
  package var allowance: Int {
    get { load(5) }
    nonmutating set { store(5, newValue) }
  }
  package var stage: Stage {
    get { Stage(rawValue: load(8)) ?? .absent }
    nonmutating set { store(8, newValue.rawValue) }
  }
  package var process: pid_t {
    get { pid_t(truncatingIfNeeded: load(9)) }
    nonmutating set { store(9, Int(newValue)) }
  }
  /// What the process's watchdog counts, as long as the process runs.
  package var pulse: Int { load(10) }
  package func beat() { store(10, load(10) &+ 1) }

  // MARK: The file in hand

  /// What a thread does with a file, such as `read /train/x in a.h5`.
  ///
  /// - Parameter slot: 0 for the rank's own thread, 1 for any other.
  package func take(_ text: UnsafePointer<CChar>, slot: Int) {
    let start = (memory + Self.texts[slot]).assumingMemoryBound(to: CChar.self)
    let count = min(strlen(text), Self.textCapacity - 2)
    memcpy(start + 1, text, count)
    start[1 + count] = 0
    start.pointee = 1
  }

  package func letGo(slot: Int) {
    (memory + Self.texts[slot]).assumingMemoryBound(to: CChar.self).pointee = 0
  }

  /// Of the rank's own thread, or else of another; nil for none. Torn where it changes meanwhile.
  package var file: UnsafePointer<CChar>? {
    for start in Self.texts {
      let text = (memory + start).assumingMemoryBound(to: CChar.self)
      if text.pointee != 0 { return UnsafePointer(text + 1) }
    }
    return nil
  }
}
