import Basics

/// An option as it was given.
public struct GivenOption: Sendable, Equatable {
  /// With its dashes.
  public let name: String
  /// The text behind it; empty for a flag.
  public let text: String

  public init(name: String, text: String) { (self.name, self.text) = (name, text) }
}

/// A command line taken apart: options in the order given, and the words between them.
///
/// The rules are the same for every command: `--key value`, `--key=value`, flags, and `--`, behind which all are words.
public struct ScannedArguments: Sendable {
  public private(set) var options: [GivenOption] = []
  public private(set) var words: [String] = []
  /// - Parameters:
  ///   - arguments: those behind the command.
  ///   - command: its name, such as `data make`, which errors begin with; empty for a program without commands.
  ///   - known: all options that it has.
  public init(
    _ arguments: some Sequence<String>, of command: String, options known: [OptionSpelling]
  ) throws(SettingsError) {
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        return
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = known.first(where: { $0.name == parts[0] }) else {
        let suggestion =
          known.isEmpty && parts[0].count < 4
          ? "it takes none" : (known.map(\.name) + ["--help"]).suggestion(for: parts[0])
        throw SettingsError(Self.prefix(command) + "unknown option '\(parts[0])' (\(suggestion))")
      }
      if option.isFlag {
        guard parts.count == 1 else { throw SettingsError("\(option.name): takes no value, found '\(parts[1])'") }
        options.append(GivenOption(name: option.name, text: ""))
      } else if parts.count == 2 {
        options.append(GivenOption(name: option.name, text: parts[1]))
      } else {
        // A value may begin with a dash, as negative numbers do, but another option means that it was forgotten.
        guard let text = rest.first, !known.contains(where: { text == $0.name || text.hasPrefix($0.name + "=") }) else {
          throw SettingsError("\(option.name): expected a value, as in \(option.name) \(option.placeholder)")
        }
        rest.removeFirst()
        options.append(GivenOption(name: option.name, text: text))
      }
    }
  }

  /// Whether a command line asks for help instead: `--help` or `-h` anywhere before `--`.
  public static func asksForHelp(_ arguments: some Sequence<String>) -> Bool {
    arguments.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
  }

  /// - Throws: for a word behind the first `count`.
  public static func check(
    _ words: [String], atMost count: Int, of command: String, in program: String = "ddp-train"
  ) throws(SettingsError) {
    guard words.count > count else { return }
    let name = [program, command].filter { !$0.isEmpty }.joined(separator: " ")
    throw SettingsError(prefix(command) + "unexpected argument '\(words[count])' (see \(name) --help)")
  }

  private static func prefix(_ command: String) -> String { command.isEmpty ? "" : command + ": " }
}
