import Basics
import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Settings
import Testing

/// The path of a file or folder that `Tests/Fixtures/make_sound_fixtures.py` made.
private func soundFixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/sounds/\(name)").path
}

/// A WAV file of 16-bit samples in one channel.
func wave(_ samples: [Int16], rate: UInt32 = 8000, promisedBytes: UInt32? = nil) -> [UInt8] {
  func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  let bytes = promisedBytes ?? UInt32(2 * samples.count)
  let format = number(UInt16(1)) + number(UInt16(1)) + number(rate) + number(2 * rate) + number(UInt16(2))
  return Array("RIFF".utf8) + number(bytes &+ 36) + Array("WAVEfmt ".utf8) + number(UInt32(16)) + format
    + number(UInt16(16)) + Array("data".utf8) + number(bytes) + samples.flatMap { number($0) }
}

@Suite struct SoundTests {
  /// A property, for a local value may be let go, and its directory deleted, before a test ends.
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @discardableResult
  private func convert(_ source: String, _ options: String...) throws -> WrittenData {
    try recipe(AudioFormat.self, options).convert([source], output: scratch.path + "/out.h5")
  }

  /// A tree of WAV files: by each path its samples.
  private func tree(_ files: [String: [Int16]], rate: UInt32 = 8000) throws -> String {
    for (name, samples) in files {
      let folder = URL(filePath: scratch.path + "/tree/" + name).deletingLastPathComponent().path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(wave(samples, rate: rate)).write(to: URL(filePath: scratch.path + "/tree/" + name))
    }
    return scratch.path + "/tree"
  }

  private func texts(_ path: String, _ dataset: String) throws -> [String]? {
    try HDF5File.open(path).texts(ofDataset: dataset)
  }

  private static let tone = (0..<800).map { Int16(8000 * sin(0.3 * Double($0))) }

  @Test("Spectrograms are librosa's, of WAV and FLAC, of two channels and of another rate")
  func spectrograms() throws {
    let written = try convert(soundFixture(""))
    #expect(written.arrays.map(\.shape) == [[4, 31, 40], [4], [4]])
    #expect(written.notes.contains("resampled 1 sound from 44,100 to 16,000 Hz"))
    let actual = try values(written.path, "/train/x"), expected = try values(soundFixture("expected.h5"), "mel")
    // Both are stored as float32, from −72 to 13 decibels.
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(actual.count == expected.count)
    #expect(
      try texts(written.path, "/train/id") == ["high/chirp.wav", "high/fast.wav", "low/hum.flac", "low/slide.wav"])
    #expect(try values(written.path, "/train/y") == [0, 0, 1, 1])
    #expect(try HDF5File.open(written.path).stringAttribute("classes", of: "/train/y") == "high\nlow")
  }

  @Test("Samples are SciPy's, resampled by the same filter, and near to those of another good filter")
  func samples() throws {
    let written = try convert(soundFixture(""), "--features", "samples")
    let actual = try values(written.path, "/train/x"), expected = try values(soundFixture("expected.h5"), "samples")
    #expect(actual.count == 4 * 4800)
    #expect(zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    let soxr = try values(soundFixture("expected.h5"), "soxr")
    #expect((100..<4700).allSatisfy { abs(actual[4800 + $0] - soxr[$0]) < 5e-4 })
  }

  @Test("Sounds are cut and filled up at their end, and those of one length need no option")
  func lengths() throws {
    let folder = try tree([
      "a/1.wav": Self.tone, "a/2.wav": Array(Self.tone.prefix(300)), "b/1.wav": Self.tone + Self.tone,
    ])
    expectFailure(.usage, "different lengths", "0.0375 s", "0.2 s", "--seconds") {
      try convert(folder, "--rate", "8000")
    }
    let written = try convert(folder, "--rate", "8000", "--features", "samples", "--seconds", "0.1")
    let x = try values(written.path, "/train/x")
    let tone = Self.tone.map { Double($0) / 32768 }
    #expect(Array(x[0..<800]) == tone && Array(x[800..<1100]) == Array(tone.prefix(300)))
    #expect(x[1100..<1600].allSatisfy { $0 == 0 } && Array(x[1600...]) == tone)
    #expect(
      written.notes.suffix(2) == ["cut 1 sound to 0.1 s", "filled up 1 sound to 0.1 s with silence"])
    // 40 samples more are no frame more.
    let near = try tree(["a/2.wav": Self.tone + [1, 2, 3], "b/1.wav": Self.tone])
    #expect(try convert(near, "--rate", "8000").arrays[0].shape == [3, 6, 40])
  }

  @Test("Broken files are listed and counted, and left out on request")
  func brokenFiles() throws {
    let folder = try tree(["a/1.wav": Self.tone, "b/1.wav": Self.tone, "b/10.wav": Self.tone, "b/2.wav": Self.tone])
    let whole = wave(Self.tone)
    _ = try scratch.file("tree/a/hours.wav", wave(Self.tone, promisedBytes: 0x7000_0000))
    _ = try scratch.file("tree/b/none.wav", wave([]))
    _ = try scratch.file("tree/b/empty.flac", [])
    _ = try scratch.file("tree/b/text.wav", text: "no sound")
    _ = try scratch.file("tree/b/song.m4a", text: "AAC")
    _ = try scratch.file("tree/a/cut.wav", Array(whole.dropLast(100)))
    _ = try scratch.file("tree/a/notes.txt", text: "x")
    expectFailure(
      .data, "6 of 10 sounds cannot be read",
      "a/cut.wav (truncated: its head promises 1.6 kB of samples, it has 1.5 kB)",
      "a/hours.wav (truncated: its head promises 1.9 GB", "b/empty.flac (an empty file)", "b/none.wav (has no samples)",
      "b/song.m4a (m4a is not read; make it FLAC", "b/text.wav", "--skip-broken"
    ) { try convert(folder, "--rate", "8000") }
    let written = try convert(folder, "--rate", "8000", "--skip-broken")
    #expect(written.arrays[0].shape == [4, 6, 40])
    #expect(written.notes[0] == "passed over 1 file that is no sound: 1 .txt")
    #expect(written.notes[1].hasPrefix("left out 6 sounds that cannot be read: a/cut.wav (truncated"))
    #expect(try texts(written.path, "/train/id") == ["a/1.wav", "b/1.wav", "b/2.wav", "b/10.wav"])
    #expect(try values(written.path, "/train/y") == [0, 1, 1, 1])
  }

  @Test("What becomes bad behind its head is found too: a NaN in a float WAV")
  func badSamples() throws {
    let folder = try tree(["a/1.wav": Self.tone, "b/1.wav": Self.tone])
    // A float32 WAV of the same length: format 3, 32 bits.
    var bytes = wave([Int16](repeating: 0, count: 1600))
    bytes[20] = 3
    bytes[32] = 4
    bytes[34] = 32
    bytes.replaceSubrange(144..<148, with: [0, 0, 0xc0, 0x7f])
    _ = try scratch.file("tree/b/nan.wav", bytes)
    expectFailure(.data, "1 of 3 sounds cannot be read: b/nan.wav (sample 25 is no number (NaN))") {
      try convert(folder, "--rate", "8000")
    }
    #expect(try scratch.contents == ["tree"])
    #expect(try convert(folder, "--rate", "8000", "--skip-broken").arrays[0].shape == [2, 6, 40])
  }

  @Test func silence() throws {
    let folder = try tree(["a/1.wav": Self.tone, "b/1.wav": [Int16](repeating: 0, count: 800)])
    let written = try convert(folder, "--rate", "8000")
    #expect(written.notes == ["1 sound is silent throughout, such as b/1.wav"])
    #expect(try values(written.path, "/train/x").suffix(6 * 40).allSatisfy { $0 == -100 })
  }

  @Test func wrongOptions() throws {
    let folder = try tree(["a/1.wav": Self.tone, "b/1.wav": Self.tone])
    func converting(_ options: String...) -> (() throws -> Void) {
      { _ = try recipe(AudioFormat.self, options).convert([folder], output: scratch.path + "/out.h5") }
    }
    expectFailure(.usage, "--fmax 9000", "half of --rate, 8000 Hz", from: converting("--fmax", "9000"))
    expectFailure(.usage, "--window 401: has the prime factor 401", from: converting("--window", "401"))
    expectFailure(.usage, "--mels 200: band", "40 Hz", from: converting("--mels", "200"))
    expectFailure(.usage, "--rate: expected from 100 to 768000, found 0", from: converting("--rate", "0"))
    expectFailure(.usage, "--label needs --labels-file", from: converting("--label", "x"))
    expectFailure(
      .data, "2 of 2 sounds", "8,000 samples a second, which --rate 767999",
      from: converting("--rate", "767999", "--features", "samples"))
  }

  @Test("New sounds become what a model's own became, with classes by their names")
  func following() throws {
    let trained = try convert(soundFixture(""), "--mels", "20", "--seconds", "0.2")
    let earlier = try DataPreparation(ofData: trained.path)
    func follow(_ source: String, _ options: String...) throws -> WrittenData {
      var format = try recipe(AudioFormat.self, options)
      try format.follow(earlier)
      return try format.convert([source], output: scratch.path + "/new.h5")
    }
    let one = try follow(soundFixture("low/slide.wav"))
    #expect(one.arrays.map(\.name) == ["/test/x", "/test/id"] && one.arrays[0].shape == [1, 21, 20])
    #expect(try texts(one.path, "/test/id") == ["slide.wav"])
    #expect(try values(one.path, "/test/x") == Array(values(trained.path, "/train/x").suffix(21 * 20)))
    #expect(
      try HDF5File.open(one.path).stringAttribute("preparation", of: "/test/x")
        == HDF5File.open(trained.path).stringAttribute("preparation", of: "/train/x"))
    let flat = try follow(soundFixture("low"))
    #expect(try texts(flat.path, "/test/id") == ["hum.flac", "slide.wav"])
    // A folder that is alone keeps the number of its class.
    let folder = try tree(["low/1.wav": Self.tone])
    #expect(try values(follow(folder).path, "/test/y") == [1])
    _ = try tree(["middle/1.wav": Self.tone])
    expectFailure(.data, "'middle' of middle/1.wav is none of the classes of", "high, low") { _ = try follow(folder) }
    expectFailure(.usage, "--mels and --like exclude each other") { _ = try follow(folder, "--mels", "30") }
  }

  @Test("Transforms of any size are those of the definition", arguments: [2, 3, 12, 25, 97, 400])
  func transforms(size: Int) throws {
    // By way of a spectrogram whose bands are single frequencies: what one frame sees of a tone.
    let samples = (0..<size).map { sin(1.7 * Double($0)) + 0.3 * cos(0.4 * Double($0 * $0)) }
    let spectrogram = MelSpectrogram(
      sampleRate: Double(size), frameLength: size, hop: 1, bands: 1, range: 0...Double(size / 2))
    let window = (0..<size).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size)) }
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let top = Double(size / 2), middle = 700 * (pow(10, mel(top) / 2 / 2595) - 1)
    var sum = 0.0
    for k in 0...size / 2 {
      let angle = 2 * Double.pi * Double(k) / Double(size)
      let real = (0..<size).reduce(0) { $0 + samples[$1] * window[$1] * cos(angle * Double($1)) }
      let imaginary = (0..<size).reduce(0) { $0 + samples[$1] * window[$1] * sin(angle * Double($1)) }
      let f = Double(k)
      sum += max(0, min(f / middle, (top - f) / (top - middle))) * (real * real + imaginary * imaginary)
    }
    let energy = window.reduce(0) { $0 + $1 * $1 }
    #expect(abs(spectrogram.transform(samples)[0] - log(sum / energy + 1e-6)) < 1e-9)
  }
}
