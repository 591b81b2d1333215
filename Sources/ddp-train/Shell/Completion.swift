import Basics
import Settings

/// `completion`: prints what makes a shell complete commands, options and their values.
package struct Completion: Command {
  package static let name = "completion"
  package static let operands = firstWords.joined(separator: "|")
  package static let summary = "prints what makes a shell complete command lines"
  package static let discussion = """
    Completes commands, options, their values, keys behind --set, and files. launch/install puts it where shells look; \
    by hand:
      bash   source <(ddp-train completion bash)
      zsh    ddp-train completion zsh > "${fpath[1]}/_ddp-train"
      fish   ddp-train completion fish > ~/.config/fish/completions/ddp-train.fish
    """
  package static let options: [Option<Completion>] = []
  package static var firstWords: [String] { Shell.allCases.map(\.rawValue) }

  /// A shell that is known.
  enum Shell: String, CaseIterable { case bash, zsh, fish }

  private var shell = Shell.bash

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 1, of: Self.name)
    let names = Self.firstWords
    guard let word = words.first else {
      throw SettingsError("completion: expected a shell: \(names.joined(separator: ", "))")
    }
    guard let shell = Shell(rawValue: word) else {
      throw SettingsError("completion: unknown shell '\(word)' (\(names.suggestion(for: word)))")
    }
    self.shell = shell
  }

  package func run() throws -> ExitCode {
    let commands = CommandSketch.all
    let script =
      switch shell {
      case .bash: BashCompletion.script(commands)
      case .zsh: ZshCompletion.script(commands)
      case .fish: FishCompletion.script(commands)
      }
    try Output.print(script)
    return .done
  }
}
