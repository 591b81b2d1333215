/// Completion for fish.
enum FishCompletion {
  static func script(_ commands: [CommandSketch]) -> String {
    let names = BashCompletion.firstWords(commands)
    var lines = [
      "# Completion of ddp-train for fish, made by: ddp-train completion fish",
      "",
      "# The command on the line: train where none is named, 'data' where its second word is missing.",
      "function __ddp_train_command",
      "    set -l words (commandline -opc)[2..-1]",
      "    set -l first $words[1]",
      "    if test \"$first\" = data -a -n \"$words[2]\"",
      "        echo \"data $words[2]\"",
      "    else if contains -- \"$first\" \(names.joined(separator: " "))",
      "        echo $first",
      "    else",
      "        echo train",
      "    end",
      "end",
      "",
      "function __ddp_train_is",
      "    test (__ddp_train_command) = \"$argv\"",
      "end",
      "",
      "complete -c ddp-train -f",
    ]
    let start = "test (count (commandline -opc)) -eq 1"
    for name in names {
      let summary = commands.first { $0.name == name }?.summary ?? "prepares data"
      lines.append(line(start, ["-a \(quoted(name))", "-d \(quoted(summary))"]))
    }
    lines.append(line(start, ["-F"]))
    for command in commands {
      if command.name.contains(" ") {
        let word = String(command.name.split(separator: " ")[1]), group = command.name.prefix { $0 != " " }
        lines.append(line("__ddp_train_is \(group)", ["-a \(quoted(word))", "-d \(quoted(command.summary))"]))
      }
      let condition = "__ddp_train_is \(command.name)"
      for option in command.options {
        let name = "-l \(option.name.drop { $0 == "-" })"
        lines.append(
          line(condition, [name, option.value.map(value) ?? "", "-d \(quoted(option.help))"].filter { !$0.isEmpty }))
      }
      for expected in [command.first, command.others] where expected != .anything {
        lines.append(line(condition, [operand(expected)]))
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func line(_ condition: String, _ parts: [String]) -> String {
    "complete -c ddp-train -n \(quoted(condition)) " + parts.joined(separator: " ")
  }

  private static func value(_ expected: CommandSketch.Expected) -> String {
    switch expected {
    case .anything: "-x"
    case .files: "-r -F"
    case .directories: "-x -a '(__fish_complete_directories)'"
    case .words(["auto"]): "-r -F -a auto"
    case .words(let words): "-x -a \(quoted(words.joined(separator: " ")))"
    case .settings(let keys): "-x -a \(quoted(keys.map { $0 + "=" }.joined(separator: " ")))"
    }
  }

  private static func operand(_ expected: CommandSketch.Expected) -> String {
    if case .words(let words) = expected { return "-a \(quoted(words.joined(separator: " ")))" }
    return "-F"
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}
