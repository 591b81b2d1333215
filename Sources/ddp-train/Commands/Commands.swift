import Basics
import Foundation
import Settings
import Training

/// The commands of `ddp-train`.
package enum Commands {
  /// In the order of `--help`. The first is meant where none is named.
  package static let all: [any Command.Type] = [
    Train.self, Check.self, LearningRateFind.self, Tune.self, Compare.self, CrossValidate.self, Evaluate.self,
    Predict.self, Generate.self, Report.self, Export.self, DataConvert.self, DataMake.self, DataInspect.self,
    Verify.self, Completion.self, Manual.self,
  ]

  /// What a command line asks for.
  package enum Request: Sendable {
    case run(any Command)
    /// A text to print.
    case print(String)
  }

  /// Runs what a command line asks for.
  ///
  /// - Parameter arguments: without the program's own name.
  /// - Throws: a `UserFacingError`.
  package static func run(_ arguments: [String]) throws -> ExitCode {
    switch try parse(arguments) {
    case .run(let command):
      if !(command is Train) { StopSignal.endAtOnce() }
      DistributedProgram.command = type(of: command).name
      guard type(of: command).isDistributed || DistributedProgram.isFirst else { return .done }
      return try command.run()
    case .print(let text):
      if DistributedProgram.isFirst { try Output.print(text) }
      return .done
    }
  }

  /// Reads a command line.
  ///
  /// Without a command it means `train`: `ddp-train`, `ddp-train --epochs 3`, `ddp-train run.json5`.
  ///
  /// - Parameter fileExists: tells a configuration file from a misspelled command.
  package static func parse(
    _ arguments: [String],
    fileExists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
  ) throws -> Request {
    guard let first = arguments.first else { return .run(Train()) }
    let rest = Array(arguments.dropFirst())
    switch first {
    case "help", "--help", "-h": return .print(try help(rest))
    case "version", "--version":
      try ScannedArguments.check(rest, atMost: 0, of: first)
      return .print("ddp-train \(programVersion)")
    default: break
    }
    if let (command, rest) = try find(arguments) {
      return ScannedArguments.asksForHelp(rest) ? .print(command.help(for: rest)) : .run(try command.parse(rest))
    }
    if group(first) != nil {
      if rest.isEmpty {
        let names = (group(first) ?? []).map { $0.name.dropFirst(first.count + 1) }.joined(separator: ", ")
        throw SettingsError("\(first): expected one of \(names) (see ddp-train \(first) --help)")
      }
      return .print(try help([first] + rest.filter { !["help", "--help", "-h"].contains($0) }))
    }
    guard first.hasPrefix("-") || first.hasSuffix(".json5") || first.hasSuffix(".json") || fileExists(first) else {
      let whole = secondWord(first).map { "did you mean '\($0.name)'?" }
      throw SettingsError("unknown command '\(first)' (\(whole ?? names.suggestion(for: first)))")
    }
    return ScannedArguments.asksForHelp(arguments)
      ? .print(Train.help(for: arguments)) : .run(try Train.parse(arguments))
  }

  /// The first words of the commands, and what stands beside them.
  private static var names: [String] {
    var names: [String] = []
    for name in all.map({ firstWord($0.name) }) + ["help", "version"] where !names.contains(name) { names.append(name) }
    return names
  }

  private static func firstWord(_ name: String) -> String { String(name.prefix { $0 != " " }) }

  /// The commands of two words that begin with `word`; nil where there are none.
  private static func group(_ word: String) -> [any Command.Type]? {
    let commands = all.filter { $0.name.hasPrefix(word + " ") }
    return commands.isEmpty ? nil : commands
  }

  /// The command of two words whose second is `word`, as long as there is one alone.
  private static func secondWord(_ word: String) -> (any Command.Type)? {
    let commands = all.filter { $0.name.hasSuffix(" " + word) }
    return commands.count == 1 ? commands[0] : nil
  }

  /// The command that the first words name, and what stands behind them; nil where it is none, or `data` alone or with
  /// `--help`.
  ///
  /// - Throws: for an unknown second word.
  private static func find(_ arguments: [String]) throws(SettingsError) -> (any Command.Type, rest: [String])? {
    let words = arguments.prefix(2)
    if let command = all.first(where: { $0.name == words[0] }) { return (command, Array(arguments.dropFirst())) }
    guard let group = group(words[0]), words.count == 2 else { return nil }
    let name = words.joined(separator: " ")
    if let command = group.first(where: { $0.name == name }) { return (command, Array(arguments.dropFirst(2))) }
    guard ["help", "--help", "-h"].contains(words[1]) else {
      throw SettingsError("unknown command '\(name)' (\(group.map { $0.name }.suggestion(for: name)))")
    }
    return nil
  }

  // MARK: Help

  /// What `help` prints about the command, the topic, or the layer, loss, optimizer and so on that `words` name.
  private static func help(_ words: [String]) throws(SettingsError) -> String {
    let words = words.filter { !["--help", "-h"].contains($0) }
    guard let first = words.first, !["help", "version"].contains(first) else { return generalHelp }
    if let (command, rest) = try find(words) { return command.help(for: rest) }
    if group(first) != nil { return groupHelp(first) }
    if let command = secondWord(first) { return command.help(for: Array(words.dropFirst())) }
    try ScannedArguments.check(words, atMost: 1, of: "help")
    let topics = TrainingConfiguration.helpTopics
    if let topic = topics.first(where: { $0.name == first }) { return text(topic.sections) }
    let entries = topics.flatMap(\.sections).compactMap { $0.only(first) }
    if !entries.isEmpty { return text(entries) }
    // The names of commands and topics come before the many of layers and the like.
    let known = names + topics.map(\.name)
    let nearest =
      known.nearest(to: first) ?? topics.flatMap(\.sections).flatMap(\.entries).map(\.name).nearest(to: first)
    throw SettingsError(
      "help: unknown command or topic '\(first)' ("
        + (nearest.map { "did you mean '\($0)'?" } ?? known.suggestion(for: first)) + ")")
  }

  private static func text(_ sections: [HelpSection]) -> String {
    sections.map { HelpText.section($0).joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private static var generalHelp: String {
    var table = TextTable([.left, .left], indentation: 2, width: HelpText.width)
    for command in all { table.add(overview(command)) }
    table.add(["help COMMAND", "its options; also COMMAND --help"])
    let topics = TrainingConfiguration.helpTopics.map(\.name).joined(separator: ", ")
    table.add(["help TOPIC", "of \(topics)"])
    table.add(["version", "prints the version; also --version"])
    var codes = TextTable([.right, .left], indentation: 2, width: HelpText.width)
    for code in ExitCode.allCases { codes.add(["\(code.rawValue)", code.meaning]) }
    let head = """
      ddp-train trains neural networks by synchronous data parallelism over MPI ranks.

      Usage: ddp-train [COMMAND] [arguments]          alone: trains on the bundled digits
             mpirun -np 4 ddp-train [COMMAND] …       the same on 4 ranks, with the same result
      """
    return ([head, "", "Commands"] + table.lines + ["", "Exit codes"] + codes.lines).joined(separator: "\n")
  }

  /// The line of a command in a list of commands.
  private static func overview(_ command: any Command.Type) -> [String] {
    let operands = command.operands.replacingOccurrences(of: " [options]", with: "")
    return ["\(command.name) \(operands)", command.summary]
  }

  private static func groupHelp(_ word: String) -> String {
    var table = TextTable([.left, .left], indentation: 2, width: HelpText.width)
    for command in group(word) ?? [] { table.add(overview(command)) }
    return (["Usage: ddp-train \(word) COMMAND [arguments]", ""] + table.lines + ["", "Each has its own --help."])
      .joined(separator: "\n")
  }
}
