/// Completion for zsh, by its function `_arguments`.
enum ZshCompletion {
  static func script(_ commands: [CommandSketch]) -> String {
    let first = BashCompletion.firstWords(commands).map { word in
      let summary = commands.first { $0.name == word }?.summary ?? "prepares data"
      return "      \("\(escaped(word)):\(summary)".shellQuoted)"
    }
    let groups = Dictionary(grouping: commands.filter { $0.name.contains(" ") }) { $0.name.prefix { $0 != " " } }
    let second = groups.sorted { $0.key < $1.key }.map { group, members in
      let words = members.map { "\($0.name.dropFirst(group.count + 1)):\($0.summary)".shellQuoted }
      return """
            \(group))
              if ((CURRENT == 3)); then
                local -a second=(\(words.joined(separator: " ")))
                _describe command second
                return
              fi
              command="\(group) $words[3]"
              shift words; ((CURRENT--)) ;;
        """
    }
    let cases = commands.map { command in
      let specifications = command.options.map { option($0) } + operands(command)
      return "    \(command.name.shellQuoted)) _arguments -s \\\n      "
        + specifications.map(\.shellQuoted).joined(separator: " \\\n      ") + " ;;"
    }
    return """
      #compdef ddp-train
      # Completion of ddp-train for zsh, made by: ddp-train completion zsh

      _ddp_train_settings() {
        compset -P '*=' && return
        local -a keys=(\(settings(commands).joined(separator: " ")))
        compadd -S = -a keys
      }

      _ddp_train() {
        local command=$words[2]
        local -a first=(
      \(first.joined(separator: "\n"))
        )
        if ((CURRENT == 2)) && [[ $command != -* ]]; then
          _describe command first
          _files
          return
        fi
        case $command in
      \(second.joined(separator: "\n"))
          \(BashCompletion.firstWords(commands).filter { !groups.keys.contains($0[...]) }.joined(separator: "|"))) ;;
          *) command=train; words=($words[1] train $words[2,-1]); ((CURRENT++)) ;;
        esac
        shift words; ((CURRENT--))
        case $command in
      \(cases.joined(separator: "\n"))
        esac
      }

      if [[ $funcstack[1] == _ddp-train ]]; then _ddp_train "$@"; else compdef _ddp_train ddp-train; fi
      """
  }

  private static func option(_ option: CommandSketch.Option) -> String {
    let head = (option.name == "--set" ? "*" : "") + option.name
    guard let value = option.value else { return "\(head)[\(escaped(option.help))]" }
    return "\(head)=[\(escaped(option.help))]:\(escaped(option.placeholder)):\(action(value))"
  }

  private static func operands(_ command: CommandSketch) -> [String] {
    let first = command.first == .anything ? [] : ["1:argument:\(action(command.first))"]
    return first + (command.others == .anything ? [] : ["*:argument:\(action(command.others))"])
  }

  private static func action(_ expected: CommandSketch.Expected) -> String {
    switch expected {
    case .anything: " "
    case .files: "_files"
    case .directories: "_files -/"
    case .words(["auto"]): "_files"
    case .words(let words): "(\(words.joined(separator: " ")))"
    case .settings: "_ddp_train_settings"
    }
  }

  private static func settings(_ commands: [CommandSketch]) -> [String] {
    for option in commands.flatMap(\.options) { if case .settings(let keys)? = option.value { return keys } }
    return []
  }

  /// What would end a part of a specification.
  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("[", with: "\\[").replacing("]", with: "\\]")
      .replacing(":", with: "\\:")
  }
}
