import Basics
import Foundation
import Reports
import Settings
import Training

/// `generate`: text from a model of characters, one character at a time, or samples of a GAN; on this process alone.
package struct Generate: Command {
  package static let name = "generate"
  package static let operands = "CHECKPOINT [options]"
  package static let summary = "writes text, or makes the samples of a GAN"
  package static let discussion = """
    Writes text, character by character, with a model that was trained on the characters of a text. \
    Of a GAN, makes samples: a picture with --grid, data with --output, or both.
    """
  package static let options = textOptions + sampleOptions + [Option("--seed", \.seed, "N", "of the random choices")]

  private static let textOptions: [Option<Generate>] = [
    Option("--prompt", \.prompt, "TEXT", default: "a line break", "the text to go on from"),
    Option("--length", \.length, "N", .atLeast(0), "characters to write"),
    Option("--temperature", \.temperature, "T", .atLeast(0), "divides the logits; 0 takes the likeliest character"),
  ]

  private static let sampleOptions: [Option<Generate>] = [
    Option("--samples", \.samples, "N", .closed(1, 100_000), "samples that a GAN makes"),
    Option("--grid", \.grid, "FILE.png", "picture of them side by side, grey or colour"),
    Option("--output", \.output, "OUT.h5", "HDF5 file to write them to, as /train/x in the data's units"),
  ]

  package var checkpoint = ""
  package var prompt: String?
  package var length = 500
  package var temperature = 1.0
  package var samples = 64
  package var grid: String?
  package var output: String?
  package var seed: UInt64 = 42
  /// The options that were given, by name.
  package var given: [String] = []

  package init() {}

  package static func parse(_ arguments: [String]) throws -> Generate {
    let scanned = try ScannedArguments(arguments, of: name, options: optionHelp)
    var command = Generate()
    try command.read(scanned.options)
    try command.take(scanned.words)
    command.given = scanned.options.map(\.name)
    return command
  }

  package mutating func take(_ words: [String]) throws(SettingsError) { checkpoint = try Self.checkpoint(words) }

  package func run() throws -> ExitCode {
    let trained = try GenerativeCheckpoint(checkpoint)
    if trained.makesSamples { try makeSamples(trained) } else { try writeText(trained) }
    return .done
  }

  /// - Throws: if one of `options` was given, which mean nothing to the checkpoint, for a `reason`.
  private func refuse(_ options: [Option<Generate>], _ reason: String) throws {
    guard let name = given.first(where: { name in options.contains { $0.name == name } }) else { return }
    throw Failure.usage("\(name): \(checkpoint) is of \(reason); leave it out")
  }

  // MARK: Text

  /// Prints the prompt and what the model makes of it, as it comes.
  private func writeText(_ trained: GenerativeCheckpoint) throws {
    var sampler = try TextSampler(trained, seed: seed, temperature: temperature)
    try refuse(Self.sampleOptions, "a model of characters, which writes text")
    let prompt = prompt ?? "\n"
    try sampler.read(prompt)
    try Output.write(prompt)
    for _ in 0..<length { try Output.write(String(sampler.next())) }
    try Output.write("\n")
  }

  // MARK: Samples

  private func makeSamples(_ trained: GenerativeCheckpoint) throws {
    try refuse(Self.textOptions, "a GAN, which makes samples and no text")
    guard grid != nil || output != nil else {
      throw Failure.usage(
        "generate: expected --grid FILE.png, --output OUT.h5 or both, for the samples of \(checkpoint)")
    }
    try OutputTarget.check(
      [grid.map { OutputTarget("--grid", $0, .png) }, output.map { OutputTarget("--output", $0, .hdf5) }]
        .compactMap(\.self), inputs: trained.inputs)
    let generator = try SampleGenerator(trained)
    if grid != nil, generator.pictures == nil {
      throw Failure.usage(
        "--grid: samples of \(generator.shape) are no pictures of one or three channels; give --output")
    }
    let made = generator.samples(samples, seed: seed)
    if let grid, let pictures = generator.pictures {
      try AtomicFile.write(pictures.grid(made).file, to: grid)
      try Output.print("\(grid): a picture of \(plural(samples, "sample"))")
    }
    if let output {
      try generator.write(made, to: output)
      try Output.print("\(output): \(plural(samples, "sample")) of \(generator.shape) in /train/x")
    }
  }
}
