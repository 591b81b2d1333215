import Basics
import Settings
import Training

/// `man`: prints the manual page.
package struct Manual: Command {
  package static let name = "man"
  package static let operands = ""
  package static let summary = "prints the manual page"
  package static let discussion = """
    Prints the page of all commands, options and keys for man(1). launch/install puts it where man looks; by hand:
      ddp-train man > ddp-train.1 && man -l ddp-train.1
    """
  package static let options: [Option<Manual>] = []

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 0, of: Self.name)
  }

  package func run() throws -> ExitCode {
    try Output.print(ManualPage().text)
    return .done
  }
}
