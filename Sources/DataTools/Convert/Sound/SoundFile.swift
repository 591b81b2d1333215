import Basics
internal import CSndfile
import Foundation
import Synchronization

/// A file of sound that libsndfile reads: WAV, FLAC, AIFF, Ogg and others.
final class SoundFile {
  /// Samples a second.
  let rate: Int
  let channels: Int
  /// Samples of a channel, as the head of the file says.
  let count: Int
  private let handle: OpaquePointer

  /// Why the last file did not open is one text for all threads.
  private static let opening = Mutex(())
  /// No block of a lossless or lossy code stands for more samples a byte, silence included.
  private static let greatestExpansion = 16_384

  /// - Throws: `BrokenFile` for what is no sound, is cut short, or promises more than it can hold.
  init(path: String) throws {
    if let reason = Self.remedies[FileTree.pathExtension(of: path)] { throw BrokenFile(reason) }
    let wave = try WaveHeader(path: path)
    guard wave.byteCount > 0 else { throw BrokenFile("an empty file") }
    if let reason = wave.fault { throw BrokenFile(reason) }
    var info = SF_INFO()
    let (opened, text) = Self.opening.withLock { _ in
      let handle = sf_open(path, Int32(SFM_READ), &info)
      let text = handle == nil ? sf_strerror(nil).map { String(cString: $0) } : nil
      return (handle.map { UInt(bitPattern: $0) }, text)
    }
    guard let handle = opened.flatMap({ OpaquePointer(bitPattern: $0) }) else {
      throw BrokenFile(
        "no sound that can be read: \((text ?? "unknown").trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    self.handle = handle
    (rate, channels, count) = (Int(info.samplerate), Int(info.channels), Int(info.frames))
    guard count > 0 else { throw BrokenFile("has no samples") }
    guard (1...768_000).contains(rate), (1...1024).contains(channels) else {
      throw BrokenFile("says that it has \(channels) channels of \(rate) samples a second; it is damaged")
    }
    guard count / Self.greatestExpansion <= wave.byteCount else {
      throw BrokenFile(
        "promises \(shortTime(Double(count) / Double(rate))) of sound in \(byteText(Double(wave.byteCount))); it is "
          + "damaged")
    }
  }

  deinit { sf_close(handle) }

  /// What files that end so need first.
  private static let remedies = Dictionary(
    uniqueKeysWithValues: ["m4a", "aac", "mp4", "wma", "amr", "webm"].map {
      ($0, "\($0) is not read; make it FLAC, as with ffmpeg -i F.\($0) F.flac")
    })

  /// The extensions of the formats that are read, and of those that are named with what they need first.
  static let extensions = Set(remedies.keys).union([
    "wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif", "aifc", "au", "snd", "caf", "w64",
  ])

  /// The first `limit` samples, each the mean of its channels, whole numbers from −1 to 1.
  ///
  /// - Throws: `BrokenFile` where the file ends before its head says, or has a NaN or an infinite sample.
  func read(limit: Int) throws -> [Double] {
    let wanted = min(limit, count)
    var samples: [Double] = []
    var block = [Double](repeating: 0, count: 16_384 * channels)
    while samples.count < wanted {
      let frames = min(wanted - samples.count, block.count / channels)
      let found = Int(sf_readf_double(handle, &block, sf_count_t(frames)))
      guard found > 0, found <= frames else {
        throw BrokenFile(
          "truncated: its head promises \(grouped(count)) samples, it ends after \(grouped(samples.count))")
      }
      for frame in 0..<found {
        var sum = 0.0
        for channel in 0..<channels { sum += block[frame * channels + channel] }
        let mean = channels == 1 ? sum : sum / Double(channels)
        guard mean.isFinite else {
          throw BrokenFile("sample \(grouped(samples.count)) is \(mean.isNaN ? "no number (NaN)" : "infinite")")
        }
        samples.append(mean)
      }
    }
    return samples
  }
}

/// What the head of a WAV file says of its size, which libsndfile quietly corrects where the file is shorter.
private struct WaveHeader {
  /// Bytes of the file.
  let byteCount: Int
  /// Why the file is not whole; nil where it is, or is no WAV.
  let fault: String?

  /// - Throws: `BrokenFile` where the file cannot be opened.
  init(path: String) throws {
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      byteCount = Int(clamping: try file.seekToEnd())
      fault = try Self.fault(of: file, byteCount)
    } catch { throw BrokenFile("cannot be opened: \(error.localizedDescription)") }
  }

  private static func fault(of file: FileHandle, _ byteCount: Int) throws -> String? {
    func bytes(_ place: Int, _ count: Int) throws -> [UInt8]? {
      guard place <= byteCount - count else { return nil }
      try file.seek(toOffset: UInt64(place))
      return try file.read(upToCount: count).map { [UInt8]($0) }
    }
    guard let head = try bytes(0, 12), head.starts(with: Array("RIFF".utf8)),
      head.dropFirst(8).elementsEqual(Array("WAVE".utf8))
    else { return nil }
    var place = 12
    while let chunk = try bytes(place, 8), let size = chunk.number(at: 4, size: 4) {
      let start = place + 8
      guard chunk.starts(with: Array("data".utf8)) else {
        place = start + size + size % 2
        continue
      }
      // What was written to a pipe does not know its size.
      guard size < 0x7fff_ffff, size > byteCount - start else { return nil }
      return "truncated: its head promises \(byteText(Double(size))) of samples, it has "
        + byteText(Double(byteCount - start))
    }
    return "truncated: a WAV file without samples"
  }
}
