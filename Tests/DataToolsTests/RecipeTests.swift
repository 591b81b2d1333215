import DataTools
import Foundation
import HDF5Storage
import Settings
import Testing

/// What the command line says of formats and kinds: each option reaches what is written, and `--help` tells it.
@Suite struct RecipeTests {
  private let scratch: Scratch
  private let output: String

  init() throws {
    scratch = try Scratch()
    output = try scratch.file("out.h5")
    _ = try scratch.file("a.csv", text: "p;mood\n1;x\n2;y\n3;x\n4;y\n")
    _ = try scratch.file("pipes.csv", text: "p|mood\n1|x\n2|y\n3|x\n4|y\n")
    _ = try scratch.file("b.csv", text: "p;mood\n9;x\n")
    _ = try scratch.file("c.csv", text: "5,label\n6,x\n7,y\n")
    _ = try scratch.file("n.csv", text: "p;q\n1;10\n2;20\n3;10\n4;20\n")
    _ = try scratch.file("texts.csv", text: "id,mood,note\nk,x,a b c\nl,y,a b\nm,x,a\nn,y,c c c c\n")
    _ = try scratch.file("more.csv", text: "id,mood,note\nq,x,b\n")
    for (name, text) in [
      ("latin.csv", "p,mood\n1,süß\n2,gut\n3,süß\n4,gut\n"), ("latin.txt", "süße süße süße"),
      ("latin-texts.csv", "mood,note\nx,süß a\ny,b\nx,süß\ny,a\n"),
    ] { _ = try scratch.file(name, text.unicodeScalars.map { UInt8($0.value) }) }
    _ = try scratch.file("in.txt", text: "abcdefghijabcdefghij")
    let many = (0..<40).map { "\($0),w\($0),\($0 % 2 == 0 ? "x" : "y")" }.joined(separator: "\n")
    _ = try scratch.file("many.csv", text: "number,text,label\n\(many)\n")
    _ = try scratch.file(
      "numbers.csv", text: "number,label\n\((0..<40).map { "\($0),\($0 % 2)" }.joined(separator: "\n"))\n")
  }

  /// An option and what is to be found in the output because of it.
  private struct Effect {
    let option: String
    /// The recipe, its sources and the other options.
    let line: [String]
    let value: String
    let isSeen: (HDF5File) throws -> Bool

    init(_ option: String, _ value: String, _ line: [String], _ isSeen: @escaping (HDF5File) throws -> Bool) {
      (self.option, self.value, self.line, self.isSeen) = (option, value, line, isSeen)
    }
  }

  private static func shape(_ path: String, _ shape: [Int]) -> (HDF5File) throws -> Bool {
    { try $0.exists(path) && $0.dataset(path).shape == shape }
  }

  private static func equals(_ path: String, _ values: [Double]) -> (HDF5File) throws -> Bool {
    { try $0.exists(path) && $0.dataset(path).readAll(as: Double.self) == values }
  }

  private let effects: [Effect] = {
    let table = ["csv", "a.csv", "--delimiter", ";"], texts = ["text-csv", "texts.csv", "--text", "note"]
    let arrays = [fixture("f4-little.npy"), fixture("labels.npy")]
    let archive = fixture("keras.npz"), moved = fixtureValues.map { Double($0 + 1) }
    return [
      Effect("--header", "no", ["csv", "c.csv"], shape("/train/x", [3, 1])),
      Effect("--label", "p", ["csv", "n.csv", "--delimiter", ";"]) {
        try $0.stringAttribute("name", of: "/train/y") == "p"
      },
      Effect("--labels", "classes", ["csv", "n.csv", "--delimiter", ";"]) {
        try $0.stringAttribute("classes", of: "/train/y") != nil
      },
      Effect("--delimiter", "|", ["csv", "pipes.csv"], equals("/train/x", [1, 2, 3, 4])),
      Effect("--test-file", "b.csv", table, equals("/test/x", [9])),
      Effect("--test", "0.5", table, shape("/test/x", [2, 1])),
      Effect("--header", "yes", ["text-csv", "texts.csv", "--label", "1"], shape("/train/x", [4, 1])),
      Effect("--text", "note", ["text-csv", "texts.csv", "--label", "mood"], shape("/train/x", [4, 4])),
      Effect("--label", "mood", texts) { try $0.stringAttribute("name", of: "/train/y") == "mood" },
      Effect(
        "--delimiter", "|", ["text-csv", "pipes.csv", "--text", "mood", "--label", "p"], shape("/train/x", [4, 1])),
      Effect("--length", "2", texts + ["--label", "mood"], shape("/train/x", [4, 2])),
      Effect("--vocabulary", "3", texts + ["--label", "mood"]) {
        try $0.stringAttribute("words", of: "/train/x")?.split(separator: "\n").count == 3
      },
      Effect("--test-file", "more.csv", texts + ["--label", "mood"], shape("/test/x", [1, 4])),
      Effect("--test", "0.5", texts + ["--label", "mood"], shape("/test/y", [2])),
      Effect("--features", arrays[0], ["npy", "--labels", arrays[1]], shape("/train/x", [4, 3, 2])),
      Effect("--labels", arrays[1], ["npy", "--features", arrays[0]], equals("/train/y", [0, 1, 2, 1])),
      Effect(
        "--test-features", arrays[0],
        ["npy", "--features", arrays[0], "--labels", arrays[1], "--test-labels", arrays[1]],
        shape("/test/x", [4, 3, 2])),
      Effect(
        "--test-labels", arrays[1],
        ["npy", "--features", arrays[0], "--labels", arrays[1], "--test-features", arrays[0]],
        equals("/test/y", [0, 1, 2, 1])),
      Effect("--features", "x_test", ["npz", archive, "--labels", "y_test"], equals("/train/x", moved)),
      Effect("--labels", "y_test", ["npz", archive, "--features", "x_train"], equals("/train/y", [1, 2, 1, 0])),
      Effect(
        "--test-features", "x_train",
        ["npz", archive, "--features", "x_train", "--labels", "y_train", "--test-labels", "y_test"],
        equals("/test/y", [1, 2, 1, 0])),
      Effect(
        "--test-labels", "y_train",
        ["npz", archive, "--features", "x_train", "--labels", "y_train", "--test-features", "x_test"],
        equals("/test/x", moved)),
      Effect("--encoding", "latin1", ["csv", "latin.csv"]) {
        try $0.stringAttribute("classes", of: "/train/y")?.contains("süß") == true
      },
      Effect("--encoding", "latin1", ["text-csv", "latin-texts.csv", "--text", "note", "--label", "mood"]) {
        try $0.stringAttribute("words", of: "/train/x")?.contains("süß") == true
      },
      Effect("--encoding", "latin1", ["text", "latin.txt", "--context", "3", "--validation", "0"]) {
        try $0.stringAttribute("vocabulary", of: "/train/x")?.contains("ü") == true
      },
      Effect("--context", "3", ["text", "in.txt", "--validation", "0"], shape("/train/x", [6, 3])),
      Effect("--stride", "2", ["text", "in.txt", "--validation", "0", "--context", "3"], shape("/train/x", [9, 3])),
      Effect("--validation", "0.5", ["text", "in.txt", "--context", "3"], shape("/val/x", [3, 3])),

      Effect("--samples", "30", ["linear"], shape("/train/x", [24, 10])),
      Effect("--noise", "0.5", ["linear"]) { try $0.doubleAttribute("noise", of: "/train/y") == 0.5 },
      Effect("--features", "3", ["linear"], shape("/train/x", [800, 3])),
      Effect("--samples", "30", ["classification"], shape("/train/x", [24, 20])),
      Effect("--features", "3", ["classification"], shape("/train/x", [800, 3])),
      Effect("--classes", "5", ["classification"]) { try $0.dataset("/train/y").readAll(as: Double.self).max() == 4 },
      Effect("--samples", "30", ["moons"], shape("/train/x", [24, 2])),
      Effect("--noise", "0", ["moons"]) {
        try $0.dataset("/train/x").readAll(as: Double.self).max().map { $0 <= 2 } == true
      },
      Effect("--samples", "30", ["blobs"], shape("/train/x", [24, 2])),
      Effect("--noise", "0", ["blobs"]) { try Set($0.dataset("/train/x").readAll(as: Double.self)).count == 6 },
      Effect("--features", "5", ["blobs"], shape("/train/x", [800, 5])),
      Effect("--classes", "7", ["blobs"]) { try $0.dataset("/train/y").readAll(as: Double.self).max() == 6 },
      Effect("--samples", "30", ["spirals"], shape("/train/x", [24, 2])),
      Effect("--noise", "0", ["spirals"]) {
        try $0.dataset("/train/x").readAll(as: Double.self).max().map { $0 <= 1 } == true
      },
      Effect("--classes", "7", ["spirals"]) { try $0.dataset("/train/y").readAll(as: Double.self).max() == 6 },
      Effect("--samples", "30", ["shapes"], shape("/train/x", [24, 32, 32, 3])),
      Effect("--noise", "0", ["shapes", "--samples", "30"]) {
        // Without noise a row of the background has one colour.
        let pixels = try $0.dataset("/train/x").readAll(as: Double.self)
        return (0..<24).contains { image in Set(pixels[image * 3072..<image * 3072 + 96]).count <= 3 }
      },
      Effect("--classes", "6", ["shapes", "--samples", "30"]) {
        try $0.stringAttribute("classes", of: "/train/y")?.split(separator: "\n").count == 6
      },
      Effect("--labels", "classes", ["shapes", "--samples", "30"], shape("/train/y", [24])),
      Effect("--samples", "30", ["tones"], shape("/train/x", [24, 48, 32])),
      Effect("--noise", "0", ["tones", "--samples", "20"]) {
        try $0.dataset("/train/x").readAll(as: Double.self).contains { $0 < -13.8 }
      },
      Effect("--classes", "20", ["tones", "--samples", "20"]) {
        try $0.stringAttribute("classes", of: "/train/y")?.split(separator: "\n").count == 20
      },
    ]
  }()

  /// Options whose effect is that something differs from what it is without them.
  private let changes: [(option: String, value: String, line: [String], read: (HDF5File) throws -> [String])] = [
    ("--seed", "5", ["csv", "numbers.csv", "--test", "0.5"], numbers("/test/x")),
    (
      "--seed", "5", ["text-csv", "many.csv", "--test", "0.5"],
      { [try $0.stringAttribute("words", of: "/train/x") ?? ""] }
    ),
    ("--noise", "0.9", ["classification", "--samples", "50"], numbers("/train/y")),
  ]

  private static func numbers(_ path: String) -> (HDF5File) throws -> [String] {
    { try $0.dataset(path).readAll(as: Double.self).map { "\($0)" } }
  }

  /// Converts or makes what a command line asks for.
  private func write(_ line: [String]) throws -> HDF5File {
    try? FileManager.default.removeItem(atPath: output)
    if let format = DataFormats.all.first(where: { $0.name == line[0] }) {
      let scanned = try ScannedArguments(line.dropFirst(), of: "data convert", options: format.optionHelp)
      let given = scanned.options.map { item in
        GivenOption(name: item.name, text: item.name == "--test-file" ? scratch.path + "/" + item.text : item.text)
      }
      try format.init(given, of: "data convert")
        .convert(scanned.words.map { $0.hasPrefix("/") ? $0 : scratch.path + "/" + $0 }, output: output)
    } else {
      let kind = try #require(SyntheticDataSets.all.first { $0.name == line[0] })
      try make(kind, Array(line.dropFirst()), to: output)
    }
    return try HDF5File.open(output)
  }

  @Test("Each option of each format and kind is seen in the output, and only where it is given")
  func everyOptionArrives() throws {
    for effect in effects {
      let name = "\(effect.line) \(effect.option) \(effect.value)"
      do {
        let output = try write(effect.line + [effect.option, effect.value])
        #expect(try effect.isSeen(output), "\(name)")
      } catch {
        Issue.record("\(name): \(error)")
      }
      // Without it the output is another, or there is none.
      if let plain = try? write(effect.line) { #expect(try !effect.isSeen(plain), "\(name)") }
    }
    for (option, value, line, read) in changes {
      let plain = try read(write(line))
      #expect(try read(write(line + [option, value])) != plain, "\(line) \(option)")
    }
    let tested = Set(effects.map { $0.line[0] + $0.option } + changes.map { $0.line[0] + $0.option })
    // Pictures, sounds and what tables and arrays are asked beside this have tests of their own.
    let ownTests = [
      "csv": [
        "target", "unlabelled", "drop", "id", "group", "weight", "missing", "categories", "category-limit",
        "categorical", "dates", "decimal", "thousands", "window", "horizon", "validation",
      ],
      "npy": ["test", "validation", "seed"], "npz": ["unlabelled", "test", "validation", "seed"],
    ]
    let others = Set(ownTests.flatMap { format, options in options.map { "\(format)--\($0)" } })
    let formats = DataFormats.all.filter { $0 != ImagesFormat.self && $0 != AudioFormat.self }
    let all =
      formats.flatMap { type in type.optionHelp.map { type.name + $0.name } }
      + SyntheticDataSets.all.flatMap { type in type.optionHelp.map { type.name + $0.name } }
    #expect(tested == Set(all).subtracting(others) && others.isSubset(of: all))
  }

  @Test("The help of each format and kind names its options, their defaults and what they accept")
  func help() throws {
    let sections =
      DataFormats.all.map { ($0.helpSection(of: "data convert"), $0.optionHelp) }
      + SyntheticDataSets.all.map { ($0.helpSection(of: "data make"), $0.optionHelp) }
    for (section, options) in sections {
      let lines = HelpText.section(section)
      #expect(lines.allSatisfy { $0.count <= HelpText.width && $0.last != " " }, "\(lines)")
      for option in options {
        let line = try #require(lines.first { $0.contains("\(option.name) \(option.placeholder)") }, "\(option)")
        #expect(option.defaultText.map { line.contains("  \($0)  ") } ?? true, "\(line)")
      }
    }
  }

  @Test func anotherRecipesOptionsAreRefused() {
    func given(_ name: String) -> [GivenOption] { [GivenOption(name: name, text: "1")] }
    expectFailure(.usage, "data convert text: --label has no meaning for text") {
      _ = try TextFormat(given("--label"), of: "data convert")
    }
    expectFailure(.usage, "--classes: a regression has no classes; leave it out") {
      _ = try LinearData(given("--classes"), of: "data make")
    }
  }
}
