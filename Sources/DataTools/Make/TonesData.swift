import Foundation
import HDF5Storage
import NumericCore
public import Settings

/// Words of three tones each, as spectrograms.
public struct TonesData: SyntheticData {
  public static let name = "tones"
  public static let summary = "words of three tones each, as spectrograms, for --model speech"
  public static let discussion = """
    x is float32 [N, 48, 32]: words that differ in pitch and order, said in different voices, as spectrograms of the \
    log power in mel bands (8 kHz, frames of 256 samples every 128); y is uint8, its attribute 'classes' has the words.
    """
  public static let options =
    commonOptions(noise: "standard deviation of the sound's noise") + [
      Option("--classes", \TonesData.classes, "N", .closed(2, ToneWriter.words.count), "different words")
    ]
  public static let fixed = ["--features": "tones are spectrograms of fixed size"]

  public var samples = 4000
  public var noise = 0.3
  public var classes = 10

  public init() {}

  public func check() throws { try checkSamples(classes) }

  public func writer(seed: UInt64) -> any SplitWriter { ToneWriter(self, seed: seed) }
}

/// Spoken words of a language of tones, as spectrograms: a class is a sequence of three different syllables, and words
/// of the same syllables differ in their order alone.
///
/// A sample, 0.784 s at 8 kHz, is drawn as a speaker says a word: pitch up to 10 % higher or lower, tempo up to 15 %
/// and each syllable up to 10 % longer or shorter, an amplitude of 0.3 to 1, a timbre of three harmonics, a start
/// anywhere that leaves room for the end, white noise under it. `MelSpectrogram` makes 48 frames of 32 bands of it.
struct ToneWriter {
  static let sampleRate = 8000
  static let spectrogram = MelSpectrogram(
    sampleRate: Double(sampleRate), frameLength: 256, hop: 128, bands: 32, range: 100...4000)
  static let frames = 48
  private static let sampleCount = (frames - 1) * spectrogram.hop + spectrogram.frameLength

  /// A tone that glides from one frequency to another in Hz. With three harmonics at the highest pitch all lie below 4
  /// kHz.
  struct Syllable {
    let name: String
    let start: Double, end: Double
  }

  static let syllables = [
    Syllable(name: "low", start: 300, end: 300), Syllable(name: "rise", start: 350, end: 800),
    Syllable(name: "fall", start: 800, end: 350), Syllable(name: "mid", start: 450, end: 450),
    Syllable(name: "high", start: 680, end: 680), Syllable(name: "top", start: 1000, end: 1000),
  ]

  /// All words, those of the same syllables side by side: 120.
  static let words: [[Int]] = {
    let numbers = syllables.indices
    return numbers.flatMap { a in
      numbers.filter { $0 > a }.flatMap { b in
        numbers.filter { $0 > b }.flatMap { c in
          [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]]
        }
      }
    }
  }()

  let classes: Int
  /// The standard deviation of the white noise, where a tone has an amplitude of at most 1.
  private let noise: Double
  private let labels: StratifiedLabels
  private let streams: SynthesisStreams

  init(_ data: TonesData, seed: UInt64) {
    (classes, noise) = (data.classes, data.noise)
    streams = SynthesisStreams(seed: seed, number: Self.streamNumber, samplePart: 1)
    labels = StratifiedLabels(count: data.samples, classes: classes, random: streams.classes)
  }

  /// Sets these draws apart from those of other kinds and of `TestSplit`.
  private static let streamNumber = 2 << 32

  /// The class of a sample.
  func label(_ index: Int) -> Int { labels.label(index) }

  /// The sound of a sample.
  func waveform(_ index: Int) -> [Double] {
    var draws = streams.sample(index)
    func factor(_ spread: Double) -> Double { 1 + spread * (2 * draws.uniform() - 1) }
    let (pitch, tempo, amplitude) = (factor(0.1), factor(0.15), 0.3 + 0.7 * draws.uniform())
    let harmonics = [1, (0.2 + 0.6 * draws.uniform()) / 2, (0.2 + 0.6 * draws.uniform()) / 3]
    let lengths = Self.words[label(index)].map { _ in Int(Self.duration * tempo * factor(0.1) * Double(Self.sampleRate))
    }
    let silence = Int(Self.pause * Double(Self.sampleRate))
    let rest = Self.sampleCount - lengths.reduce(silence * (lengths.count - 1), +)
    var place = Int(draws.uniform() * Double(rest))
    var sound = (0..<Self.sampleCount).map { _ in noise * draws.normal() }
    for (number, length) in zip(Self.words[label(index)], lengths) {
      let syllable = Self.syllables[number]
      var phase = 2 * Double.pi * draws.uniform()
      for n in 0..<length {
        let frequency = pitch * (syllable.start + (syllable.end - syllable.start) * Double(n) / Double(length))
        phase += 2 * Double.pi * frequency / Double(Self.sampleRate)
        let tone = harmonics.indices.reduce(0) { $0 + harmonics[$1] * sin(Double($1 + 1) * phase) }
        // A tone that swells and fades within 10 ms does not click.
        let edge = min(1, Double(min(n, length - 1 - n)) / (0.01 * Double(Self.sampleRate)))
        sound[place + n] += amplitude * (0.5 - 0.5 * cos(Double.pi * edge)) * tone
      }
      place += length + silence
    }
    return sound
  }

  /// Seconds of a syllable and between two of them.
  private static let duration = 0.16, pause = 0.02
}

extension ToneWriter: SplitWriter {
  func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws {
    let (frames, bands) = (Self.frames, Self.spectrogram.bands)
    let features = try file.create("/\(split)/x", shape: [samples.count, frames, bands], elementType: .float32)
    for (row, sample) in samples.enumerated() {
      let values = Self.spectrogram.transform(waveform(sample)).map { Float($0) }
      try values.withUnsafeBufferPointer { values throws(HDF5Error) in
        try features.write(rows: row..<row + 1, from: UnsafeRawBufferPointer(values))
      }
    }
    try file.write("/\(split)/y", shape: [samples.count], samples.map { UInt8(label($0)) })
    let names = Self.words.prefix(classes).map { $0.map { Self.syllables[$0].name }.joined(separator: "-") }
    try file.setLines("classes", names, of: "/\(split)/y")
    try file.file.setAttribute("sample_rate", to: Self.sampleRate, of: "/\(split)/x")
    try file.file.setAttribute("frame_length", to: Self.spectrogram.frameLength, of: "/\(split)/x")
    try file.file.setAttribute("hop", to: Self.spectrogram.hop, of: "/\(split)/x")
  }
}
