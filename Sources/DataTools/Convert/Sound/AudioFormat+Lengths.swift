import Basics
import Foundation

extension AudioFormat {
  /// The filters for the rates that are not the wanted one.
  func resamplers(_ heads: [SoundHead]) -> [Int: Resampler] {
    var resamplers: [Int: Resampler] = [:]
    for other in Set(heads.map(\.rate)) where other != rate {
      resamplers[other] = Resampler(from: other, to: rate)
    }
    return resamplers
  }

  /// The samples that each sound is to have: those of `--seconds` or of earlier data, or else those of all.
  ///
  /// Sounds that differ by less than a frame are of one length where spectrograms are made of them.
  ///
  /// - Parameter lengths: the samples of each sound at the wanted rate.
  func length(of sounds: FileCollection, _ lengths: [Int]) throws -> Int {
    if let seconds { return max(1, Int((seconds * Double(rate)).rounded())) }
    let length = followedLength ?? lengths.max() ?? 1
    guard let odd = lengths.firstIndex(where: { steps($0) != steps(length) }) else { return length }
    if followedLength != nil {
      throw Failure.data(
        "\(sounds.place): \(sounds.files[odd].id.shownName) lasts \(text(lengths[odd])), but all sounds that the model "
          + "was trained on \(text(length)); convert those with --seconds S, which cuts and fills up sounds, and train "
          + "on them")
    }
    var counts: [String: Int] = [:]
    for length in lengths { counts[text(length), default: 0] += 1 }
    let common = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = common.prefix(3).map { "\($0.key) (\(plural($0.value, "sound")))" }.joined(separator: ", ")
    let more = common.count > 3 ? " and \(grouped(common.count - 3)) other lengths" : ""
    let range = (lengths.min() ?? 0, lengths.max() ?? 0)
    throw Failure.usage(
      "\(sounds.place): sounds of different lengths, from \(text(range.0)) to \(text(range.1)): \(shown)\(more); give "
        + "--seconds S: longer ones lose their end, shorter ones end in silence")
  }

  /// The samples of a sound that are encoded: without `--seconds` also those behind `length` that the last frame holds.
  func encodedLength(_ length: Int) -> Int {
    guard seconds == nil, features == .mel else { return length }
    return frames(length) * hop - 1 + window % 2
  }

  /// What decides the shape of a sample.
  private func steps(_ samples: Int) -> Int { features == .mel ? frames(samples) : samples }

  private func text(_ samples: Int) -> String { String(format: "%.4g s", Double(samples) / Double(rate)) }

  /// What was done to sounds that are not as they are to be.
  func notes(_ lengths: [Int], _ length: Int, _ heads: [SoundHead]) -> [String] {
    var notes: [String] = []
    let cut = lengths.count { steps($0) > steps(length) }, filled = lengths.count { steps($0) < steps(length) }
    if cut > 0 { notes.append("cut \(plural(cut, "sound")) to \(text(length))") }
    if filled > 0 { notes.append("filled up \(plural(filled, "sound")) to \(text(length)) with silence") }
    for other in Set(heads.map(\.rate)).sorted() where other != rate {
      let count = heads.count { $0.rate == other }
      notes.append("resampled \(plural(count, "sound")) from \(grouped(other)) to \(grouped(rate)) Hz")
    }
    return notes
  }
}
