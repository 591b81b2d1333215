import Basics
public import DataPipeline
import Foundation
import HDF5Storage
public import Settings

/// Sounds in files, as mel spectrograms or as they are.
public struct AudioFormat: DataFormat {
  public static let name = "audio"
  public static let operands = "DIRECTORY | FILE…"
  public static let summary = "sounds, a folder for each class, as mel spectrograms or as samples"
  public static let discussion = """
    Reads WAV, FLAC, Ogg, Opus, MP3, AIFF and what else libsndfile reads; channels are averaged, and other rates \
    resampled. x is float32 [N, T, mels], 10 log₁₀ of the power in bands of the mel scale as librosa's \
    power_to_db(melspectrogram(…), top_db=None) has it, or [N, samples]; id is the file. Folders train, val and test \
    are the splits.
    """
  public static let options =
    [
      Option(
        "--features", \AudioFormat.features, "KIND", "mel: a spectrogram; samples: the sound itself, from -1 to 1"),
      Option("--rate", \AudioFormat.rate, "HZ", .closed(100, 768_000), "samples a second"),
      Option(
        "--seconds", \AudioFormat.seconds, "S", .between(0, 86_400), default: "by sounds",
        "of each sound: a longer one loses its end, a shorter one ends in silence; by sounds: all are of one length"),
      Option("--window", \AudioFormat.window, "N", .closed(2, 65_536), "samples of a frame, under a Hann window"),
      Option("--hop", \AudioFormat.hop, "N", .closed(1, 1 << 20), "samples from one frame to the next"),
      Option("--mels", \AudioFormat.mels, "N", .closed(1, 4096), "bands of the mel scale (Slaney's)"),
      Option("--fmin", \AudioFormat.lowest, "HZ", .closed(0, 384_000), "where the lowest band begins"),
      Option(
        "--fmax", \AudioFormat.highest, "HZ", .closed(1, 384_000), default: "half the rate",
        "where the highest band ends"),
    ] + CollectionOptions.options.map { $0.lifted(\AudioFormat.collection) }

  public var features = SoundFeatures.mel
  public var rate = 16_000
  /// Of each sound; nil for the length that all have.
  public var seconds: Double?
  public var window = 400
  public var hop = 160
  public var mels = 40
  public var lowest = 0.0
  /// nil for half the rate.
  public var highest: Double?
  public var collection = CollectionOptions()
  /// The samples of each sound and the names that earlier data have; nil where none are followed.
  private var followed: (names: FollowedNames, length: Int)?
  var followedLength: Int? { followed?.length }

  static let kind = FileKind(noun: "sound", extensions: SoundFile.extensions)

  public init() {}

  public var companions: [String] { [collection.labelsFile].compactMap(\.self) }

  public func check() throws {
    try collection.check()
    guard features == .mel else { return }
    let highest = highest ?? Double(rate) / 2
    guard lowest < highest, highest <= Double(rate) / 2 else {
      throw Failure.usage(
        "--fmin \(trimmedNumber(lowest)) to --fmax \(trimmedNumber(highest)): expected a range up to half of --rate, "
          + "\(trimmedNumber(Double(rate) / 2)) Hz")
    }
    if let factor = FourierTransform.primeFactors(of: window).last, factor > 100 {
      throw Failure.usage(
        "--window \(window): has the prime factor \(factor); take a number with small ones, such as 400")
    }
    if let band = spectrogram.emptyBand {
      throw Failure.usage(
        "--mels \(mels): band \(band + 1) is narrower than the \(trimmedNumber(Double(rate) / Double(window))) Hz that "
          + "a window of \(window) samples tells apart; take fewer bands or a longer --window")
    }
  }

  private var spectrogram: MelSpectrogram {
    MelSpectrogram(
      sampleRate: Double(rate), frameLength: window, hop: hop, bands: mels,
      range: lowest...(highest ?? Double(rate) / 2), scale: .slaney, isCentered: true)
  }

  /// The frames of so many samples.
  func frames(_ samples: Int) -> Int {
    MelSpectrogram.frameCount(samples: samples, frameLength: window, hop: hop, isCentered: true)
  }

  public func write(_ sources: [String], to file: OutputFile) throws {
    var sounds = try FileCollection(sources, Self.kind, collection, following: followed?.names)
    let rate = rate
    let heads = try sounds.readEach { sound in
      let opened = try SoundFile(path: sound.path)
      guard opened.rate == rate || Resampler.isPossible(from: opened.rate, to: rate) else {
        throw BrokenFile("has \(grouped(opened.rate)) samples a second, which --rate \(rate) has no simple ratio to")
      }
      return SoundHead(rate: opened.rate, count: opened.count)
    }
    let resamplers = resamplers(heads)
    let lengths = heads.map { resamplers[$0.rate]?.count(of: $0.count) ?? $0.count }
    let length = try length(of: sounds, lengths)
    let encoder = SoundEncoder(
      rate: rate, length: encodedLength(length), resamplers: resamplers,
      spectrogram: features == .mel ? spectrogram : nil)
    sounds.notes += notes(lengths, length, heads)
    let preparation = preparation(length)
    let silent = SilentSounds()
    try sounds.write(to: file, shape: encoder.shape, elementType: .float32) { path in
      try file.setPreparation(preparation, of: path)
      try file.file.setAttribute("sample_rate", to: rate, of: path)
      guard features == .mel else { return }
      try file.file.setAttribute("frame_length", to: window, of: path)
      try file.file.setAttribute("hop", to: hop, of: path)
    } read: { sound, row in
      if try encoder.write(sound.path, to: row.bindMemory(to: Float.self)) { silent.add(sound.id) }
    }
    if let note = silent.note { file.notes.append(note) }
  }
}

// MARK: Data made alike

extension AudioFormat: RepeatableFormat {
  /// The options that decide what a number of x means.
  private static let rules: [Setting<AudioFormat>] = options.prefix(8).compactMap(\.setting)

  public static func reads(_ path: String) -> Bool { FileTree.holds(kind, at: path) }

  private func preparation(_ length: Int) -> JSONValue {
    let rules = Self.rules.map { JSONValue.Member($0.key, $0.json(of: self)) }
    return .object(
      [JSONValue.Member("format", .string(name))] + rules + [JSONValue.Member("length", .integer(length))])
  }

  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    let usual = AudioFormat()
    for rule in Self.rules {
      let given = rule.json(of: self), stored = preparation[rule.key] ?? .null
      guard given == rule.json(of: usual) || given == stored else {
        throw Failure.usage("--\(rule.key) and --like exclude each other: \(owner.escaped) decides")
      }
      if !stored.isNull { try rule.read(stored, as: "\(owner.escaped): \(rule.key)", into: &self) }
    }
    guard let length = try preparation["length"]?.requireInteger("length", in: .closed(1, 1 << 36)) else {
      throw Failure.data("\(owner.escaped): was not made by data convert audio: it has no length of a sound")
    }
    followed = (FollowedNames(names: names, owner: owner), length)
  }
}

/// What a sound becomes.
public enum SoundFeatures: String, SettingChoice {
  /// Its mel spectrogram.
  case mel
  /// The samples themselves.
  case samples
}
