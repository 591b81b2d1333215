import Basics
import Foundation
import Synchronization

/// What the head of a file of sound says.
struct SoundHead: Sendable {
  /// Samples a second.
  let rate: Int
  /// Samples of a channel.
  let count: Int
}

/// Makes the features of a file of sound.
struct SoundEncoder: Sendable {
  /// Samples a second of what is encoded.
  let rate: Int
  /// Samples of a sound.
  let length: Int
  /// By the rate of the file; none for `rate`.
  let resamplers: [Int: Resampler]
  /// nil for the samples themselves.
  let spectrogram: MelSpectrogram?

  /// Of a sample: [T, mels], or [samples].
  var shape: [Int] { spectrogram.map { [$0.frameCount(samples: length), $0.bands] } ?? [length] }

  /// Writes the features of a file.
  ///
  /// - Parameter row: of `shape`, zeros.
  /// - Returns: whether the sound is silent throughout.
  /// - Throws: `BrokenFile`.
  func write(_ path: String, to row: UnsafeMutableBufferPointer<Float>) throws -> Bool {
    let file = try SoundFile(path: path)
    var samples: [Double]
    if file.rate == rate {
      samples = try file.read(limit: length)
    } else if let resampler = resamplers[file.rate] {
      samples = try resampler.resample(file.read(limit: resampler.needed(for: length)), limit: length)
    } else {
      throw BrokenFile("has \(file.rate) samples a second now, and had another rate before")
    }
    let isSilent = samples.allSatisfy { $0 == 0 }
    if samples.count < length { samples += [Double](repeating: 0, count: length - samples.count) }
    if let spectrogram {
      samples.withUnsafeBufferPointer { spectrogram.writeDecibels(of: $0, to: row) }
    } else {
      for (index, sample) in samples.enumerated() { row[index] = Float(sample) }
    }
    return isSilent
  }
}

/// The sounds in which nothing is heard, found by many threads.
final class SilentSounds: Sendable {
  private let ids = Mutex<Set<String>>([])

  func add(_ id: String) { ids.withLock { _ = $0.insert(id) } }

  /// Nil where there are none.
  var note: String? {
    let ids = ids.withLock { $0.sorted(by: FileTree.naturallyPrecedes) }
    guard let first = ids.first else { return nil }
    return
      "\(plural(ids.count, "sound")) \(ids.count == 1 ? "is" : "are") silent throughout, such as \(first.shownName)"
  }
}
