import Settings
import Training

/// What a shell has to know of a command to complete its words, from the declarations that `--help` prints.
struct CommandSketch {
  /// What can stand somewhere on a command line.
  enum Expected: Equatable {
    case anything
    case files
    case directories
    case words([String])
    /// `KEY=VALUE` of a configuration.
    case settings([String])
  }

  struct Option {
    /// With its dashes.
    let name: String
    let placeholder: String
    let help: String
    /// nil for a flag.
    let value: Expected?
  }

  /// One word, or two as in `data make`.
  let name: String
  let summary: String
  let options: [Option]
  /// The first word that is no option.
  let first: Expected
  /// The words behind that.
  let others: Expected

  /// All commands, `help` and `version` among them.
  static var all: [CommandSketch] {
    let topics = TrainingConfiguration.helpTopics.map(\.name)
    let commands = Commands.all.map { CommandSketch($0) }
    let subjects = topics + commands.map { String($0.name.prefix { $0 != " " }) }
    return commands + [
      CommandSketch(
        name: "help", summary: "options of a command, or what a configuration can say", options: [],
        first: .words(subjects.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }), others: .anything),
      CommandSketch(name: "version", summary: "prints the version", options: [], first: .anything, others: .anything),
    ]
  }

  private init(name: String, summary: String, options: [Option], first: Expected, others: Expected) {
    (self.name, self.summary, self.options) = (name, summary, options)
    (self.first, self.others) = (first, others)
  }

  private init(_ command: any Command.Type) {
    let help = Option(name: "--help", placeholder: "", help: "prints the options", value: nil)
    let words = command.operands.split(separator: " ").filter { !$0.hasPrefix("--") && $0 != "[options]" }
    let others = words.dropFirst().map { Self.expected($0) }.first { $0 != .anything } ?? .anything
    self.init(
      name: command.name, summary: command.summary, options: command.completedOptions.map(Self.option) + [help],
      first: command.firstWords.isEmpty
        ? words.first.map { Self.expected($0) } ?? .anything : .words(command.firstWords),
      others: command.operands.contains("…") ? .files : others)
  }

  private static func option(_ spelling: OptionSpelling) -> Option {
    let value: Expected? =
      if spelling.isFlag {
        nil
      } else if spelling.name == "--set" {
        .settings(settingKeys)
      } else if !spelling.choices.isEmpty {
        .words(spelling.choices)
      } else {
        expected(spelling.placeholder)
      }
    return Option(name: spelling.name, placeholder: spelling.placeholder, help: spelling.help, value: value)
  }

  /// What a placeholder such as `FILE` or `[CONFIG.json5]` stands for.
  private static func expected(_ placeholder: some StringProtocol) -> Expected {
    if placeholder.contains("DIR") { return .directories }
    let isOfFile = ["FILE", "PATH", "CHECKPOINT", "CONFIG", "STUDY", "RUN", "SOURCE", "."].contains {
      placeholder.contains($0)
    }
    return isOfFile ? .files : .anything
  }

  /// The keys of a configuration, with dots.
  private static var settingKeys: [String] {
    let sections = TrainingConfiguration.helpTopics.first { $0.name == "keys" }?.sections ?? []
    let keys = sections.flatMap { section in section.rows.map { section.prefix + $0.key } }
    return (keys + TrainArguments.optionHelp.compactMap(\.key)).reduce(into: []) {
      if !$0.contains($1) { $0.append($1) }
    }
  }
}

extension String {
  /// In single quotes for a POSIX shell.
  var shellQuoted: String { "'" + replacing("'", with: "'\\''") + "'" }
}
