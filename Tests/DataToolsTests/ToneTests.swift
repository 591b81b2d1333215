import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct ToneTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private struct Fixture: Decodable {
    let sampleRate: Double, frameLength: Int, hop: Int, bands: Int, low: Double, high: Double
    let sound: [Double], shape: [Int], spectrogram: [Double]
  }

  @Test("The spectrogram is NumPy's")
  func spectrogram() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/spectrogram.json")
    let test = try decoder.decode(Fixture.self, from: Data(contentsOf: url))
    let transform = MelSpectrogram(
      sampleRate: test.sampleRate, frameLength: test.frameLength, hop: test.hop, bands: test.bands,
      range: test.low...test.high)
    let actual = transform.transform(test.sound)
    #expect(transform.frameCount(samples: test.sound.count) == test.shape[0])
    #expect(actual.count == test.spectrogram.count && test.shape == [4, 20])
    // Both compute in double; the fixture has twelve digits behind the point.
    #expect(zip(actual, test.spectrogram).allSatisfy { abs($0 - $1) < 1e-10 })
    #expect(transform.transform(Array(test.sound.prefix(255))).isEmpty)
  }

  private func make(_ samples: Int, _ options: String...) throws -> String {
    let output = try scratch.file("out.h5")
    try DataToolsTests.make(TonesData.self, ["--samples", "\(samples)", "--test", "0"] + options, to: output)
    return output
  }

  @Test("Sets of tones have their shape, their classes' names and equally many of each")
  func sets() throws {
    let output = try make(64, "--classes", "12")
    let file = try HDF5File.open(output)
    #expect(try file.dataset("/train/x").shape == [64, 48, 32])
    #expect(try file.dataset("/train/y").elementType == .uint8)
    let labels = try values(output, "/train/y")
    #expect((0..<12).allSatisfy { label in (5...6).contains(labels.count { Int($0) == label }) })
    let names = try #require(try file.stringAttribute("classes", of: "/train/y")).split(separator: "\n")
    #expect(names.count == 12 && Set(names).count == 12)
    #expect(names[0] == "low-rise-fall" && names[1] == "low-fall-rise" && names[6] == "low-rise-mid")
    #expect(try file.intAttribute("sample_rate", of: "/train/x") == 8000)
    #expect(try values(output, "/train/x").allSatisfy { (log(1e-6) - 1e-4...8).contains($0) })
  }

  @Test("A word's tones sound at their pitch, one after the other")
  func pitches() throws {
    let (frames, bands) = (48, 32)
    let output = try make(120, "--classes", "120", "--noise", "0")
    let names = try #require(try HDF5File.open(output).stringAttribute("classes", of: "/train/y"))
      .split(separator: "\n").map { $0.split(separator: "-").map(String.init) }
    let pitches = ["low": 300.0, "rise": 575, "fall": 575, "mid": 450, "high": 680, "top": 1000]
    // The middle of each band, of 34 corners evenly spaced in mel from 100 to 4000 Hz.
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let centers = (1...bands).map { 700 * (pow(10, (mel(100) + (mel(4000) - mel(100)) * Double($0) / 33) / 2595) - 1) }
    let x = try values(output, "/train/x"), y = try values(output, "/train/y").map { Int($0) }
    for sample in y.indices {
      let rows = (0..<frames).map { Array(x[(sample * frames + $0) * bands..<(sample * frames + $0 + 1) * bands]) }
      let sounding = rows.indices.filter { (rows[$0].max() ?? 0) > -2 }
      let (first, last) = (try #require(sounding.first), try #require(sounding.last))
      /// The strongest band at a place in the word, from 0 to 1.
      func band(_ place: Double) -> Int {
        let row = rows[first + Int((place * Double(last - first)).rounded())]
        return row.indices.max { row[$0] < row[$1] } ?? 0
      }
      for (number, name) in names[y[sample]].enumerated() {
        let place = (Double(number) + 0.5) / 3, pitch = try #require(pitches[name])
        // A speaker is up to 10 % higher or lower, a band 10 % wide to either side, and a glide not met just at its
        // middle.
        #expect(abs(log(centers[band(place)] / pitch)) < log(1.3), "\(names[y[sample]]) \(name)")
        let glide = band(place + 0.07) - band(place - 0.07)
        #expect(name == "rise" ? glide > 0 : name == "fall" ? glide < 0 : abs(glide) <= 1, "\(name) glides \(glide)")
      }
    }
  }

  @Test func wrongOptions() throws {
    func making(_ options: String...) -> (() throws -> Void) {
      { try DataToolsTests.make(TonesData.self, options, to: scratch.path + "/out.h5") }
    }
    expectFailure(.usage, "--features: ", "fixed size", from: making("--features", "3"))
    expectFailure(.usage, "--classes: expected from 2 to 120, found 121", from: making("--classes", "121"))
    expectFailure(.usage, "--classes: expected from 2 to 120, found 1", from: making("--classes", "1"))
    expectFailure(.usage, "--samples: expected at least 10", "found 9", from: making("--samples", "9"))
    expectFailure(.usage, "--noise: expected from 0 to 1000000, found -1", from: making("--noise", "-1"))
  }
}
